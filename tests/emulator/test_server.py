from __future__ import annotations

import http.client
import socket
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.emulator.server import RunningEmulator
from assetsync.errors import UsageError
from tests.emulator.driver import Api, make_client

if TYPE_CHECKING:
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
