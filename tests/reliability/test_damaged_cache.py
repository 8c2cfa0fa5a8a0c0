"""What a machine remembers beside the Service, damaged in every way: never a wrong belief, at most an upload more.

The journal matters where names were lost: here they could not be written, so that it alone knows what is live.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import xxhash

from assetsync.emulator.messages import Answer, Request, json_answer
from tests.fakes.world import Bend
from tests.reliability.figures import LONG, note
from tests.reliability.truth import check, check_at_rest, served, uploads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.stage import Ran, Stage

SUITE = "damaged cache"
OLD = {"a.txt": b"first of a", "b.txt": b"first of b", "c.txt": b"c"}
NEW = OLD | {"a.txt": b"second of a"}
FACTS = ("base_url", "service_sid", "asset_sid", "digest", "sha256", "type_tag", "version_sid")


def cache_of(stage: Stage) -> Path:
    return stage.root.parent / "home/cache"


def journal_of(stage: Stage) -> Path:
    return cache_of(stage) / "journal.sqlite"


@pytest.fixture
def forgotten(stage: Stage) -> Stage:
    """OLD is live and no name tells of it, only this machine's journal; the folder holds NEW."""
    stage.write(OLD)

    def refuse(_request: Request, _answer: Answer | None) -> Answer:
        return json_answer(400, {"code": 20001, "message": "no", "status": 400})

    stage.emulator.core.faults = Bend("POST", r"/Assets/ZH\w+\?$", do=refuse, early=True, times=10**6)
    stage.apply().holds(0, "could not be written")
    stage.emulator.core.faults = Bend("NONE", "-")
    assert all(name.endswith("[as1 website]") for name in stage.outside.assets().values())
    stage.write(NEW)
    return stage


def recovers(stage: Stage, *, most: int = len(NEW)) -> Ran:
    """The next apply is right, whatever it had to send, and leaves nothing to do, here and on a fresh machine."""
    ran = stage.apply()
    check(stage, ran, NEW)
    assert uploads(ran) <= most
    check_at_rest(stage)
    shutil.rmtree(cache_of(stage))
    check_at_rest(stage)
    return ran


def test_a_sound_journal_knows_what_the_names_have_lost(forgotten: Stage) -> None:
    """Without this the damage below would prove nothing."""
    assert uploads(recovers(forgotten)) == 1, "the edited file's"
    note(SUITE, sound=1)


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _noise(file: Path) -> None:
    file.write_bytes(random.Random(1).randbytes(file.stat().st_size))


def _folder(file: Path) -> None:
    file.unlink()
    (file / "below").mkdir(parents=True)


def _fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _dangling(file: Path) -> None:
    file.unlink()
    file.symlink_to("nowhere/at/all")


def _linked(file: Path) -> None:
    """To somebody else's file, which must stay as it is."""
    other = file.parent / "others" / "file"
    other.parent.mkdir()
    other.write_bytes(b"of somebody else")
    other.chmod(0o644)
    file.unlink()
    file.symlink_to(other)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut": _cut,
    "emptied": lambda file: file.write_bytes(b""),
    "noise": _noise,
    "gone": lambda file: file.unlink(),
    "a folder": _folder,
    "a fifo": _fifo,
    "a dangling link": _dangling,
    "a link": _linked,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_journal_that_is_no_journal_costs_uploads_and_nothing_else(
    forgotten: Stage, damage: Callable[[Path], object]
) -> None:
    journal = journal_of(forgotten)
    damage(journal)
    recovers(forgotten)
    for other in (journal.parent / "others").glob("*"):
        assert (other.name, other.read_bytes(), other.stat().st_mode & 0o777) == ("file", b"of somebody else", 0o644)
    note(SUITE, damages=1)


