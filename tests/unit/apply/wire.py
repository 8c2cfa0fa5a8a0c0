"""A client on a local service without a socket, whose wire can be bent request by request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from assetsync.apply.once import Pace
from assetsync.emulator.direct import DirectTransport
from assetsync.twilio.client import ServerlessClient
from assetsync.twilio.credentials import Credentials
from assetsync.twilio.endpoints import Endpoints
from assetsync.twilio.retry import RetryPolicy
from tests.fakes.world import URL, TestClock, World

if TYPE_CHECKING:
    from pathlib import Path

Bend = Callable[[httpx.Request], httpx.Response | None]
"""Answers in the service's place; None lets the request through."""


class Wire(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.bend: Bend = lambda _request: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.bend(request)
        return self._inner.handle_request(request) if answer is None else answer


@contextmanager
def world_and_client(
    root: Path, cancelled: threading.Event | None = None
) -> Iterator[tuple[World, ServerlessClient, Wire]]:
    """A Service `my-site` with the Environment `production`, and a client that tries once."""
    with World(root) as world:
        world.remote.post("/Services", {"UniqueName": "my-site", "FriendlyName": "my-site"})
        world.remote.post("/Services/my-site/Environments", {"UniqueName": "production"})
        account = world.core.account
        wire = Wire(DirectTransport(world.core))
        client = ServerlessClient(
            Endpoints(URL, URL),
            Credentials(account.sid, account.auth_token),
            concurrency=4,
            retry=RetryPolicy(tries=1),
            transport=wire,
            clock=TestClock(),
            cancelled=cancelled,
        )
        with client:
            yield world, client, wire


def pace() -> Pace:
    return Pace(TestClock(), threading.Event())
