"""Disks that are taken away, are full or may only be read: content is right, or nothing was changed and that is said.

Real mounts where they are allowed; where not, folders that are moved aside and a limit on the size of files.
"""

from __future__ import annotations

import subprocess
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.emulator.server import RunningEmulator
from tests.cli.stage import PATIENCE, Outside, Ran, command
from tests.reliability.disks import Detachable, fill, small_disk, until_old
from tests.reliability.figures import LONG, note
from tests.reliability.rights import obeying_modes
from tests.reliability.stepping import before_request
from tests.reliability.truth import check, check_at_rest, check_names, served, uploads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.stage import Stage

SUITE = "bad disks"
SITE = {f"page-{number}.html": f"page {number}".encode() for number in range(8)}
NEXT = SITE | {"page-0.html": b"new", "new.html": b"new too"}


@contextmanager
def detachable(stage: Stage) -> Iterator[Detachable]:
    disk = Detachable(stage.root / "public", stage.root.parent / "store")
    try:
        yield disk
    finally:
        disk.close()


def test_a_disk_that_is_gone_before_a_run_takes_nothing_off_line(stage: Stage) -> None:
    with detachable(stage) as disk:
        stage.write(SITE)
        stage.apply()
        disk.detach()
        for arguments in (("plan",), ("apply", "--yes"), ("apply", "--yes", "--allow-deletes")):
            ran = stage.run(*arguments).holds(3, "--allow-empty")
            assert ran.writes == ()
            check(stage, ran, SITE)
        disk.attach()
        check_at_rest(stage)
        note(SUITE, gone=1, mounted=disk.real)


def test_a_disk_that_is_gone_between_plan_and_apply_is_a_conflict(stage: Stage) -> None:
    with detachable(stage) as disk:
        stage.write(SITE)
        stage.apply()
        stage.write(NEXT)
        stage.run("plan", "--out", "saved.json").holds(0)
        disk.detach()
        ran = stage.run("apply", "saved.json").holds(4, "was in the plan and is not in the files any more")
        assert ran.writes == ()
        check(stage, ran, SITE)
        disk.attach()
        check(stage, stage.run("apply", "saved.json").holds(0), NEXT)
        note(SUITE, gone=1, mounted=disk.real)


@pytest.mark.parametrize("nth", range(1, 9) if LONG else (1, 4, 8))
def test_a_disk_that_is_gone_while_files_are_sent_fails_those_that_were_not_sent_yet(stage: Stage, nth: int) -> None:
    with detachable(stage) as disk:
        stage.write({"index.html": "live"})
        stage.apply()
        stage.write(SITE)
        before_request(stage, "POST", r"/Assets\?", disk.detach, nth=nth)
        ran = stage.run("apply", "--yes", "--concurrency", "1").holds(1, "what is live is as it was")
        assert uploads(ran) == nth - 1
        check(stage, ran, {"index.html": b"live"})
        disk.attach()
        again = stage.apply()
        assert uploads(again) == len(SITE) - uploads(ran)
        check(stage, again, {"index.html": b"live"} | SITE)
        note(SUITE, gone=1, mounted=disk.real)