@pytest.mark.parametrize("seed", range(200) if LONG else (0, 1, 2, 3, 9, 10))
def test_a_journal_with_bytes_exchanged_costs_uploads_and_nothing_else(forgotten: Stage, seed: int) -> None:
    """Where a page holds rows: what SQLite itself notices is begun afresh, what it does not is passed over."""
    chance = random.Random(seed)
    content = bytearray(journal_of(forgotten).read_bytes())
    used = [at for at, byte in enumerate(content) if byte and at >= 100]
    for at in chance.sample(used, chance.choice([1, 4, 40])):
        content[at] ^= 1 << chance.randrange(8)
    journal_of(forgotten).write_bytes(content)
    recovers(forgotten)
    note(SUITE, damages=1)


def digests(content: bytes) -> tuple[str, str]:
    return xxhash.xxh3_128_hexdigest(content), hashlib.sha256(content).hexdigest()[:24]


def _edit(statement: str, *values: object) -> Callable[[Stage], None]:
    def edit(stage: Stage) -> None:
        with closing(sqlite3.connect(journal_of(stage))) as journal, journal:
            assert journal.execute(statement, values).rowcount != 0

    return edit


def _swap(column: str) -> Callable[[Stage], None]:
    """Two rows of Versions exchange what they say in one column."""

    def swap(stage: Stage) -> None:
        with closing(sqlite3.connect(journal_of(stage))) as journal, journal:
            rows = journal.execute(f"SELECT version_sid, {column} FROM version ORDER BY digest").fetchall()
            (first, one), (second, other) = rows[0], rows[1]
            if column == "version_sid":
                one, other = second, first
                journal.execute("UPDATE version SET version_sid = 'x' WHERE version_sid = ?", (second,))
                journal.execute("UPDATE version SET version_sid = ? WHERE version_sid = ?", (second, first))
                journal.execute("UPDATE version SET version_sid = ? WHERE version_sid = 'x'", (first,))
                return
            journal.execute(f"UPDATE version SET {column} = ? WHERE version_sid = ?", (other, first))
            journal.execute(f"UPDATE version SET {column} = ? WHERE version_sid = ?", (one, second))

    return swap


LIES: dict[str, Callable[[Stage], None]] = {
    "every Version holds what is to be served": _edit(
        "UPDATE version SET digest = ?, sha256 = ?", *digests(NEW["a.txt"])
    ),
    "other digests": _edit("UPDATE version SET digest = ?", "0" * 32),
    "digests of two files exchanged": _swap("digest"),
    "Versions of two files exchanged": _swap("version_sid"),
    "Assets of two files exchanged": _swap("asset_sid"),
    "all of one Asset": _edit("UPDATE version SET asset_sid = (SELECT max(asset_sid) FROM asset)"),
    "another content type": _edit("UPDATE version SET type_tag = 'abcdef'"),
    "another Service's": _edit("UPDATE version SET service_sid = ?", "ZS" + "0" * 32),
    "nothing": _edit("UPDATE version SET digest = NULL, sha256 = NULL, type_tag = NULL"),
    "numbers": _edit("UPDATE version SET digest = 7, sha256 = 1.5, type_tag = 0"),
    "bytes": _edit("UPDATE version SET digest = ?, asset_sid = ?", b"\xff\x00", b"\xff"),
    "no UTF-8": _edit("UPDATE version SET digest = CAST(x'ff' AS TEXT)"),
    "escape sequences": _edit("UPDATE version SET digest = ?, version_sid = digest", "\x1b]0;x\x07" * 10),
    "much text": _edit("UPDATE version SET digest = ?", "a" * 3_000_000),
    "times to come": _edit("UPDATE version SET at = 'never'"),
    "other tables": lambda stage: _tables(stage, "CREATE TABLE version (one, two)"),
    "a view": lambda stage: _tables(stage, "CREATE VIEW version AS SELECT * FROM asset"),
    "no seals": _edit("UPDATE version SET seal = NULL"),
}
"""Rows edited by hand, as with `sqlite3 journal.sqlite`."""


