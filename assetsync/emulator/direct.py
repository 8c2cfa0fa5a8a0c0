"""The local service without a socket: an httpx transport that calls the core in the caller's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import httpx

from assetsync.emulator.bodies import body_reader
from assetsync.emulator.messages import Answer, Body, Drop, FileSlice, Outcome, Request

if TYPE_CHECKING:
    from assetsync.emulator.core import Core


class DirectTransport(httpx.BaseTransport):
    """Answers like the socket does, for `httpx.Client(transport=...)`. Safe for many threads.

    A cut connection is an `httpx.RemoteProtocolError`, as over a socket. Closing it leaves the core open.
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
        reader = body_reader(request.headers.get("content-type", ""), self._core.new_spool)
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
            return httpx.Response(outcome.status, headers=headers, stream=httpx.ByteStream(content))
        case _:  # pragma: no cover
            assert_never(outcome)


def _content(body: bytes | FileSlice) -> bytes:
    if isinstance(body, bytes):
        return body
    with body.path.open("rb") as source:
        source.seek(body.start)
        return source.read(body.length)
