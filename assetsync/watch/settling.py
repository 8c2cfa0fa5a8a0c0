"""When what was touched is ripe to be looked at: editors save in several steps, checkouts and builds in thousands.

What was touched says when to look, never what is there: the look itself walks the folders.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum

QUIET = 0.1
"""Seconds without a further touch after which things are taken to be at rest."""

SAVED_QUIET, SAVED_ALONE = 0.05, 0.5
"""The same where a file is complete (closed after writing, or renamed to its name), and was not one of a series: so
many seconds before it nothing was touched."""

GONE_QUIET = 0.3
"""The same while something served is missing: many a program deletes a file and writes it again."""

WRITING_QUIET = 3.0
"""The same while somebody has a file open and writes into it: it may be half of what it will be."""

MOST = 1.0
"""Seconds after the first touch when it is looked at anyway."""

MANY, MANY_QUIET, MOST_OF_MANY = 20, 0.3, 5.0
"""From so many paths on it is a checkout or a build that goes on; its own times for being at rest, and anyway."""

MOST_WRITING = 4.0
"""Seconds after the first touch when it is looked at anyway although somebody writes; without what is being written."""


class Kind(Enum):
    """What was seen to happen at a path."""

    WRITING = "writing"
    WRITTEN = "written"
    TOUCHED = "touched"
    GONE = "gone"
    DROPPED = "dropped"
    """What is gone was served to nobody: a draft that an editor renames, or a backup."""


@dataclass(frozen=True, slots=True)
class Touch:
    """at: monotonic seconds."""

    path: str
    kind: Kind
    at: float


@dataclass(slots=True)
class _Pending:
    """What was touched since the last look. first, last: when; quiet: seconds that have to pass after `last`.

    alone: whether nothing was touched shortly before the first of it
    """

    first: float | None = None
    last: float = 0.0
    quiet: float = QUIET
    alone: bool = True
    paths: set[str] = field(default_factory=set)
    writing: dict[str, float] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


class Settling:
    """Gathers touches until it is time to look."""

    def __init__(self) -> None:
        self._pending, self._before = _Pending(), -math.inf
        self._open: dict[str, tuple[float, float]] = {}

    def add(self, touch: Touch) -> None:
        pending = self._pending
        if pending.first is None:
            pending.first, pending.alone = touch.at, touch.at - self._before > SAVED_ALONE
        if touch.at >= pending.last:
            is_save = pending.alone and touch.kind is Kind.WRITTEN
            pending.last, pending.quiet = touch.at, SAVED_QUIET if is_save else QUIET
        pending.paths.add(touch.path)
        if touch.kind is Kind.WRITING:
            pending.writing[touch.path] = touch.at
            self._open[touch.path] = (self._open.get(touch.path, (touch.at, 0.0))[0], touch.at)
        elif touch.kind is not Kind.TOUCHED:
            pending.writing.pop(touch.path, None)
            self._open.pop(touch.path, None)
        if touch.kind is Kind.GONE:
            pending.gone.add(touch.path)
        else:
            pending.gone.discard(touch.path)

    def being_written(self, now: float) -> dict[str, float]:
        """What somebody has open and wrote into just now, since when: it may be half of what it will be."""
        self._open = {path: (since, last) for path, (since, last) in self._open.items() if now - last < WRITING_QUIET}
        return {path: since for path, (since, _) in self._open.items()}

    @property
    def ripe_at(self) -> float | None:
        """Monotonic seconds; None while nothing was touched."""
        pending = self._pending
        if pending.first is None:
            return None
        quiet, most = (MANY_QUIET, MOST_OF_MANY) if len(pending.paths) >= MANY else (pending.quiet, MOST)
        at = min(pending.last + (GONE_QUIET if pending.gone else quiet), pending.first + most)
        if pending.writing:
            at = max(at, min(max(pending.writing.values()) + WRITING_QUIET, pending.first + MOST_WRITING))
        return at

    def take(self) -> float | None:
        """When the first of it was touched; from now on nothing was."""
        taken, self._pending = self._pending, _Pending()
        self._before = max(self._before, taken.last)
        return taken.first
