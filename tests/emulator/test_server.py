from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.emulator import server
from assetsync.emulator.faults.document import parse_faults
from assetsync.emulator.server import RunningEmulator
from assetsync.errors import UsageError
from tests.emulator.driver import Api, make_client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_it_stops_cleanly_with_clients_still_connected(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    emulator = RunningEmulator(tmp_path)
    with make_client(emulator.core, emulator.url) as client:
        assert Api(client, emulator.core, emulator.url).service()["sid"]
        emulator.stop()
        with pytest.raises(httpx.TransportError):
            client.get("/v1/Services")
    assert set(threading.enumerate()) <= before


def test_a_connection_is_kept_for_many_requests(tmp_path: Path) -> None:
    with RunningEmulator(tmp_path) as emulator:
        connection = http.client.HTTPConnection("127.0.0.1", emulator.port)
        ports = set()
        for _ in range(3):
            connection.request("GET", "/_emulator")
            assert connection.getresponse().read()
            assert connection.sock is not None
            ports.add(connection.sock.getsockname()[1])
        connection.close()
    assert len(ports) == 1


def test_a_taken_port_is_an_error_or_replaced_by_a_free_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{port}"):
            RunningEmulator(tmp_path, port=port)
        with RunningEmulator(tmp_path, port=port, or_any_port=True) as emulator:
            assert emulator.port != port
            assert httpx.get(f"{emulator.url}/_emulator", trust_env=False).status_code == 200


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 on this machine")
def test_it_listens_on_ipv6_too(tmp_path: Path) -> None:
    try:
        emulator = RunningEmulator(tmp_path, host="::1")
    except UsageError:
        pytest.skip("no IPv6 loopback on this machine")
    with emulator:
        assert emulator.url == f"http://[::1]:{emulator.port}"
        assert httpx.get(f"{emulator.url}/_emulator", trust_env=False).status_code == 200


def _half_sent(emulator: RunningEmulator) -> socket.socket:
    """A request whose body is being waited for: the service has said so."""
    connection = socket.create_connection(("127.0.0.1", emulator.port))
    connection.sendall(
        b"POST /v1/Services HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n"
    )
    assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
    return connection


def _slowly_read(emulator: RunningEmulator) -> socket.socket:
    """An answer that has begun and takes its time."""
    emulator.core.bend(parse_faults(b"rules: [{match: /v1/**, drip: 1}]", "faults"))
    connection = socket.create_connection(("127.0.0.1", emulator.port))
    connection.sendall(b"GET /v1/Services HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.recv(1).startswith(b"H")
    return connection


@pytest.mark.parametrize("begin", [_half_sent, _slowly_read])
def test_requests_that_are_still_open_at_the_end_are_cut_off_without_a_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, begin: Callable[[RunningEmulator], socket.socket]
) -> None:
    with RunningEmulator(tmp_path) as emulator, begin(emulator):
        emulator.stop()
        assert emulator.has_cut
    assert caplog.text == ""


def test_what_hurries_does_not_wait_for_requests_that_are_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_GRACE_SECONDS", 3600.0)
    with RunningEmulator(tmp_path) as emulator, _half_sent(emulator) as connection:
        emulator.stop(lambda: True)
        assert emulator.has_cut
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""


def test_idle_connections_are_closed_and_nothing_is_cut_off(tmp_path: Path) -> None:
    with RunningEmulator(tmp_path) as emulator:
        with httpx.Client(trust_env=False) as client:
            client.get(f"{emulator.url}/_emulator")
            emulator.stop()
        assert not emulator.has_cut


def test_what_a_proxy_would_say_is_not_believed(tmp_path: Path) -> None:
    with RunningEmulator(tmp_path) as emulator:
        account = emulator.core.account
        answer = httpx.get(
            f"{emulator.url}/v1/Services",
            headers={"X-Forwarded-Proto": "https"},
            auth=(account.sid, account.auth_token),
            trust_env=False,
        )
        assert answer.json()["meta"]["url"].startswith(f"{emulator.url}/")


def test_a_host_without_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="without a name"):
        RunningEmulator(tmp_path, host="")


@pytest.mark.parametrize(
    ("host", "announced"), [("0.0.0.0", "127.0.0.1"), ("0", "127.0.0.1"), ("::", "[::1]"), ("[::1]", "[::1]")]
)
def test_the_announced_address_is_one_at_which_the_console_answers(tmp_path: Path, host: str, announced: str) -> None:
    if ":" in host and not _has_ipv6():
        pytest.skip("no IPv6 loopback on this machine")
    with RunningEmulator(tmp_path, host=host) as emulator:
        assert emulator.url == f"http://{announced}:{emulator.port}"
        assert httpx.get(emulator.url, trust_env=False).status_code == 200


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False