def _tables(stage: Stage, statement: str) -> None:
    with closing(sqlite3.connect(journal_of(stage))) as journal:
        journal.execute("DROP TABLE version")
        journal.execute(statement)


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_rows_that_were_edited_are_not_believed(forgotten: Stage, lie: Callable[[Stage], None]) -> None:
    lie(forgotten)
    recovers(forgotten)
    note(SUITE, lies=1)


def test_the_journal_of_another_machine_is_of_no_use_and_no_harm(forgotten: Stage, tmp_path: Path) -> None:
    """As it was before everything was made anew in the Service, under another address."""
    with closing(sqlite3.connect(journal_of(forgotten))) as journal, journal:
        journal.execute("UPDATE version SET base_url = 'https://serverless.twilio.com'")
        journal.execute("UPDATE asset SET base_url = 'https://serverless.twilio.com'")
    recovers(forgotten)
    note(SUITE, damages=1)


def test_rows_with_a_forged_seal_are_believed_because_whoever_forged_them_could_have_changed_the_files(
    forgotten: Stage,
) -> None:
    """What happens: the live Version counts as the new content, so that the old one stays until the file changes again.

    The seal is no signature. What it cannot do is said here, so that nobody takes it for one.
    """
    with closing(sqlite3.connect(journal_of(forgotten))) as journal, journal:
        for row in journal.execute(f"SELECT {', '.join(FACTS)} FROM version").fetchall():
            facts = dict(zip(FACTS, row, strict=True)) | dict(
                zip(("digest", "sha256"), digests(NEW["a.txt"]), strict=True)
            )
            seal = xxhash.xxh3_128_hexdigest(repr(tuple(facts.values())).encode())
            journal.execute(
                "UPDATE version SET digest = ?, sha256 = ?, seal = ? WHERE version_sid = ?",
                (facts["digest"], facts["sha256"], seal, facts["version_sid"]),
            )
    forgotten.apply()
    assert served(forgotten)["a.txt"] == OLD["a.txt"]
    assert served(forgotten)["b.txt"] == OLD["b.txt"]
    forgotten.write({"a.txt": b"third of a"})
    forgotten.apply()
    assert served(forgotten)["a.txt"] == b"third of a"
    note(SUITE, forged=1)


@pytest.fixture
def hashed(stage: Stage) -> Stage:
    """NEW is in the folder and OLD is live; the hash cache knows every file of the folder."""
    stage.write(OLD)
    stage.apply()
    stage.write(NEW)
    remember(stage, stage.root)
    return stage


def remember(stage: Stage, root: Path) -> None:
    """Read the project's files until the hash cache knows them all: it does not trust what was written just now."""
    for _ in range(500):
        stage.run("validate", "-m", str(root / "assetsync.yaml")).holds(0)
        known = [row[:3] for file in hashes_of(stage) for row in _entries(file).values()]
        found = [(root / "public" / name).stat() for name in NEW]
        if all([each.st_size, each.st_mtime_ns, each.st_ctime_ns] in known for each in found):
            return
    raise AssertionError("the cache never took the files for settled")


def hashes_of(stage: Stage) -> tuple[Path, ...]:
    return tuple(cache_of(stage).glob("hashes-*.json"))


def _entries(file: Path) -> dict[str, list[object]]:
    found: dict[str, list[object]] = json.loads(file.read_bytes().partition(b"\n")[2])
    return found


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_hash_cache_that_is_none_costs_reading_and_nothing_else(
    hashed: Stage, damage: Callable[[Path], object]
) -> None:
    (file,) = hashes_of(hashed)
    damage(file)
    assert uploads(recovers(hashed, most=1)) == 1
    note(SUITE, damages=1)


