"""A real HTTP server whose every answer is scripted by the test: the network's and Twilio's bad days on demand."""

from __future__ import annotations

import itertools
import json
import select
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self, cast

if TYPE_CHECKING:
    from types import TracebackType

_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived; `complete` tells whether the whole announced body came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    size: int
    complete: bool
    connection: int


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `announced` is a Content-Length that may lie, after which the connection is closed."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    announced: int | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection without an answer."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Say nothing until the client hangs up."""


@dataclass(frozen=True, slots=True)
class Drip:
    """Begin an answer that never ends, until the client hangs up.

    pace: bytes a second, from the status line on; None is as fast as can be
    packed: how a body begins that says it is gzip; None for one that does not
    block: what the body is from there on, again and again
    """

    status: int = 200
    pace: float | None = None
    packed: bytes | None = None
    block: bytes = b" " * 1024


@dataclass(frozen=True, slots=True)
class Interim:
    """Answers that are none yet (103): some of them and then the reply, or without end until the client hangs up."""

    then: Reply | None = None


Outcome = Reply | Drop | Stall | Drip | Interim
Script = Callable[[Seen], Outcome]


def json_reply(document: object, status: int = 200, **headers: str) -> Reply:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(document).encode(), {"Content-Type": "application/json", **names})


def in_turn(*outcomes: Outcome) -> Script:
    """Each request gets the next outcome, the last one for ever."""
    left = itertools.chain(outcomes, itertools.repeat(outcomes[-1]))
    lock = threading.Lock()

    def answer(_seen: Seen) -> Outcome:
        with lock:
            return next(left)

    return answer


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128
    wire: WireServer


class WireServer:
    """Serves on loopback while the context is open. `deaf` servers stop reading after the headers of a request."""

    def __init__(self, script: Script, *, deaf: bool = False, keep_bodies: bool = True) -> None:
        self.script = script
        self.deaf = deaf
        self.keep_bodies = keep_bodies
        self.seen: list[Seen] = []
        self.connections = itertools.count()
        self.opened = 0
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.wire = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def setup(self) -> None:
        super().setup()
        self.wire = cast("_Server", self.server).wire
        self.number = next(self.wire.connections)
        self.wire.opened = self.number + 1
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def _serve(self) -> None:
        seen = self._read()
        self.wire.seen.append(seen)
        outcome = self.wire.script(seen)
        match outcome:
            case Reply():
                self._answer(outcome)
            case Drop():
                self.close_connection = True
            case Stall():
                self._wait_for_hang_up()
            case Drip():
                self._drip(outcome)
            case Interim():
                self._hint(outcome)

    def _read(self) -> Seen:
        announced = int(self.headers.get("Content-Length", "0"))
        pieces, size = [], 0
        while size < announced and not self.wire.deaf:
            piece = self.rfile.read(min(_PIECE, announced - size))
            if not piece:
                break
            size += len(piece)
            if self.wire.keep_bodies:
                pieces.append(piece)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Seen(self.command, self.path, headers, b"".join(pieces), size, size == announced, self.number)

    def _answer(self, reply: Reply) -> None:
        length = len(reply.body) if reply.announced is None else reply.announced
        headers = {**reply.headers, "Content-Length": str(length)}
        if reply.status in {204, 304}:
            headers.pop("Content-Length")
        lines = [f"HTTP/1.1 {reply.status} Because", *(f"{name}: {value}" for name, value in headers.items())]
        self.wfile.write("\r\n".join((*lines, "", "")).encode("latin-1") + reply.body)
        self.close_connection = length != len(reply.body) or self.close_connection

    def _wait_for_hang_up(self) -> None:
        self.close_connection = True
        hang_up = select.poll()
        hang_up.register(self.connection, select.POLLRDHUP)
        # A client that hangs up behind bytes that are never read cannot be heard: then the end of the test is the end.
        while not hang_up.poll(20) and not self.wire.closing.is_set():
            pass

    def _drip(self, drip: Drip) -> None:
        self.close_connection = True
        kind, length = "Content-Type: application/json", "Content-Length: 99999999999"
        coding = "" if drip.packed is None else "\r\nContent-Encoding: gzip"
        head = f"HTTP/1.1 {drip.status} Slowly\r\n{kind}{coding}\r\n{length}\r\n\r\n".encode() + (drip.packed or b"")
        if drip.pace is None:
            self.wfile.write(head)
            while True:
                self.wfile.write(drip.block)
        for byte in itertools.chain(head, itertools.cycle(drip.block)):
            self.wfile.write(bytes([byte]))
            if self.wire.closing.wait(1 / drip.pace):
                return

    def _hint(self, interim: Interim) -> None:
        hints = itertools.repeat(None) if interim.then is None else itertools.repeat(None, 3)
        for _ in hints:
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
        if interim.then is not None:
            self._answer(interim.then)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the names that http.server wants

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silence: the tests look at `seen`."""
