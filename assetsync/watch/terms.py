"""What a watch is given: its bounds, its hands in the world, and what is typed while it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.watch.quota import BUILDS_AN_HOUR

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.errors import ApplyFailed
    from assetsync.local.scan import Selected
    from assetsync.model import DesiredTree
    from assetsync.plan.safety import Consent
    from assetsync.watch.happenings import Tell


@dataclass(frozen=True, slots=True)
class Answer:
    """A line that was typed while the watch goes on."""

    text: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """consents: given for the whole watch; builds_an_hour: None without end; poll: look every so many seconds."""

    consents: tuple[Consent, ...] = ()
    builds_an_hour: int | None = BUILDS_AN_HOUR
    poll: float | None = None


@dataclass(frozen=True, slots=True)
class Hands:
    """What the loop needs of the world.

    read: hash the selected files; distrust: forget hashes that were not true
    is_heard: whether anybody still gets what is told; glance: called now and then, to look round in the world
    now, wall: seconds, monotonic and not
    """

    read: Callable[[Selected], DesiredTree]
    distrust: Callable[[Selected, ApplyFailed], None]
    tell: Tell
    is_heard: Callable[[], bool]
    glance: Callable[[], None]
    now: Callable[[], float]
    wall: Callable[[], float]
