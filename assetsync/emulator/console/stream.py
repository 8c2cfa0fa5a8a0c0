"""The request log as it happens: events, each a piece of the table as markup.

A slow reader misses entries and is told how many.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from assetsync.emulator.console.markup import Html, joined
from assetsync.emulator.console.pages.requests import SHOWN, left_out, rows_of
from assetsync.emulator.event_stream import event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assetsync.emulator.request_log import RequestLog

MOST_READERS: Final = 32
_NUMBER: Final = re.compile(r"[0-9]{1,18}")


class Stream:
    """The log of one core, as a feed. Event ids are `<run>.<seq>`: numbers begin anew with each run."""

    def __init__(self, log: RequestLog, run: str) -> None:
        self._log = log
        self._run = run

    def watch(self, tell: Callable[[], object]) -> Callable[[], None]:
        return self._log.watch(tell)

    @property
    def is_full(self) -> bool:
        return self._log.watchers >= MOST_READERS

    def last(self) -> str:
        """The id of the newest entry."""
        return self._id(self._log.count)

    def follow(self, after: str) -> Iterator[str]:
        seq = self._seq(after)
        while True:
            text, seq = self._event(seq)
            yield text

    def _seq(self, id_: str) -> int | None:
        """The number in an id of this run, None for another's: the reader begins anew."""
        run, _, seq = id_.partition(".")
        return int(seq) if run == self._run and _NUMBER.fullmatch(seq) else None

    def _event(self, seq: int | None) -> tuple[str, int]:
        """What is new since `seq`, none being an empty text, and where that leads. Markup has no line breaks:
        foreign text shows them by their number.
        """
        count = self._log.count
        afresh = seq is None or seq > count
        entries = self._log.after(0 if seq is None or afresh else seq, SHOWN)
        if not entries:
            return (event("reset", self._id(count), Html("")) if afresh else ""), count
        missed = 0 if seq is None or afresh else entries[0].seq - seq - 1
        rows = joined(*rows_of(entries), left_out(missed) if missed else None)
        newest = entries[-1].seq
        return event("reset" if afresh else "requests", self._id(newest), rows), newest

    def _id(self, seq: int) -> str:
        return f"{self._run}.{seq}"
