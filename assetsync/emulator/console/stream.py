"""The request log as it happens: server-sent events, each a piece of the table as markup.

Nothing is queued for a reader: it knows the last entry that it was given, and is given what the log still has since
then when it is ready for more. A slow one misses entries and is told how many.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final

from assetsync.emulator.console.markup import Html, joined
from assetsync.emulator.console.pages.requests import SHOWN, left_out, rows_of

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from starlette.types import Receive, Send

    from assetsync.emulator.request_log import RequestLog

LEAVING: Final = "assetsync.leaving"
"""Where in the ASGI state the server leaves an `asyncio.Event` that is set when it wants to end."""

MOST_READERS: Final = 32
_NUMBER: Final = re.compile(r"[0-9]{1,18}")

_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
)


class Stream:
    """The log of one core, for several readers. Event ids are `<run>.<seq>`: numbers begin anew with each run."""

    def __init__(self, log: RequestLog, run: str) -> None:
        self._log = log
        self._run = run
        self._readers = 0

    @property
    def is_full(self) -> bool:
        return self._readers >= MOST_READERS

    def last(self) -> str:
        """The id of the newest entry."""
        return self._id(self._log.count)

    async def send(
        self, after: str, headers: tuple[tuple[bytes, bytes], ...], receive: Receive, send: Send, leaving: asyncio.Event
    ) -> None:
        """Answer a request with what was logged after the id, until the reader or the server goes away."""
        bell, ended = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        forget = self._log.watch(lambda: loop.call_soon_threadsafe(bell.set))
        ends = [asyncio.create_task(_tell((bell, ended), end)) for end in (_gone(receive), leaving.wait())]
        self._readers += 1
        try:
            await send({"type": "http.response.start", "status": 200, "headers": [*headers, *_HEADERS]})
            await _send_chunk(send, "retry: 1000\n\n")
            await self._follow(after, bell, ended, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._readers -= 1
            forget()
            for end in ends:
                end.cancel()

    async def _follow(self, after: str, bell: asyncio.Event, ended: asyncio.Event, send: Send) -> None:
        seq = self._seq(after)
        while not ended.is_set():
            bell.clear()
            event, seq = self._event(seq)
            if event:
                await _send_chunk(send, event)
            await bell.wait()

    def _seq(self, id_: str) -> int | None:
        """The number in an id of this run, None for another's: the reader begins anew."""
        run, _, seq = id_.partition(".")
        return int(seq) if run == self._run and _NUMBER.fullmatch(seq) else None

    def _event(self, seq: int | None) -> tuple[str, int]:
        """What is new since `seq`, none being an empty text, and where that leads."""
        count = self._log.count
        afresh = seq is None or seq > count
        entries = self._log.after(0 if seq is None or afresh else seq, SHOWN)
        if not entries:
            return (_message("reset", self._id(count), Html("")) if afresh else ""), count
        missed = 0 if seq is None or afresh else entries[0].seq - seq - 1
        rows = joined(*rows_of(entries), left_out(missed) if missed else None)
        newest = entries[-1].seq
        return _message("reset" if afresh else "requests", self._id(newest), rows), newest

    def _id(self, seq: int) -> str:
        return f"{self._run}.{seq}"


def _message(event: str, id_: str, markup: Html) -> str:
    """Markup has no line breaks: foreign text shows them by their number."""
    return f"event: {event}\nid: {id_}\ndata: {markup}\n\n"


async def _send_chunk(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _tell(events: tuple[asyncio.Event, ...], end: Coroutine[Any, Any, object]) -> None:
    await end
    for event in events:
        event.set()
