"""A line between a client and a service that moves badly: slowly, one way only, or no more at all."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_GLANCE = 0.05  # seconds between two looks whether the relay is to end
_BUFFER = 64 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """How one request and its answer are passed on: bytes a second up and down, None as fast as can be, 0 never."""

    up: float | None = None
    down: float | None = None


GOOD = Line()


class Relay:
    """`with Relay(url, choose) as relay:` passes what comes to `relay.url` on to `url`.

    `choose` is asked with the first line of each request, such as `GET /v1/Services HTTP/1.1`, for its line. A request
    that goes up at no pace at all is read no further than the first piece.
    """

    def __init__(self, url: str, choose: Callable[[str], Line]) -> None:
        place = urlsplit(url)
        self._service = (place.hostname, place.port)
        self._choose = choose
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        # Little is taken in advance, so that the client's side of the line moves as slowly as ours.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing.is_set():
            if select.select([self._listener], [], [], _GLANCE)[0]:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._pass_on, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _pass_on(self, client: socket.socket) -> None:
        with ExitStack() as stack, suppress(OSError):
            stack.enter_context(client)
            service = stack.enter_context(socket.create_connection(self._service))
            for end in (client, service):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line, answering = GOOD, True
            while not self._closing.is_set():
                ready = select.select([service] if line.up == 0 else [client, service], [], [], _GLANCE)[0]
                if not ready:
                    continue
                piece = ready[0].recv(_BUFFER)
                if not piece:
                    return
                if ready[0] is client and answering:
                    line = self._choose(piece.partition(b"\r\n")[0].decode())
                answering = ready[0] is service
                self._send(client if answering else service, piece, line.down if answering else line.up)

    def _send(self, end: socket.socket, piece: bytes, pace: float | None) -> None:
        """At its pace, in so small pieces that it looks even."""
        if pace is None:
            end.sendall(piece)
            return
        step = max(1, round(pace * _GLANCE))
        for start in range(0, len(piece) if pace else 0, step):
            if self._closing.wait(min(step, len(piece) - start) / pace):
                return
            end.sendall(piece[start : start + step])
