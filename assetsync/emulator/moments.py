"""Points in time: whole microseconds since 1970 in the store, `2018-11-10T20:00:00Z` on the wire (F4.4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

Clock = Callable[[], datetime]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def system_clock() -> datetime:
    return datetime.now(UTC)


def to_micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _TICK


def seconds(value: float) -> int:
    """A duration in seconds as microseconds."""
    return round(value * 1_000_000)


def span(value: timedelta) -> int:
    return value // _TICK


def iso(micros: int) -> str:
    return (_EPOCH + timedelta(microseconds=micros)).strftime("%Y-%m-%dT%H:%M:%SZ")


def http_date(moment: datetime) -> str:
    """The `Date` header; it follows the service's clock, which tests may move."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
