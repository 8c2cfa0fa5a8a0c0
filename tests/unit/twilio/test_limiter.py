from __future__ import annotations

import threading
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetsync.errors import Interrupted
from assetsync.twilio.limiter import Limiter, Window, after_success, after_throttling, opened

NEVER = threading.Event()


@given(st.integers(1, 60), st.lists(st.sampled_from(["begin", "ok", "429"]), max_size=400))
def test_the_window_stays_in_bounds_and_moves_for_a_reason_only(ceiling: int, steps: list[str]) -> None:
    """Law: 1 <= limit <= ceiling; it grows by one only after `limit` successes begun since the last change by a 429,
    and halves only for a 429 of a request that began after the last halving.
    """
    window = opened(ceiling)
    assert window.limit == min(10, ceiling)
    on_the_way: deque[tuple[int, int]] = deque()  # (epoch, how many halvings an observer had counted)
    halvings = successes = 0
    for step in steps:
        before = window
        if step == "begin":
            on_the_way.append((window.epoch, halvings))
            continue
        if not on_the_way:
            continue
        epoch, counted = on_the_way.popleft()
        window = after_success(window, epoch) if step == "ok" else after_throttling(window, epoch)
        fresh = counted == halvings
        assert 1 <= window.limit <= ceiling
        if step == "429" and fresh:
            assert window.limit == max(1, before.limit // 2)
            halvings, successes = halvings + 1, 0
        elif step == "ok" and fresh and before.limit < ceiling:
            successes += 1
            assert window.limit == before.limit + (successes == before.limit)
            successes = 0 if window.limit > before.limit else successes
        else:
            assert window.limit == before.limit


def test_a_burst_of_refusals_halves_once() -> None:
    window = opened(50)
    for _ in range(10):
        window = after_throttling(window, 0)
    assert window.limit == 5


def test_it_finds_its_way_back_to_the_ceiling() -> None:
    window = Window(1, 50)
    for _ in range(sum(range(1, 50))):
        window = after_success(window, 0)
    assert window.limit == 50
    assert after_success(window, 0) == window


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


def test_growth_lets_one_more_in() -> None:
    limiter = Limiter(11)
    for _ in range(10):
        with limiter.slot(NEVER) as slot:
            slot.succeeded()
    assert limiter.limit == 11
    with limiter.slot(NEVER) as slot:
        slot.throttled()
    assert limiter.limit == 5
