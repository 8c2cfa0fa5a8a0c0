"""What is wrong at the moment, so that it is told once, and tried again the more seldom the longer it lasts."""

from __future__ import annotations

from enum import Enum

from assetsync.errors import (
    ApiError,
    ApplyFailed,
    AssetsyncError,
    BuildFailed,
    Busy,
    Conflict,
    InvalidInput,
    Problem,
    ServiceError,
    UsageError,
)

RETRIES = (2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds until what failed is tried again; the last one over and over."""

BUSY_RETRY, BUSY_TRIES = 0.5, 20
"""Seconds until it is tried again, and how often before it is told, where another run on this machine is at work."""


class News(Enum):
    """What there is to say of a failure."""

    NEW = "new"
    """All of it."""
    AGAIN = "again"
    """That less is wrong than before, or that it is not tried any more."""
    SAME = "same"
    """That it is as before, to somebody who waits."""
    NOTHING = "nothing"


class Trouble:
    """Nothing is wrong at first."""

    def __init__(self) -> None:
        self._is_about: object = None
        self._problems: frozenset[Problem] = frozenset()
        self._tries = self._busy = 0

    def __bool__(self) -> bool:
        return self._is_about is not None

    def came(self, error: AssetsyncError) -> tuple[News, float | None]:
        """What there is to say, and after how many seconds it is tried again; None where only a change helps."""
        self._busy = self._busy + 1 if isinstance(error, Busy) else 0
        if 0 < self._busy <= BUSY_TRIES:
            return News.NOTHING, BUSY_RETRY
        is_about = _is_about(error)
        if is_about != self._is_about:
            self._tries = 0
        retry = self._retry(error)
        problems = frozenset(error.problems) if isinstance(error, InvalidInput) else frozenset()
        if is_about == self._is_about:
            news = News.AGAIN if retry is None and self._tries else News.SAME
        else:
            news = News.AGAIN if problems and problems < self._problems else News.NEW
        self._is_about, self._problems = is_about, problems
        self._tries = 0 if retry is None else self._tries + 1
        return news, retry

    def lifted(self) -> bool:
        """Whether there was something; from now on there is not."""
        was, self._is_about, self._problems = bool(self), None, frozenset()
        self._tries = self._busy = 0
        return was

    def _retry(self, error: AssetsyncError) -> float | None:
        if isinstance(error, InvalidInput | UsageError):
            return None
        if isinstance(error, ApplyFailed) and all(each.refused for each in error.failures):
            return None
        if isinstance(error, BuildFailed) and self._tries:  # it is the content: an account has few Builds an hour
            return None
        if isinstance(error, Conflict) and not self._tries:
            return 0.0
        return RETRIES[min(self._tries, len(RETRIES) - 1)]


def _is_about(error: AssetsyncError) -> object:
    """The same for what a person would call the same; counts of tries and SIDs in the sentence do not matter."""
    match error:
        case InvalidInput():
            return InvalidInput, error.problems
        case ApplyFailed():
            return ApplyFailed, frozenset(each.source for each in error.failures)
        case ApiError():
            return type(error), error.status, error.code
        case ServiceError():
            return (type(error),)
        case _:
            return type(error), error.message
