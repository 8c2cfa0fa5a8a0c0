"""What `status` finds out: in brief in a handful of requests, else in a few more, however many files there are."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from assetsync.cli.environment_view import environment_document, missing_document
from assetsync.meant import match_environment
from assetsync.plan.drift import drift, unheld
from assetsync.plan.limits import BUILDS_AN_HOUR, ENVIRONMENTS, SERVICES, Use, use_of_build
from assetsync.twilio.survey import read_holdings, read_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assetsync.cli.session import Session
    from assetsync.manifest.model import Manifest
    from assetsync.model import Build, Deployment
    from assetsync.plan.drift import Drift
    from assetsync.twilio.client import ServerlessClient
    from assetsync.twilio.snapshot import Snapshot
    from assetsync.twilio.survey import Holdings

MOST_BUILDS = 150
"""Builds that are looked at: three pages. Of so many or more, nobody can say that an Asset is in none."""

DEPLOYMENTS = 11
"""Ten, and the one before them to tell what they changed."""

_HOUR = timedelta(hours=1)
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Builds:
    """What the Builds of a Service tell.

    kept: those that were deployed lately, by SID; held: SIDs of all Assets that any of them holds
    last_hour: how many were made in the last hour, by the service's clock; whole: whether all of them were seen
    """

    kept: dict[str, Build]
    held: frozenset[str]
    last_hour: int
    whole: bool


def look(manifest: Manifest, session: Session, *, brief: bool) -> dict[str, Any]:
    """The whole document."""
    holdings = read_holdings(session.client, manifest.service)
    found: dict[str, Any] = {
        "service": {"sid": holdings.service_sid, "unique_name": manifest.service},
        "environment": None,
        "errors": [],
    }
    if not brief:
        found["environments"] = [environment_document(each, session) for each in holdings.environments]
    environment = match_environment(manifest, holdings.environments)
    if environment is None:
        return found | {"environment": missing_document(manifest.environment.name) | {"deployed_at": None}}
    client = session.client
    snapshot = read_snapshot(client, holdings, environment, owner=manifest.name, journal=session.journal.view)
    history = client.list_deployments(environment.service_sid, environment.sid, limit=1 if brief else DEPLOYMENTS)
    newest = history[0].date_created if history else None
    about = environment_document(environment, session) | {"deployed_at": newest.isoformat() if newest else None}
    found |= {"account_sid": environment.account_sid, "environment": about} | _holds(snapshot)
    return found if brief else found | _wider(client, holdings, snapshot, history)


def _holds(snapshot: Snapshot) -> dict[str, Any]:
    """Whose assets the live Build serves, and how open they are."""
    live = snapshot.live_versions
    ours = [version for version in live if version.asset_sid in snapshot.own]
    unknown = sorted(v.path for v in ours if snapshot.own[v.asset_sid].entry_of(v.sid) is None)
    counts = Counter(version.visibility for version in live)
    return {
        "assets": {
            "ours": len(ours),
            "unknown": unknown,
            "foreign": len(live) - len(ours),
            "owners": sorted({snapshot.owners[v.asset_sid] for v in live if v.asset_sid in snapshot.owners}),
            "kept": len(snapshot.own) - len({version.asset_sid for version in ours}),
            "visibilities": {name: counts[name] for name in ("public", "protected", "private")},
        },
        "functions": len(snapshot.live.function_versions) if snapshot.live else 0,
        "runtime": snapshot.live.runtime if snapshot.live else None,
    }


def _wider(
    client: ServerlessClient, holdings: Holdings, snapshot: Snapshot, history: Sequence[Deployment]
) -> dict[str, Any]:
    """Drift, limits and what Twilio will collect: four requests at most."""
    sid = holdings.service_sid or ""
    with ThreadPoolExecutor(1) as background:
        counting = background.submit(client.list_services)
        builds = _read_builds(client, sid, {each.build_sid for each in history if each.build_sid})
        services = len(counting.result())
    kept = builds.kept | ({snapshot.live.sid: snapshot.live} if snapshot.live else {})
    uses = (
        ("public_and_protected", use_of_build(snapshot.live_versions)[0]),
        ("private", use_of_build(snapshot.live_versions)[1]),
        ("environments", Use("Environments", len(holdings.environments), ENVIRONMENTS)),
        ("services", Use("Services", services, SERVICES)),
        ("builds_last_hour", Use("Builds in the last hour", builds.last_hour, BUILDS_AN_HOUR)),
    )
    return {
        "drift": {
            "unknown": _holds(snapshot)["assets"]["unknown"],
            "looked_at": max(0, len(history) - 1),
            "deployments": [_drift_document(each) for each in drift(history, kept, snapshot)],
        },
        "limits": [
            {"name": name, "what": use.what, "used": use.used, "limit": use.limit, "short": use.is_short}
            | {"at_least": name == "builds_last_hour" and not builds.whole}
            for name, use in uses
        ],
        "retention": _retention(snapshot, builds),
    }


def _read_builds(client: ServerlessClient, service: str, wanted: Iterable[str]) -> Builds:
    """One after the other: a Build names all that it holds, and nobody needs all of them at once."""
    names = frozenset(wanted)
    kept: dict[str, Build] = {}
    held: set[str] = set()
    made = []
    for build in islice(client.each_build(service), MOST_BUILDS):
        made.append(build.date_created)
        held |= {version.asset_sid for version in build.asset_versions}
        if build.sid in names:
            kept[build.sid] = build
    now = client.service_date
    last_hour = sum(each is not None and now is not None and now - each < _HOUR for each in made)
    return Builds(kept, frozenset(held), last_hour, whole=len(made) < MOST_BUILDS)


def _drift_document(each: Drift) -> dict[str, Any]:
    created = each.deployment.date_created
    return {
        "sid": each.deployment.sid,
        "build_sid": each.deployment.build_sid,
        "created": created.isoformat() if created else None,
        "unknown": list(each.unknown),
        "dropped": list(each.dropped),
        "foreign": list(each.foreign),
    }


def _retention(snapshot: Snapshot, builds: Builds) -> dict[str, Any] | None:
    """Our Assets that no Build holds; None where not every Build was seen, so that nobody knows."""
    if not builds.whole:
        return None
    loose = unheld(snapshot, builds.held)
    return {"unheld": len(loose), "paths": [each.label for each in loose[:_SHOWN]]}
