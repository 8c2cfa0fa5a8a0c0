"""How many requests may be on their way at once: as many as Twilio bears.

A 429 from Twilio speaks of concurrency, not of a rate (F3.7), so the answer to it is fewer requests at once.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assetsync.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = 10
_HOLD = 10  # windows of successes right below a refused number before that number is tried again
_GLANCE = 0.1  # seconds between two looks at `cancelled` while waiting for a slot


@dataclass(frozen=True, slots=True)
class Window:
    """How wide the door is: `limit` requests at once, never above `ceiling`.

    successes: answers since the limit last changed, where they are counted
    epoch: how often it has shrunk; a request belongs to the epoch in which it began
    refused: the limit at which the last 429 came; None while nothing speaks against more
    """

    limit: int
    ceiling: int
    successes: int = 0
    epoch: int = 0
    refused: int | None = None


def opened(ceiling: int) -> Window:
    """The window to begin with; `ceiling` is at least 1."""
    return Window(min(START, ceiling), ceiling)


def after_success(window: Window, epoch: int, busy: int) -> Window:
    """Wider after a success while `busy` requests, this one among them, were on their way.

    By two each time, which triples it in a window, while no 429 is known; then by one a window, up to right below what
    was refused; there it holds for ten windows before it tries that, which is forgotten once it has worked as long.
    Successes from before the last 429, or of a door that is mostly empty, prove nothing.
    """
    if epoch != window.epoch or window.limit >= window.ceiling or 2 * busy < window.limit:
        return window
    if window.refused is None:
        return replace(window, limit=min(window.limit + 2, window.ceiling))
    wanted = window.limit * (_HOLD if window.limit + 1 >= window.refused else 1)
    if window.successes + 1 < wanted:
        return replace(window, successes=window.successes + 1)
    refused = None if window.limit >= window.refused else window.refused
    return replace(window, limit=window.limit + 1, successes=0, refused=refused)


def after_throttling(window: Window, epoch: int) -> Window:
    """A quarter narrower, once per burst: a 429 for a request that began before the last shrink is old news."""
    if epoch != window.epoch:
        return window
    narrower = max(1, window.limit * 3 // 4)
    return replace(window, limit=narrower, successes=0, epoch=window.epoch + 1, refused=window.limit)


class Slot:
    """One request on its way; says how it went at most once."""

    def __init__(self, limiter: Limiter, epoch: int) -> None:
        self._limiter = limiter
        self._epoch = epoch

    def succeeded(self) -> None:
        self._limiter.learn(lambda window, busy: after_success(window, self._epoch, busy))

    def throttled(self) -> None:
        self._limiter.learn(lambda window, _busy: after_throttling(window, self._epoch))


class Limiter:
    """A semaphore whose size follows `Window`; thread-safe."""

    def __init__(self, ceiling: int) -> None:
        self._window = opened(max(1, ceiling))
        self._busy = 0
        self._changed = threading.Condition()

    @property
    def limit(self) -> int:
        return self._window.limit

    @contextmanager
    def slot(self, cancelled: threading.Event) -> Iterator[Slot]:
        """Wait for a place, hold it for the body. Raises Interrupted when `cancelled` is set before there is one."""
        with self._changed:
            while self._busy >= self.limit and not cancelled.is_set():
                self._changed.wait(_GLANCE)
            if cancelled.is_set():
                raise Interrupted("interrupted; nothing more is sent")
            self._busy += 1
            slot = Slot(self, self._window.epoch)
        try:
            yield slot
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify()

    def learn(self, lesson: Callable[[Window, int], Window]) -> None:
        """`lesson` is told how many requests are on their way."""
        with self._changed:
            before = self.limit
            self._window = lesson(self._window, self._busy)
            self._changed.notify(max(0, self.limit - before))
