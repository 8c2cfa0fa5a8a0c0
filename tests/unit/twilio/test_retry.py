from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetsync.twilio.printable import printable
from assetsync.twilio.retry import Again, RetryPolicy, SystemClock, http_date, may_repeat, next_delay, retry_after
from assetsync.twilio.tally import Meter, Tally

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@given(
    attempt=st.integers(1, 20),
    elapsed=st.floats(0, 1000),
    asked=st.none() | st.floats(-10, 100_000),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_a_wait_is_never_shorter_than_asked_never_longer_than_bounded(
    attempt: int, elapsed: float, asked: float | None, chance: float
) -> None:
    policy = RetryPolicy()
    delay = next_delay(policy, attempt=attempt, elapsed=elapsed, retry_after=asked, chance=chance)
    if delay is None:
        assert attempt >= 8 or elapsed > 300 - 120 - 30
        return
    assert attempt < 8
    assert elapsed + delay <= 300
    assert (
        min(max(asked or 0, 0), 120) <= delay < min(max(asked or 0, 0), 120) + min(30, 0.5 * 2 ** (attempt - 1)) + 1e-6
    )


def test_back_off_doubles_up_to_its_cap() -> None:
    policy = RetryPolicy(tries=20, total=10_000)
    waits = [next_delay(policy, attempt=n, elapsed=0, retry_after=None, chance=0.5) for n in range(1, 10)]
    assert waits == [0.25, 0.5, 1, 2, 4, 8, 15, 15, 15]


@pytest.mark.parametrize(
    ("again", "repeatable", "wanted"),
    [
        (Again.ALWAYS, False, True),
        (Again.IF_REPEATABLE, True, True),
        (Again.IF_REPEATABLE, False, False),
        (Again.NEVER, True, False),
    ],
)
def test_what_may_be_repeated(again: Again, repeatable: bool, wanted: bool) -> None:
    assert may_repeat(again, repeatable=repeatable) is wanted


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        (" 0 ", 0.0),
        ("9" * 400, 999_999_999.0),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
        ("Thu, 01 Jan 2026 12:00:30 -0000", 30.0),
        ("soon", None),
        ("-5", None),
        ("\u0661", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


def test_an_http_date_is_read_as_utc() -> None:
    assert http_date("Thu, 01 Jan 2026 13:00:00 +0100") == NOW
    assert http_date("Thu, 01 Jan 99999 13:00:00 GMT") is None


def test_the_real_clock_waits_until_it_is_cancelled() -> None:
    clock, cancelled = SystemClock(), threading.Event()
    before = clock.monotonic()
    clock.wait(0.001, cancelled)
    assert clock.monotonic() > before
    assert 0 <= clock.chance() < 1
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    cancelled.set()
    clock.wait(3600, cancelled)


def test_the_tally_adds_up_over_threads() -> None:
    meter = Meter()

    def count() -> None:
        for _ in range(500):
            meter.add(requests=1, retries=2, bytes_sent=3)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert meter.tally == Tally(4000, 8000, 12000)


@given(st.text(max_size=2000), st.integers(1, 100))
def test_foreign_text_becomes_one_short_line_that_no_terminal_obeys(text: str, limit: int) -> None:
    shown = printable(text, limit=limit)
    assert shown.isprintable()
    assert len(shown) <= limit * 10 + 4
    if text.isprintable() and text == " ".join(text.split()) and len(text) <= limit:
        assert shown == text
