"""What was asked lately, for tests and for people: a ring of the newest requests and a count of all."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, Final

from assetsync.emulator.watchers import Watchers

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.emulator.messages import Request


_LONGEST: Final = 2000
"""Of paths and queries, whose senders need no credentials: far more than a client's own."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One finished request, its path and query cut at 2,000 characters.

    `status` is 0 where the connection was cut; `site` where it went to the asset host.
    `at` is when it was finished, in microseconds since 1970 by the service's clock.
    """

    seq: int
    method: str
    path: str
    query: str
    status: int
    site: bool
    at: int


class RequestLog:
    def __init__(self, entries: int) -> None:
        self._lock = threading.Lock()
        self._ring: deque[Logged] = deque(maxlen=entries)
        self._count = 0
        self._watchers = Watchers()

    def add(self, request: Request, status: int, *, site: bool, at: int) -> None:
        with self._lock:
            self._count += 1
            path, query = request.path[:_LONGEST], request.query[:_LONGEST]
            self._ring.append(Logged(self._count, request.method[:_LONGEST], path, query, status, site, at))
            self._watchers.tell()

    def watch(self, tell: Callable[[], object]) -> Callable[[], None]:
        """Call `tell` after every change, until what is returned is called. It must neither wait nor use the log."""
        return self._watchers.add(tell)

    @property
    def watchers(self) -> int:
        return len(self._watchers)

    @property
    def count(self) -> int:
        """How many requests finished since the start or the last `clear`, also those that the ring forgot."""
        with self._lock:
            return self._count

    def entries(self) -> tuple[Logged, ...]:
        """Oldest first."""
        with self._lock:
            return tuple(self._ring)

    def after(self, seq: int, most: int) -> tuple[Logged, ...]:
        """The newest requests after number `seq`, oldest first."""
        with self._lock:
            newest = islice(reversed(self._ring), most)
            return tuple(takewhile(lambda entry: entry.seq > seq, newest))[::-1]

    def api(self) -> tuple[Logged, ...]:
        """The requests to the API, oldest first."""
        return tuple(entry for entry in self.entries() if not entry.site)

    def clear(self) -> None:
        with self._lock:
            self._ring.clear()
            self._count = 0
            self._watchers.tell()

    def as_json(self) -> dict[str, Any]:
        return {"count": self.count, "requests": [asdict(entry) for entry in self.entries()]}
