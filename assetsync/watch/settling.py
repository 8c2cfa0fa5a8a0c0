"""When what was touched is ripe to be looked at: editors save in several steps, checkouts and builds in thousands.

What was touched says when to look, never what is there: the look itself walks the folders.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

QUIET = 0.1
"""Seconds without a further touch after which things are taken to be at rest."""

SAVED_QUIET = 0.05
"""The same where the last touch was that a file is complete: it was closed after writing, or renamed to its name."""

GONE_QUIET = 0.3
"""The same while something served is missing: many a program deletes a file and writes it again."""

WRITING_QUIET = 0.5
"""The same while somebody has a file open and writes into it: it may be half of what it will be."""

MOST = 1.0
"""Seconds after the first touch when it is looked at anyway."""

MANY, MANY_QUIET, MOST_OF_MANY = 20, 0.3, 5.0
"""From so many paths on it is a checkout or a build that goes on; its own times for being at rest, and anyway."""

MOST_WRITING = 10.0
"""The same while somebody writes: a large file that is being copied."""


class Kind(Enum):
    """What was seen to happen at a path."""

    WRITING = "writing"
    WRITTEN = "written"
    TOUCHED = "touched"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Touch:
    """at: monotonic seconds."""

    path: str
    kind: Kind
    at: float


class Settling:
    """What was touched since the last look."""

    def __init__(self) -> None:
        self._first: float | None = None
        self._last, self._quiet = 0.0, QUIET
        self._paths: set[str] = set()
        self._writing: dict[str, float] = {}
        self._gone: set[str] = set()

    def add(self, touch: Touch) -> None:
        if self._first is None:
            self._first = touch.at
        if touch.at >= self._last:
            self._last, self._quiet = touch.at, SAVED_QUIET if touch.kind is Kind.WRITTEN else QUIET
        self._paths.add(touch.path)
        if touch.kind is Kind.WRITING:
            self._writing[touch.path] = touch.at
        elif touch.kind is not Kind.TOUCHED:
            self._writing.pop(touch.path, None)
        if touch.kind is Kind.GONE:
            self._gone.add(touch.path)
        else:
            self._gone.discard(touch.path)

    @property
    def ripe_at(self) -> float | None:
        """Monotonic seconds; None while nothing was touched."""
        if self._first is None:
            return None
        quiet, most = (MANY_QUIET, MOST_OF_MANY) if len(self._paths) >= MANY else (self._quiet, MOST)
        at = min(self._last + (GONE_QUIET if self._gone else quiet), self._first + most)
        if self._writing:
            at = max(at, min(max(self._writing.values()) + WRITING_QUIET, self._first + MOST_WRITING))
        return at

    def take(self) -> float | None:
        """When the first of it was touched; from now on nothing was."""
        first = self._first
        self.__init__()  # type: ignore[misc]
        return first
