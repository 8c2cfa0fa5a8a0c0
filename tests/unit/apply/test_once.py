"""A write whose answer is lost is looked for first, and repeated only when it did not happen."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from assetsync.apply.once import TRIES, Pace, once
from assetsync.errors import (
    ApiError,
    ConnectionFailed,
    Interrupted,
    MalformedAnswer,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    ServerFailure,
    ServiceError,
)
from tests.unit.twilio.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

LOST: list[ServiceError] = [
    ConnectionFailed("reset"),
    ServerFailure("oops", status=502),
    MalformedAnswer("half an answer"),
]


class Script:
    """Each call takes the next step: an error is raised, anything else returned. `calls` counts."""

    def __init__(self, *steps: object) -> None:
        self.steps = list(steps)
        self.calls = 0

    def __call__(self) -> str | None:
        self.calls += 1
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, BaseException):
            raise step
        return None if step is None else str(step)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def pace(clock: FakeClock) -> Pace:
    return Pace(clock, threading.Event())


def run(write: Callable[[], str | None], look: Callable[[], str | None], pace: Pace) -> str | None:
    return once("create Build", write, look, pace)


def test_an_answer_that_comes_is_the_result_and_nobody_looks(pace: Pace, clock: FakeClock) -> None:
    write, look = Script("made"), Script("found")
    assert run(write, look, pace) == "made"
    assert (write.calls, look.calls, clock.waits) == (1, 0, [])


@pytest.mark.parametrize("lost", LOST, ids=lambda each: type(each).__name__)
def test_what_happened_although_the_answer_was_lost_is_found_and_not_repeated(
    lost: ServiceError, pace: Pace, clock: FakeClock
) -> None:
    write, look = Script(lost), Script("found")
    assert run(write, look, pace) == "found"
    assert (write.calls, look.calls, clock.waits) == (1, 1, [])


@pytest.mark.parametrize("lost", LOST, ids=lambda each: type(each).__name__)
def test_what_did_not_happen_is_repeated(lost: ServiceError, pace: Pace) -> None:
    write, look = Script(lost, lost, "made"), Script(None)
    assert run(write, look, pace) == "made"
    assert (write.calls, look.calls) == (3, 2)


def test_what_shows_only_at_a_later_look_is_found_then(pace: Pace) -> None:
    write, look = Script(LOST[0]), Script(None, None, "found")
    assert run(write, look, pace) == "found"
    assert write.calls == 3


def test_five_tries_then_the_error_with_a_look_after_the_last(pace: Pace) -> None:
    write, look = Script(LOST[1]), Script(None)
    with pytest.raises(ServerFailure, match="oops"):
        run(write, look, pace)
    assert (write.calls, look.calls) == (TRIES, TRIES) == (5, 5)
    last = Script(None, None, None, None, "found")
    assert run(Script(LOST[1]), last, pace) == "found"


def test_a_request_that_was_never_sent_is_neither_looked_for_nor_repeated(pace: Pace) -> None:
    """The client tried that often enough already."""
    write, look = Script(ConnectionFailed("no route", sent=False)), Script("found")
    with pytest.raises(ConnectionFailed, match="no route"):
        run(write, look, pace)
    assert (write.calls, look.calls) == (1, 0)


@pytest.mark.parametrize(
    "answer",
    [ApiError("no", status=400), NotFound("gone", status=404), RateLimited("slow down", status=429)],
    ids=lambda each: type(each).__name__,
)
def test_an_answer_that_says_no_is_final(answer: ApiError, pace: Pace) -> None:
    write, look = Script(answer), Script("found")
    with pytest.raises(type(answer)):
        run(write, look, pace)
    assert (write.calls, look.calls) == (1, 0)


@pytest.mark.parametrize("lost_tries", [1, TRIES])
def test_when_no_look_can_tell_the_outcome_is_unknown(lost_tries: int, pace: Pace) -> None:
    write = Script(ConnectionFailed("reset"))
    look = Script(*[None] * (lost_tries - 1), ServerFailure("blind", status=503))
    with pytest.raises(OutcomeUnknown) as caught:
        run(write, look, pace)
    assert caught.value.message == (
        "create Build: the answer was lost (reset), and no look could tell whether it happened (blind)"
    )
    assert caught.value.hint is not None
    assert write.calls == lost_tries


def test_the_waits_between_tries_grow(pace: Pace, clock: FakeClock) -> None:
    with pytest.raises(ServerFailure):
        run(Script(LOST[1]), Script(None), pace)
    assert clock.waits == [0.75 * each for each in (0.5, 1, 2, 4)]


def test_chance_spreads_a_wait_over_its_upper_half() -> None:
    for chance, factor in ((0.0, 0.5), (1.0, 1.0)):
        clock = FakeClock(chance=chance)
        Pace(clock, threading.Event()).back_off(9)
        assert clock.waits == [8.0 * factor]


def test_a_hard_stop_ends_the_waiting() -> None:
    cancelled = threading.Event()
    clock = FakeClock(on_wait=cancelled.set)
    write = Script(LOST[0])
    with pytest.raises(Interrupted):
        run(write, Script(None), Pace(clock, cancelled))
    assert write.calls == 1
