"""`assetsync watch` as people and programs run it: processes of their own, with and without a terminal."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.cli.session import local_folder
from assetsync.emulator.address import read_address
from assetsync.emulator.faults.document import parse_faults
from assetsync.watch.loop import TICK
from tests.cli.stage import PATIENCE, Running, Shell, Terminal, command, run_process

if TYPE_CHECKING:
    from assetsync.emulator.address import Address
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


@pytest.mark.parametrize("form", ["text", "json"])
def test_it_ends_when_nobody_reads_it_any_more(stage: Stage, form: str) -> None:
    """As in `assetsync watch | head`."""
    stage.write(SITE)
    with Running(*WATCH, "--format", form) as running:
        running.read_until("atching")
        assert running.process.stdout is not None
        running.process.stdout.close()
        stage.write({"a.css": b"b {}"})
        said = running.read_until("the watch ends", error=True)
        code = running.process.wait(PATIENCE)
    assert "Broken pipe" in said
    assert code == 1
    stage.run("plan", "--detailed-exitcode", "-e", "production").holds(0)


def test_of_two_that_watch_one_site_one_may_end_and_pages_still_follow_the_other(stage: Stage) -> None:
    stage.write(SITE)
    with Running("watch", "--local") as first:
        first.read_until("Watching public")
        address = read_address(local_folder())
        assert address is not None
        with Running("watch", "--local") as second:
            second.read_until("Watching public")
            (domain,) = _watched(address)
            second.signal()
            assert second.end().code == 130
        assert _watched(address) == (domain,)
        first.signal()
        assert first.end().code == 130


def test_it_says_so_when_the_local_service_of_another_command_has_gone(stage: Stage) -> None:
    stage.write(SITE)
    with Running("emulator", "--port", "0") as service:
        service.read_until("Ctrl-C")
        with Running("watch", "--local") as running:
            running.read_until("Watching public")
            service.process.kill()
            service.end()
            stage.write({"a.css": b"b {}"})
            said = running.read_until("assetsync emulator")
            running.signal()
            running.end()
    assert "which another command started, does not answer" in said
    assert "Traceback" not in said


def test_without_a_terminal_it_says_once_that_it_tries_again(stage: Stage) -> None:
    stage.write(SITE)
    core = stage.emulator.core
    with Running(*WATCH) as running:
        running.read_until("Watching public")
        core.bend(
            parse_faults(
                b"rules:\n  - {match: 'GET /v1/Services/*/Builds/*/Status', answer: 503, times: 5}\n", "faults"
            )
        )
        stage.write({"a.css": b"b {}"})
        running.read_until("live in ")
        core.bend(None)
        running.signal()
        ended = running.end()
    assert ended.err.count("again in ") == 1
    assert "(try 3)" in ended.err


def test_on_a_terminal_the_tries_are_on_the_status_line(stage: Stage) -> None:
    stage.write(SITE)
    with Terminal(*WATCH) as terminal:
        terminal.read_until("Watching public")
        stage.emulator.core.bend(
            parse_faults(b"rules:\n  - {match: 'GET /v1/Services/*/Builds/*/Status', answer: 503, times: 5}\n", "f")
        )
        stage.write({"a.css": b"b {}"})
        said = terminal.read_until("live in ")
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end().code == 130
    assert "again in " in said


def test_the_working_folder_may_go_and_come_back(stage: Stage) -> None:
    stage.write(SITE)
    kept = stage.root.with_name("kept")
    with Running(*WATCH, cwd=stage.root) as running:
        running.read_until("Watching public")
        shutil.copytree(stage.root, kept)
        shutil.rmtree(stage.root)
        running.read_until("Error: ")
        shutil.copytree(kept, stage.root)
        stage.write({"a.css": b"back"})
        running.read_until("live in ")
        running.signal()
        ended = running.end()
    assert ended.code == 130
    assert "Traceback" not in ended.said
    assert stage.outside.visit("/a.css").content == b"back"


def test_in_the_background_of_a_terminal_it_goes_on_and_takes_answers_when_it_is_in_front_again(stage: Stage) -> None:
    """A shell's job: `assetsync watch &`, then `fg`. What reads from its terminal in the background is stopped."""
    files = {f"{number}.txt": b"%d" % number for number in range(12)}
    stage.write(files)
    stage.apply()
    with Shell(f"{shlex.join(command('watch', '-e', 'production', '--yes'))} &") as shell:
        shell.read_until("Watching public")
        stage.write({"0.txt": b"zero"})
        shell.read_until("live in ")
        for name in list(files)[1:]:
            (stage.root / "public" / name).unlink()
        shell.read_until("type 11 and Enter")
        shell.enter("fg")
        shell.read_until("assetsync")
        shell.enter("11")
        shell.read_until("    live: ")
        shell.press("\x03")
        shell.read_until("$ " if os.getuid() else "# ")
        shell.enter("echo ended with $?")
        shell.read_until("ended with 130")
    assert set(stage.outside.paths()) == {"/0.txt"}


