"""Writes that must not happen twice: when an answer is lost, look first, repeat only what did not happen (F3.10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from assetsync.errors import ConnectionFailed, Interrupted, MalformedAnswer, OutcomeUnknown, ServerFailure, ServiceError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from assetsync.twilio.retry import Clock

T = TypeVar("T")

TRIES = 5

_RUN_AGAIN = "run again: what happened will be found, what did not is done then"

LOST = (ConnectionFailed, ServerFailure, MalformedAnswer)
"""After these nobody knows whether the service did what it was asked to do."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Waiting, by a clock that tests can pass and a hard stop that ends it."""

    clock: Clock
    cancelled: threading.Event

    def wait(self, seconds: float) -> None:
        """Let time pass. Raises Interrupted when the run is being cancelled."""
        self.clock.wait(seconds, self.cancelled)
        if self.cancelled.is_set():
            raise Interrupted("interrupted while waiting")

    def back_off(self, attempt: int) -> None:
        """Wait before the try after number `attempt` (from 1)."""
        self.wait((0.5 + self.clock.chance() / 2) * min(2.0 ** (attempt - 2), 8.0))


def once(operation: str, write: Callable[[], T], look: Callable[[], T | None], pace: Pace) -> T:
    """What `write` returns, or what `look` finds of it after its answer was lost.

    `look` tells whether the write happened: its result, or None.
    Raises OutcomeUnknown when a look fails too, Interrupted, with as much said, when there is no time for one; the last
    error when the write never happens.
    """
    for attempt in range(1, TRIES):
        try:
            return write()
        except LOST as lost:
            if (found := _looked(operation, look, lost)) is not None:
                return found
        pace.back_off(attempt)
    try:
        return write()
    except LOST as lost:
        if (found := _looked(operation, look, lost)) is not None:
            return found
        raise


def _looked(operation: str, look: Callable[[], T | None], lost: ServiceError) -> T | None:
    if isinstance(lost, ConnectionFailed) and not lost.sent:
        raise lost
    try:
        return look()
    except Interrupted as stopped:
        raise Interrupted(
            f"interrupted before it could be seen whether it happened: {lost.message}", hint=_RUN_AGAIN
        ) from (stopped)
    except ServiceError as blind:
        raise OutcomeUnknown(
            f"{operation}: the answer was lost ({lost.message}), and no look could tell whether it happened"
            f" ({blind.message})",
            hint=_RUN_AGAIN,
        ) from lost
