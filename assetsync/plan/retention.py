"""The skew window: what the folders have no more is served a little longer, for pages that are still open.

A page that was loaded before a release asks for the bundles of before. `retain: {builds: N}` carries the own Versions
of unwanted paths into the next N Builds. Since when a Version is kept stands in its Asset's name (`memory.mark_of`):
the last Build that wanted it, so that any machine can count the Builds that came after.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.twilio.memory import label_of, mark_of, room_for_marks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from assetsync.model import Deployment
    from assetsync.twilio.snapshot import OwnAsset, Snapshot


@dataclass(frozen=True, slots=True)
class Window:
    """So many Builds; `marks` stand for the Builds that were live here, the live one first, each once."""

    builds: int
    marks: tuple[str, ...]

    def age(self, own: OwnAsset) -> int:
        """How many Builds were live since the last that wanted it; 0 where nobody has kept it here yet."""
        return next((age for age, mark in enumerate(self.marks) if mark in own.marks), 0)

    def has_marked(self, own: OwnAsset) -> bool:
        """Whether this Environment keeps it, or did; marks of others count for nothing here."""
        return not set(own.marks).isdisjoint(self.marks)


@dataclass(frozen=True, slots=True)
class Kept:
    """An own live Version of a path that nobody wants any more, which goes into the next Build all the same.

    builds: how many of the next Builds hold it, the one that is planned among them; 0 where its time is up
    mark: what its name has to say, None where it says so already
    """

    path: str
    visibility: str
    asset_sid: str
    version_sid: str
    builds: int
    mark: str | None


def window_of(builds: int, environment_sid: str, history: Iterable[Deployment]) -> Window:
    """`history` is newest first (F4.3)."""
    live = dict.fromkeys(each.build_sid for each in history if each.build_sid)
    return Window(builds, tuple(mark_of(environment_sid, build) for build in live))


def kept_versions(wanted: Collection[str], snapshot: Snapshot, window: Window, *, overdue: bool) -> tuple[Kept, ...]:
    """The own live Versions of unwanted paths that are kept, in path order; `overdue` ones too where that is asked for.

    A path that is too long for a mark beside it is not kept: it would be for ever.
    """
    found = []
    for version in sorted(snapshot.live_versions, key=lambda each: (each.path, each.sid)):
        own = snapshot.own.get(version.asset_sid)
        if own is None or version.path in wanted or not room_for_marks(version.path, snapshot.owner):
            continue
        age = window.age(own)
        if age < window.builds or overdue:
            mark = None if window.has_marked(own) else window.marks[0]
            builds = max(window.builds - age, 0)
            found.append(Kept(version.path, version.visibility, own.sid, version.sid, builds, mark))
    return tuple(found)


def is_stale(own: OwnAsset, window: Window | None) -> bool:
    """Whether a wanted Asset's name says that this Environment keeps it: it was kept once, and is wanted again."""
    return window is not None and window.has_marked(own)


def is_asked_for(wanted: Collection[str], snapshot: Snapshot) -> bool:
    """Whether a window matters: something is served that nobody wants, or what is wanted bears a mark."""
    labels = {label_of(path, snapshot.owner) for path in wanted}
    return any(v.path not in wanted and v.asset_sid in snapshot.own for v in snapshot.live_versions) or any(
        own.marks and own.label in labels for own in snapshot.own.values()
    )
