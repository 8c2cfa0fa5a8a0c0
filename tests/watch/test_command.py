"""`assetsync watch` as people and programs run it: processes of their own, with and without a terminal."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.faults.document import parse_faults
from tests.cli.stage import PATIENCE, Running, Terminal, run_process

if TYPE_CHECKING:
    from tests.cli.stage import Stage

SITE = {"index.html": b"<p>first</p>", "a.css": b"a {}"}
WATCH = ("watch", "-e", "production", "--yes", "--create-service")


def test_it_needs_the_environments_name_unless_it_stays_here(stage: Stage) -> None:
    stage.write(SITE)
    stage.run("watch", "--yes").holds(64, "has to be named", "-e NAME", "--local")
    stage.run("watch", "-e", "production").holds(64, "no terminal", "--yes")
    assert stage.run("watch", "-e", "nowhere", "--yes").code == 64


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
def test_a_signal_ends_it_and_leaves_nothing_behind(stage: Stage, number: signal.Signals) -> None:
    stage.write(SITE)
    with Running(*WATCH) as running:
        running.read_until("Watching public")
        running.signal(number)
        ended = running.end()
    assert ended.code == 128 + number
    assert "Traceback" not in ended.said
    stage.run("apply", "--yes").holds(0)


def test_it_is_one_json_document_a_line(stage: Stage) -> None:
    stage.write(SITE)
    with Running(*WATCH, "--format", "json") as running:
        said = running.read_until('"watching"')
        stage.write({"a.css": b"b {}"})
        said += running.read_until('"live"')
        stage.write({"a.css": b"", "b.txt": b"b"})
        said += running.read_until('"failed"')
        running.signal()
        ended = running.end()
    documents = [json.loads(line) for line in (said + ended.out).splitlines()]
    assert [each["event"] for each in documents if each["event"] not in {"warning", "unchanged"}] == [
        *("changing", "live", "watching", "changing", "live", "changing", "failed", "ended"),
    ]
    assert documents[-2]["errors"][0]["kind"] == "ApplyFailed"
    assert ended.code == 130
    assert ended.err == ""


def test_with_local_it_needs_no_account_and_ends_the_service_with_it(stage: Stage) -> None:
    stage.write(SITE)
    with Running("watch", "--local") as running:
        running.read_until("Watching public")
        running.signal()
        assert running.end().code == 130
    stage.run("plan", "--local", "--detailed-exitcode").holds(0)


def test_on_a_terminal_it_shows_what_goes_on_and_asks_for_figures(stage: Stage) -> None:
    files = {f"{number}.txt": b"%d" % number for number in range(12)}
    stage.write(files)
    stage.apply()
    with Terminal("watch", "-e", "production") as terminal:
        terminal.read_until("every save from now on")
        terminal.enter("y")
        terminal.read_until("Watching public")
        for name in list(files)[1:]:
            (stage.root / "public" / name).unlink()
        terminal.read_until("type 11 and Enter")
        terminal.enter("11")
        terminal.read_until("live: ")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end().code == 130
    assert terminal.seen.rfind("\x1b[?25h") > terminal.seen.rfind("\x1b[?25l"), "the cursor is there again"
    assert set(stage.outside.paths()) == {"/0.txt"}


def test_a_no_watches_nothing(stage: Stage) -> None:
    stage.write(SITE)
    stage.apply()
    with Terminal("watch", "-e", "production") as terminal:
        terminal.read_until("every save from now on")
        terminal.enter("n")
        terminal.read_until("not watching")
        assert terminal.end().code == 130


def test_help_tells_what_it_is_for() -> None:
    run_process("watch", "--help").holds(0, "--local", "about 100 an hour", "--poll", "--open")


def test_ctrl_d_is_no_end_of_what_may_be_typed(stage: Stage) -> None:
    files = {f"{number}.txt": b"%d" % number for number in range(12)}
    stage.write(files)
    stage.apply()
    with Terminal("watch", "-e", "production", "--yes") as terminal:
        terminal.read_until("Watching public")
        terminal.press("\x04")
        for name in list(files)[1:]:
            (stage.root / "public" / name).unlink()
        terminal.read_until("type 11 and Enter")
        terminal.enter("11")
        terminal.read_until("live: ")
        terminal.process.send_signal(signal.SIGINT)


def test_a_signal_while_nothing_is_written_does_not_wait_for_what_is_asked(stage: Stage) -> None:
    """The service answers nothing any more, and tries and waits would go on for half a minute."""
    stage.write(SITE)
    core = stage.emulator.core
    with Running(*WATCH) as running:
        running.read_until("Watching public")
        core.bend(parse_faults(b"rules:\n  - {match: 'GET /v1/**', answer: 503}\n", "faults"))
        core.requests.clear()
        stage.write({"a.css": b"b {}", "index.html": b"<p>second</p>"})
        deadline = time.monotonic() + PATIENCE
        while not core.requests.count:
            assert time.monotonic() < deadline
        asked = core.requests.count
        running.signal()
        ended = running.end()
    assert ended.code == 130
    assert core.requests.count <= asked + 3
