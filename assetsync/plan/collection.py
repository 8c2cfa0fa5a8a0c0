"""What may be collected: our own Assets that no Build holds, on request old Builds before them. Pure.

Everything else stays, for reasons that are named: the same that are counted, and that `gc --explain` tells.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

from assetsync.twilio.snapshot import JournalView, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Collection as Several
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from assetsync.model import Asset, AssetVersion, Build, Environment

MIN_AGE = timedelta(days=1)
"""Nothing younger is ever collected: a pipeline may be about to use it."""


class Stay(StrEnum):
    """Why an Asset or a Build stays. Of several the first in this order is the one that is counted.

    other_manifests, foreign: it is, or a Build holds nothing of ours; live: some Environment serves it
    not_asked_for: no Build goes without --builds-keep; rollback: an Environment's way back leads there
    newest: one of those that --builds-keep keeps; held: a Build that stays holds it; young: younger than the age
    """

    OTHER_MANIFESTS = "other_manifests"
    FOREIGN = "foreign"
    LIVE = "live"
    NOT_ASKED_FOR = "not_asked_for"
    ROLLBACK = "rollback"
    NEWEST = "newest"
    HELD = "held"
    YOUNG = "young"


@dataclass(frozen=True, slots=True)
class Terms:
    """What was asked for. `builds_keep` None leaves every Build alone; N keeps the newest N besides the live ones.

    older_than: at least MIN_AGE; what is younger is not touched, whatever else was asked for
    """

    builds_keep: int | None = None
    older_than: timedelta = MIN_AGE

    @property
    def looks_back(self) -> bool:
        """Whether the Build that a rollback would go to is kept."""
        return bool(self.builds_keep)

    def is_old(self, moment: datetime | None, now: datetime) -> bool:
        return moment is not None and now - moment > self.older_than


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that a sweep is decided from. `now` is the service's clock.

    ways_back: by Environment the Builds that a rollback of it might go to next
    """

    owner: str
    assets: tuple[Asset, ...]
    builds: tuple[Build, ...]
    environments: tuple[Environment, ...]
    now: datetime
    ways_back: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def without(self, leaving: Several[str]) -> Inventory:
        """The same as if the Environments of these SIDs were deleted already."""
        left = tuple(each for each in self.environments if each.sid not in leaving)
        ways = {sid: builds for sid, builds in self.ways_back.items() if sid not in leaving}
        return replace(self, environments=left, ways_back=ways)


@dataclass(frozen=True, slots=True)
class Doomed:
    """An own Asset that nothing holds.

    label: the path that its name bears; versions: the SIDs of the Versions that its name tells of
    """

    sid: str
    label: str
    versions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sweep:
    """What may go: Builds by SID, oldest first, and Assets; what stays, counted by the first reason."""

    builds: tuple[str, ...]
    assets: tuple[Doomed, ...]
    builds_stay: Mapping[Stay, int] = field(default_factory=dict)
    assets_stay: Mapping[Stay, int] = field(default_factory=dict)

    @property
    def young(self) -> int:
        """How many Assets stay for their age alone."""
        return self.assets_stay.get(Stay.YOUNG, 0)

    @property
    def young_builds(self) -> int:
        return self.builds_stay.get(Stay.YOUNG, 0)


def decide(inventory: Inventory, terms: Terms) -> Sweep:
    """What may go, and how much stays for which reason."""
    return Verdicts(inventory, terms).sweep()


