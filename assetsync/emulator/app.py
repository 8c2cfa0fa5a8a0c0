"""The web shell: one request in, `Core.handle` in a worker thread, one answer out. Starlette does the HTTP."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from starlette.requests import ClientDisconnect
from starlette.requests import Request as WebRequest
from starlette.responses import Response, StreamingResponse

from assetsync.emulator.bodies import RawReader, body_reader
from assetsync.emulator.console.mount import Console
from assetsync.emulator.messages import Answer, Body, FileSlice, Outcome, Request, text_answer
from assetsync.emulator.own_pages import is_own
from assetsync.emulator.refusals import out_of_order

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from starlette.types import Receive, Scope, Send

    from assetsync.emulator.core import Core

_CHUNK = 1 << 18
_THREADS = 256
"""Requests at work at once. Most of what they do is to wait: for the store's turn, or because a fault says so."""
_BEAT = 0.05

ABORT = "assetsync.abort"
"""Where in the ASGI state the server leaves a function that cuts the connection."""

CLOSE = "assetsync.close"
"""The same for one that ends the connection once what was written has gone out."""


def make_app(
    core: Core, handle: Callable[[Request], Outcome] | None = None
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The ASGI application (HTTP only, no lifespan) for a core. Answers come from `handle`, by default the core's.

    With the core's own answers comes the console, at `/`.
    """
    console = Console(core) if handle is None else None
    work = partial(_work, handle or core.handle)
    limiter: list[anyio.CapacityLimiter] = []  # made by the first request, because it belongs to the running loop

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not limiter:
            limiter.append(anyio.CapacityLimiter(_THREADS))
        if console is not None and console.takes(scope):
            await console(scope, receive, send)
            return
        web = WebRequest(scope, receive)
        try:
            body = await _body(web, core)
        except ClientDisconnect:
            return
        except OSError as error:
            await _response(out_of_order(error))(scope, receive, send)
            return
        response = await anyio.to_thread.run_sync(work, _request(web, body), scope["state"], limiter=limiter[0])
        if response is None:
            await _cut(scope, receive)
        else:
            await response(scope, receive, send)

    return app


def _work(handle: Callable[[Request], Outcome], request: Request, state: dict[str, Any]) -> Response | None:
    """None where the connection is to be cut."""
    try:
        outcome = handle(request)
    except (OSError, sqlite3.Error) as error:
        outcome = out_of_order(error)
    finally:
        request.body.discard()
    if not isinstance(outcome, Answer):
        return None
    if _length(outcome) == 0 or (outcome.pace is None and outcome.cut_after is None):
        return _response(outcome)
    return _bent_response(outcome, state[CLOSE])


async def _body(web: WebRequest, core: Core) -> Body:
    kind = web.headers.get("content-type", "")
    reader = RawReader() if is_own(web.url.path) else body_reader(kind, core.new_spool)
    try:
        async for chunk in web.stream():
            reader.write(chunk)
    except BaseException:
        reader.abandon()
        raise
    return reader.finish()


def _request(web: WebRequest, body: Body) -> Request:
    raw_path: bytes = web.scope.get("raw_path") or web.scope["path"].encode()
    return Request(
        method=web.method,
        path=raw_path.decode("latin-1"),
        query=web.scope["query_string"].decode("latin-1"),
        headers={name.lower(): value for name, value in web.headers.items()},
        body=body,
        scheme=web.scope["scheme"],
        host=web.headers.get("host", "127.0.0.1"),
    )


def _response(answer: Answer) -> Response:
    """The answer for the wire. Small files are read at once, larger ones while they are sent."""
    if isinstance(answer.body, bytes):
        return _with_headers(Response(answer.body, answer.status), answer)
    try:
        source = answer.body.path.open("rb")
    except FileNotFoundError:
        return _response(text_answer(404, "Not found\n"))
    source.seek(answer.body.start)
    if answer.body.length <= _CHUNK:
        with source:
            return _with_headers(Response(source.read(answer.body.length), answer.status), answer)
    source.close()
    response = _with_headers(StreamingResponse(_chunks(answer.body), answer.status), answer)
    response.headers["content-length"] = str(answer.body.length)
    return response


def _bent_response(answer: Answer, close: Callable[[], None]) -> Response:
    """The answer at its pace, and no further than where it is to be cut."""
    response = _with_headers(StreamingResponse(_dripping(answer, close), answer.status), answer)
    response.headers["content-length"] = str(_length(answer))
    return response


def _length(answer: Answer) -> int:
    return len(answer.body) if isinstance(answer.body, bytes) else answer.body.length


async def _dripping(answer: Answer, close: Callable[[], None]) -> AsyncIterator[bytes]:
    left = answer.cut_after
    size = _CHUNK if answer.pace is None else max(1, round(answer.pace * _BEAT))
    pieces = _pieces(answer.body, size) if isinstance(answer.body, bytes) else _chunks(answer.body, size)
    for piece in pieces:
        sent = piece if left is None else piece[:left]
        if sent:
            yield sent
        if left is not None:
            left -= len(sent)
        if left == 0:
            close()
            await anyio.sleep_forever()
        if answer.pace is not None:
            await anyio.sleep(len(sent) / answer.pace)


def _with_headers(response: Response, answer: Answer) -> Response:
    for name, value in answer.headers:
        response.headers[name] = value
    return response


def _chunks(part: FileSlice, size: int = _CHUNK) -> Iterator[bytes]:
    with part.path.open("rb") as source:
        source.seek(part.start)
        left = part.length
        while left > 0 and (chunk := source.read(min(size, left))):
            left -= len(chunk)
            yield chunk


def _pieces(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def _cut(scope: Scope, receive: Receive) -> None:
    """Cut the connection, then wait until the server has noticed, or it would try to answer in our place."""
    scope["state"][ABORT]()
    while (await receive())["type"] != "http.disconnect":
        pass
