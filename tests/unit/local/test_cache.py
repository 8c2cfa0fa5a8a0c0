"""The hash cache: what it believes, what it forgets, what it survives."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import xxhash

from assetsync.local.cache import _FORMAT, HashCache, settled
from assetsync.local.digest import read_contents
from assetsync.local.scan import scan
from assetsync.local.state import FileState
from assetsync.manifest.model import DigestKind
from tests.unit.local.trees import later, manifest_for, opened_files, plant, scanned

if TYPE_CHECKING:
    from pathlib import Path

DAY_NS = 24 * 3600 * 10**9


def state_of(file: Path) -> FileState:
    return FileState.of(file.stat())


def remembering(tmp_path: Path, file: Path, now_ns: int) -> HashCache:
    cache = HashCache.load(tmp_path / "cache", tmp_path, now_ns)
    cache.remember(read_contents(str(file)))
    assert cache.save() is None
    return HashCache.load(tmp_path / "cache", tmp_path, now_ns)


def test_a_warm_scan_opens_no_file_of_the_tree(tmp_path: Path) -> None:
    plant(tmp_path, {f"public/{n}.txt": f"{n}" for n in range(20)} | {"public/key.pem": "-----BEGIN PRIVATE KEY-----"})
    manifest = manifest_for(tmp_path)
    with opened_files() as cold_files:
        cold = scanned(manifest, tmp_path / "cache")
    with opened_files() as warm_files:
        warm = scanned(manifest, tmp_path / "cache")
    assert warm == cold
    assert warm.assets[-1].secret is not None
    assert sum("/public/" in name for name in cold_files) == 21
    assert not [name for name in warm_files if "/public/" in name]
    assert [name for name in warm_files if "/cache/" in name]


def test_only_what_changed_is_read_again(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "1", "public/b": "1"})
    scanned(manifest_for(tmp_path), tmp_path / "cache")
    plant(tmp_path, {"public/b": "2"})
    with opened_files() as files:
        tree = scanned(manifest_for(tmp_path), tmp_path / "cache")
    assert [name.rpartition("/")[2] for name in files if "/public/" in name] == ["b"]
    assert tree.assets[1].digest == xxhash.xxh3_128(b"2").hexdigest()


def test_a_file_that_was_just_touched_is_not_believed(tmp_path: Path) -> None:
    """Git's racy-clean rule: with the clock at the moment of the write, the next scan reads again."""
    plant(tmp_path, {"public/a": "1"})
    changed_ns = (tmp_path / "public/a").stat().st_mtime_ns
    for _ in range(2):
        with opened_files() as files:
            scan(manifest_for(tmp_path), cache_dir=tmp_path / "cache", now_ns=lambda: changed_ns)
        assert [name for name in files if "/public/" in name]


@pytest.mark.parametrize(("behind_ns", "expected"), [(0, False), (10**6, False), (10**9, True), (-(10**9), False)])
def test_times_are_believed_from_a_tick_of_the_clock_on(behind_ns: int, *, expected: bool, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    state = state_of(tmp_path / "file")
    newest = max(state.mtime_ns, state.ctime_ns)
    assert settled(state, newest + behind_ns) is expected


def test_a_write_that_restores_size_and_mtime_still_shows(tmp_path: Path) -> None:
    """As of a tool that keeps times: nobody can set the ctime back."""
    file = tmp_path / "public/a"
    plant(tmp_path, {"public/a": "1"})
    scanned(manifest_for(tmp_path), tmp_path / "cache")
    before = file.stat()
    while file.stat().st_ctime_ns == before.st_ctime_ns:
        plant(tmp_path, {"public/a": "2"})
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert scanned(manifest_for(tmp_path), tmp_path / "cache").assets[0].digest == xxhash.xxh3_128(b"2").hexdigest()


def test_whole_seconds_are_believed_later(tmp_path: Path) -> None:
    """As file systems without fractions of a second have them; a second write may bear the same time."""
    file = tmp_path / "file"
    file.touch()
    whole = (time.time_ns() // 10**9 + 100) * 10**9
    os.utime(file, ns=(whole, whole))
    assert not settled(state_of(file), whole + 10**9)
    assert settled(state_of(file), whole + 3 * 10**9)


def test_a_sha256_that_was_not_taken_then_is_taken_now(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "1"})
    manifest = manifest_for(tmp_path)
    strict = replace(manifest, digest=DigestKind.SHA256)
    assert scanned(manifest, tmp_path / "cache").assets[0].sha256 is None
    first = scanned(strict, tmp_path / "cache").assets[0]
    assert first.sha256 is not None
    with opened_files() as files:
        assert scanned(strict, tmp_path / "cache").assets[0] == first
        assert scanned(manifest, tmp_path / "cache").assets[0].sha256 is None
    assert not [name for name in files if "/public/" in name]


def _cut(content: bytes) -> bytes:
    return content[:-3]


def _flip(content: bytes) -> bytes:
    return content.replace(b'"', b"'", 1)


def _foreign_version(content: bytes) -> bytes:
    return content.replace(_FORMAT.encode(), b"assetsync-hash-cache 999.1")


def _signed(body: bytes) -> bytes:
    return f"{_FORMAT} {xxhash.xxh3_128_hexdigest(body)}\n".encode() + body


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"\xff\xfe", b"[]", _signed(b"[]"), _signed(b'{"a":1}'), _signed(b'{"a":[1]}'), _signed(b"{")],
)
def test_a_cache_of_other_content_is_a_cold_one(content: bytes, tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "1"})
    expected = scanned(manifest_for(tmp_path), tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    file.write_bytes(content)
    assert scanned(manifest_for(tmp_path), tmp_path / "cache") == expected


@pytest.mark.parametrize("damage", [_cut, _flip, _foreign_version])
def test_a_damaged_or_foreign_cache_is_a_cold_one_and_is_replaced(damage: object, tmp_path: Path) -> None:
    assert callable(damage)
    plant(tmp_path, {"public/a": "1"})
    scanned(manifest_for(tmp_path), tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    good = file.read_bytes()
    file.write_bytes(damage(good))
    with opened_files() as files:
        scanned(manifest_for(tmp_path), tmp_path / "cache")
    assert [name for name in files if "/public/" in name]
    assert file.read_bytes() == good


def test_the_cache_is_for_the_owner_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "1"})
    scanned(manifest_for(tmp_path), tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700


def test_each_project_has_its_own_cache(tmp_path: Path) -> None:
    for name in ("one", "two"):
        plant(tmp_path / name, {"public/a": name})
        scanned(manifest_for(tmp_path / name), tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_cache_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "1", "cache": "a file where the folder should be"})
    tree = scanned(manifest_for(tmp_path), tmp_path / "cache")
    assert len(tree.assets) == 1
    assert "hash cache" in tree.warnings[0]


