"""Reading a Service: 2 + ceil(Assets / 1000) requests, of which the first two go out together.

A page that fails fails the whole: a partial list must never become a delete (F4.5).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assetsync.errors import MalformedAnswer, NotFound
from assetsync.twilio.memory import parse
from assetsync.twilio.printable import printable
from assetsync.twilio.snapshot import snapshot_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.model import Asset, Build, Environment, Service
    from assetsync.twilio.client import ServerlessClient
    from assetsync.twilio.snapshot import JournalView, Snapshot

_READERS = 8


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything that the first round of requests tells. `service_sid` None: there is no such Service."""

    service_sid: str | None
    service: Service | None = None
    environments: tuple[Environment, ...] = ()
    assets: tuple[Asset, ...] = ()


def read_holdings(client: ServerlessClient, service: str) -> Holdings:
    """Environments and Assets of a Service, by SID or unique name (F7.1: sub-resources take the name as well).

    Raises NotFound for a SID that does not exist; a unique name that does not exist is a value.
    """
    try:
        environments, assets = _lists(client, service)
    except NotFound:
        found = _fetch(client, service)
        if found is None:
            return Holdings(None)
        environments, assets = _lists(client, found.sid)
        return Holdings(found.sid, found, environments, assets)
    if environments:
        return Holdings(environments[0].service_sid, None, environments, assets)
    fetched = client.fetch_service(service)
    return Holdings(fetched.sid, fetched, environments, assets)


def read_environments(client: ServerlessClient, service: str) -> tuple[Environment, ...]:
    """The Environments alone; none where there is no such Service. Raises NotFound for a SID that does not exist."""
    try:
        return _agreeing(service, client.list_environments(service))
    except NotFound:
        found = _fetch(client, service)
        return () if found is None else _agreeing(service, client.list_environments(found.sid))


def read_snapshot(
    client: ServerlessClient,
    holdings: Holdings,
    environment: Environment | None,
    *,
    owner: str,
    journal: Callable[[str], JournalView],
) -> Snapshot:
    """The snapshot for one Environment; the other Environments are not read yet. `journal` is asked by Service SID."""
    sid = holdings.service_sid or ""
    live = client.fetch_build(sid, environment.build_sid) if environment and environment.build_sid else None
    known = {asset.sid for asset in holdings.assets}
    named = {version.asset_sid for version in live.asset_versions} if live else set[str]()
    missing = sorted(named - known)
    late = tuple(asset for each in missing if (asset := _late_asset(client, sid, each)) is not None)
    found = snapshot_of(
        owner=owner,
        service_sid=holdings.service_sid,
        environment=environment,
        environments=holdings.environments,
        live=live,
        assets=(*holdings.assets, *late),
        now=client.service_date,
        journal=journal(sid),
    )
    return replace(found, service=holdings.service)


def read_others(client: ServerlessClient, snapshot: Snapshot) -> Snapshot:
    """The same snapshot with the Service itself and the live Builds of the other Environments (each Build once)."""
    if snapshot.service_sid is None:
        return snapshot.with_others(())
    sid = snapshot.service_sid
    here = snapshot.environment.sid if snapshot.environment else None
    builds = {each.build_sid for each in snapshot.environments if each.sid != here and each.build_sid}
    known: dict[str, Build] = {snapshot.live.sid: snapshot.live} if snapshot.live else {}
    with ThreadPoolExecutor(_READERS) as pool:
        service = pool.submit(client.fetch_service, sid) if snapshot.service is None else None
        fetched = list(pool.map(lambda build: known.get(build) or client.fetch_build(sid, build), sorted(builds)))
    if service is not None:
        snapshot = replace(snapshot, service=service.result())
    return snapshot.with_others(fetched)


def own_sids(holdings: Holdings, owner: str) -> frozenset[str]:
    """The SIDs of the Assets whose names say that they are of this owner."""
    parsed = ((asset.sid, parse(asset.friendly_name)) for asset in holdings.assets)
    return frozenset(sid for sid, memory in parsed if memory is not None and memory.owner == owner)


def check_service(asked: str, found: Service | None) -> None:
    """Raise MalformedAnswer where the Service that would be written to is not the one that was asked for."""
    if found is not None and asked.lower() not in {found.unique_name.lower(), found.sid.lower()}:
        raise MalformedAnswer(
            f"list Environments of Service {printable(asked, limit=80)}: "
            f"they are of the Service {printable(found.unique_name, limit=80)}"
        )


def _lists(client: ServerlessClient, service: str) -> tuple[tuple[Environment, ...], tuple[Asset, ...]]:
    with ThreadPoolExecutor(2) as pool:
        environments = pool.submit(client.list_environments, service)
        assets = pool.submit(client.list_assets, service)
        return _agreeing(service, environments.result()), tuple(assets.result())


def _agreeing(service: str, environments: tuple[Environment, ...]) -> tuple[Environment, ...]:
    """The same. Raises MalformedAnswer where they are of several accounts or Services, or two have one name.

    What is written to is chosen by name, and by the Service that an Environment says it is of.
    """
    names = [each.unique_name for each in environments]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        what = f"two Environments are named {printable(twice, limit=80)}"
    elif len({(each.account_sid, each.service_sid) for each in environments}) > 1:
        what = "the Environments are of more than one account or Service"
    else:
        return environments
    raise MalformedAnswer(
        f"list Environments of Service {printable(service, limit=80)}: {what}",
        hint="Run again; what reads so twice is for Twilio's support.",
    )


def _fetch(client: ServerlessClient, service: str) -> Service | None:
    try:
        return client.fetch_service(service)
    except NotFound:
        if service.startswith("ZS"):
            raise
        return None


def _late_asset(client: ServerlessClient, service: str, asset: str) -> Asset | None:
    """An Asset that the Build names and the list lacks: younger than the list, or gone."""
    try:
        return client.fetch_asset(service, asset)
    except NotFound:
        return None
