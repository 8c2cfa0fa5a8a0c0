from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetsync.errors import Interrupted
from assetsync.twilio.limiter import Limiter, Window, after_success, after_throttling, opened

NEVER = threading.Event()


@given(st.integers(1, 60), st.lists(st.sampled_from(["begin", "ok", "429"]), max_size=400))
def test_the_window_stays_in_bounds_and_moves_for_a_reason_only(ceiling: int, steps: list[str]) -> None:
    """Law: 1 <= limit <= ceiling; it narrows by a quarter, once for all requests that began before a 429 was seen, and
    widens by two at most, for a success of one that began after it.
    """
    window = opened(ceiling)
    assert window.limit == min(10, ceiling)
    on_the_way: deque[int] = deque()  # how many bursts of 429 had been seen when it began
    bursts = 0
    for step in steps:
        before = window
        if step == "begin":
            on_the_way.append(bursts)
            continue
        if not on_the_way:
            continue
        busy, seen = len(on_the_way), on_the_way.popleft()
        fresh = seen == bursts
        if step == "429":
            window = after_throttling(window, seen)
            bursts += fresh
            assert window.limit == (max(1, before.limit * 3 // 4) if fresh else before.limit)
        else:
            window = after_success(window, seen, busy)
            assert before.limit <= window.limit <= before.limit + 2 * fresh
        assert 1 <= window.limit <= ceiling


def test_a_burst_of_refusals_narrows_once() -> None:
    window = opened(50)
    for _ in range(10):
        window = after_throttling(window, 0)
    assert window.limit == 7


def successes(window: Window, count: int) -> Window:
    """So many answers of a door that is full."""
    for _ in range(count):
        window = after_success(window, window.epoch, window.limit)
    return window


def test_until_the_first_refusal_it_triples_in_each_window() -> None:
    window = successes(opened(50), 10)
    assert window.limit == 30
    assert successes(window, 9).limit == 48
    assert successes(window, 2000).limit == 50


def test_a_door_that_is_mostly_empty_proves_nothing() -> None:
    assert after_success(opened(50), 0, busy=4) == opened(50)
    assert after_success(opened(50), 0, busy=5).limit == 12


def test_it_holds_right_below_what_was_refused_and_tries_that_again_in_the_end() -> None:
    window = after_throttling(Window(5, 50), 0)
    assert (window.limit, window.refused) == (3, 5)
    window = successes(window, 3)
    assert window.limit == 4
    window = successes(window, 39)
    assert window.limit == 4
    assert successes(window, 1).limit == 5


def test_what_was_refused_is_forgotten_once_it_has_worked() -> None:
    window = successes(Window(5, 50, refused=5), 5 * 10)
    assert (window.limit, window.refused) == (6, None)
    assert successes(window, 6).limit == 18


@dataclass(frozen=True, slots=True)
class Simulated:
    """How a client of 50 threads fared: seconds, how many were at work at most, how often it was refused."""

    seconds: float
    most: int
    refused: int


def simulated(allowed: int, requests: int) -> Simulated:
    """A service that works on `allowed` requests at once, a second each, and says 429 to any more after 0.1 seconds.

    What was refused comes again a second later.
    """
    window, now = opened(50), 0.0
    ready, busy, resting, at_work, most, refused = requests, 0, 0, 0, 0, 0
    events: list[tuple[float, int, str, int]] = []
    numbers = itertools.count()
    while ready or events:
        while ready and busy < window.limit and busy + resting < 50:
            ready, busy = ready - 1, busy + 1
            admitted = at_work < allowed
            at_work += admitted
            most = max(most, at_work)
            event = (now + 1.0, next(numbers), "done") if admitted else (now + 0.1, next(numbers), "refused")
            heapq.heappush(events, (*event, window.epoch))
        now, _, kind, epoch = heapq.heappop(events)
        if kind == "done":
            window, at_work = after_success(window, epoch, busy), at_work - 1
            busy -= 1
        elif kind == "refused":
            window, refused = after_throttling(window, epoch), refused + 1
            busy, resting = busy - 1, resting + 1
            heapq.heappush(events, (now + 1.0, next(numbers), "again", 0))
        else:
            ready, resting = ready + 1, resting - 1
    return Simulated(now, most, refused)


@pytest.mark.parametrize("allowed", range(1, 11))
def test_a_service_that_allows_few_is_kept_busy_and_seldom_asked_for_more(allowed: int) -> None:
    """The start is at 10, so that the way down is all that there is to it."""
    seen = simulated(allowed, requests=400)
    assert seen.seconds <= 1.1 * 400 / allowed
    assert seen.refused <= 60
    assert seen.most == allowed


@pytest.mark.parametrize("allowed", range(11, 61, 7))
def test_a_service_that_allows_many_is_soon_used_in_full(allowed: int) -> None:
    most = min(allowed, 50)
    assert simulated(allowed, requests=200).most == most
    assert simulated(allowed, requests=2000).seconds <= 1.3 * 2000 / most


def test_no_more_than_the_limit_are_inside_at_once() -> None:
    limiter = Limiter(3)
    lock, inside, most = threading.Lock(), 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(50):
            with limiter.slot(NEVER) as slot:
                with lock:
                    inside += 1
                    most = max(most, inside)
                slot.succeeded()
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= most <= 3


def test_a_slot_is_given_back_after_an_error() -> None:
    limiter = Limiter(1)
    with pytest.raises(ValueError, match="oops"), limiter.slot(NEVER):
        raise ValueError("oops")
    with limiter.slot(NEVER):
        pass


def test_waiting_for_a_slot_ends_when_cancelled() -> None:
    limiter, cancelled = Limiter(1), threading.Event()
    outcomes: list[str] = []

    def wait() -> None:
        try:
            with limiter.slot(cancelled):
                outcomes.append("got it")
        except Interrupted:
            outcomes.append("interrupted")

    with limiter.slot(cancelled):
        thread = threading.Thread(target=wait)
        thread.start()
        cancelled.set()
        thread.join()
    assert outcomes == ["interrupted"]


def test_growth_lets_one_more_in_and_a_refusal_keeps_out() -> None:
    limiter = Limiter(11)
    with ExitStack() as stack:
        slots = [stack.enter_context(limiter.slot(NEVER)) for _ in range(10)]
        slots[0].succeeded()
        assert limiter.limit == 11
        stack.enter_context(limiter.slot(NEVER)).throttled()
    assert limiter.limit == 8