@pytest.mark.parametrize("ways", [(), ("--poll", "0.2")], ids=["told", "polling"])
def test_ctrl_z_leaves_the_terminal_sane_and_fg_goes_on(stage: Stage, ways: tuple[str, ...]) -> None:
    """It is stopped for longer than it waits at a time: that wait has to end, whether something came or not."""
    stage.write(SITE)
    with Shell(shlex.join(command(*WATCH, *ways))) as shell:
        shell.read_until("Watching public")
        shell.press("\x1a")
        assert "\x1b[?25h" in shell.read_until("Stopped")
        stage.write({"a.css": b"while it was stopped"})
        shell.enter(f"sleep {2 * TICK}; fg")
        shell.read_until("    live")
        shell.press("\x03")
        shell.read_until("$ " if os.getuid() else "# ")
        shell.enter("echo ended with $?")
        shell.read_until("ended with 130")
    assert stage.outside.visit("/a.css").content == b"while it was stopped"


def test_when_its_terminal_is_closed_it_ends_and_pages_are_followed_no_more(stage: Stage) -> None:
    stage.write(SITE)
    with Running("emulator", "--port", "0") as service:
        service.read_until("Ctrl-C")
        address = read_address(local_folder())
        assert address is not None
        with Terminal("watch", "--local") as terminal:
            terminal.read_until("Watching public")
            assert len(_watched(address)) == 1
            terminal.process.send_signal(signal.SIGHUP)
            assert terminal.end().code == 143
        assert _watched(address) == ()
        service.signal()
        assert service.end().code == 0


def test_pages_are_told_what_keeps_a_change_from_being_live(stage: Stage) -> None:
    stage.write({f"{number}.txt": b"%d" % number for number in range(12)})
    manifest = stage.root / "assetsync.yaml"
    good = manifest.read_bytes()
    with Running("watch", "--local") as running:
        running.read_until("Watching public")
        address = read_address(local_folder())
        assert address is not None
        (domain,) = _watched(address)
        manifest.write_bytes(b"version: [")
        running.read_until("stays in force")
        assert "assetsync.yaml:2:1" in _until_told(address, domain, "failed")
        stage.write({"0.txt": b"while the manifest is broken"})
        running.read_until("live in ")
        assert "assetsync.yaml:2:1" in _until_told(address, domain, "failed")
        manifest.write_bytes(good)
        _until_told(address, domain, "live")
        for number in range(11):
            (stage.root / f"public/{number}.txt").unlink()
        running.read_until("Paused")
        assert "11 of 12" in _until_told(address, domain, "failed")
        stage.write({f"{number}.txt": b"%d" % number for number in range(11)})
        _until_told(address, domain, "live")
        running.signal()
        assert running.end().code == 130


def _until_told(address: Address, domain: str, state: str) -> str:
    """What the pages of a site are told, once it is of this state."""
    deadline = time.monotonic() + PATIENCE
    while True:
        account = (address.account_sid, address.auth_token)
        told = httpx.get(f"{address.url}/_emulator/live/{domain}", auth=account).json()
        if told["state"] == state:
            return str(told.get("message", ""))
        assert time.monotonic() < deadline, told


def _watched(address: Address) -> tuple[str, ...]:
    """The domains of the sites that somebody watches."""
    answer = httpx.get(f"{address.url}/v1/Services", auth=(address.account_sid, address.auth_token))
    (service,) = answer.json()["services"]
    with httpx.Client(base_url=address.url, auth=(address.account_sid, address.auth_token)) as client:
        environments = client.get(f"/v1/Services/{service['sid']}/Environments").json()["environments"]
        domains = [each["domain_name"] for each in environments]
        return tuple(each for each in domains if client.get(f"/_emulator/live/{each}").status_code == 200)
