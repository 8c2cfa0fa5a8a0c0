"""What others did, as far as the service lets anybody know it: Deployments that no apply of this manifest made.

The service does not say who deployed. But an apply carries over what is not ours as it is, and remembers each Version
that it uploads. So a Build that brings what is not ours, or one of our Assets with a Version that nobody remembers,
came from somebody else (or by `rollback` and `promote`, which take a whole Build). Where the name of an Asset is full,
the memory of an older Version may have made room for a newer one; then nothing is said about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from assetsync.plan.difference import difference
from assetsync.twilio.memory import room

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from assetsync.model import Build, Deployment
    from assetsync.plan.difference import Change
    from assetsync.twilio.snapshot import OwnAsset, Snapshot


@dataclass(frozen=True, slots=True)
class Drift:
    """A Deployment that no apply of this manifest made, and that touched what is ours.

    unknown: paths of ours that it serves with a Version that nobody remembers
    dropped: paths of ours that it took off line
    foreign: paths that it brought or changed and that belong to no manifest, Functions among them
    """

    deployment: Deployment
    unknown: tuple[str, ...]
    dropped: tuple[str, ...]
    foreign: tuple[str, ...]


def drift(history: Sequence[Deployment], builds: Mapping[str, Build], snapshot: Snapshot) -> tuple[Drift, ...]:
    """Among the newest Deployments, newest first (F4.3); the last of them is only what the one after it is told from.

    `builds` are those that the service still keeps (F1.8): a Deployment without its Build, or after such a one, tells
    less.
    """
    found = (_step(newer, older, builds, snapshot) for newer, older in pairwise(history))
    return tuple(each for each in found if each.unknown or (each.foreign and each.dropped))


def unheld(snapshot: Snapshot, held: Collection[str]) -> tuple[OwnAsset, ...]:
    """Our Assets that none of the Builds holds, by label: Twilio collects them (F1.7). `held` are SIDs of Assets."""
    loose = (asset for sid, asset in snapshot.own.items() if sid not in held)
    return tuple(sorted(loose, key=lambda each: (each.label, each.sid)))


def _step(newer: Deployment, older: Deployment, builds: Mapping[str, Build], snapshot: Snapshot) -> Drift:
    after, before = builds.get(newer.build_sid or ""), builds.get(older.build_sid or "")
    if after is None:
        return Drift(newer, (), (), ())
    unknown = tuple(sorted(_unknown(after, before, snapshot)))
    if before is None:
        return Drift(newer, unknown, (), ())
    changes = difference(before, after).changes
    dropped = tuple(each.path for each in changes if each.after is None and each.is_of(snapshot.own))
    foreign = tuple(each.path for each in changes if _is_brought_by_nobody(each, snapshot))
    return Drift(newer, unknown, dropped, foreign)


def _unknown(after: Build, before: Build | None, snapshot: Snapshot) -> Iterator[str]:
    """Paths of ours whose Version came with this Build, and was not forgotten to make room."""
    carried = {version.sid for version in before.asset_versions} if before else set[str]()
    for version in after.asset_versions:
        own = snapshot.own.get(version.asset_sid)
        if own is None or version.sid in carried or own.entry_of(version.sid) is not None:
            continue
        if own.named < room(version.path, snapshot.owner):
            yield version.path


def _is_brought_by_nobody(change: Change, snapshot: Snapshot) -> bool:
    """Whether the Build brings it and no manifest made it: another manifest's apply is no drift."""
    if change.after is None:
        return False
    sid = getattr(change.after, "asset_sid", None)
    return sid is None or (sid not in snapshot.own and sid not in snapshot.owners)