class Verdicts:
    """Why each Build and each Asset stays; what has no reason to goes.

    own: our Assets by SID, without those whose name was copied; owners: of each Asset of another manifest
    live: the names of the Environments by the Build that they serve; holders: the Builds that hold an Asset, by its SID
    builds: why each Build stays
    """

    def __init__(self, inventory: Inventory, terms: Terms) -> None:
        self.inventory, self.terms = inventory, terms
        seen = snapshot_of(
            owner=inventory.owner,
            service_sid=None,
            environment=None,
            live=None,
            assets=inventory.assets,
            now=inventory.now,
            journal=JournalView(),
        )
        self.own, self.owners = seen.with_others(inventory.builds).own, seen.owners
        self.live: dict[str, list[str]] = defaultdict(list)
        for each in inventory.environments:
            if each.build_sid is not None:
                self.live[each.build_sid].append(each.unique_name)
        self.holders: dict[str, list[Build]] = defaultdict(list)
        for build in inventory.builds:
            for sid in dict.fromkeys(version.asset_sid for version in build.asset_versions):
                self.holders[sid].append(build)
        self._back = frozenset[str]().union(*inventory.ways_back.values()) if terms.looks_back else frozenset[str]()
        self._newest = self._newest_builds()
        self.builds = {build.sid: tuple(self._why_build(build)) for build in inventory.builds}

    def of_asset(self, asset: Asset) -> tuple[Stay, ...]:
        """As far as can be told without its own Versions (`kept_by_versions`)."""
        return tuple(self._why_asset(asset))

    def sweep(self) -> Sweep:
        going = (build for build in self.inventory.builds if not self.builds[build.sid])
        builds = _by_date(sorted(going, key=attrgetter("sid")))
        whys = {asset.sid: self.of_asset(asset) for asset in self.inventory.assets}
        doomed = (self.own[sid] for sid, why in sorted(whys.items()) if not why)
        return Sweep(
            tuple(builds),
            tuple(Doomed(own.sid, own.label, frozenset(each.version_sid for each in own.entries)) for own in doomed),
            Counter(why[0] for why in self.builds.values() if why),
            Counter(why[0] for why in whys.values() if why),
        )

    def _is_ours(self, build: Build) -> bool:
        return any(version.asset_sid in self.own for version in build.asset_versions)

    def _newest_builds(self) -> frozenset[str]:
        """Of the dated ones that no Environment uses, that hold something of ours and that could be gone back to.

        Dates tell seconds (F4.4): of several of one second the one that a rollback goes to counts as the newest.
        """
        idle = [each for each in self.inventory.builds if each.sid not in self.live and self._is_ours(each)]
        idle = [each for each in idle if each.status == "completed"]
        ranked = _by_date(sorted(idle, key=lambda each: (each.sid in self._back, each.sid)))
        return frozenset(ranked[max(0, len(ranked) - (self.terms.builds_keep or 0)) :])

    def _why_build(self, build: Build) -> Iterator[Stay]:
        if not self._is_ours(build):
            yield Stay.FOREIGN
        if build.sid in self.live:
            yield Stay.LIVE
        if self.terms.builds_keep is None:
            yield Stay.NOT_ASKED_FOR
        if build.sid in self._back:
            yield Stay.ROLLBACK
        if build.sid in self._newest:
            yield Stay.NEWEST
        if not self.terms.is_old(build.date_created, self.inventory.now):
            yield Stay.YOUNG

    def _why_asset(self, asset: Asset) -> Iterator[Stay]:
        holders = self.holders.get(asset.sid, ())
        if asset.sid in self.owners:
            yield Stay.OTHER_MANIFESTS
        elif asset.sid not in self.own:
            yield Stay.FOREIGN
        if any(build.sid in self.live for build in holders):
            yield Stay.LIVE
        if any(self.builds[build.sid] and build.sid not in self.live for build in holders):
            yield Stay.HELD
        if not self.terms.is_old(asset.date_updated or asset.date_created, self.inventory.now):  # null is never (F4.4)
            yield Stay.YOUNG


def kept_by_versions(
    named: Several[str], versions: Iterable[AssetVersion], now: datetime, terms: Terms
) -> Iterator[str]:
    """Why an Asset must stay after all, as its own Versions tell; `named` are those that its name tells of.

    A young Version is a pipeline's that has not made its Build yet. A name that tells of Versions of which none is
    here was copied from another Asset, or Twilio has collected them and will collect it too (F1.7).
    """
    there = tuple(versions)
    if any(not terms.is_old(version.date_created, now) for version in there):
        yield f"a version is younger than {age_in_words(terms.older_than)}"
    if named and not {version.sid for version in there}.intersection(named):
        yield "it has none of the versions that its name tells of"


def age_in_words(age: timedelta) -> str:
    """`a day`, `14 days`, `36 hours`."""
    hours, rest = divmod(int(age.total_seconds()), 3600)
    if rest:
        return f"{int(age.total_seconds()) // 60} minutes"
    if age == MIN_AGE:
        return "a day"
    return f"{hours} hours" if hours % 24 else f"{hours // 24} days"


def _by_date(builds: Iterable[Build]) -> list[str]:
    """The SIDs of those that tell a date, the oldest first; of one second in the order in which they come."""
    dated = [(each.date_created, each.sid) for each in builds if each.date_created]
    return [sid for _, sid in sorted(dated, key=itemgetter(0))]
