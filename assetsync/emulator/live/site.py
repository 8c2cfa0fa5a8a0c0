"""What the open pages of one watched site are told, as a feed of events: `changed`, `failed`, `reset`, `ended`.

Event ids are `<watch>.<seq>`: another watch, also of the same site, counts anew.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, assert_never

from assetsync.emulator.event_stream import event
from assetsync.emulator.live.document import Changed, Failed, News
from assetsync.emulator.settings import MIB
from assetsync.emulator.watchers import Watchers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_READERS: Final = 32
MOST_CHANGES: Final = 64
"""How many changes a page may miss before all that it can be told is to load itself again."""
_MOST_CHARACTERS: Final = MIB
_NUMBER: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class _Change:
    seq: int
    paths: tuple[str, ...]

    @property
    def characters(self) -> int:
        return sum(map(len, self.paths))


class LiveSite:
    """Safe for many threads."""

    def __init__(self) -> None:
        self._watch = secrets.token_hex(4)
        self._lock = threading.Lock()
        self._watchers = Watchers()
        self._seq = 0
        self._changes: deque[_Change] = deque()
        self._forgotten = 0
        self._failure: str | None = None
        self._failed_at = 0
        self._has_ended = False

    @property
    def is_full(self) -> bool:
        return len(self._watchers) >= MOST_READERS

    def watch(self, tell: Callable[[], object]) -> Callable[[], None]:
        return self._watchers.add(tell)

    def last(self) -> str:
        """The id of the newest event: what is served from now on knows of it."""
        with self._lock:
            return self._id()

    def put(self, news: News) -> None:
        with self._lock:
            match news:
                case Changed(paths=paths):
                    self._change(paths)
                case Failed(message=message):
                    self._seq += 1
                    self._failure, self._failed_at = message, self._seq
                case _:  # pragma: no cover
                    assert_never(news)
        self._watchers.tell()

    def end(self) -> None:
        """Nobody watches the site any more: every reader is told so, and its stream ends."""
        with self._lock:
            self._has_ended = True
        self._watchers.tell()

    def as_json(self) -> dict[str, Any]:
        with self._lock:
            state = {"state": "live"} if self._failure is None else {"state": "failed", "message": self._failure}
            return {**state, "readers": len(self._watchers)}

    def follow(self, after: str) -> Iterator[str]:
        """What is failed now is told a new reader at once; where there is no news, it is given its place."""
        with self._lock:
            text = self._news(self._known(after) if after else self._seq, 0) or f"id: {self._id()}\n\n"
            seq = self._seq
        yield text
        while not self._has_ended:
            with self._lock:
                text, seq = self._news(seq, seq), self._seq
            yield text
        yield event("ended", self.last(), "{}")

    def _change(self, paths: tuple[str, ...]) -> None:
        if not paths and self._failure is None:
            return
        self._seq += 1
        self._failure = None
        self._changes.append(_Change(self._seq, paths))
        while len(self._changes) > 1 and self._is_too_much():
            self._forgotten = self._changes.popleft().seq

    def _is_too_much(self) -> bool:
        characters = sum(change.characters for change in self._changes)
        return len(self._changes) > MOST_CHANGES or characters > _MOST_CHARACTERS

    def _known(self, id_: str) -> int | None:
        """The number in an id of this watch, None for another's."""
        watch, _, seq = id_.partition(".")
        is_ours = watch == self._watch and _NUMBER.fullmatch(seq) is not None
        return int(seq) if is_ours and int(seq) <= self._seq else None

    def _news(self, seq: int | None, failures_after: int) -> str:
        """For a reader that knows what was told until `seq`; None is one that knows nothing of this watch.

        What was forgotten cannot be told: it is told to begin anew.
        """
        events = []
        if seq is None or seq < self._forgotten:
            events.append(event("reset", self._id(), "{}"))
        else:
            missed = [change.paths for change in self._changes if change.seq > seq]
            if missed:
                paths = sorted({path for each in missed for path in each})
                events.append(event("changed", self._id(), json.dumps({"paths": paths})))
        if self._failure is not None and self._failed_at > failures_after:
            events.append(event("failed", self._id(), json.dumps({"message": self._failure})))
        return "".join(events)

    def _id(self) -> str:
        return f"{self._watch}.{self._seq}"
