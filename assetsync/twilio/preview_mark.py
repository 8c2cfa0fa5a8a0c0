"""The mark of a preview: how it is known which Environments are ours to delete, and when.

An Environment has no free text but its names, which cannot change (F7.4), so the mark is a Variable of it (F1.12):

    ASSETSYNC_PREVIEW = as1 <owner> <expiry>        expiry = 2026-11-30T12:00:00Z

The expiry is by the service's clock, in UTC, to the second. The parser accepts exactly what the writer writes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assetsync.model import Variable

KEY = "ASSETSYNC_PREVIEW"
_VALUE = re.compile(
    r"as1 (?P<owner>[a-z0-9-]{1,32})"
    r" (?P<expiry>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})Z"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """Whose preview it is, and until when. `expiry` is in UTC, in whole seconds."""

    owner: str
    expiry: datetime


def write(mark: Mark) -> str:
    """The value of the Variable."""
    return f"as1 {mark.owner} {mark.expiry.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def parse(value: str) -> Mark | None:
    """The mark in a value; None for one that we did not write."""
    match = _VALUE.fullmatch(value)
    if match is None:
        return None
    try:
        return Mark(match["owner"], datetime.fromisoformat(match["expiry"]).replace(tzinfo=UTC))
    except ValueError:
        return None


def marks_among(variables: Iterable[Variable]) -> tuple[Variable, ...]:
    """The Variables that bear the mark's key, whoever wrote them: one, unless the service keeps several of a key."""
    return tuple(each for each in variables if each.key == KEY)


def mark_in(variables: Iterable[Variable]) -> Mark | None:
    """The mark of an Environment with these Variables; None where there is none, or where one is not ours to read.

    Of several the one that ends last counts, where they are all of one owner.
    """
    found = [parse(each.value) for each in marks_among(variables)]
    marks = [mark for mark in found if mark is not None]
    if len(marks) != len(found) or len({mark.owner for mark in marks}) != 1:
        return None
    return max(marks, key=lambda mark: mark.expiry)
