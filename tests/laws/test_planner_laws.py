"""Laws of the planner over generated Services, against what the Versions truly hold.

`Truth` is the model: what was once uploaded, by Version. It is known to these laws only; the planner sees friendly
names, live Builds and the answers to its own questions.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from assetsync.model import Asset, AssetVersion, Build, DesiredAsset
from assetsync.plan.actions import Create, Rename, Restore, Unchanged, Upload
from assetsync.plan.board import Verified
from assetsync.plan.plan import Plan, make_plan
from assetsync.plan.planner import candidates
from assetsync.twilio.memory import write
from assetsync.twilio.snapshot import JournalView, Snapshot, snapshot_of
from tests.unit.plan.scene import LONG, OWNER, PRODUCTION, TARGET, entry_for, sha256_of, want
from tests.unit.twilio.sids import sid

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PATHS = ["/a", "/b", "/d/a", "/d/b", LONG]
# Few of each, the usual one most often, so that Assets, Versions and wishes meet.
KINDS = st.tuples(
    st.sampled_from(["one", "one", "two", "two", "one#of the same digest"]),
    st.sampled_from(["public"] * 4 + ["private"]),
    st.sampled_from(["text/plain"] * 4 + ["text/html"]),
)
REMEMBERED = st.sampled_from(["name"] * 4 + ["journal", "nowhere"])


@dataclass(frozen=True)
class Truth:
    """What one Version is, and whether it is still there."""

    sid: str
    asset: str
    path: str
    content: str
    visibility: str
    content_type: str
    remembered: str
    exists: bool

    def version(self) -> AssetVersion:
        return AssetVersion(self.sid, self.asset, self.path, self.visibility)

    def equals(self, wanted: DesiredAsset) -> bool:
        return self.serves_as(wanted) and self.content == str(wanted.file)

    def serves_as(self, wanted: DesiredAsset) -> bool:
        """Equal as far as the digest tells, which is what `unchanged` asks for."""
        return (self.path, self.content.partition("#")[0], self.visibility, self.content_type) == (
            wanted.path,
            str(wanted.file).partition("#")[0],
            wanted.visibility,
            wanted.content_type,
        )


@dataclass
class Holding:
    """One Asset of the model. `kind` is ours, shop (another owner's) or tool (another tool's, or a copied name)."""

    sid: str
    kind: str
    label: str
    truths: list[Truth]
    here: Truth | None
    elsewhere: Truth | None
    idle: bool
    made: bool
    copied: str | None = None

    @property
    def name(self) -> str:
        if self.kind == "tool":
            return self.copied or self.label
        told = [entry_for(each.content, each.sid, each.content_type) for each in self.in_name]
        return write(self.label, OWNER if self.kind == "ours" else "shop", told)

    @property
    def in_name(self) -> list[Truth]:
        """A name of LONG holds one entry; the others hold three at least, and no Asset has more Versions."""
        told = [each for each in self.truths if each.remembered == "name"]
        return told[:1] if self.label == LONG else told

    @property
    def remembered(self) -> list[Truth]:
        return self.in_name + [each for each in self.truths if each.remembered == "journal"]


@dataclass
class Model:
    holdings: list[Holding]
    desired: tuple[DesiredAsset, ...]

    @property
    def ours(self) -> dict[str, Holding]:
        return {each.sid: each for each in self.holdings if each.kind == "ours"}

    @property
    def truth(self) -> dict[str, Truth]:
        return {each.sid: each for holding in self.holdings for each in holding.truths}

    @property
    def live(self) -> list[Truth]:
        return [each.here for each in self.holdings if each.here]

    def snapshot(self, shuffle: random.Random | None = None) -> Snapshot:
        def mixed(found: list[Any]) -> list[Any]:
            return shuffle.sample(found, len(found)) if shuffle else found

        journal = JournalView(
            {
                each.sid: tuple(
                    entry_for(one.content, one.sid, one.content_type)
                    for one in each.truths
                    if one.remembered == "journal"
                )
                for each in self.holdings
            },
            frozenset(each.sid for each in self.holdings if each.made),
        )
        here = [each.here.version() for each in self.holdings if each.here]
        there = [each.elsewhere.version() for each in self.holdings if each.elsewhere]
        return snapshot_of(
            owner=OWNER,
            service_sid=sid("ZS"),
            environment=PRODUCTION,
            environments=(PRODUCTION,),
            live=Build(sid("ZB"), "completed", tuple(mixed(here))),
            assets=mixed(
                [Asset(each.sid, each.name, NOW - timedelta(hours=2 if each.idle else 0)) for each in self.holdings]
            ),
            now=NOW,
            journal=journal,
        ).with_others((Build(sid("ZB", 1), "completed", tuple(mixed(there))),))

    def verified(self, snapshot: Snapshot) -> Verified:
        found = candidates(self.desired, snapshot)
        versions = {}
        for each in found:
            truth = self.truth[each.version_sid]
            versions[truth.sid] = truth.version() if truth.exists and truth.asset == each.asset_sid else None
        asked = {each.path for each in found}
        return Verified(versions, {each.path: sha256_of(str(each.file)) for each in self.desired if each.path in asked})

    def plan(self, shuffle: random.Random | None = None) -> Plan:
        snapshot = self.snapshot(shuffle)
        desired = tuple(shuffle.sample(self.desired, len(self.desired))) if shuffle else self.desired
        return make_plan(target=TARGET, desired=desired, snapshot=snapshot, verified=self.verified(snapshot))


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Up to six Assets, each serving here and elsewhere what it may; desired is near to what is live, or anything."""
    paths = draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=3))
    holdings = [_holding(draw, number, paths) for number in range(draw(st.sampled_from([2, 3, 4, 5, 6, 1, 0])))]
    seen = [each for each in holdings if each.kind == "ours" and (each.here or each.elsewhere) in each.in_name]
    for each in holdings:
        if each.kind == "tool" and seen and draw(st.booleans()):
            each.copied = draw(st.sampled_from(seen)).name
    return Model(holdings, _desired(draw, holdings, paths))