@pytest.mark.parametrize("seed", range(100 if LONG else 2))
def test_a_hash_cache_with_bytes_exchanged_costs_reading_and_nothing_else(hashed: Stage, seed: int) -> None:
    """Anywhere, and in the digest of the file that changed, which nothing but the checksum gives away."""
    chance = random.Random(seed)
    (file,) = hashes_of(hashed)
    content = bytearray(file.read_bytes())
    digest = content.index(digests(NEW["a.txt"])[0].encode())
    for at in (
        chance.choice(range(digest, digest + 32)),
        *chance.sample(range(len(content)), chance.choice([0, 2, 8])),
    ):
        content[at] ^= 1
    file.write_bytes(content)
    assert uploads(recovers(hashed, most=1)) == 1
    note(SUITE, damages=1)


def test_the_hash_cache_of_another_project_tells_nothing_about_this_one(hashed: Stage, tmp_path: Path) -> None:
    """Its files are other files, also where they bear the same names and times."""
    (file,) = hashes_of(hashed)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(hashed.root, elsewhere, symlinks=True)
    (elsewhere / "public/a.txt").write_bytes(b"x" * len(NEW["a.txt"]))
    remember(hashed, elsewhere)
    other = next(each for each in hashes_of(hashed) if each != file)
    other.replace(file)
    assert uploads(recovers(hashed, most=1)) == 1
    note(SUITE, damages=1)


def _forge(file: Path, lie: Callable[[dict[str, list[object]]], None]) -> None:
    """Change what the cache says, and make its checksum right again."""
    header = file.read_bytes().partition(b"\n")[0]
    entries = _entries(file)
    lie(entries)
    body = json.dumps(entries, separators=(",", ":")).encode()
    head = header.rpartition(b" ")[0] + b" " + xxhash.xxh3_128_hexdigest(body).encode()
    file.write_bytes(head + b"\n" + body)


def _entry_of(stage: Stage, entries: dict[str, list[object]], name: str) -> list[object]:
    status = (stage.root / "public" / name).stat()
    return entries[f"{status.st_dev}:{status.st_ino}"]


def test_a_forged_hash_cache_never_gets_other_bytes_into_a_version_and_heals(hashed: Stage) -> None:
    """The digest is taken again of the very bytes that are sent. The run that finds it out forgets the cache."""
    (file,) = hashes_of(hashed)

    def lie(entries: dict[str, list[object]]) -> None:
        _entry_of(hashed, entries, "a.txt")[3] = "0" * 32

    _forge(file, lie)
    ran = hashed.run("apply", "--yes").holds(1, "a.txt has other content than when it was planned")
    check(hashed, ran, OLD)
    assert hashes_of(hashed) == ()
    recovers(hashed)
    note(SUITE, forged=1)


def test_a_forged_hash_cache_can_hide_a_change_until_the_file_is_touched(hashed: Stage) -> None:
    """What happens: as with git's index, what the cache says of an untouched file is believed."""
    (file,) = hashes_of(hashed)

    def lie(entries: dict[str, list[object]]) -> None:
        _entry_of(hashed, entries, "a.txt")[3] = digests(OLD["a.txt"])[0]

    _forge(file, lie)
    check(hashed, hashed.apply(), OLD)
    (hashed.root / "public/a.txt").touch()
    recovers(hashed)
    note(SUITE, forged=1)


@pytest.mark.parametrize(
    "entries", [b"[]", b"7", b'{"1:2": null}', b'{"1:2": "x"}', b'{"1:2": []}', b"[" * 100_000, b'{"1:2": [1]}']
)
def test_a_hash_cache_of_other_shapes_is_a_cold_one(hashed: Stage, entries: bytes) -> None:
    """With a right checksum, as no accident makes it."""
    (file,) = hashes_of(hashed)
    head = file.read_bytes().partition(b"\n")[0].rpartition(b" ")[0]
    file.write_bytes(head + b" " + xxhash.xxh3_128_hexdigest(entries).encode() + b"\n" + entries)
    assert uploads(recovers(hashed, most=1)) == 1
    note(SUITE, damages=1)
