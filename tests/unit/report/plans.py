"""Plans to show: one with everything in it, and one full of names that want to break the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.model import DesiredAsset, FunctionVersion
from assetsync.plan.actions import Create, Delete, Reason, Rename, Restore, Unchanged, Upload
from assetsync.plan.plan import Foreign, Plan
from tests.unit.plan.scene import OWNER, TARGET, Scene, want
from tests.unit.plan.test_planner import everything, everything_planned
from tests.unit.twilio.sids import sid

if TYPE_CHECKING:
    from assetsync.plan.actions import Action

FUNCTION = FunctionVersion(sid("ZN", 77), sid("ZH", 77), "/f", "public")


def full_plan() -> Plan:
    scene = Scene()
    everything(scene)
    scene.functions = (FUNCTION,)
    return everything_planned(scene)


def large_plan(count: int) -> Plan:
    """So many of each kind of action, and of foreign Assets dropped and replaced."""
    actions: list[Action] = []
    for number in range(count):
        path = f"/{number:05}"
        asset = want(path, "x" * 2000)
        actions += [
            Create(asset, (Reason.NEW,)),
            Upload(asset, sid("ZH"), (Reason.CONTENT,)),
            Restore(asset, sid("ZH"), sid("ZN"), (Reason.CONTENT,)),
            Rename(asset, f"/old{path}", None, (Reason.NEW,)),
            Delete(path, "public", sid("ZH"), sid("ZN")),
            Unchanged(asset, sid("ZH"), sid("ZN")),
        ]
    foreign = tuple(Foreign(f"/f{n:05}", sid("ZH"), sid("ZN"), "public", None) for n in range(count))
    return Plan(OWNER, TARGET, tuple(actions), replaced=foreign, dropped=foreign)


def odd_plan(path: str, target_name: str = "my-site") -> Plan:
    """Every place of a plan that shows what somebody else may have written bears `path`."""
    from dataclasses import replace

    asset: DesiredAsset = want("/a")
    foreign = (Foreign(path, sid("ZH"), sid("ZN"), "public", None),)
    return Plan(
        OWNER,
        replace(TARGET, service=target_name, domain=path, environment="production"),
        (Delete(path, "public", sid("ZH"), sid("ZN")), Rename(asset, path, None, (Reason.NEW,))),
        carried=foreign,
        replaced=foreign,
        dropped=foreign,
        functions=(FUNCTION,),
        runtime=path,
    )
