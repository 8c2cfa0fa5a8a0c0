"""When to try again, and how long to wait before it: decisions, and the clock they are told by."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading


class Again(Enum):
    """What may be repeated after a failure."""

    ALWAYS = auto()  # the request was never processed: a 429 (F3.7), or no connection
    IF_REPEATABLE = auto()  # it may have been: GET, DELETE and uploads (F9.6) only
    NEVER = auto()  # the answer would be the same


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential back-off with full jitter; times in seconds.

    tries: how often a request is sent at most
    base, cap: the n-th wait is drawn from 0 to min(cap, base * 2 ** (n - 1))
    total: no try begins later than this after the first failure
    retry_after_cap: what a `Retry-After` can ask for at most
    """

    tries: int = 8
    base: float = 0.5
    cap: float = 30.0
    total: float = 300.0
    retry_after_cap: float = 120.0


class Clock(Protocol):
    """Time and chance, as arguments."""

    def monotonic(self) -> float:
        """Seconds from some fixed moment."""

    def now(self) -> datetime:
        """The time of day, aware."""

    def chance(self) -> float:
        """A number in [0, 1)."""

    def wait(self, seconds: float, cancelled: threading.Event) -> None:
        """Let `seconds` pass, or less when `cancelled` is set."""


class SystemClock:
    """The real thing."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def chance(self) -> float:
        return random.random()  # noqa: S311 - jitter, not a secret

    def wait(self, seconds: float, cancelled: threading.Event) -> None:
        cancelled.wait(seconds)


def may_repeat(again: Again, *, repeatable: bool) -> bool:
    return again is Again.ALWAYS or (again is Again.IF_REPEATABLE and repeatable)


def next_delay(
    policy: RetryPolicy, *, attempt: int, elapsed: float, retry_after: float | None, chance: float
) -> float | None:
    """Seconds to wait after failed try number `attempt` (from 1), None when it is time to give up.

    `elapsed` seconds have passed since the first failure. A `Retry-After` is a lower bound: the jitter comes on top,
    so that many waiting threads do not come back at once.
    """
    if attempt >= policy.tries:
        return None
    jitter = chance * min(policy.cap, policy.base * 2 ** min(attempt - 1, 64))
    delay = jitter + min(max(retry_after or 0.0, 0.0), policy.retry_after_cap)
    return delay if elapsed + delay <= policy.total else None


def retry_after(value: str | None, now: datetime) -> float | None:
    """The seconds that a `Retry-After` asks for (a number or an HTTP date), None where it says nothing useful."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    date = http_date(text)
    return None if date is None else max((date - now).total_seconds(), 0.0)


@lru_cache(maxsize=8)
def http_date(value: str) -> datetime | None:
    """An HTTP date as an aware datetime in UTC, None where it is not one."""
    try:
        date = parsedate_to_datetime(value)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
