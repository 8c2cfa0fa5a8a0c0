"""A watch over every connection: one that hardly moves is given up, one that is slow is not.

httpx's own timeouts begin anew with every byte, so that an answer of a few bytes a second is waited for all day; a time
for the whole transfer would cut off a large one on a slow line. So what counts is how much moves in a time. Interim
answers (103 and its kind) may come without end before the one that is meant, and do not count.
"""

from __future__ import annotations

import re
import socket
import time
from typing import TYPE_CHECKING, Any, Final

import httpcore

from assetsync.twilio.lean_httpx import httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

LEAST: Final = 100
"""Bytes a second; below it a transfer counts as stalled."""

# Bytes that are written at a time: TLS tells of no progress within one write, a bare socket does.
_PIECE: Final = 16 * 1024
_BARE_PIECE: Final = 64 * 1024

# The system takes megabytes from us before any of it goes out, which would be waited for as if it were the service.
_LITTLE_AHEAD: Final = (
    ((socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _PIECE),) if hasattr(socket, "TCP_NOTSENT_LOWAT") else ()
)


_INTERIM: Final = re.compile(rb"HTTP/\d\.\d 1")
_INTERIM_BYTES: Final = len(b"HTTP/1.1 1")
_BLANK_LINE: Final = re.compile(rb"\n\r?\n")  # as h11 has it


def watch(client: httpx.Client, patience: float) -> None:
    """Let every new connection of `client` time out when it moves less than LEAST for `patience` seconds.

    That is `httpx.ReadTimeout` or `httpx.WriteTimeout`. A service that works on a request moves nothing either.
    """
    # httpx has no parameter for the backend that its connections are made by.
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001
        if isinstance(transport, httpx.HTTPTransport):
            pool = transport._pool  # noqa: SLF001
            pool._network_backend = _WatchedBackend(pool._network_backend, patience)  # noqa: SLF001


class _WatchedBackend(httpcore.NetworkBackend):
    """Makes watched connections, also those that lead through a proxy."""

    def __init__(self, backend: httpcore.NetworkBackend, patience: float) -> None:
        self._backend, self._patience = backend, patience

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        options = (*(socket_options or ()), *_LITTLE_AHEAD)
        stream = self._backend.connect_tcp(host, port, timeout, local_address, options)
        return _WatchedStream(stream, self._patience, _BARE_PIECE)


class _WatchedStream(httpcore.NetworkStream):
    """Counts what moves in one direction, from the first byte of a request or of its answer on."""

    def __init__(self, stream: httpcore.NetworkStream, patience: float, piece: int) -> None:
        self._stream, self._patience, self._piece = stream, patience, piece
        self._reading: bool | None = None
        self._since, self._moved = 0.0, 0
        self._answer = _Answer()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        try:
            arrived = self._stream.read(max_bytes, self._left(reading=True))
        except (httpcore.ReadTimeout, TimeoutError):
            raise httpcore.ReadTimeout(self._sentence) from None
        self._moved += self._answer.counted(arrived)
        return arrived

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._answer = _Answer()
        for start in range(0, len(buffer), self._piece):
            piece = buffer[start : start + self._piece]
            try:
                self._stream.write(piece, self._left(reading=False))
            except (httpcore.WriteTimeout, TimeoutError):
                raise httpcore.WriteTimeout(self._sentence) from None
            self._moved += len(piece)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _WatchedStream(stream, self._patience, _PIECE)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _left(self, *, reading: bool) -> float:
        """Seconds until enough must have moved. Raises TimeoutError when it has not."""
        now = time.monotonic()
        if reading is not self._reading or self._moved >= LEAST * self._patience:
            self._reading, self._since, self._moved = reading, now, 0
        left = self._since + self._patience - now
        if left <= 0:
            raise TimeoutError
        return left

    @property
    def _sentence(self) -> str:
        return f"less than {LEAST} bytes a second for {self._patience:g} seconds"


class _Answer:
    """What arrives after a request: interim answers first, perhaps, then the one that is meant."""

    def __init__(self) -> None:
        self._head: bytearray | None = bytearray()

    def counted(self, arrived: bytes) -> int:
        """How many bytes of the one that is meant are known of for the first time."""
        if self._head is None:
            return len(arrived)
        self._head += arrived
        while len(self._head) >= _INTERIM_BYTES:
            if not _INTERIM.match(self._head):
                count, self._head = len(self._head), None
                return count
            end = _BLANK_LINE.search(self._head)
            if end is None:
                break
            del self._head[: end.end()]
        return 0
