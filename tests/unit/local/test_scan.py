"""The scan as a whole: assets, tallies, warnings, and every problem at once."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import xxhash

from assetsync.errors import InvalidInput
from assetsync.events import Scanned
from assetsync.local.limits import Limits
from assetsync.local.scan import digest_files, scan, select
from assetsync.manifest.model import DigestKind, Mark, Rule
from assetsync.model import FolderTally, Visibility
from tests.reliability.stepping import before_opening
from tests.unit.local.trees import manifest_for, opened_files, plant, problems, scanned, served, site

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.events import Event


MIB = 2**20


def test_assets_are_whole_and_in_path_order(tmp_path: Path) -> None:
    plant(tmp_path, {"public/b.css": "b", "public/a/z.html": "z", "audio/hello.wav": b"RIFF", "audio/deep/x": ""})
    audio = site(source="audio", target="/ivr/", visibility=Visibility.PROTECTED)
    events: list[Event] = []
    manifest = manifest_for(tmp_path, site(), audio)
    tree = scan(manifest, cache_dir=None, now_ns=time.time_ns, emit=events.append)
    assert [asset.path for asset in tree.assets] == ["/a/z.html", "/b.css", "/ivr/deep/x", "/ivr/hello.wav"]
    wav = tree.assets[3]
    assert (wav.visibility, wav.content_type, wav.size) == (Visibility.PROTECTED, "audio/wav", 4)
    assert (wav.source, wav.file) == ("audio/hello.wav", str(tmp_path.resolve() / "audio/hello.wav"))
    assert wav.digest == xxhash.xxh3_128(b"RIFF").hexdigest()
    assert tree.folders == (FolderTally("public", "/", 2), FolderTally("audio", "/ivr/", 2))
    assert events == [Scanned(4, 6)]


def test_an_empty_source_is_no_problem_here(tmp_path: Path) -> None:
    plant(tmp_path, {"public/": ""})
    tree = scanned(manifest_for(tmp_path))
    assert (tree.assets, tree.folders, tree.warnings) == ((), (FolderTally("public", "/", 0),), ())


def test_sha256_is_taken_where_the_manifest_asks(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": ""})
    manifest = replace(manifest_for(tmp_path), digest=DigestKind.SHA256)
    assert scanned(manifest).assets[0].sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("missing", "does not exist"),
        ("file", "not a folder"),
        ("file/below", "not a folder"),
        ("..", "outside the project root"),
        ("../elsewhere", "outside the project root"),
        ("/etc", "outside the project root"),
        ("link-out", "outside the project root"),
        ("link-out/../project/public", "outside the project root"),
        ("loop", "cannot be read"),
        ("dangling", "does not exist"),
        ("bad\u202ename", "changes the direction"),
    ],
)
def test_a_source_that_cannot_be_is_a_problem_at_its_place(source: str, word: str, tmp_path: Path) -> None:
    root = tmp_path / "project"
    plant(root, {"public/a": "", "file": "", "bad\u202ename/a": ""})
    plant(tmp_path, {"elsewhere/a": "", "far/away/": "", "far/project/public/a": ""})
    (root / "link-out").symlink_to(tmp_path / "far/away")
    (root / "loop").symlink_to("loop")
    (root / "dangling").symlink_to("nowhere")
    manifest = manifest_for(root, site(), site(source=source, target="/x/"))
    manifest = replace(manifest, marks={"/folders/1/source": Mark(9, 13)})
    (problem,) = problems(manifest)
    assert (problem.file, problem.line, problem.column) == (str(manifest.path), 9, 13)
    assert word in problem.message
    assert problem.message.isprintable()


def test_a_source_may_be_a_link_or_an_absolute_path_inside_the_root(tmp_path: Path) -> None:
    plant(tmp_path, {"build/out/a": ""})
    (tmp_path / "public").symlink_to("build/out")
    assert [asset.source for asset in served(manifest_for(tmp_path)).values()] == ["public/a"]
    absolute = str(tmp_path.resolve() / "build/out")
    assert [asset.source for asset in served(manifest_for(tmp_path, site(source=absolute))).values()] == ["build/out/a"]
    assert [asset.source for asset in served(manifest_for(tmp_path, site(source="./public/"))).values()] == ["public/a"]


def test_a_manifest_below_the_root_names_sources_relative_to_itself(tmp_path: Path) -> None:
    plant(tmp_path, {"sub/public/a": "", "shared/b": ""})
    manifest = replace(manifest_for(tmp_path, site(), site(source="../shared")), path=tmp_path / "sub/assetsync.yaml")
    assert [asset.source for asset in scanned(manifest).assets] == ["sub/public/a", "shared/b"]


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a b": "", "public/A": "", "public/a": "", "public/big": "x" * 11})
    (tmp_path / "public/dangling").symlink_to("nowhere")
    manifest = manifest_for(tmp_path, site(index="index.html"), site(source="missing", target="/m/"))
    found = problems(manifest, Limits(file_bytes=10))
    assert sorted(one.file.rpartition("/")[2] for one in found) == [
        "a", "a b", "assetsync.yaml", "assetsync.yaml", "big", "dangling",
    ]  # fmt: skip
    assert all(one.hint for one in found)


def test_files_up_to_the_limit_of_their_visibility_are_taken(tmp_path: Path) -> None:
    plant(tmp_path, {"public/ten": "x" * 10, "public/six": "x" * 6, "public/five": "x" * 5})
    private = Rule("*i*", visibility=Visibility.PRIVATE)
    limits = Limits(file_bytes=9, private_bytes=5)
    found = problems(manifest_for(tmp_path, site(rules=(private,))), limits)
    assert [one.file for one in found] == ["public/six", "public/ten"]
    assert "6 bytes" in found[0].message
    assert "private" in found[0].message


def test_the_limits_are_twilios() -> None:
    limits = Limits()
    assert (limits.file_bytes, limits.private_bytes, limits.warn_bytes) == (26_214_400, 10_485_760, 25_000_000)
    assert (limits.per_visibility, limits.private_files, limits.together, limits.path_bytes) == (1000, 50, 1000, 255)


def test_a_file_that_may_be_too_large_is_a_warning(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "x" * 8, "public/b": "x" * 9})
    (warning,) = scanned(manifest_for(tmp_path), limits=Limits(warn_bytes=8)).warnings
    assert "public/b is 9 bytes" in warning


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ("a", "public/a: is empty, which Twilio may refuse."),
        ("abc", "public/a, public/b, public/c: are empty, which Twilio may refuse."),
        ("abcde", "public/a, public/b, public/c and 2 more: are empty, which Twilio may refuse."),
    ],
)
def test_empty_files_are_one_warning(tmp_path: Path, names: str, sentence: str) -> None:
    """F2.11."""
    plant(tmp_path, {f"public/{name}": "" for name in names} | {"public/full": "x"})
    assert scanned(manifest_for(tmp_path)).warnings == (sentence,)


def test_too_many_files_of_a_visibility_are_one_problem_and_nothing_is_read(tmp_path: Path) -> None:
    plant(tmp_path, {f"public/{n}": "" for n in range(4)} | {f"public/p{n}": "" for n in range(3)} | {"public/a b": ""})
    manifest = manifest_for(tmp_path, site(rules=(Rule("p*", visibility=Visibility.PRIVATE),)))
    with opened_files() as files:
        found = problems(manifest, Limits(per_visibility=3, private_files=2))
    assert not [name for name in files if "/public/" in name]
    assert [one.message for one in found if one.file == str(manifest.path)] == [
        "the folders hold 3 private files, and a Build takes 2",
        "the folders hold 4 public files, and a Build takes 3",
    ]
    assert [one.file for one in found if one.file != str(manifest.path)] == ["public/a b"]


def test_counts_at_the_limit_are_taken(tmp_path: Path) -> None:
    plant(tmp_path, {f"public/{n}": "x" for n in range(3)} | {f"public/p{n}": "x" for n in range(3)})
    folder = site(rules=(Rule("p*", visibility=Visibility.PROTECTED),))
    tree = scanned(manifest_for(tmp_path, folder), limits=Limits(per_visibility=3, together=5))
    assert len(tree.assets) == 6
    assert "6 public and protected files" in tree.warnings[0]
    assert not scanned(manifest_for(tmp_path, folder), limits=Limits(per_visibility=3, together=6)).warnings


def test_a_source_far_above_the_limit_is_not_walked_to_the_end(tmp_path: Path) -> None:
    plant(tmp_path, {f"public/{d}/{n}": "" for d in range(50) for n in range(2)})
    limits = Limits(per_visibility=1, private_files=0)
    found = problems(manifest_for(tmp_path, site(index="none")), limits)
    assert any("more than 40 files or folders" in one.message for one in found)
    assert not any("index" in one.message for one in found)


def test_sources_far_above_the_limit_together_are_not_walked_to_the_end(tmp_path: Path) -> None:
    plant(tmp_path, {f"public/{n}": "" for n in range(25)})
    limits = Limits(per_visibility=1, private_files=0)
    folders = [site(target=f"/{number}/") for number in range(5)]
    found = problems(manifest_for(tmp_path, *folders), limits)
    assert any("more than 40 files or folders" in one.message for one in found)
    assert any("hold 50 public files" in one.message for one in found)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folders", "problems"])
def test_folders_and_problems_of_all_sources_count_together_as_well(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    """No source holds a file; two of them hold enough to give up."""
    plant(tmp_path, {"public/": ""})
    for number in range(25):
        make(tmp_path / f"public/{number}")
    folders = [site(target=f"/{number}/") for number in range(5)]
    found = problems(manifest_for(tmp_path, *folders), Limits(per_visibility=1, private_files=0))
    assert sum("more than 40 files or folders" in one.message for one in found) == 1


def test_a_file_that_another_one_replaced_is_read_and_one_that_a_link_leads_to_is_not(tmp_path: Path) -> None:
    """Between the walk and the reading."""
    plant(tmp_path, {"public/folder/a": "old", "outside/a": "secret", "new": "new"})
    selected = select(manifest_for(tmp_path))
    (tmp_path / "new").replace(tmp_path / "public/folder/a")
    (asset,) = digest_files(selected, cache_dir=None, now_ns=time.time_ns).assets
    assert asset.digest == xxhash.xxh3_128(b"new").hexdigest()
    (tmp_path / "public/folder").rename(tmp_path / "away")
    (tmp_path / "public/folder").symlink_to("../outside")
    with pytest.raises(InvalidInput) as raised:
        digest_files(selected, cache_dir=None, now_ns=time.time_ns)
    assert [one.message for one in raised.value.problems] == ["the file changed while it was read"]


def test_nothing_is_taken_from_a_folder_that_became_a_link_while_its_entries_were_looked_at(tmp_path: Path) -> None:
    """Not even what the hash cache knows, which nobody opens."""
    names = ("a", ".assetsyncignore")
    plant(tmp_path, {f"{folder}/{name}": "" for folder in ("public/folder", "outside") for name in names})
    (tmp_path / "outside/a").write_text("secret")
    scanned(manifest_for(tmp_path, site(source="outside")), tmp_path / "cache")
    folder = tmp_path / "public/folder"

    def swap() -> None:
        folder.rename(tmp_path / "away")
        folder.symlink_to("../outside")

    with before_opening(folder / ".assetsyncignore", swap), pytest.raises(InvalidInput) as raised:
        scanned(manifest_for(tmp_path), tmp_path / "cache")
    assert [one.message for one in raised.value.problems] == ["the folder changed while it was scanned"]


def test_too_many_files_and_too_large_ones_are_told_together(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "xx", "public/b": ""})
    found = problems(manifest_for(tmp_path), Limits(per_visibility=1, file_bytes=1))
    assert len(found) == 2


def test_an_index_is_served_at_the_root_as_well(tmp_path: Path) -> None:
    plant(tmp_path, {"public/index.html": "home"})
    tree = scanned(manifest_for(tmp_path, site(index="index.html")))
    root, index = tree.assets
    with opened_files() as files:
        assert scanned(manifest_for(tmp_path, site(index="index.html"))) == tree
    assert sum("/public/" in name for name in files) == 1
    assert (root.path, index.path) == ("/", "/index.html")
    assert replace(root, path="/index.html") == index
    assert tree.warnings == ()
    assert tree.folders[0].files == 1


def test_a_missing_or_excluded_index_is_a_problem(tmp_path: Path) -> None:
    plant(tmp_path, {"public/index.html": "home"})
    for folder in (site(index="home.html"), site(index="index.html", exclude=("index.html",))):
        (problem,) = problems(manifest_for(tmp_path, folder))
        assert problem.text == folder.index


def test_two_roots_collide(tmp_path: Path) -> None:
    plant(tmp_path, {"public/index.html": "", "more/home.html": ""})
    more = site(source="more", index="home.html")
    (problem,) = problems(manifest_for(tmp_path, site(index="index.html"), more))
    assert '"/"' in problem.message


def test_an_index_that_is_not_at_the_root_is_a_warning(tmp_path: Path) -> None:
    """F2.6: only `/` itself and `/assets/index.html` are served there."""
    plant(tmp_path, {"public/index.html": "x"})
    (warning,) = scanned(manifest_for(tmp_path)).warnings
    assert "nothing at /" in warning
    plant(tmp_path, {"public/assets/index.html": "x"})
    assert scanned(manifest_for(tmp_path)).warnings == ()


def test_secrets_are_named_unless_private_or_allowed(tmp_path: Path) -> None:
    names = ["server.key", "private/server.key", "allowed/server.key", "cert.pem", "harmless.pem"]
    plant(tmp_path, {f"public/{name}": "" for name in names} | {"public/cert.pem": "-----BEGIN RSA PRIVATE KEY-----"})
    rules = (Rule("private/", visibility=Visibility.PRIVATE), Rule("allowed/", allow_secret=True))
    assets = served(manifest_for(tmp_path, site(rules=rules)))
    assert [path for path, asset in assets.items() if asset.secret] == ["/cert.pem", "/server.key"]


def test_a_link_to_a_secret_is_one(tmp_path: Path) -> None:
    plant(tmp_path, {"public/.env": "A=1"})
    (tmp_path / "public/settings.txt").symlink_to(".env")
    assert served(manifest_for(tmp_path))["/settings.txt"].secret is not None


def test_a_file_that_vanishes_or_changes_between_walk_and_reading(tmp_path: Path) -> None:
    """The clock is asked between the two."""
    plant(tmp_path, {"public/gone": "1", "public/grown": "1", "public/linked": "1"})

    def meddle() -> int:
        (tmp_path / "public/gone").unlink()
        (tmp_path / "public/grown").write_bytes(b"xxx")
        (tmp_path / "public/linked").unlink()
        (tmp_path / "public/linked").mkdir()
        return time.time_ns()

    with pytest.raises(InvalidInput) as caught:
        scan(manifest_for(tmp_path), cache_dir=None, now_ns=meddle, limits=Limits(file_bytes=2))
    messages = {one.file: one.message for one in caught.value.problems}
    assert messages["public/gone"] == "the file vanished while it was scanned"
    assert "3 bytes" in messages["public/grown"]
    assert messages["public/linked"] == "the file changed while it was read"


def test_a_file_that_changed_after_the_walk_is_served_as_it_was_read(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "1"})

    def meddle() -> int:
        plant(tmp_path, {"public/a": "two"})
        return time.time_ns()

    (asset,) = scan(manifest_for(tmp_path), cache_dir=None, now_ns=meddle).assets
    assert (asset.size, asset.digest) == (3, xxhash.xxh3_128(b"two").hexdigest())


def test_large_files_are_read_once_each_and_judged_like_small_ones(tmp_path: Path) -> None:
    large = {f"public/{number}.bin": bytes([number]) * (MIB + number) for number in range(5)}
    key = b"-----BEGIN PRIVATE KEY-----"
    plant(tmp_path, large | {"public/key.bin": b"." * 2 * MIB + key})
    (tmp_path / "public/link.bin").symlink_to("0.bin")
    with opened_files() as files:
        tree = served(manifest_for(tmp_path))
    assert {f"public{path}": one.digest for path, one in tree.items() if path not in {"/key.bin", "/link.bin"}} == {
        name: xxhash.xxh3_128(content).hexdigest() for name, content in large.items()
    }
    assert tree["/link.bin"].digest == tree["/0.bin"].digest
    assert [path for path, one in tree.items() if one.secret is not None] == ["/key.bin"]
    assert sorted(Path(name).name for name in files if name.endswith(".bin")) == [
        *(f"{n}.bin" for n in range(5)),
        "key.bin",
    ]


def test_two_large_files_are_read_at_the_same_time_and_none_that_the_cache_knows(tmp_path: Path) -> None:
    """Each waits until the other one is opened as well; hard links are one file."""
    plant(tmp_path, {"public/a": b"a" * MIB, "public/b": b"b" * MIB})
    (tmp_path / "public/c").hardlink_to(tmp_path / "public/b")
    both = threading.Barrier(2, timeout=30)
    with (
        before_opening(tmp_path / "public/a", both.wait),
        before_opening(tmp_path / "public/b", both.wait),
        opened_files() as files,
    ):
        cold = scanned(manifest_for(tmp_path), tmp_path / "cache")
    assert sorted(Path(name).name for name in files if "/public/" in name) == ["a", "b"]
    with opened_files() as files:
        assert scanned(manifest_for(tmp_path), tmp_path / "cache") == cold
    assert not [name for name in files if "/public/" in name]


def test_large_files_are_read_where_no_thread_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {f"public/{name}": name.encode() * MIB for name in "abc"})

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    tree = served(manifest_for(tmp_path))
    assert [one.digest for one in tree.values()] == [
        xxhash.xxh3_128(each * MIB).hexdigest() for each in (b"a", b"b", b"c")
    ]


def test_large_files_that_vanish_or_became_too_large_are_problems_of_their_own(tmp_path: Path) -> None:
    plant(tmp_path, {f"public/{number}": b"." * MIB for number in range(4)})

    def meddle() -> int:
        (tmp_path / "public/1").unlink()
        (tmp_path / "public/2").write_bytes(b"." * (MIB + 2))
        return time.time_ns()

    with pytest.raises(InvalidInput) as caught:
        scan(manifest_for(tmp_path), cache_dir=None, now_ns=meddle, limits=Limits(file_bytes=MIB + 1))
    messages = {one.file: one.message for one in caught.value.problems}
    assert messages["public/1"] == "the file vanished while it was scanned"
    assert f"{MIB + 2} bytes" in messages["public/2"]
    assert len(messages) == 2
