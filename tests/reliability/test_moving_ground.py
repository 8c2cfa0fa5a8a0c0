"""Files that change under a command: rewritten, cut, grown, gone, exchanged, locked, at every moment of a run.

Whatever happens: the site serves the old content or the new, each name tells the truth (asked of served bytes), and the
next run on still ground brings everything in order.
"""

from __future__ import annotations

import os
import random
import threading
from typing import TYPE_CHECKING, Self

import pytest

from tests.reliability.figures import LONG, note
from tests.reliability.rights import obeying_modes
from tests.reliability.stepping import before_opening, before_reads, before_request
from tests.reliability.truth import check, check_at_rest, check_names, served, uploads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.cli.stage import Ran, Stage

SUITE = "moving ground"
Files = dict[str, bytes]


def _block(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


MOVING = "moving.bin"
SIZE = 1_300_000
"""Bytes: two reads for the digests, five for the upload."""
OLD = {"kept.txt": b"kept", MOVING: _block(1, SIZE), "other.txt": b"old"}
PLANNED = OLD | {MOVING: _block(2, SIZE), "other.txt": b"new"}
OTHER = _block(3, SIZE)
UPLOAD = 2
"""An apply opens the changed file twice: for its digest, and to send it."""


def _exchange(file: Path) -> None:
    """As an editor saves: another file takes the name."""
    draft = file.with_name("draft~")
    draft.write_bytes(OTHER)
    draft.replace(file)


def _hide(file: Path) -> None:
    file.rename(file.parents[1] / "away")


def _folder(file: Path) -> None:
    _hide(file)
    (file / "below").mkdir(parents=True)


def _fifo(file: Path) -> None:
    _hide(file)
    os.mkfifo(file)


def _link_out(file: Path) -> None:
    """A link to something outside of the folder."""
    _hide(file)
    (file.parents[1] / "outside").write_bytes(OTHER)
    file.symlink_to("../outside")


def _end(file: Path) -> None:
    """Only the last bytes, which a reader comes to last."""
    with file.open("r+b") as stream:
        stream.seek(-1000, os.SEEK_END)
        stream.write(b"x" * 1000)


def _grow(file: Path) -> None:
    with file.open("ab") as stream:
        stream.write(b"more")


STILL_A_FILE: dict[str, Callable[[Path], object]] = {
    "rewritten": lambda file: file.write_bytes(OTHER),
    "rewritten at its end": _end,
    "rewritten shorter": lambda file: file.write_bytes(b"short"),
    "cut": lambda file: os.truncate(file, file.stat().st_size - 1000),
    "emptied": lambda file: os.truncate(file, 0),
    "grown": _grow,
    "exchanged": _exchange,
}
NO_FILE: dict[str, Callable[[Path], object]] = {
    "deleted": _hide,
    "a folder": _folder,
    "a fifo": _fifo,
    "a link out": _link_out,
    "unreadable": lambda file: file.chmod(0),
}
CHANGES = STILL_A_FILE | NO_FILE


def some(moment: int) -> pytest.MarkDecorator:
    """Every second change, each of them at one moment or the next; with ASSETSYNC_LONG=1 all of them."""
    return pytest.mark.parametrize("name", [name for at, name in enumerate(CHANGES) if LONG or (at + moment) % 2 == 0])


@pytest.fixture(autouse=True)
def modes() -> Iterator[None]:
    with obeying_modes():
        yield


@pytest.fixture
def old(stage: Stage) -> Stage:
    """OLD is live and known; the folder holds PLANNED."""
    stage.write(OLD)
    stage.apply()
    stage.write(PLANNED)
    return stage


def held(stage: Stage, *, code: int) -> Files:
    """What the folder holds, as bytes, where a run that left with `code` has to serve it; else what was live."""
    assert code in {0, 1, 78}, code
    if code != 0:
        return OLD
    return {file.name: file.read_bytes() for file in (stage.root / "public").iterdir()}


def settle(stage: Stage, files: Mapping[str, bytes] = PLANNED) -> Ran:
    """Put the ground in order and run until it is served; nothing is pending then."""
    public = stage.root / "public"
    moving = public / MOVING
    moving.unlink() if moving.is_symlink() or moving.is_fifo() or moving.is_file() else None
    if moving.is_dir():
        (moving / "below").rmdir()
        moving.rmdir()
    stage.write(files)
    ran = stage.apply("--allow-deletes")
    check(stage, ran, files)
    check_at_rest(stage)
    return ran


@some(1)
def test_a_file_that_changes_between_walk_and_reading_is_taken_as_it_is_then_or_told(old: Stage, name: str) -> None:
    moving = old.root / "public" / MOVING
    with before_opening(moving, lambda: CHANGES[name](moving)):
        ran = old.run("apply", "--yes")
    assert ran.code == (78 if name in NO_FILE else 1 if name == "emptied" else 0), ran.said
    if ran.code == 78:
        ran.holds(78, f"public/{MOVING}: the file")
        assert ran.writes == ()
    check(old, ran, held(old, code=ran.code))
    settle(old)
    note(SUITE, changes=1)


@some(2)
def test_a_file_that_changes_while_it_is_hashed_is_never_half_of_each(old: Stage, name: str) -> None:
    """A file that is still one is read again. What was taken away is missed when it is to be sent, at the latest."""
    moving = old.root / "public" / MOVING
    with before_reads(moving, lambda nth: CHANGES[name](moving) if nth == 2 else None, most=2):
        ran = old.run("apply", "--yes")
    assert (ran.code == 0) is (name in STILL_A_FILE and name not in {"exchanged", "emptied"}), ran.said
    check(old, ran, held(old, code=ran.code))
    settle(old)
    note(SUITE, changes=1)


def test_a_file_that_is_written_to_at_every_read_is_told(old: Stage) -> None:
    moving = old.root / "public" / MOVING
    with before_reads(moving, lambda _nth: _grow(moving), most=1000):
        ran = old.run("apply", "--yes").holds(78, f"public/{MOVING}: the file changed while it was read")
    assert ran.writes == ()
    check(old, ran, OLD)
    settle(old)
    note(SUITE, changes=1)


@some(3)
def test_a_file_that_changes_between_plan_and_upload_fails_alone_and_is_sent_next_time(old: Stage, name: str) -> None:
    """What the file holds when it is opened to be sent is not what was planned."""
    moving = old.root / "public" / MOVING
    with before_opening(moving, lambda: CHANGES[name](moving), nth=UPLOAD):
        ran = old.run("apply", "--yes").holds(1, "1 file was not uploaded; what is live is as it was", MOVING)
    assert uploads(ran) == 1, "the other file's"
    check(old, ran, OLD)
    assert uploads(settle(old)) == 1, "only what failed is sent again"
    note(SUITE, changes=1)


@some(4)
def test_a_new_file_that_changes_before_its_asset_is_made_leaves_an_asset_that_the_next_run_uses(
    stage: Stage, name: str
) -> None:
    old = {name: content for name, content in OLD.items() if name != MOVING}
    stage.write(old)
    stage.apply()
    stage.write(PLANNED)
    moving = stage.root / "public" / MOVING
    before_request(stage, "POST", r"/Assets\?", lambda: CHANGES[name](moving))
    ran = stage.run("apply", "--yes").holds(1, "1 file was not uploaded; what is live is as it was", MOVING)
    check(stage, ran, old)
    assets = len(stage.outside.assets())
    settle(stage)
    assert len(stage.outside.assets()) == assets
    note(SUITE, changes=1)


@some(5)
def test_a_file_that_changes_while_it_is_sent_becomes_a_version_only_as_it_was_planned(old: Stage, name: str) -> None:
    """The open file may change under its reader; whatever becomes of its name, the open file is the planned one."""
    moving = old.root / "public" / MOVING
    with before_reads(moving, lambda nth: CHANGES[name](moving) if nth == 3 else None, most=3, nth=UPLOAD):
        ran = old.run("apply", "--yes")
    spoilt = name in STILL_A_FILE and name != "exchanged"
    assert ran.code == int(spoilt), ran.said
    check(old, ran, OLD if spoilt else PLANNED)
    settle(old, PLANNED | {MOVING: b"at rest"})
    note(SUITE, changes=1)


def test_a_folder_that_becomes_a_link_out_of_the_source_is_not_followed(stage: Stage) -> None:
    """Between the walk and the reading, and between two steps of the walk: what lies outside is never published."""
    secret = b"nobody outside may read this"
    outside = stage.root / "private"
    outside.mkdir()
    (outside / "a.txt").write_bytes(secret)
    folder = stage.root / "public/folder"

    def swap() -> None:
        folder.rename(stage.root / "moved")
        folder.symlink_to("../private")

    def put_back() -> None:
        folder.unlink()
        (stage.root / "moved").rename(folder)

    (outside / ".assetsyncignore").write_bytes(b"")
    for event, path in (("open", folder / "a.txt"), ("os.scandir", folder), ("open", folder / ".assetsyncignore")):
        stage.write({"folder/a.txt": "public", "folder/.assetsyncignore": "", "b.txt": "b"})
        with before_opening(path, swap, event=event):
            ran = stage.run("apply", "--yes", "--create-service").holds(78, "public/folder", "changed while it was")
        assert ran.writes == ()
        put_back()
    stage.apply()
    assert served(stage) == {"folder/a.txt": b"public", "b.txt": b"b"}
    note(SUITE, tried=3)


class Restless:
    """A program that writes one file again and again, in every way and with pauses, until it is told to stop."""

    def __init__(self, file: Path) -> None:
        self._file, self._stop = file, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.written = 0

    def _run(self) -> None:
        chance = random.Random(5)
        while not self._stop.wait(chance.choice([0.001] * 9 + [0.2])):
            self.written += 1
            content = _block(self.written, chance.choice([10, 100_000, SIZE]))
            way = chance.choice(["over", "append", "beside", "cut", "piecewise"])
            if way == "over":
                self._file.write_bytes(content)
            elif way == "append":
                with self._file.open("ab") as stream:
                    stream.write(content[:1000])
            elif way == "beside":
                draft = self._file.parents[1] / "draft"
                draft.write_bytes(content)
                draft.replace(self._file)
            elif way == "cut":
                os.truncate(self._file, 100)
            else:
                with self._file.open("r+b", buffering=0) as stream:
                    for start in range(0, len(content), 4096):
                        stream.write(content[start : start + 4096])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()


def test_beside_a_file_that_never_rests_every_run_ends_and_no_name_lies(old: Stage) -> None:
    """What is served of it is what its name tells; all other files are what they should be."""
    codes = []
    with Restless(old.root / "public" / MOVING) as writer:
        for number in range(30 if LONG else 4):
            old.write({"other.txt": f"{number}"})
            before = served(old)
            ran = old.run("apply", "--yes")
            codes.append(ran.code)
            now = served(old)
            assert ran.code in {0, 1, 78}, ran.said
            assert "internal error" not in ran.said
            assert now == (before if ran.code else before | {"other.txt": f"{number}".encode(), MOVING: now[MOVING]})
            check_names(old.outside)
        assert writer.written > len(codes)
    settle(old)
    note(SUITE, restless=len(codes), live=codes.count(0))
