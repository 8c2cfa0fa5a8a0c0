"""The web shell: one request in, `Core.handle` in a worker thread, one answer out. Starlette does the HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.requests import Request as WebRequest
from starlette.responses import Response, StreamingResponse

from assetsync.emulator.bodies import body_reader
from assetsync.emulator.messages import Answer, Body, FileSlice, Request, text_answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from starlette.types import Receive, Scope, Send

    from assetsync.emulator.core import Core

_CHUNK = 1 << 18

ABORT = "assetsync.abort"
"""Where in the ASGI state the server leaves a function that cuts the connection."""


def make_app(core: Core) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The ASGI application (HTTP only, no lifespan) for a core."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        web = WebRequest(scope, receive)
        try:
            body = await _body(web, core)
        except ClientDisconnect:
            return
        response = await run_in_threadpool(_work, core, _request(web, body))
        if response is None:
            await _cut(scope, receive)
        else:
            await response(scope, receive, send)

    return app


def _work(core: Core, request: Request) -> Response | None:
    """None where the connection is to be cut."""
    try:
        outcome = core.handle(request)
    finally:
        request.body.discard()
    return _response(outcome) if isinstance(outcome, Answer) else None


async def _body(web: WebRequest, core: Core) -> Body:
    reader = body_reader(web.headers.get("content-type", ""), core.new_spool)
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


def _with_headers(response: Response, answer: Answer) -> Response:
    for name, value in answer.headers:
        response.headers[name] = value
    return response


def _chunks(part: FileSlice) -> Iterator[bytes]:
    with part.path.open("rb") as source:
        source.seek(part.start)
        left = part.length
        while left > 0 and (chunk := source.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk


async def _cut(scope: Scope, receive: Receive) -> None:
    """Cut the connection, then wait until the server has noticed, or it would try to answer in our place."""
    scope["state"][ABORT]()
    while (await receive())["type"] != "http.disconnect":
        pass