def test_a_failed_replacement_leaves_nothing_behind(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "1"})
    scanned(manifest_for(tmp_path), tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    file.unlink()
    plant(file, {"not-empty": ""})
    assert scanned(manifest_for(tmp_path), tmp_path / "cache").warnings
    assert list((tmp_path / "cache").iterdir()) == [file]


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "1"})
    scanned(manifest_for(tmp_path), tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    before = file.stat().st_ino
    scanned(manifest_for(tmp_path), tmp_path / "cache")
    assert file.stat().st_ino == before


def test_what_was_not_seen_for_long_is_forgotten(tmp_path: Path) -> None:
    plant(tmp_path, {"old": "1", "new": "2"})
    now = later()
    old, new = state_of(tmp_path / "old"), state_of(tmp_path / "new")
    cache = remembering(tmp_path, tmp_path / "old", now)
    assert cache.recall(old, want_sha256=False) is not None
    cache = remembering(tmp_path, tmp_path / "new", now + 29 * DAY_NS)
    assert cache.recall(old, want_sha256=False) is not None
    assert cache.save() is None
    cache = remembering(tmp_path, tmp_path / "new", now + 61 * DAY_NS)
    assert cache.recall(old, want_sha256=False) is None
    assert cache.recall(new, want_sha256=False) is not None


def test_a_file_of_the_same_inode_replaces_the_entry(tmp_path: Path) -> None:
    """So that the cache cannot outgrow the inodes that there are."""
    plant(tmp_path, {"file": "1"})
    before = state_of(tmp_path / "file")
    remembering(tmp_path, tmp_path / "file", later())
    plant(tmp_path, {"file": "two"})
    cache = remembering(tmp_path, tmp_path / "file", later())
    assert cache.recall(before, want_sha256=False) is None
    assert cache.recall(state_of(tmp_path / "file"), want_sha256=False) is not None


def test_of_too_many_entries_the_latest_are_kept(tmp_path: Path) -> None:
    plant(tmp_path, {"a": "1", "b": "2", "c": "3"})
    now = later()
    for day, name in enumerate("abc"):
        cache = HashCache.load(tmp_path / "cache", tmp_path, now + day * DAY_NS, most=2)
        cache.remember(read_contents(str(tmp_path / name)))
        assert cache.save() is None
    cache = HashCache.load(tmp_path / "cache", tmp_path, now, most=2)
    known = [name for name in "abc" if cache.recall(state_of(tmp_path / name), want_sha256=False)]
    assert known == ["b", "c"]


def test_what_is_forgotten_is_read_again(tmp_path: Path) -> None:
    plant(tmp_path, {"file": "1"})
    remembering(tmp_path, tmp_path / "file", later())
    HashCache.forget(tmp_path / "cache", tmp_path)
    cache = HashCache.load(tmp_path / "cache", tmp_path, later())
    assert cache.recall(state_of(tmp_path / "file"), want_sha256=False) is None
    HashCache.forget(tmp_path / "nowhere", tmp_path)


def test_a_pipe_in_the_place_of_the_cache_is_not_waited_for(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "1"})
    scanned(manifest_for(tmp_path), tmp_path / "cache")
    (file,) = (tmp_path / "cache").iterdir()
    file.unlink()
    os.mkfifo(file)
    assert not scanned(manifest_for(tmp_path), tmp_path / "cache").warnings
    assert file.is_file()
