"""Ctrl-C and SIGTERM at every moment: what is live stays, what arrived is remembered, nothing is left running."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.held import Held, is_build, is_read, is_upload
from tests.cli.stage import Running, Terminal

if TYPE_CHECKING:
    from tests.cli.stage import Stage

FILES = {f"{number:02}.txt": f"file {number}" for number in range(40)}
SIGNALS = pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
APPLY = ("apply", "--yes", "--concurrency", "4")


@SIGNALS
def test_a_signal_while_uploads_run_ends_cleanly_and_the_next_run_sends_the_rest_only(
    live: Stage, number: signal.Signals, code: int
) -> None:
    before = live.outside.live()
    live.write(FILES)
    core = live.emulator.core
    with Held(core, is_upload, free=6) as held, Running(*APPLY) as running:
        held.wait_for(1)
        running.signal(number)
        held.release()
        ended = running.end().holds(code, "interrupted after", "of 40 uploads; what is live is as it was")
    first = held.answered
    assert f"interrupted after {first} of 40" in ended.flat
    assert 6 < first < 40
    assert live.outside.live() == before

    with Held(core, is_upload, free=100) as counted:
        live.apply()
    assert counted.answered == 40 - first
    assert len(live.outside.paths()) == 50


def test_what_arrived_before_a_signal_is_remembered_in_the_service_for_a_fresh_machine(
    live: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.write(FILES)
    core = live.emulator.core
    with Held(core, is_upload, free=6) as held, Running(*APPLY) as running:
        held.wait_for(1)
        running.signal()
        held.release()
        running.end().holds(130)
    monkeypatch.setenv("ASSETSYNC_CACHE_DIR", str(live.root.parent / "another machine"))
    with Held(core, is_upload, free=100) as counted:
        live.apply()
    assert counted.answered == 40 - held.answered


def test_uploads_that_never_end_are_given_up_and_the_others_remembered(live: Stage) -> None:
    live.write(FILES)
    core = live.emulator.core
    with Held(core, is_upload, free=6) as held:
        with Running(*APPLY) as running:
            held.wait_for(4)
            running.signal(signal.SIGTERM)
            running.end(within=25).holds(143, "interrupted after 6 of 40 uploads")
        remembered = [name for name in live.outside.assets().values() if name.partition(" ")[0][1:] in FILES]
    assert len([name for name in remembered if len(name.split()) > 3]) == 6


def test_a_second_signal_ends_at_once_while_uploads_are_still_held(live: Stage) -> None:
    before = live.outside.live()
    live.write(FILES)
    with Held(live.emulator.core, is_upload, free=2) as held, Running(*APPLY) as running:
        held.wait_for(4)
        while running.process.poll() is None:
            running.signal()
            try:
                running.process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        ended = running.end()
    assert ended.code == 130
    assert "interrupted after" not in ended.err
    assert "Traceback" not in ended.err
    assert live.outside.live() == before
    with Held(live.emulator.core, is_upload, free=100):
        live.apply()
    assert len(live.outside.paths()) == 50


@SIGNALS
def test_a_signal_while_the_build_is_made_deploys_nothing(live: Stage, number: signal.Signals, code: int) -> None:
    before = live.outside.live()
    live.write({"new.txt": "new"})
    with Held(live.emulator.core, is_build) as held, Running(*APPLY) as running:
        held.wait_for(1)
        running.signal(number)
        held.release()
        ended = running.end()
    ended.holds(code)
    assert live.outside.live() == before
    live.apply()
    assert "/new.txt" in live.outside.paths()


@SIGNALS
def test_a_signal_while_the_plan_is_made_ends_it_at_once(live: Stage, number: signal.Signals, code: int) -> None:
    with Held(live.emulator.core, is_read) as held, Running("plan", "--format", "json") as running:
        held.wait_for(1)
        running.signal(number)
        ended = running.end(within=25)
    ended.holds(code, "nothing was written")
    (error,) = ended.plan["errors"]
    assert error["exit_code"] == code


def test_ctrl_c_at_the_question_writes_nothing(live: Stage) -> None:
    live.write({"new.txt": "new"})
    before = live.outside.live()
    with Terminal("apply") as terminal:
        terminal.read_until("Apply this to production?")
        terminal.process.send_signal(signal.SIGINT)
        terminal.end().holds(130, "interrupted; nothing was written")
    assert live.outside.live() == before
    live.write({"server.key": "x"})
    with Terminal("apply") as terminal:
        terminal.read_until("Type 1 to agree")
        terminal.process.send_signal(signal.SIGTERM)
        terminal.end().holds(143, "terminated; nothing was written")
    assert live.outside.live() == before


def test_the_end_of_input_at_the_question_is_no_consent(live: Stage) -> None:
    live.write({"new.txt": "new"})
    before = live.outside.live()
    with Terminal("apply") as terminal:
        terminal.read_until("Apply this to production?")
        terminal.enter("\x04")
        terminal.end().holds(130)
    assert live.outside.live() == before


UNHEARD = """
import signal, sys, threading
from assetsync.cli.signals import ending_at_once

main = threading.get_ident()

def waits(frame):  # in the wait that the module ends with, and not in that of Thread.start
    return frame.f_code is threading.Condition.wait.__code__ and frame.f_back.f_back.f_code.co_name == "<module>"

def elsewhere():  # as if it came right before the main thread began to wait: nothing ends that wait
    while not waits(sys._current_frames()[main]):
        pass
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

with ending_at_once(lambda: "", lambda error: error.exit_code):
    threading.Thread(target=elsewhere, daemon=True).start()
    threading.Event().wait()
"""


def test_a_signal_that_does_not_end_what_the_main_thread_waits_in_is_heeded_soon() -> None:
    ended = subprocess.run([sys.executable, "-c", UNHEARD], timeout=30, check=False)
    assert ended.returncode == 143
