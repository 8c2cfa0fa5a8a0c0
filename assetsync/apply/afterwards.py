"""What a Service holds after an apply, without asking it: the snapshot that the next plan of a watch is made on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from assetsync.twilio.memory import parse
from assetsync.twilio.snapshot import OwnAsset

if TYPE_CHECKING:
    from assetsync.apply.applier import Outcome
    from assetsync.twilio.memory import Entry
    from assetsync.twilio.snapshot import Snapshot


def snapshot_after(snapshot: Snapshot, outcome: Outcome) -> Snapshot | None:
    """The snapshot that `outcome` made of the one that was planned on; None where the service has to be asked.

    So it is after the first apply of an Environment, when nothing is served any more, and where something is uncertain.
    """
    if outcome.warnings or snapshot.environment is None:
        return None
    live = snapshot.live
    if outcome.deployment_sid is not None:
        live = outcome.build
        if live is None or not live.asset_versions:
            return None
    environment = replace(snapshot.environment, build_sid=live.sid if live else None)
    return replace(
        snapshot,
        environment=environment,
        environments=tuple(environment if each.sid == environment.sid else each for each in snapshot.environments),
        live=live,
        own={**snapshot.own, **{sid: _named(sid, name, snapshot.own.get(sid)) for sid, name in outcome.names.items()}},
        assets=snapshot.assets | outcome.names.keys(),
    )


def _named(sid: str, name: str, before: OwnAsset | None) -> OwnAsset:
    """An Asset of ours whose name is certain. One that was not there before was made by this run."""
    memory = parse(name)
    said: tuple[Entry, ...] = memory.entries if memory else ()
    label = memory.label if memory else name
    marks = memory.marks if memory else ()
    if before is None:
        return OwnAsset(sid, label, said, named=len(said), idle=True, newborn=True, marks=marks)
    more = tuple(entry for entry in before.entries if entry not in said)
    return replace(before, label=label, entries=(*said, *more), named=len(said), marks=marks)
