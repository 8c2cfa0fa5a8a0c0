"""Ctrl-C at every moment of an apply, at a real terminal.

Once: what is on its way is finished, nothing new is begun. Twice: it ends at once. Either way the terminal is as it
was, what is live is old or new and never a mixture, and the next run sends nothing again that was acknowledged.
`tests/cli/test_signals.py` has the same without a terminal for uploads, the Build and the question.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.held import PATIENCE, Held, is_upload
from tests.cli.stage import Ran
from tests.reliability.console import Console
from tests.reliability.figures import LONG, note
from tests.reliability.liar import Liar, aged

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.emulator.messages import Answer, Outcome, Request
    from tests.cli.stage import Stage

SUITE = "interrupt"
APPLY = ("apply", "--yes", "--concurrency", "3", "--allow-deletes")
OLD = {f"page-{number}.html": f"page {number}" for number in range(10)}
NEW = OLD | {f"new-{number}.txt": f"new {number}" for number in range(12)} | {"page-0.html": "second"}
del NEW["page-9.html"]


@dataclass(frozen=True, slots=True)
class Phase:
    """A request at which the run is held; `free` of its kind pass before, `held` of them wait.

    once, twice: the exit code and what is live after one Ctrl-C (the request is let go then), after two (it is not)
    said: what the first tells
    """

    method: str
    ending: str
    free: int = 0
    held: int = 1
    once: tuple[int, str] = (130, "old")
    twice: tuple[int, str] = (130, "old")
    said: str = "interrupted"

    def holds(self, request: Request) -> bool:
        if not request.headers.get("user-agent", "").startswith("assetsync/"):
            return False
        segments = request.path.split("/")
        fits = segments[-len(self.ending.split("/")) :]
        same = all(wanted in {"*", got} for wanted, got in zip(self.ending.split("/"), fits, strict=True))
        return request.method == self.method and same


DONE = (0, "new")
PHASES = {
    "listing": Phase("GET", "Assets", said="interrupted; nothing was written"),
    "reading the live Build": Phase("GET", "Builds/*", said="interrupted; nothing was written"),
    "verifying a Version": Phase("GET", "Versions/*", said="interrupted; nothing was written"),
    # All of the three threads wait: what was answered before is in the journal.
    "creating an Asset": Phase("POST", "Assets", free=1, held=3, said="what is live is as it was"),
    "uploading": Phase("POST", "Versions", free=3, held=3, said="what is live is as it was"),
    "creating the Build": Phase("POST", "Builds", said="what is live is as it was"),
    "building": Phase("GET", "Status", said="what is live is as it was"),
    "writing a name": Phase("POST", "Assets/*", once=DONE, twice=(130, "either"), said="is live at"),
    "looking before the Deployment": Phase("GET", "Environments/*", once=DONE, said="is live at"),
    "deploying": Phase("POST", "Deployments", once=DONE, said="is live at"),
    "looking back": Phase("GET", "Deployments", once=DONE, twice=(130, "new"), said="is live at"),
}
TELLING = ("creating an Asset", "uploading", "building", "writing a name", "deploying", "looking back")
TWICE = tuple(PHASES) if LONG else TELLING


def fill(stage: Stage, files: dict[str, str]) -> None:
    """The folder holds exactly these."""
    stage.write(files)
    for file in (stage.root / "public").iterdir():
        if file.name not in files:
            file.unlink()


@pytest.fixture
def changing(live: Stage) -> Stage:
    """OLD is live and NEW is in the folder; one file of NEW was live before, so that its Version may be restored."""
    live.write({"page-0.html": "second"})
    live.apply()
    fill(live, OLD)
    live.apply()
    fill(live, NEW)
    return live


def serves(stage: Stage, files: dict[str, str]) -> bool:
    """Whether visitors get exactly these files of all that there could be."""
    outside = stage.outside
    return all(
        (answer.status_code, answer.text) == ((200, files[name]) if name in files else (404, answer.text))
        for name in NEW.keys() | OLD.keys()
        for answer in (outside.visit(f"/{name}"),)
    )


def live_now(stage: Stage) -> str:
    """`old`, `new`, or a mixture."""
    return next((name for name, files in (("old", OLD), ("new", NEW)) if serves(stage, files)), "a mixture")


def finished(stage: Stage, acknowledged: set[str]) -> None:
    """The next run does the rest and nothing again, and then nothing is left to do."""
    with Watching(stage) as seen:
        stage.run(*APPLY).holds(0)
    assert not seen.acknowledged.keys() & acknowledged, "sent again"
    assert live_now(stage) == "new"
    stage.run("plan", "--detailed-exitcode").holds(0, "No changes.")


class Watching(Held):
    """Sees which files' uploads were acknowledged, each with its Version; holds the requests of a phase."""

    def __init__(self, stage: Stage, which: Callable[[Request], bool] = lambda _request: False, free: int = 0) -> None:
        super().__init__(stage.emulator.core, which, free)
        self.acknowledged: dict[str, str] = {}

    def after(self, request: Request, answer: Answer) -> Outcome | None:
        if is_upload(request) and answer.status == 201:
            assert isinstance(answer.body, bytes)
            told = json.loads(answer.body)
            self.acknowledged[told["path"]] = told["sid"]
        return super().after(request, answer)

    @property
    def journalled(self) -> set[str]:
        """Those of them that this machine's journal knows of."""
        with closing(sqlite3.connect(f"{os.environ['ASSETSYNC_CACHE_DIR']}/journal.sqlite")) as journal:
            known = {sid for (sid,) in journal.execute("SELECT version_sid FROM version")}
        return {path for path, sid in self.acknowledged.items() if sid in known}


