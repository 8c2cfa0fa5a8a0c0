"""Numbers as people read them, at the edges of every unit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assetsync.report.units import duration, moment, plural, short_sid, size, span


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1229, "1.2 KiB"),
        (10188, "9.9 KiB"),
        (10239, "10 KiB"),
        (10240, "10 KiB"),
        (1023 * 1024, "1023 KiB"),
        (1024**2 - 1, "1.0 MiB"),
        (1024**2, "1.0 MiB"),
        (34 * 1024**2, "34 MiB"),
        (1024**3, "1.0 GiB"),
        (1024**4, "1.0 TiB"),
        (1024**5, "1024 TiB"),
        (25_000_000, "24 MiB"),
    ],
)
def test_a_size_in_the_unit_that_keeps_it_short(count: int, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (12.4, "12 s"),
        (59.4, "59 s"),
        (59.7, "1 min 0 s"),
        (185, "3 min 5 s"),
        (3600, "60 min 0 s"),
    ],
)
def test_a_duration(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_one_is_singular_and_nought_is_not() -> None:
    assert [plural(count, "file") for count in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


def test_an_account_sid_is_shown_by_its_ends() -> None:
    assert short_sid("AC00112233445566778899aabbccddeeff") == "AC0011...eeff"
    assert short_sid(None) == "unknown"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 min"),
        (59.9, "0 min"),
        (60, "1 min"),
        (3_599, "59 min"),
        (3_600, "1 h"),
        (3_660, "1 h 1 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d"),
        (86_400 + 59 * 60, "1 d"),
        (7 * 86_400 - 1, "6 d 23 h"),
        (365 * 86_400, "365 d"),
    ],
)
def test_a_long_time_in_its_largest_unit_and_the_next(seconds: float, shown: str) -> None:
    assert span(seconds) == shown


def test_a_moment_to_the_minute() -> None:
    assert moment(datetime(2026, 11, 30, 12, 5, 59, tzinfo=UTC)) == "2026-11-30 12:05 UTC"
