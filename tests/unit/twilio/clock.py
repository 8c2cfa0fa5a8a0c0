"""A clock that never waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeClock:
    """Moves on by what is waited for, and by `step` seconds whenever it is read."""

    def __init__(self, *, step: float = 0.0, chance: float = 0.5, on_wait: Callable[[], None] | None = None) -> None:
        self.time = 0.0
        self.waits: list[float] = []
        self._step = step
        self._chance = chance
        self._on_wait = on_wait

    def monotonic(self) -> float:
        self.time += self._step
        return self.time

    def now(self) -> datetime:
        return START + timedelta(seconds=self.time)

    def chance(self) -> float:
        return self._chance

    def wait(self, seconds: float, cancelled: threading.Event) -> None:
        self.waits.append(seconds)
        self.time += seconds
        if self._on_wait is not None:
            self._on_wait()
