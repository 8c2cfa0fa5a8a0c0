"""What a watch says while it goes on: lines with the time, JSON lines, the page's state, the browser."""

from __future__ import annotations

import json
import os
import pty
import re
import sys
import threading
import time
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.cli.output import Output
from assetsync.cli.watch_view import View
from assetsync.emulator.address import Address
from assetsync.emulator.server import RunningEmulator
from assetsync.errors import ServiceError
from assetsync.events import BuildPolled, BuildStarted, UploadDone, UploadsStarted
from assetsync.plan.actions import Create, Reason
from assetsync.plan.plan import Plan
from assetsync.watch.happenings import AsItIs, Failed, Live, Recovered, Watching
from tests.unit.plan.scene import OWNER, TARGET, ZB, want

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DOMAIN = "my-site-1234.twil.io"
LIVE = Live(Plan(OWNER, TARGET, (Create(want("/a"), (Reason.NEW,)),)), ZB, DOMAIN, 0.5, 89)
TIME = re.compile(r"^\d\d:\d\d:\d\d  ")
DATED = re.compile(r"\d\d:\d\d:\d\d  ")


def view(form: str = "text", *, opens: bool = False, now: Callable[[], float] = time.monotonic) -> View:
    output = Output(form=form, color="never", verbose=False, quiet=False)
    output.is_stream = True
    return View(output, "https://{}".format, None, opens=opens, now=now)


def test_lines_have_the_time_before_them(capsys: pytest.CaptureFixture[str]) -> None:
    with view() as shown:
        shown(Watching(("public",), DOMAIN))
        shown.progress(UploadsStarted(1, 10))
        shown(LIVE)
        shown(AsItIs())
        shown(Failed(ServiceError("no network"), 2.0))
        shown(Recovered())
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert all(TIME.match(line) for line in lines)
    assert [TIME.sub("", line) for line in lines] == [
        "Watching public; Ctrl-C ends it.",
        f"  live in 0.50 s: https://{DOMAIN}/; 89 Builds left this hour",
        "Error: no network",
        "  It is tried again in 2.0 s, and with the next change.",
        "  It works again.",
    ]
    assert err == ""


def test_each_json_line_has_its_time_and_an_error_all_that_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    with view("json") as shown:
        shown(LIVE)
        shown(Failed(ServiceError("no network", hint="plug it in"), 2.0))
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["event"], first["build_sid"]) == ("live", ZB)
    assert first["time"] <= second["time"]
    assert (second["event"], second["errors"][0]["message"]) == ("failed", "no network")


@pytest.mark.filterwarnings("ignore:subprocess .* still running:ResourceWarning")  # `click.launch` leaves it alone
def test_the_browser_is_opened_once_when_it_is_known_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pipe, opener = tmp_path / "asked", tmp_path / "bin/xdg-open"
    os.mkfifo(pipe)
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\necho "$1" >> {pipe}\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{opener.parent}:{os.environ['PATH']}")
    asked: list[str] = []
    reader = threading.Thread(target=lambda: asked.extend(pipe.read_text().splitlines()))
    reader.start()
    with view(opens=True) as shown:
        shown(Watching(("public",), None))
        shown(LIVE)
        shown(LIVE)
    reader.join(60)
    assert asked == [f"https://{DOMAIN}/"]


def test_the_status_line_says_what_goes_on_and_then_what_was(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = pty.openpty()
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, os.fdopen(os.dup(slave), "w"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    with view(now=count(0.0, 1.0).__next__) as shown:
        shown(Watching(("public",), DOMAIN))
        for event in (UploadsStarted(2, 20), UploadDone("/a", 10), BuildStarted(ZB, 3, 0), BuildPolled(ZB, "x", 4.0)):
            shown.progress(event)
        shown(LIVE)
    sys.stdout.close()
    sys.stderr.close()
    os.close(slave)
    said = _all_of(master)
    os.close(master)
    for text in (
        "watching \u00b7 https://my-site-1234.twil.io",
        "uploading 2 files",
        "uploading 1/2",
        "building 3 assets",
        "Build x, 4.0 s",
        "live in 0.50 s, 89 Builds left this hour \u00b7 https://my-site-1234.twil.io",
    ):
        assert text in said, (text, said)
    shown_text = re.sub(r"\x1b\[(?!2K)[0-9;?]*[A-Za-z]", "", said)
    before = {shown_text[max(0, dated.start() - 4) : dated.start()] for dated in re.finditer(DATED, shown_text)}
    assert before
    assert all(each.endswith(("\x1b[2K", "\n", "\r")) or not each for each in before), before


def _all_of(master: int) -> str:
    """What was written to a terminal whose other end is closed."""
    found = b""
    with suppress(OSError):
        while chunk := os.read(master, 65536):
            found += chunk
    return found.decode()


def test_a_service_that_was_started_anew_is_told_again_what_is_watched(tmp_path: Path) -> None:
    output = Output(form="text", color="never", verbose=False, quiet=False)

    def state(emulator: RunningEmulator) -> int:
        account = (emulator.core.account.sid, emulator.core.account.auth_token)
        return httpx.get(f"{emulator.url}/_emulator/live/{DOMAIN}", auth=account).status_code

    with RunningEmulator(tmp_path) as first:
        account, port = first.core.account, first.port
        address = Address(first.url, account.sid, account.auth_token)
        shown = View(output, "http://{}".format, address, opens=False, now=count(0.0, 100.0).__next__)
        shown(Watching(("public",), DOMAIN))
        assert state(first) == 200
    shown.glance()
    with RunningEmulator(tmp_path, port=port) as second:
        assert state(second) == 404
        shown.glance()
        assert state(second) == 200
