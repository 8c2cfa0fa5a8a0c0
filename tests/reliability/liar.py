"""A proxy on a socket of its own between a command and the real local service: it tells the truth until it lies.

Every request is passed on as it came, and the answer comes back as it is, but for those that `lie` changes. What it was
asked and what it answered is kept.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import httpx

from tests.fakes.wire_server import Outcome, Reply, Seen, WireServer

if TYPE_CHECKING:
    from types import TracebackType

    from assetsync.emulator.server import RunningEmulator

Truth = Callable[[], Reply]
"""Asks the service; the work is done then."""

Lie = Callable[[Seen, Truth], Outcome]
"""What is answered to a request. A lie that never calls the second argument keeps the work from being done."""

Document = dict[str, Any]
Way = tuple[str | int, ...]
"""From a document to a field in it: keys, and places in lists."""

_SID = re.compile(r"/[A-Z]{2}[0-9a-f]{32}(?=/|$)")
_NAMED = re.compile(r"^/v1/Services/[^/]+")
_PASSED_ON = ("authorization", "content-type", "accept", "accept-encoding", "user-agent", "host")


def truthful(_seen: Seen, truth: Truth) -> Outcome:
    return truth()


def kind_of(seen: Seen) -> str:
    """`GET /v1/Services/*/Assets`: the request without its names and its query."""
    path = _NAMED.sub("/v1/Services/*", urlsplit(seen.path).path)
    return f"{seen.method} {_SID.sub('/*', path)}"


@dataclass(frozen=True, slots=True)
class Told:
    """One request and its answer, None where there was none."""

    seen: Seen
    reply: Reply | None

    @property
    def kind(self) -> str:
        return kind_of(self.seen)

    @property
    def document(self) -> Document:
        found: Document = json.loads(self.reply.body or b"{}") if self.reply else {}
        return found


class Liar:
    """`with Liar(emulator) as liar:` and a client that uses `liar.url`; `lie` may change at any time."""

    def __init__(self, emulator: RunningEmulator, lie: Lie = truthful) -> None:
        self.lie = lie
        self.told: list[Told] = []
        self._service = httpx.Client(base_url=emulator.url, trust_env=False, timeout=60)
        self._server = WireServer(self._answer)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.__exit__(kind, error, at)
        self._service.close()

    def _answer(self, seen: Seen) -> Outcome:
        outcome = self.lie(seen, lambda: self._ask(seen))
        self.told.append(Told(seen, outcome if isinstance(outcome, Reply) else None))
        return outcome

    def _ask(self, seen: Seen) -> Reply:
        headers = {name: value for name, value in seen.headers.items() if name in _PASSED_ON}
        try:
            answer = self._service.request(seen.method, seen.path, headers=headers, content=seen.body)
        except httpx.HTTPError:
            return Reply(502, b"")
        passed_back = {name: answer.headers[name] for name in ("Content-Type", "Date") if name in answer.headers}
        return Reply(answer.status_code, answer.content, passed_back)


def about(kind: str, change: Callable[[Document], object]) -> Lie:
    """Changes the documents that answer requests of this kind, in place."""

    def lie(seen: Seen, truth: Truth) -> Outcome:
        reply = truth()
        if kind_of(seen) != kind or reply.status >= 300:
            return reply
        document = json.loads(reply.body)
        change(document)
        return replace(reply, body=json.dumps(document).encode())

    return lie


def leading_to(kind: str, url: str) -> Lie:
    """The next page of a list is said to be there."""
    return about(kind, lambda page: put(page, ("meta", "next_page_url"), url))


def instead(kind: str, outcome: Callable[[Seen], Outcome], *, done: bool = False) -> Lie:
    """Answers requests of this kind with something else, after the work was done or without it."""

    def lie(seen: Seen, truth: Truth) -> Outcome:
        if kind_of(seen) != kind:
            return truth()
        if done:
            truth()
        return outcome(seen)

    return lie


IN_TWO_DAYS = format_datetime(datetime.now(UTC) + timedelta(days=2), usegmt=True)


def aged(lie: Lie = truthful) -> Lie:
    """The same by a clock that is two days ahead: everything is old enough to be deleted."""

    def by_that_clock(seen: Seen, truth: Truth) -> Outcome:
        outcome = lie(seen, truth)
        return (
            replace(outcome, headers={**outcome.headers, "Date": IN_TWO_DAYS})
            if isinstance(outcome, Reply)
            else outcome
        )

    return by_that_clock


def texts(document: object, way: Way = ()) -> list[Way]:
    """The ways to every text in a document."""
    match document:
        case dict():
            return [found for key, value in document.items() for found in texts(value, (*way, key))]
        case list():
            return [found for place, value in enumerate(document) for found in texts(value, (*way, place))]
        case str():
            return [way]
        case _:
            return []


def put(document: Any, way: Way, value: object) -> None:
    """Put `value` where `way` leads; a document that does not go so far is left alone."""
    with suppress(KeyError, IndexError, TypeError):
        for step in way[:-1]:
            document = document[step]
        if way[-1] in (document if isinstance(document, dict) else range(len(document))):
            document[way[-1]] = value


class Trap:
    """A port that nobody has a reason to come to: every byte that arrives there is kept."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._listen)
        self.port: int = self._socket.getsockname()[1]
        self.caught: list[bytes] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                visitor, _ = self._socket.accept()
                with visitor:
                    visitor.settimeout(5)
                    self.caught.append(b"")
                    with suppress(OSError):
                        self.caught[-1] += visitor.recv(65536)
                        visitor.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