def ended(console: Console) -> Ran:
    code = console.process.wait(PATIENCE)
    console.close()
    console.end()
    return Ran(code, console.seen, "")


@pytest.mark.parametrize("name", PHASES)
def test_ctrl_c_once_finishes_what_is_on_its_way_and_begins_nothing(changing: Stage, name: str) -> None:
    """Before anything is written it ends at once; from the Deployment on the run is finished, for it is done."""
    phase = PHASES[name]
    code, state = phase.once
    at_once = "nothing was written" in phase.said
    with Watching(changing, phase.holds, phase.free) as held, Console(*APPLY) as console:
        held.wait_for(phase.held)
        console.ctrl_c()
        if not at_once:
            console.read_until("^C")
            held.release()
        ran = ended(console)
        console.is_sane()
    ran.holds(code, phase.said)
    # The terminal shows ^C before the process heeds it: each thread may have begun one more by then.
    most = phase.free + 2 * phase.held
    assert name != "uploading" or phase.free + phase.held <= len(held.acknowledged) <= most
    assert live_now(changing) == state
    finished(changing, set(held.acknowledged))
    note(SUITE, interrupted_once=1)


@pytest.mark.parametrize("name", TWICE)
def test_ctrl_c_twice_ends_at_once_whatever_is_held(changing: Stage, name: str) -> None:
    phase = PHASES[name]
    code, state = phase.twice
    with Watching(changing, phase.holds, phase.free) as held, Console(*APPLY) as console:
        held.wait_for(phase.held)
        acknowledged = set(held.acknowledged)
        console.ctrl_c()
        console.read_until("^C")
        while console.process.poll() is None:  # the second may come before the first is heeded: then it is the first
            console.ctrl_c()
            with suppress(subprocess.TimeoutExpired):
                console.process.wait(0.2)
        ran = ended(console)
        console.is_sane()
        assert ran.code == code, ran.said
        assert "interrupted" in ran.said
        assert "Traceback" not in ran.said
        state_then = live_now(changing)
        assert state_then in ({"old", "new"} if state == "either" else {state}), state_then
        journalled = held.journalled
    assert acknowledged <= journalled
    assert live_now(changing) in {"old", "new"}
    finished(changing, journalled)
    note(SUITE, interrupted_twice=1)


