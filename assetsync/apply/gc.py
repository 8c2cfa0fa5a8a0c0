"""Collecting leftovers: our own Assets that no Build of the Service holds, and, on request, old Builds before them.

Foreign Assets are never looked at, and nothing younger than a day by the service's clock is touched: a pipeline may
be about to use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from assetsync.errors import ApiError, ServiceError
from assetsync.twilio.snapshot import JournalView, snapshot_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from assetsync.model import Asset, AssetVersion, Build, Environment
    from assetsync.twilio.client import ServerlessClient

MIN_AGE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Doomed:
    """An own Asset that nothing holds; `label` is the path that its name bears."""

    sid: str
    label: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """What may go: Builds by SID, oldest first, and Assets; `young`: left alone for their age alone."""

    builds: tuple[str, ...]
    assets: tuple[Doomed, ...]
    young: int = 0


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
    old_builds = _old_builds(inventory, live, set(ours), builds_keep)
    held = {
        version.asset_sid
        for build in inventory.builds
        if build.sid not in old_builds
        for version in build.asset_versions
    }
    loose = [asset for asset in inventory.assets if asset.sid in ours and asset.sid not in held]
    old = [asset for asset in loose if _is_old(asset.date_updated, inventory.now)]
    doomed = tuple(Doomed(asset.sid, ours[asset.sid].label) for asset in sorted(old, key=lambda each: each.sid))
    return Sweep(old_builds, doomed, len(loose) - len(old))


def sweep(client: ServerlessClient, service: str, owner: str, decided: Sweep, stop: threading.Event) -> Swept:
    """Delete what was decided and is still right: the Service is looked at again before the Assets go.

    Nothing further is deleted once `stop` is set.
    """
    refused: list[str] = []
    builds = tuple(
        sid for sid in decided.builds if _deleted(refused, f"Build {sid}", client.delete_build, service, sid)
    )
    again = {each.sid for each in decide(take_inventory(client, service, owner), builds_keep=None).assets}
    now = client.service_date
    assets = []
    for each in decided.assets:
        if stop.is_set():
            refused.append(f"{each.label} ({each.sid}) was not reached")
        elif each.sid not in again or now is None or not _untouched(client.list_versions(service, each.sid), now):
            refused.append(f"{each.label} ({each.sid}) is in use again")
        elif _deleted(refused, f"Asset {each.sid} ({each.label})", client.delete_asset, service, each.sid):
            assets.append(each)
    return Swept(builds, tuple(assets), tuple(refused))


def _old_builds(inventory: Inventory, live: set[str | None], ours: set[str], keep: int | None) -> tuple[str, ...]:
    """Builds that no Environment uses, that hold something of ours, beyond the newest `keep`, oldest first."""
    if keep is None:
        return ()
    idle = [
        (build.date_created, build.sid)
        for build in inventory.builds
        if build.sid not in live
        and build.date_created is not None
        and any(version.asset_sid in ours for version in build.asset_versions)
    ]
    surplus = sorted(idle)[: max(0, len(idle) - keep)]
    return tuple(sid for created, sid in surplus if _is_old(created, inventory.now))


def _is_old(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now - moment > MIN_AGE


def _untouched(versions: Iterable[AssetVersion], now: datetime) -> bool:
    """No Version is younger than a day: a pipeline that uploads at this moment has not made its Build yet."""
    return all(_is_old(version.date_created, now) for version in versions)


def _deleted(refused: list[str], what: str, delete: Callable[[str, str], None], service: str, sid: str) -> bool:
    try:
        delete(service, sid)
    except ApiError as error:
        refused.append(f"{what} stays: {error.message}")
        return False
    return True
