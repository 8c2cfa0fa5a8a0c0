"""The local service without a socket: an httpx transport that calls the core in the caller's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import httpx

from assetsync.emulator.bodies import RawReader, body_reader
from assetsync.emulator.messages import Answer, Body, Drop, FileSlice, Outcome, Request
from assetsync.emulator.own_pages import is_own

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.emulator.core import Core


class DirectTransport(httpx.BaseTransport):
    """Answers like the socket does, for `httpx.Client(transport=...)`. Safe for many threads.

    A cut connection is an `httpx.RemoteProtocolError`, as over a socket. An answer's pace is a matter of sockets and
    is not kept. Closing it leaves the core open.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = self._body(request)
        try:
            outcome = self._core.handle(_request(request, body))
        finally:
            body.discard()
        return _response(request, outcome)

    def _body(self, request: httpx.Request) -> Body:
        kind = request.headers.get("content-type", "")
        reader = RawReader() if is_own(request.url.path) else body_reader(kind, self._core.new_spool)
        assert isinstance(request.stream, httpx.SyncByteStream)
        try:
            for chunk in request.stream:
                reader.write(chunk)
        except BaseException:
            reader.abandon()
            raise
        return reader.finish()


def _request(request: httpx.Request, body: Body) -> Request:
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    return Request(
        method=request.method,
        path=path,
        query=query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        scheme=request.url.scheme,
        host=request.headers["host"],
    )


def _response(request: httpx.Request, outcome: Outcome) -> httpx.Response:
    match outcome:
        case Drop():
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
        case Answer():
            content = _content(outcome.body) if request.method != "HEAD" else b""
            length = [] if outcome.status in {204, 304} else [("Content-Length", str(len(content)))]
            headers = [(name.encode(), value.encode("latin-1")) for name, value in (*outcome.headers, *length)]
            cut = outcome.cut_after is not None and outcome.cut_after < len(content)
            stream = _Cut(content[: outcome.cut_after]) if cut else httpx.ByteStream(content)
            return httpx.Response(outcome.status, headers=headers, stream=stream)
        case _:  # pragma: no cover
            assert_never(outcome)


class _Cut(httpx.SyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


def _content(body: bytes | FileSlice) -> bytes:
    if isinstance(body, bytes):
        return body
    with body.path.open("rb") as source:
        source.seek(body.start)
        return source.read(body.length)
