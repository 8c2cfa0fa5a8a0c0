"""What is told once, and how often what failed is tried again."""

from __future__ import annotations

import pytest

from assetsync.errors import (
    ApiError,
    AssetsyncError,
    BuildFailed,
    Conflict,
    InvalidInput,
    Problem,
    ServiceError,
    UsageError,
)
from assetsync.watch.troubles import RETRIES, Trouble


def problem(name: str) -> InvalidInput:
    return InvalidInput((Problem(name, 0, 0, "is wrong"),))


@pytest.mark.parametrize(
    ("first", "second", "is_news"),
    [
        (ServiceError("after 2 tries"), ServiceError("after 8 tries"), False),
        (ApiError("no", status=503), ApiError("still no", status=503), False),
        (ApiError("no", status=503), ApiError("no", status=400), True),
        (problem("a"), problem("a"), False),
        (problem("a"), problem("b"), True),
        (UsageError("this"), UsageError("that"), True),
        (ServiceError("no"), problem("a"), True),
    ],
)
def test_the_same_is_told_once(first: AssetsyncError, second: AssetsyncError, is_news: bool) -> None:
    trouble = Trouble()
    assert trouble.came(first)[0]
    assert trouble.came(second)[0] is is_news


def test_the_longer_it_lasts_the_more_seldom_it_is_tried() -> None:
    trouble = Trouble()
    assert [trouble.came(ServiceError("no"))[1] for _ in range(7)] == [*RETRIES, RETRIES[-1], RETRIES[-1]]
    assert trouble.lifted()
    assert not trouble.lifted()
    assert trouble.came(ServiceError("no")) == (True, RETRIES[0])


def test_what_only_a_change_can_help_is_not_tried_again() -> None:
    trouble = Trouble()
    assert [trouble.came(problem("a"))[1] for _ in range(3)] == [None] * 3
    assert trouble.came(Conflict("somebody else"))[1] == 0.0
    assert trouble.came(Conflict("somebody else"))[1] == RETRIES[1]


def test_a_build_that_fails_is_tried_twice_and_then_with_the_next_change() -> None:
    """An account has some hundred Builds an hour."""
    trouble = Trouble()
    assert [trouble.came(BuildFailed("no"))[1] for _ in range(2)] == [RETRIES[0], None]
