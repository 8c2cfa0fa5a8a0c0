"""How things stand with a watch, in a few words: the status line, while nothing goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assetsync.plan.safety import unanswered
from assetsync.report.units import plural
from assetsync.twilio.printable import printable
from assetsync.watch.happenings import (
    AsItIs,
    Failed,
    Gathering,
    Live,
    ManifestRead,
    Overtaken,
    Paused,
    Recovered,
    Resumed,
)

if TYPE_CHECKING:
    from assetsync.watch.happenings import Happening

_LONGEST = 60
"""Characters of an error."""


@dataclass(frozen=True, slots=True)
class Standing:
    """live: the last that became so; wrong: what keeps the newest from being so; manifest: whether it is broken."""

    live: str = "watching"
    wrong: str | None = None
    manifest: bool = False

    def __str__(self) -> str:
        if self.wrong is not None:
            return self.wrong
        return f"{self.live}, by an older manifest: the new one is broken" if self.manifest else self.live


def standing(happening: Happening, before: Standing) -> Standing:
    """How things stand after it."""
    match happening:
        case Live():
            return replace(before, live=_live(happening), wrong=None)
        case Failed(manifest=True):
            return replace(before, manifest=True)
        case Failed():
            return replace(before, wrong=f"NOT live: {printable(happening.error.message, limit=_LONGEST)}")
        case Paused():
            figures = " and ".join(str(each.observed) for each in unanswered(happening.refusals))
            return replace(before, wrong=f"PAUSED: {figures} to agree to")
        case Gathering():
            until = time.strftime("%H:%M:%S", time.localtime(time.time() + happening.seconds))
            return replace(before, wrong=f"gathering changes until {until}")
        case Overtaken():
            return replace(before, live="somebody else deployed")
        case ManifestRead():
            return replace(before, manifest=False, wrong=None)
        case Recovered() | Resumed() | AsItIs():
            return replace(before, wrong=None)
        case _:
            return before


def _live(happening: Live) -> str:
    took = "live" if happening.seconds is None else f"live in {happening.seconds:.2f} s"
    left = happening.builds_left
    return took if left is None else f"{took}, {plural(left, 'Build')} left this hour"