class Full:
    """The cache folder on a disk without room, then with room again."""

    def __init__(self, stage: Stage, disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.disk, self.stage = disk, stage
        monkeypatch.setenv("ASSETSYNC_CACHE_DIR", str(disk / "cache"))

    def fill(self) -> None:
        fill(self.disk)

    def make_room(self) -> None:
        (self.disk / "filler").unlink()


@pytest.fixture
def full(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Full]:
    with small_disk(tmp_path / "disk") as disk:
        yield Full(stage, disk, monkeypatch)


def test_a_cache_folder_on_a_full_disk_costs_a_warning_and_nothing_else(full: Full) -> None:
    stage = full.stage
    stage.write(SITE)
    full.fill()
    until_old(stage.root)
    ran = stage.apply().holds(0, "The hash cache cannot be written")
    check(stage, ran, SITE)
    check_at_rest(stage)
    stage.write(NEXT)
    check(stage, stage.apply(), NEXT)
    full.make_room()
    check_at_rest(stage)
    note(SUITE, full=1)


@pytest.mark.parametrize("moment", [r"/Assets\?", r"/Builds\?", r"/Deployments\?"])
def test_a_disk_that_becomes_full_in_the_middle_of_a_run_costs_nothing(full: Full, moment: str) -> None:
    stage = full.stage
    stage.write(SITE)
    stage.apply()
    stage.write(NEXT)
    before_request(stage, "POST", moment, full.fill)
    check(stage, stage.apply(), NEXT)
    assert (full.disk / "filler").stat().st_size > 0
    check_at_rest(stage)
    full.make_room()
    stage.write(SITE)
    check(stage, stage.apply(), NEXT | SITE)
    note(SUITE, full=1)


def test_uploads_that_a_full_disk_kept_out_of_the_journal_are_in_the_names(full: Full) -> None:
    """A run that fails half way writes the names of what it sent: the next one sends the rest only."""
    stage = full.stage
    stage.write(SITE)
    gone = stage.root / "public/page-7.html"
    full.fill()
    before_request(stage, "POST", r"/Assets\?", lambda: gone.rename(stage.root / "away"))
    ran = stage.run("apply", "--yes", "--create-service").holds(1, "1 file was not uploaded")
    check_names(stage.outside)
    (stage.root / "away").rename(gone)
    again = stage.apply()
    assert uploads(ran) + uploads(again) == len(SITE)
    check(stage, again, SITE)
    note(SUITE, full=1)


def test_a_plan_for_which_there_is_no_room_leaves_the_older_one(full: Full) -> None:
    stage, saved = full.stage, full.disk / "saved.json"
    stage.write(SITE)
    stage.run("plan", "--create-service", "--out", str(saved)).holds(0)
    before = saved.read_bytes()
    stage.write(NEXT)
    full.fill()
    stage.run("plan", "--create-service", "--out", str(saved)).holds(1, "No space left on device")
    assert saved.read_bytes() == before
    assert {file.name for file in full.disk.iterdir()} == {"saved.json", "cache", "filler"}
    note(SUITE, full=1)


def test_the_local_service_on_a_full_disk_says_so_and_works_again_when_there_is_room(
    stage: Stage, tmp_path: Path
) -> None:
    """Neither a request that it cannot keep nor a start without room is more than an answer, or a sentence."""
    with small_disk(tmp_path / "disk", "2m") as disk:
        with RunningEmulator(disk / "service") as emulator, closing(Outside(emulator, "full")) as outside:
            outside.new_service(("production", ""))
            asset = outside.post("/Assets", {"FriendlyName": "/a"})["sid"]
            filler = fill(disk)
            account = emulator.core.account
            with httpx.Client(auth=(account.sid, account.auth_token), trust_env=False, timeout=30) as client:
                assets, files = f"{emulator.url}/v1/Services/full/Assets", {"Content": ("file", b"x" * 100_000)}
                fields = {"Path": "/a", "Visibility": "public"}
                for answer in (
                    client.post(assets, data={"FriendlyName": "/b"}),
                    client.post(f"{assets}/{asset}/Versions", data=fields, files=files),
                ):
                    assert (answer.status_code, answer.json()["code"]) == (500, 20500)
                    assert "The local service failed: " in answer.json()["message"]
            filler.unlink()
            outside.publish("production", outside.upload("/a", b"there is room"))
            assert outside.visit("/a").content == b"there is room"
        fill(disk)
        emulator_command = command("emulator", "--data", str(disk / "other"), "--port", "0")
        started = subprocess.run(emulator_command, check=False, capture_output=True, text=True, timeout=PATIENCE)
        Ran(started.returncode, started.stdout, started.stderr).holds(64, "cannot be used", "full")
    note(SUITE, full=2)


def without_files(*arguments: str) -> Ran:
    """The command in a process that cannot write a single byte to any file."""
    done = subprocess.run(
        ["prlimit", "--fsize=0", *command(*arguments)],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_a_process_that_can_write_no_file_still_deploys_and_destroys_none(stage: Stage) -> None:
    stage.write(SITE)
    ran = without_files("apply", "--yes", "--create-service").holds(0, "The hash cache cannot be written")
    check(stage, ran, SITE)
    without_files("plan", "--out", "saved.json").holds(1, "the plan cannot be saved to saved.json: File too large")
    before = (stage.root / "assetsync.yaml").read_bytes()
    without_files("init", "--force", "--name", "other").holds(64, "assetsync.yaml cannot be written: File too large")
    assert (stage.root / "assetsync.yaml").read_bytes() == before
    assert {file.name for file in stage.root.iterdir()} == {"assetsync.yaml", "public"}
    check_at_rest(stage)
    note(SUITE, full=1)


def _below_a_file(folder: Path) -> Path:
    folder.write_bytes(b"")
    return folder / "cache"


def _read_only(folder: Path) -> Path:
    """Made by an earlier run, which remembered things in it."""
    for file in folder.iterdir():
        file.chmod(0o400)
    folder.chmod(0o500)
    return folder


def _locked(folder: Path) -> Path:
    folder.chmod(0)
    return folder


@pytest.mark.parametrize("make", [_below_a_file, _read_only, _locked])
def test_a_cache_folder_that_cannot_be_written_costs_a_warning_and_nothing_else(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Path]
) -> None:
    stage.write(SITE)
    stage.apply()
    folder = tmp_path / "cache"
    if make is not _below_a_file:
        monkeypatch.setenv("ASSETSYNC_CACHE_DIR", str(folder))
        check_at_rest(stage)
    monkeypatch.setenv("ASSETSYNC_CACHE_DIR", str(make(folder)))
    stage.write(NEXT)
    with obeying_modes():
        check(stage, stage.apply(), NEXT)
        check_at_rest(stage)
    if folder.is_dir():
        folder.chmod(0o700)
    assert served(stage) == NEXT
    note(SUITE, read_only=1)
