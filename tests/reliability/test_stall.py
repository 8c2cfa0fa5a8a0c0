"""A connection that stops moving is given up after a bounded time and the request tried again; a slow one is not.

Between the command and the local service lies a relay, which lets chosen requests or their answers hardly move. The
bound is --stall-timeout, short here; that it holds is what the deadline of each test says. By default each kind of
request meets one kind of stall, with ASSETSYNC_LONG=1 every kind.
"""

from __future__ import annotations

import random
import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.cli.stage import run_process
from tests.fakes.clock import HastyClock
from tests.fakes.relay import GOOD, Line, Relay
from tests.reliability.figures import LONG, note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.stage import Ran, Stage

SUITE = "stall"
pytestmark = pytest.mark.timeout(240)

MUTE, TRICKLING_DOWN = Line(down=0), Line(down=10)
UNREAD, TRICKLING_UP = Line(up=0), Line(up=10)
KINDS = {
    "lists": r"GET /v1/Services/[^/]+/Assets\?",
    "the live Build": r"GET /v1/Services/[^/]+/Builds/ZB\w+ ",
    "creates": r"POST /v1/Services/[^/]+/Assets ",
    "uploads": r"POST .*/Versions ",
    "names": r"POST /v1/Services/[^/]+/Assets/ZH\w+ ",
    "Builds": r"POST /v1/Services/[^/]+/Builds ",
    "polls": r"GET .*/Status ",
    "Deployments": r"POST .*/Deployments ",
    "the look back": r"GET .*/Deployments\?",
}


class Striking:
    """Chooses a bad line for the first `times` requests whose first line matches, and a good one for all others."""

    def __init__(self, pattern: str, line: Line, times: int = 1) -> None:
        self._pattern, self._line, self._left = re.compile(pattern), line, times
        self._lock = threading.Lock()
        self.struck = 0

    def __call__(self, first_line: str) -> Line:
        with self._lock:
            if self.struck < self._left and self._pattern.match(first_line):
                self.struck += 1
                return self._line
        return GOOD


@contextmanager
def relayed(stage: Stage, monkeypatch: pytest.MonkeyPatch, choose: Callable[[str], Line]) -> Iterator[Relay]:
    with Relay(stage.emulator.url, choose) as relay, monkeypatch.context() as here:
        here.setenv("ASSETSYNC_API_URL", relay.url)
        yield relay


def counted(stage: Stage) -> tuple[int, int]:
    """Builds, and Deployments to production."""
    sid = stage.outside.environment("production")["sid"]
    return len(stage.outside.every("/Builds")), len(stage.outside.every(f"/Environments/{sid}/Deployments"))


def served(stage: Stage) -> dict[str, bytes]:
    """What a visitor gets at each path that is live, all of them public here."""
    return {path: stage.outside.visit(path).content for path in stage.outside.paths()}


def check_served(stage: Stage, files: dict[str, bytes]) -> None:
    assert served(stage) == {f"/{name}": content for name, content in files.items()}


STALLS = (("never comes", MUTE), ("trickles", TRICKLING_DOWN))
CASES = tuple(
    pytest.param(kind, line, id=f"{kind}, {name}")
    for turn, kind in enumerate(KINDS)
    for name, line in (STALLS if LONG else (STALLS[turn % 2],))
)


@pytest.mark.parametrize(("kind", "line"), CASES)
def test_an_answer_that_never_comes_or_trickles_is_given_up_and_the_apply_succeeds(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, kind: str, line: Line
) -> None:
    """The work behind it is done, once and not twice."""
    stage.clock = HastyClock()
    files = {f"{number}.txt": b"old" for number in range(5)}
    stage.write(files)
    stage.apply()
    files |= {"0.txt": b"new", "5.txt": b"created", "6.txt": b"created"}
    stage.write(files)
    times = 2 if kind in {"creates", "uploads", "names"} else 1
    choose = Striking(KINDS[kind], line, times)
    with relayed(stage, monkeypatch, choose):
        ran = stage.run("apply", "--yes", "-v", "--stall-timeout", "0.5").holds(0)
    assert choose.struck == times
    if kind in {"lists", "the live Build", "uploads", "polls", "the look back"}:
        assert "the connection stalled: less than 100 bytes a second for 0.5 seconds" in ran.flat
    check_served(stage, files)
    assert counted(stage) == (2, 2)
    assert len(stage.outside.assets()) == len(files)
    assert stage.run("plan", "--detailed-exitcode").holds(0).writes == ()
    note(SUITE, answers_that_stalled=choose.struck, applies_that_succeeded=1)


