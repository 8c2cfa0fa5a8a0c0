"""A server, or a proxy, that quotes each request in its answer: in the status line, in headers and in the body."""

from __future__ import annotations

import base64
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_HEADERS = ("Twilio-Request-Id", "Server", "Via", "WWW-Authenticate", "Set-Cookie", "Location", "Retry-After", "Date")


class Quoting:
    """`with Quoting(status) as server:` answers everything, also a CONNECT, with this status.

    `body` makes the body from what the request said of who sends it, and from that decoded.
    """

    def __init__(self, status: int, body: Callable[[str, str], str], kind: str = "application/json") -> None:
        self._status, self._body, self._kind = status, body, kind
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self.quoted: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                with client, suppress(OSError):
                    client.settimeout(10)
                    self._answer(client)

    def _answer(self, client: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            piece = client.recv(65536)
            if not piece:
                return
            request += piece
        lines = request.decode("latin-1").split("\r\n")
        said = " ".join(line.partition(": ")[2] for line in lines if "uthorization:" in line or "UTHORIZATION:" in line)
        clear = " ".join(base64.b64decode(word).decode() for word in said.split() if word != "Basic")
        self.quoted.append(said)
        body = self._body(said, clear).encode()
        head = [f"HTTP/1.1 {self._status} Because {said} {clear}", f"Content-Type: {self._kind}"]
        head += [f"{name}: {said} {clear}" for name in _HEADERS]
        head += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
        client.sendall("\r\n".join(head).encode() + body)
