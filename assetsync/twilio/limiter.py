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
_GLANCE = 0.1  # seconds between two looks at `cancelled` while waiting for a slot


@dataclass(frozen=True, slots=True)
class Window:
    """How wide the door is: `limit` requests at once, never above `ceiling`.

    successes: answers since the limit last changed
    epoch: how often it has shrunk; a request belongs to the epoch in which it began
    """

    limit: int
    ceiling: int
    successes: int = 0
    epoch: int = 0


def opened(ceiling: int) -> Window:
    """The window to begin with; `ceiling` is at least 1."""
    return Window(min(START, ceiling), ceiling)


def after_success(window: Window, epoch: int) -> Window:
    """One wider after a whole window of successes; those from before the last shrink prove nothing."""
    if epoch != window.epoch or window.limit >= window.ceiling:
        return window
    if window.successes + 1 < window.limit:
        return replace(window, successes=window.successes + 1)
    return replace(window, limit=window.limit + 1, successes=0)


def after_throttling(window: Window, epoch: int) -> Window:
    """Half as wide, once per burst: a 429 for a request that began before the last shrink is old news."""
    if epoch != window.epoch:
        return window
    return replace(window, limit=max(1, window.limit // 2), successes=0, epoch=window.epoch + 1)


class Slot:
    """One request on its way; says how it went at most once."""

    def __init__(self, limiter: Limiter, epoch: int) -> None:
        self._limiter = limiter
        self._epoch = epoch

    def succeeded(self) -> None:
        self._limiter.learn(after_success, self._epoch)

    def throttled(self) -> None:
        self._limiter.learn(after_throttling, self._epoch)


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
            while self._busy >= self._window.limit and not cancelled.is_set():
                self._changed.wait(_GLANCE)
            if cancelled.is_set():
                raise Interrupted("Interrupted")
            self._busy += 1
            slot = Slot(self, self._window.epoch)
        try:
            yield slot
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify()

    def learn(self, lesson: Callable[[Window, int], Window], epoch: int) -> None:
        with self._changed:
            before = self._window.limit
            self._window = lesson(self._window, epoch)
            if self._window.limit > before:
                self._changed.notify()
