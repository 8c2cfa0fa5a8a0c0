"""The web shell: one request in, `Core.handle` in a worker thread, one answer out. Starlette does the HTTP."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

import anyio
from starlette.requests import ClientDisconnect
from starlette.requests import Request as WebRequest
from starlette.responses import Response, StreamingResponse

from assetsync.emulator.authentication import is_known
from assetsync.emulator.bodies import RawReader, body_reader
from assetsync.emulator.console.mount import Console
from assetsync.emulator.console.origin import is_served_here
from assetsync.emulator.hosting import site_of
from assetsync.emulator.live.mount import may_be_events, send_live
from assetsync.emulator.live.serving import EVENTS
from assetsync.emulator.messages import Answer, Body, FileSlice, Outcome, Request, text_answer
from assetsync.emulator.own_pages import is_own
from assetsync.emulator.signature import without_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from starlette.types import Receive, Scope, Send

    from assetsync.emulator.bodies import BodyReader
    from assetsync.emulator.core import Core
    from assetsync.emulator.live.site import LiveSite
    from assetsync.emulator.one_site import OneSite

_CHUNK = 1 << 18
_THREADS = 256
"""Requests at work at once. Most of what they do is to wait: for the store's turn, or because a fault says so."""
_BEAT = 0.05

_FOREIGN = "This page answers at the address that it is served on, and at localhost; elsewhere it needs credentials.\n"

ABORT = "assetsync.abort"
"""Where in the ASGI state the server leaves a function that cuts the connection."""

CLOSE = "assetsync.close"
"""The same for one that ends the connection once what was written has gone out."""


def make_app(core: Core, one_site: OneSite | None = None) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The ASGI application (HTTP only, no lifespan) for a core, or for one site of it.

    With all of the core comes the console, at `/`.
    """
    console = Console(core) if one_site is None else None
    work = partial(_work, core.handle if one_site is None else one_site.handle)
    watched = partial(_watched, core, one_site)
    limiter: list[anyio.CapacityLimiter] = []  # made by the first request, because it belongs to the running loop

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not limiter:
            limiter.append(anyio.CapacityLimiter(_THREADS))
        if console is not None and console.takes(scope):
            await console(scope, receive, send)
            return
        web = WebRequest(scope, receive)
        asked = _request(web, Body(), core)
        if may_be_events(asked):
            live = await anyio.to_thread.run_sync(watched, asked, limiter=limiter[0])
            if live is not None:
                await send_live(live, scope, receive, send)
                return
        if is_own(asked.path) and asked.is_foreign and not _knows(web, core):
            await _response(text_answer(403, _FOREIGN))(scope, receive, send)
            return
        try:
            body = await _body(web, core)
        except ClientDisconnect:
            return
        except OSError as problem:
            await _response(core.fail(asked, problem))(scope, receive, send)
            return
        response = await anyio.to_thread.run_sync(work, replace(asked, body=body), scope["state"], limiter=limiter[0])
        if response is None:
            await _cut(scope, receive)
        else:
            await response(scope, receive, send)

    return app


def _work(handle: Callable[[Request], Outcome], request: Request, state: dict[str, Any]) -> Response | None:
    """None where the connection is to be cut."""
    try:
        outcome = handle(request)
    finally:
        request.body.discard()
    if not isinstance(outcome, Answer):
        return None
    if _length(outcome) == 0 or (outcome.pace is None and outcome.cut_after is None):
        return _response(outcome)
    return _bent_response(outcome, state[CLOSE])


def _watched(core: Core, one_site: OneSite | None, request: Request) -> LiveSite | None:
    """The watched site whose events are asked for."""
    site = site_of(request, core.settings.domain_root) if one_site is None else one_site.site(request)
    return core.watched(request, site) if site is not None and site.path == EVENTS else None


def _is_foreign(web: WebRequest, core: Core) -> bool:
    """Whether a browser may have been led here under another name than ours and our sites'."""
    host = web.headers.get("host", "")
    is_a_site = without_port(host).lower().endswith(f".{core.settings.domain_root}")
    return not is_a_site and not is_served_here(host, web.scope.get("server"))


def _knows(web: WebRequest, core: Core) -> bool:
    return is_known(web.headers.get("authorization", ""), core.account, core.settings.api_keys)


async def _body(web: WebRequest, core: Core) -> Body:
    """Uploads of those whom the service does not know do not reach the disk."""
    if is_own(_path(web)):
        reader: BodyReader = RawReader()
    elif _knows(web, core):
        reader = body_reader(web.headers.get("content-type", ""), core.new_spool)
    else:
        reader = body_reader("", core.new_spool)
    try:
        async for chunk in web.stream():
            reader.write(chunk)
    except BaseException:
        reader.abandon()
        raise
    return reader.finish()


def _path(web: WebRequest) -> str:
    raw_path: bytes = web.scope.get("raw_path") or web.scope["path"].encode()
    return raw_path.decode("latin-1")


def _request(web: WebRequest, body: Body, core: Core) -> Request:
    return Request(
        method=web.method,
        path=_path(web),
        query=web.scope["query_string"].decode("latin-1"),
        headers={name.lower(): value for name, value in web.headers.items()},
        body=body,
        scheme=web.scope["scheme"],
        host=web.headers.get("host", "127.0.0.1"),
        is_foreign=_is_foreign(web, core),
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
    response = _with_headers(StreamingResponse(_sent(source, answer.body.length), answer.status), answer)
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
    source = part.path.open("rb")
    source.seek(part.start)
    yield from _sent(source, part.length, size)


def _sent(source: BinaryIO, length: int, size: int = _CHUNK) -> Iterator[bytes]:
    with source:
        while length > 0 and (chunk := source.read(min(size, length))):
            length -= len(chunk)
            yield chunk


def _pieces(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def _cut(scope: Scope, receive: Receive) -> None:
    """Cut the connection, then wait until the server has noticed, or it would try to answer in our place."""
    scope["state"][ABORT]()
    while (await receive())["type"] != "http.disconnect":
        pass
