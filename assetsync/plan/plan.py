"""The plan: an ordered, deterministic value. What is shown, saved, compared, approved and applied is this."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assetsync.plan.actions import Create, Delete, Rename, Restore, Unchanged, Upload
from assetsync.plan.planner import plan_actions
from assetsync.plan.retention import is_stale, kept_versions

if TYPE_CHECKING:
    from assetsync.model import AssetVersion, Dependency, DesiredAsset, FunctionVersion
    from assetsync.plan.actions import Action, Sending, Serving
    from assetsync.plan.board import Verified
    from assetsync.plan.retention import Kept, Window
    from assetsync.twilio.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Target:
    """Where a plan goes. A SID is None where the resource does not exist yet; `base_build` is the live Build."""

    account_sid: str | None
    service: str
    service_sid: str | None
    environment: str
    environment_sid: str | None
    suffix: str | None
    domain: str | None
    base_build: str | None


@dataclass(frozen=True, slots=True)
class Foreign:
    """A live Version that is not ours; `owner` is the manifest that it belongs to, None where no manifest made it."""

    path: str
    asset_sid: str
    version_sid: str
    visibility: str
    owner: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done to make an Environment serve what the manifest says.

    actions: one a path, in path order, unchanged ones too
    carried: foreign Versions that go into the next Build; replaced, dropped: those that are left out of it
    superseded: own live Versions of wanted paths that the next Build does not hold
    functions, dependencies, runtime: what the Build carries over besides (F6.2, F6.9)
    repairs: SIDs of Assets whose names are written again: only this machine's journal remembers the live Version, or
    they are among the unmarked: their names say that it is kept, and it is wanted
    kept: own live Versions of unwanted paths that go into the next Build for pages that are still open; expired: paths
    that were kept until now; marks: all that a name may say of this Environment
    """

    owner: str
    target: Target
    actions: tuple[Action, ...]
    carried: tuple[Foreign, ...] = ()
    replaced: tuple[Foreign, ...] = ()
    dropped: tuple[Foreign, ...] = ()
    superseded: tuple[str, ...] = ()
    functions: tuple[FunctionVersion, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    runtime: str | None = None
    repairs: tuple[str, ...] = ()
    unmarked: frozenset[str] = frozenset()
    kept: tuple[Kept, ...] = ()
    expired: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()

    @property
    def serving(self) -> tuple[Serving, ...]:
        return tuple(action for action in self.actions if not isinstance(action, Delete))

    @property
    def sending(self) -> tuple[Sending, ...]:
        return tuple(action for action in self.actions if isinstance(action, Upload | Rename | Create))

    @property
    def deletes(self) -> tuple[Delete, ...]:
        return tuple(action for action in self.actions if isinstance(action, Delete))

    @property
    def changes(self) -> tuple[Action, ...]:
        return tuple(action for action in self.actions if not isinstance(action, Unchanged))

    @property
    def build_needed(self) -> bool:
        """Something else is to be served than now."""
        return bool(self.changes or self.replaced or self.dropped or self.superseded)

    @property
    def unserves_all(self) -> bool:
        """Nothing is left for a Build: a Deployment without one takes the rest off line (F5.5, F6.1)."""
        return not (self.serving or self.carried or self.functions or self.kept)

    @property
    def summary(self) -> dict[str, int]:
        """Counts by action, in the order in which they are told."""
        kinds = Counter(type(action) for action in self.actions)
        return {
            "create": kinds[Create],
            "upload": kinds[Upload],
            "restore": kinds[Restore],
            "rename": kinds[Rename],
            "delete": kinds[Delete],
            "unchanged": kinds[Unchanged],
            "replaced": len(self.replaced),
            "dropped": len(self.dropped),
            "foreign": len(self.carried),
            "kept": len(self.kept),
        }

    @property
    def bytes_to_send(self) -> int:
        return sum(action.asset.size for action in self.sending)

    @property
    def request_estimate(self) -> int:
        """Requests that `apply` will make, its own new look at the Service left out."""
        if not self.build_needed:
            return len(self.repairs) + (1 if self.repairs else 0)
        new = sum(1 for action in self.sending if isinstance(action, Create) or action.asset_sid is None)
        missing = (self.target.service_sid is None) + (self.target.environment_sid is None)
        names = len(self.sending) + len(self.repairs) + sum(each.mark is not None for each in self.kept)
        release = 2 if self.unserves_all else 6
        return missing + new + len(self.sending) + names + release


def make_plan(
    *,
    target: Target,
    desired: tuple[DesiredAsset, ...],
    snapshot: Snapshot,
    verified: Verified,
    drop_foreign: bool = False,
    runtime: str | None = None,
    window: Window | None = None,
) -> Plan:
    """Decide everything. `runtime` overrides the live Build's where Twilio has retired that (F6.10).

    With a window, what nobody wants any more is kept until its time is up and a Build is made for another reason.
    """
    wanted = {asset.path for asset in desired}
    kept: tuple[Kept, ...] = ()

    def decide(kept: tuple[Kept, ...]) -> Plan:
        actions = plan_actions(desired, snapshot, verified, frozenset(each.version_sid for each in kept))
        return _plan(target, wanted, actions, kept, snapshot, drop_foreign=drop_foreign, runtime=runtime)

    if window is not None:
        plan = decide(kept_versions(wanted, snapshot, window, overdue=True))
        if not plan.build_needed:
            return _with_repairs(plan, snapshot, window)
        kept = kept_versions(wanted, snapshot, window, overdue=False)
    return _with_repairs(decide(kept), snapshot, window)


def _plan(
    target: Target,
    wanted: set[str],
    actions: tuple[Action, ...],
    kept: tuple[Kept, ...],
    snapshot: Snapshot,
    *,
    drop_foreign: bool,
    runtime: str | None,
) -> Plan:
    """The whole, from the actions: what is carried over, what is left out."""
    used = {action.version_sid for action in actions if isinstance(action, Unchanged | Restore)}
    foreign = [
        _foreign(version, snapshot) for version in snapshot.live_versions if version.asset_sid not in snapshot.own
    ]
    remaining = [each for each in foreign if each.path not in wanted]
    own_live = [version for version in snapshot.live_versions if version.asset_sid in snapshot.own]
    live = snapshot.live
    return Plan(
        owner=snapshot.owner,
        target=target,
        actions=actions,
        carried=() if drop_foreign else _in_order(remaining),
        replaced=_in_order([each for each in foreign if each.path in wanted]),
        dropped=_in_order(remaining) if drop_foreign else (),
        superseded=tuple(sorted(v.sid for v in own_live if v.path in wanted and v.sid not in used)),
        functions=tuple(sorted(live.function_versions, key=lambda each: (each.path, each.sid))) if live else (),
        dependencies=tuple(sorted(live.dependencies, key=lambda each: each.name)) if live else (),
        runtime=runtime or (live.runtime if live else None),
        kept=kept,
    )


def _foreign(version: AssetVersion, snapshot: Snapshot) -> Foreign:
    owner = snapshot.owners.get(version.asset_sid)
    return Foreign(version.path, version.asset_sid, version.sid, version.visibility, owner)


def _in_order(found: list[Foreign]) -> tuple[Foreign, ...]:
    return tuple(sorted(found, key=lambda each: (each.path, each.version_sid)))


def _with_repairs(plan: Plan, snapshot: Snapshot, window: Window | None) -> Plan:
    """With the Assets that will be served as they are while their names have forgotten the Version, or say too much."""
    serving = {a.asset_sid: a.version_sid for a in plan.actions if isinstance(a, Unchanged | Restore)}
    unmarked = frozenset(sid for sid in serving if is_stale(snapshot.own[sid], window))
    repairs = (sid for sid, version in serving.items() if sid in unmarked or not snapshot.own[sid].names(version))
    if window is None:
        return replace(plan, repairs=tuple(repairs))
    expired = frozenset(each.path for each in plan.deletes if window.has_marked(snapshot.own[each.asset_sid]))
    marks = frozenset(window.marks)
    return replace(plan, repairs=tuple(repairs), unmarked=unmarked, expired=expired, marks=marks)