def _holding(draw: st.DrawFn, number: int, paths: list[str]) -> Holding:
    """An Asset of one path, most of whose Versions have that path too."""
    asset = sid("ZH", draw(st.integers(0, 0xFFFF)) * 16 + number)
    home = draw(st.sampled_from(paths))
    truths = [
        Truth(
            sid("ZN", number * 16 + at),
            asset,
            draw(st.sampled_from([home] * 4 + paths)),
            *draw(KINDS),
            remembered=draw(REMEMBERED),
            exists=draw(st.sampled_from([True, True, True, False])),
        )
        for at in range(draw(st.sampled_from([1, 2, 3, 0])))
    ]
    alive = [each for each in truths if each.exists]
    here = draw(st.sampled_from([None, *alive, *alive]))
    return Holding(
        asset,
        draw(st.sampled_from(["ours"] * 6 + ["shop", "tool"])),
        draw(st.sampled_from([home] * 6 + PATHS)),
        truths,
        here,
        draw(st.sampled_from([None, None, None, *alive])),
        idle=draw(st.booleans()),
        made=draw(st.sampled_from([False, False, True])),
    )


def _desired(draw: st.DrawFn, holdings: list[Holding], paths: list[str]) -> tuple[DesiredAsset, ...]:
    """For each path: what is live, what some Version was, what stands elsewhere, something else, or nothing."""
    truths = [truth for each in holdings for truth in each.truths]
    live = [each.here for each in holdings if each.here]
    keep = draw(st.sampled_from([False, False, True]))
    wanted = []
    for path in sorted({*paths, *draw(st.sets(st.sampled_from(PATHS), max_size=2)), *(each.path for each in live)}):
        served = [each for each in live if each.path == path]
        past = [each for each in truths if each.path == path]
        choice = (
            served if keep and served else draw(st.sampled_from([past, None, truths, past, served, None, truths, []]))
        )
        if choice is None:
            continue
        found = draw(st.sampled_from(choice)) if choice else None
        kinds = (found.content, found.visibility, found.content_type) if found else draw(KINDS)
        wanted.append(want(path, *kinds))
    return tuple(wanted)


