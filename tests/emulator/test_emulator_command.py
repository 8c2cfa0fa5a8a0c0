"""`assetsync emulator` as a user runs it: a process, its output, its exit code."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

import assetsync

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "AC" + "a" * 32


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "ASSETSYNC_"))}
    return kept | {"HOME": str(home), "PYTHONPATH": str(Path(assetsync.__file__).parents[1]), "PYTHONUNBUFFERED": "1"}


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "assetsync", "emulator", *arguments]


def _run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(*arguments),
        env=_environment(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextlib.contextmanager
def _serving(home: Path, *arguments: str, lines: int = 5) -> Iterator[tuple[dict[str, str], httpx.Client]]:
    """The variables that it printed (`site` is the one site's URL), and a client that uses them."""
    command = _command("--port", "0", *arguments)
    with subprocess.Popen(
        command, env=_environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            printed = "".join(process.stdout.readline() for _ in range(lines))
            told = dict(re.findall(r"^  export (\w+)='?([^'\n]+)'?$", printed, re.MULTILINE))
            told |= dict(re.findall(r"^One (site) answers at (\S+)/ as well", printed, re.MULTILINE))
            auth = (told["TWILIO_ACCOUNT_SID"], told["TWILIO_AUTH_TOKEN"])
            with httpx.Client(base_url=told["ASSETSYNC_API_URL"], auth=auth, trust_env=False) as client:
                yield told, client
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=30) == ("", "")
            assert process.returncode == 0
        finally:
            process.kill()


def test_what_it_prints_is_what_a_client_needs(tmp_path: Path) -> None:
    with _serving(tmp_path, "--data", str(tmp_path / "state")) as (told, client):
        assert set(told) == {"ASSETSYNC_API_URL", "ASSETSYNC_SITE_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"}
        assert told["ASSETSYNC_SITE_URL"] == told["ASSETSYNC_API_URL"].replace("127.0.0.1", "{domain}")
        assert client.get("/v1/Services").json()["services"] == []
    assert (tmp_path / "state" / "state.sqlite3").exists()


def test_every_option_reaches_the_service(tmp_path: Path) -> None:
    faults = tmp_path / "faults.yaml"
    faults.write_text("seed: 5\nrules:\n  - {match: GET /v1/Services, at: 2, answer: 503}\n")
    options = ["--account", ACCOUNT, "--auth-token", "secret", "--faults", str(faults), "--host", "localhost"]
    options += ["--build-seconds", "1000", "--latency", "1", "--set", "services=1", "--site-port", "0"]
    with _serving(tmp_path, *options, lines=6) as (told, client):
        assert (told["TWILIO_ACCOUNT_SID"], told["TWILIO_AUTH_TOKEN"]) == (ACCOUNT, "secret")
        assert [client.get("/v1/Services").status_code for _ in range(3)] == [200, 503, 200]
        assert client.get("/_emulator/faults").json()["seed"] == 5
        made = [client.post("/v1/Services", data={"UniqueName": name, "FriendlyName": "x"}) for name in ("a", "b")]
        assert [answer.status_code for answer in made] == [201, 400]
        assert httpx.get(told["site"], trust_env=False).text == "There is no Environment yet.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--set", "nothing=1"], 64, "there is no switch `nothing`"),
        (["--set", "seed=x"], 64, "the switch `seed` must be a whole number"),
        (["--account", ACCOUNT], 64, "--account and --auth-token go together"),
        (["--auth-token", "x"], 64, "--account and --auth-token go together"),
        (["--account", "me", "--auth-token", "x"], 64, "must be AC and 32 hexadecimal digits, not `me`"),
        (["--site", "a.localhost"], 64, "--site needs --site-port"),
        (["--build-seconds", "-1"], 64, "build-seconds"),
        (["--faults", "none.yaml"], 78, "cannot be read"),
        (["--host", "256.256.256.256"], 64, "cannot listen on 256.256.256.256"),
    ],
)
def test_a_wrong_option_is_told_and_nothing_is_served(
    tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    done = _run(tmp_path, "--port", "0", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", ["--build-seconds=inf", "--build-seconds=nan", "--latency=100000000000000"])
def test_a_time_without_end_is_refused(tmp_path: Path, option: str) -> None:
    done = _run(tmp_path, "--port", "0", option)
    assert done.returncode == 64
    assert "a number of seconds" in done.stderr


def test_a_wrong_fault_file_names_line_and_column(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text("rules:\n  - {match: /x, drp: true}\n")
    done = _run(tmp_path, "--faults", str(file))
    assert done.returncode == 78
    assert f"{file}:2:17" in done.stderr
    assert "did you mean `drop`?" in done.stderr


def test_a_reset_needs_yes_without_a_terminal_and_then_begins_afresh(tmp_path: Path) -> None:
    data = ["--data", str(tmp_path / "state")]
    with _serving(tmp_path, *data) as (_, client):
        client.post("/v1/Services", data={"UniqueName": "a", "FriendlyName": "x"})
    refused = _run(tmp_path, *data, "--port", "0", "--reset")
    assert refused.returncode == 64
    assert "--reset asks before it deletes, and there is no terminal" in refused.stderr
    with _serving(tmp_path, *data) as (_, client):
        assert len(client.get("/v1/Services").json()["services"]) == 1
    with _serving(tmp_path, *data, "--reset", "--yes") as (_, client):
        assert client.get("/v1/Services").json()["services"] == []


def test_a_reset_of_nothing_asks_nothing(tmp_path: Path) -> None:
    with _serving(tmp_path, "--data", str(tmp_path / "new"), "--reset") as (_, client):
        assert client.get("/v1/Services").status_code == 200


def test_a_reset_of_any_other_folder_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = _run(tmp_path, "--data", str(tmp_path), "--reset", "--yes")
    assert done.returncode == 64
    assert "`mine.txt` in it is none of its files" in done.stderr
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize(("typed", "is_kept"), [(b"n\n", True), (b"y\n", False)])
def test_a_reset_asks_on_a_terminal(tmp_path: Path, typed: bytes, is_kept: bool) -> None:
    data = tmp_path / "state"
    with _serving(tmp_path, "--data", str(data)) as (told, _):
        before = told["TWILIO_ACCOUNT_SID"]
    ours, theirs = pty.openpty()
    command = _command("--port", "0", "--data", str(data), "--reset")
    with subprocess.Popen(command, env=_environment(tmp_path), stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        try:
            asked = _until(ours, rb"\[y/N\]: ")
            assert f"keeps in {data}?".encode() in asked.replace(b"\r\n", b"")
            os.write(ours, typed)
            said = _until(ours, b"nothing was deleted" if is_kept else rb"AUTH_TOKEN=\w+")
            assert (before.encode() in said) is False
            if not is_kept:
                process.send_signal(signal.SIGINT)
            assert process.wait(30) == (130 if is_kept else 0)
        finally:
            process.kill()
            os.close(ours)
    with _serving(tmp_path, "--data", str(data)) as (told, _):
        assert (told["TWILIO_ACCOUNT_SID"] == before) is is_kept


def _until(terminal: int, pattern: bytes) -> bytes:
    """What a terminal shows up to the pattern."""
    shown = b""
    while not re.search(pattern, shown):
        assert select.select([terminal], [], [], 30)[0], shown
        shown += os.read(terminal, 4096)
    return shown
