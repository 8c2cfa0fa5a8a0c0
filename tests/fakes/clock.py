"""Clocks: one for runs on a real socket that would wait for minutes, one for a service that stands still."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from assetsync.twilio.retry import SystemClock

PART = 0.01


class HastyClock(SystemClock):
    """Real time, but that a wait takes a hundredth of it; what was left out shows in the thread that waited."""

    def __init__(self) -> None:
        self._left_out = threading.local()

    def monotonic(self) -> float:
        return super().monotonic() + getattr(self._left_out, "seconds", 0.0)

    def wait(self, seconds: float, cancelled: threading.Event) -> None:
        super().wait(seconds * PART, cancelled)
        self._left_out.seconds = getattr(self._left_out, "seconds", 0.0) + seconds * (1 - PART)


TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Calendar:
    """The service's clock: it stands still until it is moved, and is not this machine's."""

    def __init__(self) -> None:
        self.now = TODAY

    def __call__(self) -> datetime:
        return self.now