def targets(plan: Plan) -> list[str]:
    """The Assets that the next Build takes a Version of, of those that exist."""
    return [each.asset_sid for each in plan.serving if not isinstance(each, Create) and each.asset_sid is not None] + [
        each.asset_sid for each in plan.carried
    ]


@settings(max_examples=250)
@given(models())
def test_every_path_is_settled_exactly_once_and_every_asset_used_at_most_once(model: Model) -> None:
    plan = model.plan()
    assert [each.path for each in plan.serving] == [each.path for each in model.desired]
    assert [each.asset for each in plan.serving] == list(model.desired)
    assert max(Counter(targets(plan)).values(), default=0) <= 1


@settings(max_examples=250)
@given(models())
def test_every_own_path_that_nobody_wants_goes_exactly_once(model: Model) -> None:
    plan = model.plan()
    wanted = {each.path for each in model.desired}
    unwanted = {each.path for each in model.live if each.asset in model.ours} - wanted
    left = [each.path for each in plan.deletes]
    left += [each.previous_path for each in plan.serving if isinstance(each, Rename)]
    assert set(left) == unwanted
    assert max(Counter(each.path for each in plan.actions).values(), default=0) <= 1
    assert not {each.path for each in plan.deletes} & {
        each.previous_path for each in plan.serving if isinstance(each, Rename)
    }


@settings(max_examples=250)
@given(models())
def test_only_what_is_truly_so_is_taken_for_unchanged_or_restored(model: Model) -> None:
    for action in model.plan().serving:
        if isinstance(action, Unchanged):
            truth = model.truth[action.version_sid]
            assert truth in model.live
            assert truth.serves_as(action.asset)
        elif isinstance(action, Restore):
            truth = model.truth[action.version_sid]
            assert truth.exists
            assert truth.equals(action.asset)
        else:
            continue
        assert truth.asset == action.asset_sid


@settings(max_examples=250)
@given(models())
def test_nothing_foreign_and_nothing_served_elsewhere_is_written_to(model: Model) -> None:
    served_elsewhere = {each.sid for each in model.holdings if each.elsewhere}
    for action in model.plan().actions:
        if isinstance(action, Create) or action.asset_sid is None:
            continue
        holding = model.ours[action.asset_sid]
        if isinstance(action, Upload | Rename):
            assert holding.sid not in served_elsewhere
        if isinstance(action, Upload) and holding.here is None:
            assert holding.idle or holding.made
            assert holding.label == action.path
        if isinstance(action, Upload) and holding.here is not None:
            assert holding.here.path == action.path
            assert action.path != LONG
        if isinstance(action, Rename):
            assert holding.here is not None
            assert holding.here.path == action.previous_path


@settings(max_examples=250)
@given(models())
def test_what_is_served_as_wanted_is_no_change(model: Model) -> None:
    wanted = {each.path: each for each in model.desired}
    places = Counter(each.path for each in model.live)
    right = [
        each.asset in model.ours
        and each in model.ours[each.asset].remembered
        and each.path in wanted
        and each.serves_as(wanted[each.path])
        for each in model.live
        if each.asset in model.ours or each.path in wanted
    ]
    if all(right) and len(right) == len(wanted) and max(places.values(), default=0) <= 1:
        plan = model.plan()
        assert not plan.build_needed
        assert all(isinstance(each, Unchanged) for each in plan.actions)
        assert plan.bytes_to_send == 0


