"""The local service from the command line: `assetsync emulator`, and `--local` on any command."""

from __future__ import annotations

import re
import signal
import socket
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.cli.stage import PATIENCE, Running, Terminal, run_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANIFEST = """\
version: 1
name: website
service: my-site
environments:
  - name: production
folders:
  - source: public
    target: /
    visibility: public
"""


@pytest.fixture
def project(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files and a manifest, in an environment without any credentials."""
    root = tmp_path / "project"
    (root / "public").mkdir(parents=True)
    (root / "public/a.txt").write_text("a")
    (root / "public/all.bin").write_bytes(bytes(range(256)))
    (root / "assetsync.yaml").write_text(MANIFEST)
    monkeypatch.chdir(root)
    return root


def exports(running: Running) -> dict[str, str]:
    """The variables that the emulator prints once it answers; the last line is the token's."""
    said = running.read_until("TWILIO_AUTH_TOKEN=")
    if not said.endswith("\n"):
        said += running.read_until("\n")
    return dict(re.findall(r"^  export (\w+)='?([^'\n]+)'?$", said, re.MULTILINE))


def served(url: str) -> bytes:
    """The bytes at a printed URL, by loopback and a Host header, as curl does for *.localhost."""
    where = httpx.URL(url)
    with httpx.Client(trust_env=False) as client:
        answer = client.get(where.copy_with(host="127.0.0.1"), headers={"Host": where.netloc.decode()})
    assert answer.status_code == 200
    return answer.content


@pytest.fixture
def emulator_process(project: Path) -> Iterator[tuple[Running, dict[str, str]]]:
    with Running("emulator", "--port", "0", "--data", "state") as running:
        yield running, exports(running)


def test_the_variables_that_the_emulator_prints_make_plan_and_apply_work(
    emulator_process: tuple[Running, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    running, variables = emulator_process
    assert set(variables) == {"ASSETSYNC_API_URL", "ASSETSYNC_SITE_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"}
    run_process("plan", "--create-service", **variables).holds(0, "Plan: 2 to create, 0 unchanged.")
    applied = run_process("apply", "--yes", "--create-service", **variables).holds(0)
    urls = re.findall(r"^  (http://\S+)$", applied.out, re.MULTILINE)
    assert {served(url) for url in urls} == {b"a", bytes(range(256))}
    run_process("plan", "--detailed-exitcode", **variables).holds(0, "No changes.")
    running.signal()
    assert running.end().holds(0).err == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_emulator_ends_with_a_signal_and_its_state_stays(project: Path, number: signal.Signals) -> None:
    for expected in ("Plan: 2 to create", "No changes."):
        with Running("emulator", "--port", "0", "--data", "state") as running:
            variables = exports(running)
            run_process("plan", "--create-service", **variables).holds(0, expected)
            run_process("apply", "--yes", "--create-service", **variables).holds(0)
            running.signal(number)
            running.end().holds(0)


def test_a_second_emulator_of_one_state_is_wrong_usage_and_so_is_a_port_that_is_taken(
    emulator_process: tuple[Running, dict[str, str]],
) -> None:
    run_process("emulator", "--port", "0", "--data", "state").holds(64, "runs on the state folder state already")
    port = emulator_process[1]["ASSETSYNC_API_URL"].rpartition(":")[2]
    run_process("emulator", "--port", port, "--data", "other").holds(64, f"cannot listen on 127.0.0.1:{port}")


def test_local_needs_no_account_and_its_state_survives_the_command(project: Path) -> None:
    run_process("plan", "--local").holds(0, "Plan: 2 to create", "Allowed by --create-service")
    applied = run_process("apply", "--local", "--yes").holds(0, "production is live at http://")
    assert "Serving until Ctrl-C" not in applied.said
    run_process("plan", "--local", "--detailed-exitcode").holds(0, "No changes.")
    (project / "public/a.txt").write_text("changed")
    run_process("apply", "--local", "--yes").holds(0, "Plan: 1 to upload, 1 unchanged.")
    run_process("status", "--local").holds(0, "2 assets of ours, 0 foreign")
    run_process("gc", "--local", "--yes").holds(0, "Nothing to delete.")


def test_the_end_of_the_emulator_says_what_it_cut_off_and_a_second_ctrl_c_is_no_interruption(
    emulator_process: tuple[Running, dict[str, str]], project: Path
) -> None:
    running, variables = emulator_process
    address = httpx.URL(variables["ASSETSYNC_API_URL"])
    with socket.create_connection((address.host, address.port or 0)) as half_sent:
        half_sent.sendall(b"POST /v1/Services HTTP/1.1\r\nHost: x\r\n")
        half_sent.sendall(b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n")
        assert half_sent.recv(100).startswith(b"HTTP/1.1 100 ")
        running.signal()
        deadline = time.monotonic() + PATIENCE
        while (project / "state/server.json").exists():
            assert time.monotonic() < deadline
        running.signal()
        assert running.end().holds(0).said == "Requests that were still open were cut off.\n"


def test_two_commands_at_once_share_one_local_service_and_both_succeed(project: Path) -> None:
    with Running("plan", "--local") as first, Running("plan", "--local") as second:
        first.end().holds(0, "Plan: 2 to create")
        second.end().holds(0, "Plan: 2 to create")


def test_local_and_a_profile_exclude_each_other(project: Path) -> None:
    run_process("plan", "--local", "--profile", "x").holds(64, "--profile is for Twilio, --local for the local service")


def test_with_serve_the_printed_urls_answer_until_ctrl_c_beside_another_command(project: Path) -> None:
    with Running("apply", "--local", "--yes", "--serve") as running:
        out = running.read_until("requests,")
        running.read_until("Serving until Ctrl-C", error=True)
        urls = re.findall(r"^  (http://\S+)$", out, re.MULTILINE)
        assert {served(url) for url in urls} == {b"a", bytes(range(256))}

        (project / "public/a.txt").write_text("by a second command")
        run_process("apply", "--local", "--yes").holds(0, "Plan: 1 to upload, 1 unchanged.")
        assert b"by a second command" in {served(url) for url in urls}
        running.signal()
        running.end().holds(0)
    with pytest.raises(httpx.ConnectError):
        served(urls[0])


def test_on_a_terminal_local_serves_by_default_and_exit_ends_it(project: Path) -> None:
    with Terminal("apply", "--local", "--yes") as terminal:
        terminal.read_until("Serving until Ctrl-C")
        terminal.process.send_signal(signal.SIGINT)
        terminal.end().holds(0)
    (project / "public/a.txt").write_text("again")
    with Terminal("apply", "--local", "--yes", "--exit") as terminal:
        assert "Serving" not in terminal.end().holds(0, "production is live at").out


def test_the_state_is_private_to_the_user(project: Path, home: Path) -> None:
    run_process("apply", "--local", "--yes").holds(0)
    folder = home / "data/local"
    assert folder.stat().st_mode & 0o077 == 0
    assert not list((folder).glob("server.json"))
