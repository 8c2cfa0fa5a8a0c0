"""What is told once, and how often what failed is tried again."""

from __future__ import annotations

import pytest

from assetsync.errors import (
    ApiError,
    ApplyFailed,
    AssetsyncError,
    BuildFailed,
    Busy,
    Conflict,
    FileFailure,
    InvalidInput,
    Problem,
    ServiceError,
    UsageError,
)
from assetsync.watch.troubles import BUSY_RETRY, BUSY_TRIES, RETRIES, News, Trouble


def problem(*names: str) -> InvalidInput:
    return InvalidInput(tuple(Problem(name, 0, 0, "is wrong") for name in names))


@pytest.mark.parametrize(
    ("first", "second", "news"),
    [
        (ServiceError("after 2 tries"), ServiceError("after 8 tries"), News.SAME),
        (ApiError("no", status=503), ApiError("still no", status=503), News.SAME),
        (ApiError("no", status=503), ApiError("no", status=400), News.NEW),
        (problem("a"), problem("a"), News.SAME),
        (problem("a"), problem("b"), News.NEW),
        (problem("a", "b"), problem("b"), News.AGAIN),
        (problem("a"), problem("a", "b"), News.NEW),
        (UsageError("this"), UsageError("that"), News.NEW),
        (ServiceError("no"), problem("a"), News.NEW),
        (BuildFailed("no"), BuildFailed("no"), News.AGAIN),
    ],
)
def test_the_same_is_told_once(first: AssetsyncError, second: AssetsyncError, news: News) -> None:
    trouble = Trouble()
    assert trouble.came(first)[0] is News.NEW
    assert trouble.came(second)[0] is news


def test_a_run_on_this_machine_is_waited_for_before_it_is_told() -> None:
    trouble = Trouble()
    assert [trouble.came(Busy("another run")) for _ in range(BUSY_TRIES)] == [(News.NOTHING, BUSY_RETRY)] * BUSY_TRIES
    assert not trouble
    assert trouble.came(Busy("another run"))[0] is News.NEW


def test_what_the_service_will_not_have_is_not_sent_again() -> None:
    trouble, refused = Trouble(), FileFailure("/a", "a", "no", refused=True)
    assert trouble.came(ApplyFailed((refused,)))[1] is None
    assert trouble.came(ApplyFailed((refused, FileFailure("/b", "b", "later"))))[1] == RETRIES[0]


def test_the_longer_it_lasts_the_more_seldom_it_is_tried() -> None:
    trouble = Trouble()
    assert [trouble.came(ServiceError("no"))[1] for _ in range(7)] == [*RETRIES, RETRIES[-1], RETRIES[-1]]
    assert trouble.lifted()
    assert not trouble.lifted()
    assert trouble.came(ServiceError("no")) == (News.NEW, RETRIES[0])


def test_what_only_a_change_can_help_is_not_tried_again() -> None:
    trouble = Trouble()
    assert [trouble.came(problem("a"))[1] for _ in range(3)] == [None] * 3
    assert trouble.came(Conflict("somebody else"))[1] == 0.0
    assert trouble.came(Conflict("somebody else"))[1] == RETRIES[1]


def test_a_build_that_fails_is_tried_twice_and_then_with_the_next_change() -> None:
    """An account has some hundred Builds an hour."""
    trouble = Trouble()
    assert [trouble.came(BuildFailed("no"))[1] for _ in range(2)] == [RETRIES[0], None]
