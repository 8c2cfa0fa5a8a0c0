"""What a Service holds and serves at one moment, as a value that the planner can decide on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from assetsync.twilio.memory import Entry, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from assetsync.model import Asset, AssetVersion, Build, Environment, Service

IDLE_AFTER = timedelta(hours=1)
"""An Asset that nobody serves may be written to once it has been left alone for this long: it is in nobody's hands."""


@dataclass(frozen=True, slots=True)
class JournalView:
    """What this machine remembers of a Service: entries by Asset SID, newest first, and the Assets it made."""

    entries: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    made: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class OwnAsset:
    """An Asset whose name bears our memory with our owner.

    entries: those of the name, then those that only the journal has
    named: how many of them the name holds
    idle: this machine made it, or nobody touched it for an hour by the service's clock
    newborn: this machine made it within the hour, so that to everybody else it is not idle
    marks: since when Environments keep what nobody wants (`memory.mark_of`)
    """

    sid: str
    label: str
    entries: tuple[Entry, ...]
    named: int
    idle: bool
    newborn: bool = False
    marks: tuple[str, ...] = ()

    def entry_of(self, version_sid: str) -> Entry | None:
        return next((each for each in self.entries if each.version_sid == version_sid), None)

    def names(self, version_sid: str) -> bool:
        return any(each.version_sid == version_sid for each in self.entries[: self.named])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The Service as the plan for one Environment sees it.

    service: as fetched, None where it was not needed; service_sid, environment: None where they do not exist yet
    live: None where nothing is deployed
    own: our Assets by SID; owners: the owner of each foreign Asset that another manifest made
    environments: every Environment of the Service
    others: the live Builds of the other Environments; None while they have not been read
    assets: the SIDs of all Assets, whoever's they are
    """

    owner: str
    service: Service | None
    service_sid: str | None
    environment: Environment | None
    live: Build | None
    own: Mapping[str, OwnAsset] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    environments: tuple[Environment, ...] = ()
    others: tuple[Build, ...] | None = None
    assets: frozenset[str] = frozenset()

    @property
    def live_versions(self) -> tuple[AssetVersion, ...]:
        return self.live.asset_versions if self.live else ()

    @property
    def served_elsewhere(self) -> frozenset[str]:
        """The SIDs of the Assets that other Environments serve."""
        return frozenset(version.asset_sid for build in self.others or () for version in build.asset_versions)

    def with_others(self, others: Iterable[Build]) -> Snapshot:
        """The same with the other Environments' live Builds known, and copied names found out by them."""
        known = tuple(others)
        own = _without_copies(self.own, (*self.live_versions, *(v for b in known for v in b.asset_versions)))
        return replace(self, own=own, others=known)


def snapshot_of(
    *,
    owner: str,
    service_sid: str | None,
    environment: Environment | None,
    environments: tuple[Environment, ...] = (),
    live: Build | None,
    assets: Iterable[Asset],
    now: datetime | None,
    journal: JournalView,
) -> Snapshot:
    """Sort the Assets of a Service into ours and foreign ones. `now` is the service's clock, None when unknown."""
    own: dict[str, OwnAsset] = {}
    owners: dict[str, str] = {}
    seen = tuple(assets)
    for asset in seen:
        memory = parse(asset.friendly_name)
        if memory is None:
            continue
        if memory.owner != owner:
            owners[asset.sid] = memory.owner
            continue
        extra = tuple(each for each in journal.entries.get(asset.sid, ()) if each not in memory.entries)
        made_here = asset.sid in journal.made
        own[asset.sid] = OwnAsset(
            asset.sid,
            memory.label,
            (*memory.entries, *extra),
            named=len(memory.entries),
            idle=made_here or _is_past(asset.date_updated, now),
            newborn=made_here and _is_recent(asset.date_created, now),
            marks=memory.marks,
        )
    own = _without_copies(own, live.asset_versions if live else ())
    sids = frozenset(asset.sid for asset in seen)
    return Snapshot(owner, None, service_sid, environment, live, own, owners, environments, assets=sids)


def _is_recent(date: datetime | None, now: datetime | None) -> bool:
    return now is not None and date is not None and now - date < IDLE_AFTER


def _is_past(date: datetime | None, now: datetime | None) -> bool:
    return now is not None and date is not None and now - date >= IDLE_AFTER


def _without_copies(own: Mapping[str, OwnAsset], seen: Iterable[AssetVersion]) -> dict[str, OwnAsset]:
    """Drop the Assets whose name claims a Version that is seen to belong to another Asset: the name was copied."""
    belongs = {version.sid: version.asset_sid for version in seen}
    return {
        sid: asset
        for sid, asset in own.items()
        if all(belongs.get(each.version_sid, sid) == sid for each in asset.entries)
    }