@settings(max_examples=250)
@given(models())
def test_nothing_is_sent_that_an_unused_asset_still_holds(model: Model) -> None:
    plan = model.plan()
    reused = {each.asset_sid for each in plan.serving if isinstance(each, Unchanged | Restore)}
    for action in plan.sending:
        for holding in model.ours.values():
            if holding.sid in reused or holding.label != action.path:
                continue
            assert not any(each.exists and each.equals(action.asset) for each in holding.remembered)


@settings(max_examples=250)
@given(models())
def test_no_asset_is_made_while_one_of_ours_may_take_the_path(model: Model) -> None:
    """Neither for a new path nor for a moved file."""
    plan = model.plan()
    used = set(targets(plan))
    for action in plan.sending:
        if isinstance(action, Upload):
            continue
        for holding in model.ours.values():
            if holding.sid in used or holding.elsewhere:
                continue
            if holding.here:
                assert holding.here.path != action.path or action.path == LONG
            else:
                assert holding.label != action.path or not (holding.idle or holding.made)


@settings(max_examples=250)
@given(models())
def test_a_rename_brings_content_that_its_old_path_served(model: Model) -> None:
    wanted = {each.path for each in model.desired}
    plan = model.plan()
    renames = [each for each in plan.serving if isinstance(each, Rename)]
    alone = not any(each.elsewhere for each in model.ours.values())
    for action in renames:
        assert action.previous_path not in wanted
        donors = [each for each in model.live if each.path == action.previous_path and each.asset in model.ours]
        assert any(each.content.partition("#")[0] == str(action.asset.file).partition("#")[0] for each in donors)
        assert len(donors) >= sum(each.previous_path == action.previous_path for each in renames)
        assert (action.asset_sid is not None) == (alone and action.path != LONG)


@settings(max_examples=250)
@given(models())
def test_a_file_that_moved_is_told_as_a_rename(model: Model) -> None:
    """No path is created while the same content leaves another one."""
    plan = model.plan()
    used = set(targets(plan))
    gone = {each.path for each in plan.deletes}
    left = {
        each.content.partition("#")[0]
        for each in model.live
        if each.path in gone
        and each.asset in model.ours
        and each.asset not in used
        and each in model.ours[each.asset].remembered
    }
    for action in plan.serving:
        if isinstance(action, Create):
            assert str(action.asset.file).partition("#")[0] not in left


@settings(max_examples=250)
@given(models())
def test_every_foreign_version_is_carried_or_its_path_taken(model: Model) -> None:
    plan = model.plan()
    wanted = {each.path for each in model.desired}
    foreign = [each for each in model.live if each.asset not in model.ours]
    assert {each.version_sid for each in plan.carried} == {each.sid for each in foreign if each.path not in wanted}
    assert {each.version_sid for each in plan.replaced} == {each.sid for each in foreign if each.path in wanted}
    owners = {each.sid: "shop" for each in model.holdings if each.kind == "shop"}
    assert all(each.owner == owners.get(each.asset_sid) for each in (*plan.carried, *plan.replaced))


@settings(max_examples=250)
@given(models(), st.integers(0, 1000))
def test_the_same_service_listed_in_another_order_gives_an_equal_plan(model: Model, seed: int) -> None:
    assert model.plan(random.Random(seed)) == model.plan()


@settings(max_examples=250)
@given(models())
def test_what_is_superseded_or_deleted_is_exactly_what_of_ours_goes_off_line(model: Model) -> None:
    plan = model.plan()
    kept = {each.version_sid for each in plan.serving if isinstance(each, Unchanged | Restore)}
    gone = {each.sid for each in model.live if each.asset in model.ours} - kept
    wanted = {each.path for each in model.desired}
    live = {each.sid for each in model.live}
    assert set(plan.repairs) == {
        each.asset_sid
        for each in plan.serving
        if isinstance(each, Unchanged | Restore)
        and model.truth[each.version_sid] not in model.ours[each.asset_sid].in_name
    }
    assert gone <= live
    assert set(plan.superseded) == {each for each in gone if model.truth[each].path in wanted}
    assert all(each.version_sid in gone for each in plan.deletes)
