"""Collecting leftovers: our own Assets that no Build of the Service holds, and, on request, old Builds before them.

Foreign Assets are never looked at, and nothing younger than a day by the service's clock is touched: a pipeline may
be about to use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from assetsync.errors import ApiError, Interrupted, ServiceError
from assetsync.twilio.snapshot import JournalView, snapshot_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from datetime import datetime

    from assetsync.model import Asset, Build, Environment
    from assetsync.twilio.client import ServerlessClient
    from assetsync.twilio.snapshot import OwnAsset

MIN_AGE = timedelta(days=1)


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
    """What may go: Builds by SID, oldest first, and Assets; young ones, counted, are left alone for their age alone."""

    builds: tuple[str, ...]
    assets: tuple[Doomed, ...]
    young: int = 0
    young_builds: int = 0


@dataclass(frozen=True, slots=True)
class Swept:
    """What went; `refused` holds a sentence for each thing that the service kept."""

    builds: tuple[str, ...]
    assets: tuple[Doomed, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that a sweep is decided from. `now` is the service's clock."""

    owner: str
    assets: tuple[Asset, ...]
    builds: tuple[Build, ...]
    environments: tuple[Environment, ...]
    now: datetime


def take_inventory(client: ServerlessClient, service: str, owner: str) -> Inventory:
    """Raises ServiceError when any page fails: what was not seen must not be deleted."""
    assets = client.list_assets(service)
    builds = client.list_builds(service)
    environments = client.list_environments(service)
    if client.service_date is None:
        raise ServiceError("the service tells no time, and nothing is deleted by another clock")
    return Inventory(owner, tuple(assets), tuple(builds), tuple(environments), client.service_date)


def decide(inventory: Inventory, *, builds_keep: int | None) -> Sweep:
    """What may go. `builds_keep` None leaves every Build alone; N keeps the newest N besides the live ones."""
    own = snapshot_of(
        owner=inventory.owner,
        service_sid=None,
        environment=None,
        live=None,
        assets=inventory.assets,
        now=inventory.now,
        journal=JournalView(),
    )
    ours = own.with_others(inventory.builds).own
    live = {each.build_sid for each in inventory.environments}
    surplus = _surplus_builds(inventory, live, set(ours), builds_keep)
    old_builds = tuple(sid for created, sid in surplus if _is_old(created, inventory.now))
    held = {
        version.asset_sid
        for build in inventory.builds
        if build.sid not in old_builds
        for version in build.asset_versions
    }
    loose = [asset for asset in inventory.assets if asset.sid in ours and asset.sid not in held]
    old = [asset for asset in loose if _is_old(asset.date_updated, inventory.now)]
    doomed = tuple(_doomed(ours[asset.sid]) for asset in sorted(old, key=lambda each: each.sid))
    return Sweep(old_builds, doomed, len(loose) - len(old), len(surplus) - len(old_builds))


def sweep(client: ServerlessClient, service: str, owner: str, decided: Sweep, stop: threading.Event) -> Swept:
    """Delete what was decided and is still right: the Service is looked at again before the Assets go.

    Nothing further is deleted once `stop` is set, or when the service fails; what was deleted by then is told.
    """
    builds: list[str] = []
    assets: list[Doomed] = []
    refused: list[str] = []
    try:
        for sid in decided.builds:
            if stop.is_set() or not _deleted(refused, f"Build {sid}", client.delete_build, service, sid):
                continue
            builds.append(sid)
        inventory = take_inventory(client, service, owner)
        again = {each.sid for each in decide(inventory, builds_keep=None).assets}
        for each in decided.assets:
            if stop.is_set():
                refused.append(f"{each.label} ({each.sid}) was not reached")
                continue
            kept = "it is in use again" if each.sid not in again else _kept(client, service, each, inventory.now)
            if kept:
                refused.append(f"{each.label} ({each.sid}) stays: {kept}")
            elif _deleted(refused, f"Asset {each.sid} ({each.label})", client.delete_asset, service, each.sid):
                assets.append(each)
    except (ServiceError, Interrupted) as error:
        refused.append(f"the rest was not reached: {error.message}")
    return Swept(tuple(builds), tuple(assets), tuple(refused))


def _surplus_builds(
    inventory: Inventory, live: set[str | None], ours: set[str], keep: int | None
) -> list[tuple[datetime, str]]:
    """Builds that no Environment uses, that hold something of ours, beyond the newest `keep`, oldest first."""
    if keep is None:
        return []
    idle = [
        (build.date_created, build.sid)
        for build in inventory.builds
        if build.sid not in live
        and build.date_created is not None
        and any(version.asset_sid in ours for version in build.asset_versions)
    ]
    return sorted(idle)[: max(0, len(idle) - keep)]


def _doomed(asset: OwnAsset) -> Doomed:
    return Doomed(asset.sid, asset.label, frozenset(entry.version_sid for entry in asset.entries))


def _is_old(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now - moment > MIN_AGE


def _kept(client: ServerlessClient, service: str, each: Doomed, now: datetime) -> str | None:
    """Why an Asset must stay after all, as its own Versions tell; None where it may go.

    A young Version is a pipeline's that has not made its Build yet. A name that tells of Versions of which none is
    here was copied from another Asset.
    """
    versions = client.list_versions(service, each.sid)
    if any(not _is_old(version.date_created, now) for version in versions):
        return "a version is younger than a day"
    if each.versions and each.versions.isdisjoint(version.sid for version in versions):
        return "its name tells of versions that are not its own"
    return None


def _deleted(refused: list[str], what: str, delete: Callable[[str, str], None], service: str, sid: str) -> bool:
    try:
        delete(service, sid)
    except ApiError as error:
        refused.append(f"{what} stays: {error.message}")
        return False
    return True
