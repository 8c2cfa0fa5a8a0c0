"""Server-sent events: what happens in one place, as it happens, for several readers.

Nothing is queued for a reader: it has a place in what it follows, and is given what is new since then when it is ready
for more. https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from starlette.types import Receive, Send

LEAVING: Final = "assetsync.leaving"
"""Where in the ASGI state the server leaves an `asyncio.Event` that is set when it wants to end."""

_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
)


class Feed(Protocol):
    """What readers follow."""

    def watch(self, tell: Callable[[], object]) -> Callable[[], None]:
        """Call `tell` after every change, from any thread, until what is returned is called; never after that."""
        ...

    def follow(self, after: str) -> Iterator[str]:
        """Each time that one asks: the events since then, an empty text for none. Its end is the stream's.

        At first "then" is the id `after`, whatever a reader makes of that.
        """
        ...


def event(kind: str, id_: str, data: str) -> str:
    """One event. The data has no line breaks."""
    return f"event: {kind}\nid: {id_}\ndata: {data}\n\n"


async def send_events(
    feed: Feed,
    after: str,
    headers: tuple[tuple[bytes, bytes], ...],
    receive: Receive,
    send: Send,
    leaving: asyncio.Event,
) -> None:
    """Answer a request with what happens after the id, until the reader, the server or the feed goes away."""
    bell, ended = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    forget = feed.watch(lambda: loop.call_soon_threadsafe(bell.set))
    ends = [asyncio.create_task(_tell((bell, ended), end)) for end in (_gone(receive), leaving.wait())]
    try:
        await send({"type": "http.response.start", "status": 200, "headers": [*headers, *_HEADERS]})
        await _send_chunk(send, "retry: 1000\n\n")
        await _follow(feed.follow(after), bell, ended, send)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        forget()
        for end in ends:
            end.cancel()


async def _follow(news: Iterator[str], bell: asyncio.Event, ended: asyncio.Event, send: Send) -> None:
    while not ended.is_set():
        bell.clear()
        text = next(news, None)
        if text is None:
            return
        if text:
            await _send_chunk(send, text)
        else:
            await bell.wait()


async def _send_chunk(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _tell(events: tuple[asyncio.Event, ...], end: Coroutine[Any, Any, object]) -> None:
    await end
    for each in events:
        each.set()
