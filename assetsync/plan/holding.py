"""What holds an Asset: its Versions, the Builds that hold them, where those are live, and why `gc` leaves it. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, assert_never

from assetsync.plan.collection import Stay, age_in_words, kept_by_versions
from assetsync.twilio.memory import label_of, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from assetsync.model import Asset, AssetVersion, Build
    from assetsync.plan.collection import Inventory, Verdicts


@dataclass(frozen=True, slots=True)
class Holder:
    """A Build that holds a Version. `live_in`: the names of the Environments that serve it now."""

    build_sid: str
    created: datetime | None
    live_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldVersion:
    """One Version of an Asset. `remembered`: the Asset's name tells what is in it."""

    sid: str
    path: str
    visibility: str
    created: datetime | None
    remembered: bool
    holders: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """An Asset with everything that holds it.

    owner: the manifest that its name tells of, None where it tells of none; ours: it does, and it is true
    reasons: why gc leaves it alone, in sentences; it would delete it now where there is none
    """

    sid: str
    name: str
    owner: str | None
    ours: bool
    created: datetime | None
    updated: datetime | None
    versions: tuple[HeldVersion, ...]
    reasons: tuple[str, ...]


def assets_of(asked: str, inventory: Inventory) -> tuple[Asset, ...]:
    """The Asset of this SID, or every one that bears this path: by its name, or by a Version in some Build."""
    serving = {v.asset_sid for build in inventory.builds for v in build.asset_versions if v.path == asked}
    return tuple(each for each in inventory.assets if asked == each.sid or each.sid in serving or _bears(each, asked))


def paths_like(asked: str, inventory: Inventory) -> tuple[str, ...]:
    """The paths in names and in Builds that somebody may have meant."""
    memories = (parse(asset.friendly_name) for asset in inventory.assets)
    known = {memory.label for memory in memories if memory is not None}
    known |= {version.path for build in inventory.builds for version in build.asset_versions}
    return tuple(get_close_matches(asked, sorted(known), n=3))


def holding_of(asset: Asset, versions: tuple[AssetVersion, ...], seen: Inventory, verdicts: Verdicts) -> Holding:
    """`seen` is all that there is; the verdicts may be about what is left after previews have ended."""
    memory = parse(asset.friendly_name)
    named = frozenset(each.version_sid for each in memory.entries) if memory else frozenset[str]()
    holders = _holders(asset, seen)
    held = (
        HeldVersion(v.sid, v.path, v.visibility, v.date_created, v.sid in named, tuple(holders[v.sid]))
        for v in versions
    )
    ours = asset.sid in verdicts.own
    reasons = (
        *_reasons(asset, verdicts),
        *(kept_by_versions(named, versions, seen.now, verdicts.terms) if ours else ()),
    )
    return Holding(
        asset.sid,
        asset.friendly_name,
        memory.owner if memory else None,
        ours,
        asset.date_created,
        asset.date_updated,
        tuple(held),
        reasons,
    )


def _holders(asset: Asset, seen: Inventory) -> dict[str, list[Holder]]:
    """By Version."""
    found: dict[str, list[Holder]] = defaultdict(list)
    for build in seen.builds:
        live_in = tuple(each.unique_name for each in seen.environments if each.build_sid == build.sid)
        for version in build.asset_versions:
            if version.asset_sid == asset.sid:
                found[version.sid].append(Holder(build.sid, build.date_created, live_in))
    return found


def _bears(asset: Asset, path: str) -> bool:
    memory = parse(asset.friendly_name)
    return asset.friendly_name == path if memory is None else memory.label == label_of(path, memory.owner)


def _reasons(asset: Asset, verdicts: Verdicts) -> Iterator[str]:
    owner = verdicts.inventory.owner
    whys = verdicts.of_asset(asset)
    if Stay.OTHER_MANIFESTS in whys:
        yield f"it belongs to the manifest {verdicts.owners[asset.sid]}, not to {owner}"
    if Stay.FOREIGN in whys:
        memory = parse(asset.friendly_name)
        yield f"its name is not one that {owner} gave" if memory is None else "its name was copied from another Asset"
    for build in verdicts.holders.get(asset.sid, ()):
        why = [*_build_reasons(build, verdicts)]
        if why:
            yield f"Build {build.sid} holds it: {', '.join(why)}"
    if Stay.YOUNG in whys:
        yield f"it was made or named less than {age_in_words(verdicts.terms.older_than)} ago"


def _build_reasons(build: Build, verdicts: Verdicts) -> Iterator[str]:
    terms = verdicts.terms
    for why in verdicts.builds[build.sid]:
        match why:
            case Stay.FOREIGN | Stay.OTHER_MANIFESTS | Stay.HELD:
                yield "nothing in it is ours"
            case Stay.LIVE:
                yield f"live in {', '.join(verdicts.live[build.sid])}"
            case Stay.NOT_ASKED_FOR:
                if build.sid not in verdicts.live:
                    yield "old Builds go with --builds-keep only"
            case Stay.ROLLBACK:
                yield "the next rollback goes there"
            case Stay.NEWEST:
                yield f"among the newest {terms.builds_keep}"
            case Stay.YOUNG:
                yield f"younger than {age_in_words(terms.older_than)}"
            case _:
                assert_never(why)
