"""`gc --explain ASSET`: what holds an Asset, and why gc would delete it or would not. Nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assetsync.errors import NotFound, UsageError
from assetsync.plan.collection import Verdicts
from assetsync.plan.holding import assets_of, holding_of, paths_like
from assetsync.report.line import Line, Style
from assetsync.report.units import moment, span
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from assetsync.model import AssetVersion
    from assetsync.plan.collection import Inventory, Terms
    from assetsync.plan.holding import HeldVersion, Holding
    from assetsync.twilio.client import ServerlessClient


def explained(
    asked: str, client: ServerlessClient, service: str, seen: Inventory, leaving: Collection[str], terms: Terms
) -> tuple[Holding, ...]:
    """Each Asset that is meant. `leaving`: Environments that gc would delete before. Raises UsageError for none."""
    found = assets_of(asked, seen)
    if not found:
        like = paths_like(asked, seen)
        hint = f"did you mean {', '.join(like)}?" if like else "name it by its SID (ZH...) or by its URL path"
        raise UsageError(f"the Service has no Asset {printable(asked, limit=80)}", hint=hint)
    verdicts = Verdicts(seen.without(leaving), terms)

    def versions(sid: str) -> tuple[AssetVersion, ...]:
        try:
            return client.list_versions(service, sid)
        except NotFound:
            return ()

    return tuple(holding_of(each, versions(each.sid), seen, verdicts) for each in found)


def lines(found: tuple[Holding, ...], owner: str, now: datetime) -> Iterator[Line]:
    for each in found:
        yield Line(f"{printable(each.name.partition(' [as1 ')[0])}  {each.sid}", Style.BOLD)
        yield Line(f"  {_whose(each, owner)}; made {_when(each.created, now)}, last named {_when(each.updated, now)}")
        for version in each.versions:
            yield from _version_lines(version, now)
        if not each.versions:
            yield Line("  it has no Version")
        if each.reasons:
            yield Line("  gc leaves it alone:", Style.GOOD)
            yield from (Line(f"    {printable(reason, limit=400)}") for reason in each.reasons)
        else:
            yield Line("  gc would delete it now: nothing holds it, and it is old enough.", Style.REMOVE)


def document(found: tuple[Holding, ...]) -> list[dict[str, Any]]:
    return [
        {
            "sid": each.sid,
            "friendly_name": each.name,
            "owner": each.owner,
            "ours": each.ours,
            "created": _iso(each.created),
            "updated": _iso(each.updated),
            "versions": [
                {
                    "sid": version.sid,
                    "path": version.path,
                    "visibility": version.visibility,
                    "created": _iso(version.created),
                    "remembered": version.remembered,
                    "builds": [
                        {"sid": held.build_sid, "created": _iso(held.created), "live_in": list(held.live_in)}
                        for held in version.holders
                    ],
                }
                for version in each.versions
            ],
            "would_delete": not each.reasons,
            "reasons": list(each.reasons),
        }
        for each in found
    ]


def _version_lines(version: HeldVersion, now: datetime) -> Iterator[Line]:
    known = "" if version.remembered else ", not remembered"
    what = f"{printable(version.path)} {version.visibility}{known}, uploaded {_when(version.created, now)}"
    yield Line(f"  Version {version.sid}: {what}")
    for held in version.holders:
        live = f"live in {', '.join(map(printable, held.live_in))}" if held.live_in else "not live"
        yield Line(f"    in Build {held.build_sid}, {live}")
    if not version.holders:
        yield Line("    in no Build")


def _whose(each: Holding, owner: str) -> str:
    if each.ours:
        return f"ours ({owner})"
    if each.owner == owner:
        return "not ours, whatever its name says"
    return "foreign" if each.owner is None else f"of the manifest {each.owner}"


def _when(date: datetime | None, now: datetime) -> str:
    return "at an unknown time" if date is None else f"{moment(date)} ({span((now - date).total_seconds())} ago)"


def _iso(date: datetime | None) -> str | None:
    return date.isoformat() if date else None