@pytest.mark.parametrize("name", ["reading the live Build", "uploading", "building", "deploying"])
def test_a_terminal_that_is_told_to_end_is_left_as_sane(changing: Stage, name: str) -> None:
    phase = PHASES[name]
    with Watching(changing, phase.holds, phase.free) as held, Console(*APPLY) as console:
        held.wait_for(phase.held)
        console.process.send_signal(signal.SIGTERM)
        if "nothing" not in phase.said:
            held.release()
        ran = ended(console)
        console.is_sane()
    assert ran.code == (143 if phase.once[0] == 130 else 0), ran.said
    assert live_now(changing) == phase.once[1]
    finished(changing, set(held.acknowledged))


def reads_a_file(pid: int, folder: Path) -> bool:
    """Whether a file below the folder is open in the process now."""
    with suppress(OSError):
        return any(each.readlink().is_relative_to(folder) for each in Path(f"/proc/{pid}/fd").iterdir())
    return False


def test_ctrl_c_while_files_are_read_ends_at_once(changing: Stage) -> None:
    """Some ten thousand MiB of them: long before they are all read."""
    public = changing.root / "public"
    for number in range(400):
        with (public / f"large-{number}.bin").open("wb") as file:
            file.truncate(24 * 1024**2 + number)
    with Watching(changing, lambda request: request.method == "GET") as held, Console(*APPLY) as console:
        held.wait_for(1)
        deadline = time.monotonic() + PATIENCE
        while not reads_a_file(console.process.pid, public):
            assert time.monotonic() < deadline
        console.ctrl_c()
        ended(console).holds(130, "interrupted; nothing was written")
        console.is_sane()
    assert live_now(changing) == "old"
    assert held.acknowledged == {}


def test_ctrl_c_at_the_question_leaves_a_line_and_a_sane_terminal(changing: Stage) -> None:
    with Console(*(each for each in APPLY if each != "--yes")) as console:
        console.read_until("Apply this to production? [y/N]:")
        console.ctrl_c()
        ended(console).holds(130, "interrupted; nothing was written")
        console.is_sane()
    assert live_now(changing) == "old"
    with Watching(changing) as seen:
        assert not changing.run("plan").holds(0).writes
    assert seen.acknowledged == {}


@pytest.mark.parametrize("command", [("plan",), ("status",), ("gc", "--dry-run")], ids=lambda each: each[0])
def test_ctrl_c_in_a_command_that_only_looks_ends_it_at_once(changing: Stage, command: tuple[str, ...]) -> None:
    with Watching(changing, lambda request: request.method == "GET") as held, Console(*command) as console:
        held.wait_for(1)
        console.ctrl_c()
        ended(console).holds(130, "interrupted; nothing was written")
        console.is_sane()


def test_ctrl_c_while_gc_deletes_stops_before_the_next(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was deleted is told, and the next run deletes the rest; what is live is not touched."""
    left = {f"page-{number}.html": f"page {number}" for number in range(4)}
    fill(live, left)
    live.apply("--allow-deletes")
    mine = len(live.outside.assets())
    with Liar(live.emulator, aged()) as liar:
        monkeypatch.setenv("ASSETSYNC_API_URL", liar.url)
        gc = ("gc", "--yes", "--builds-keep", "0")
        with Watching(live, is_deletion, free=2) as held, Console(*gc) as console:
            held.wait_for(1)
            console.ctrl_c()
            console.read_until("^C")
            held.release()
            ended(console).holds(130, "interrupted after 1 Build, 3 Assets", "was not reached")
            console.is_sane()
        assert len(live.outside.assets()) == mine - 3
        live.run(*gc).holds(0, "Deleted 0 Builds, 3 Assets.")
    assert len(live.outside.assets()) == mine - 6
    assert serves(live, left)


def is_deletion(request: Request) -> bool:
    return request.method == "DELETE" and "/Assets/" in request.path
