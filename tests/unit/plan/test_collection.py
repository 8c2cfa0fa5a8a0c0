"""How an age is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assetsync.plan.collection import age_in_words


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(days=1), "a day"),
        (timedelta(days=14), "14 days"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(minutes=1501), "1501 minutes"),
    ],
)
def test_an_age_is_told_in_the_largest_unit_that_fits(age: timedelta, words: str) -> None:
    assert age_in_words(age) == words
