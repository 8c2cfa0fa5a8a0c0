"""How many Builds an hour: Twilio takes about 100 of an account (F1.6), and others need some too."""

from __future__ import annotations

from collections import deque

BUILDS_AN_HOUR = 90
HOUR = 3600.0


class Quota:
    """A window that moves. `most` None is without end. Times are monotonic seconds."""

    def __init__(self, most: int | None = BUILDS_AN_HOUR, window: float = HOUR) -> None:
        self._most, self._window = most, window
        self._spent: deque[float] = deque()

    def spend(self, now: float) -> None:
        self._forget(now)
        self._spent.append(now)

    def left(self, now: float) -> int | None:
        """How many more there may be now, None without end."""
        self._forget(now)
        return None if self._most is None else max(0, self._most - len(self._spent))

    def free_at(self, now: float) -> float:
        """When the next one may be: `now`, or later."""
        return now if self.left(now) != 0 else self._spent[0] + self._window

    def _forget(self, now: float) -> None:
        while self._spent and self._spent[0] + self._window <= now:
            self._spent.popleft()