@pytest.mark.parametrize("line", [UNREAD, TRICKLING_UP], ids=["not read", "read at a trickle"])
def test_an_upload_that_the_service_does_not_read_is_given_up_and_sent_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, line: Line
) -> None:
    stage.clock = HastyClock()
    files = {"large.bin": random.Random(1).randbytes(9_000_000), "small.txt": b"small"}
    stage.write(files)
    choose = Striking(KINDS["uploads"], line, times=2)
    with relayed(stage, monkeypatch, choose):
        ran = stage.run("apply", "--yes", "--create-service", "-v", "--stall-timeout", "1").holds(0)
    assert choose.struck == 2
    assert "upload /large.bin: the connection stalled" in ran.flat
    check_served(stage, files)
    note(SUITE, uploads_that_stalled=choose.struck, applies_that_succeeded=1)


def test_a_transfer_that_is_slow_but_moves_is_never_given_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """One goes up and one comes down; each takes several times as long as a connection may stand still."""
    stall = 10.0 if LONG else 2.0
    slow = Line(up=300_000 / stall, down=8_000 / stall)
    content = random.Random(2).randbytes(750_000)
    many = {f"{number:03}.txt": b"." for number in range(50)}
    stage.write({"large.bin": content, **many})
    stage.apply()
    content = content[::-1]
    stage.write({"large.bin": content})
    asked: list[str] = []

    def choose(first_line: str) -> Line:
        asked.append(first_line)
        return slow if re.match(f"{KINDS['uploads']}|{KINDS['the live Build']}", first_line) else GOOD

    with relayed(stage, monkeypatch, choose):
        ran = stage.run("apply", "--yes", "-v", "--stall-timeout", str(stall)).holds(0)
    assert "again in" not in ran.err
    assert len([line for line in asked if re.match(KINDS["uploads"], line)]) == 1
    assert len([line for line in asked if re.match(KINDS["the live Build"], line)]) == 1
    check_served(stage, {"large.bin": content, **many})
    note(SUITE, slow_transfers_finished=2)


def test_a_service_that_never_answers_again_is_an_error_that_says_so(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.clock = HastyClock()
    stage.write({"a.txt": b"old"})
    stage.apply()
    stage.write({"a.txt": b"new"})
    sentence = "the connection stalled: less than 100 bytes a second for 0."
    with relayed(stage, monkeypatch, lambda _line: MUTE):
        for command in (("plan",), ("status",), ("apply", "--yes"), ("gc", "--yes")):
            stage.run(*command, "--stall-timeout", "0.1").holds(1, sentence)
    with relayed(stage, monkeypatch, Striking(KINDS["uploads"], MUTE, times=99)):
        ran = stage.run("apply", "--yes", "--format", "json", "--stall-timeout", "0.4").holds(1)
    (error,) = ran.document["errors"]
    assert error["path"] == "/a.txt"
    assert sentence in error["message"]
    check_served(stage, {"a.txt": b"old"})
    stage.apply()
    check_served(stage, {"a.txt": b"new"})


def test_where_no_look_tells_whether_it_was_deployed_the_error_names_the_build(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Deployment happens, its answer and every look at it get lost."""
    stage.clock = HastyClock()
    stage.write({"a.txt": b"old"})
    stage.apply()
    stage.write({"a.txt": b"new"})
    deployments = f"{KINDS['Deployments']}|{KINDS['the look back']}"
    with relayed(stage, monkeypatch, Striking(deployments, MUTE, times=99)):
        ran = stage.run("apply", "--yes", "--stall-timeout", "0.4").holds(1, "no look could tell whether it happened")
    assert str(stage.outside.environment("production")["build_sid"]) in ran.err
    check_served(stage, {"a.txt": b"new"})
    assert stage.run("apply", "--yes").holds(0).writes == ()


def test_a_process_of_its_own_with_real_waits_survives_stalls(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"{number}.txt": f"{number}".encode() for number in range(6)}
    stage.write(files)
    choose = Striking("POST ", MUTE, times=4)
    with relayed(stage, monkeypatch, choose):
        ran: Ran = run_process("apply", "--yes", "--create-service", "--stall-timeout", "1")
    ran.holds(0)
    assert choose.struck == 4
    check_served(stage, files)
    note(SUITE, processes_that_succeeded=1)
