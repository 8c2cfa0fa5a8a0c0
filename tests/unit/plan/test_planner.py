"""One example for each rule of planning, with its reason. Paths are one letter where their name does not matter."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from assetsync.model import Build, Dependency, FunctionVersion
from assetsync.plan.actions import Create, Delete, Reason, Rename, Restore, Unchanged, Upload
from assetsync.plan.board import Candidate, Verified
from assetsync.plan.plan import Plan, make_plan
from assetsync.plan.planner import candidates, plan_actions
from assetsync.twilio.snapshot import Snapshot
from tests.unit.plan.scene import LONG, OWNER, TARGET, ZB, Scene, entry_for, sha256_of, told, want
from tests.unit.twilio.sids import sid

if TYPE_CHECKING:
    from assetsync.model import DesiredAsset


@pytest.fixture
def scene() -> Scene:
    return Scene()


class TestUnchanged:
    def test_the_live_version_with_this_content_type_and_visibility_stays(self, scene: Scene) -> None:
        asset, version = scene.ours("/a")
        plan = scene.plan(want("/a"))
        assert plan.actions == (Unchanged(want("/a"), asset, version),)
        assert not plan.build_needed
        assert plan.changes == ()

    def test_the_label_of_the_asset_does_not_matter(self, scene: Scene) -> None:
        """A run was killed between the upload and the writing of the new name."""
        scene.ours("/a", label="/old")
        assert not scene.plan(want("/a")).build_needed

    def test_the_digest_alone_is_enough_unless_the_manifest_asks_for_sha256(self, scene: Scene) -> None:
        asset, _ = scene.ours("/a", "one")
        assert not scene.plan(want("/a", "one#collides")).build_needed
        exact = want("/a", "one#collides", sha256=sha256_of("one#collides"))
        assert told(scene.plan(exact)) == [("upload", "/a", asset, "sha-256 differs")]
        assert not scene.plan(want("/a", "one", sha256=sha256_of("one"))).build_needed

    def test_what_only_the_journal_remembers_is_unchanged_and_its_name_repaired(self, scene: Scene) -> None:
        asset, _ = scene.ours("/a", named=0)
        plan = scene.plan(want("/a"))
        assert not plan.build_needed
        assert plan.repairs == (asset,)
        assert plan.request_estimate == 2

    @pytest.mark.parametrize(
        ("wanted", "reason"),
        [
            (want("/a", "two"), "content"),
            (want("/a", visibility="protected"), "visibility"),
            (want("/a", content_type="text/html"), "content-type"),
            (want("/a", "two", "private", "text/html"), "content, visibility, content-type"),
        ],
    )
    def test_each_difference_is_uploaded_into_the_serving_asset_with_its_reason(
        self, scene: Scene, wanted: DesiredAsset, reason: str
    ) -> None:
        asset, version = scene.ours("/a")
        plan = scene.plan(wanted)
        assert plan.actions == (Upload(wanted, asset, tuple(map(Reason, reason.split(", ")))),)
        assert plan.superseded == (version,)

    def test_a_version_that_nobody_remembers_is_unknown_content(self, scene: Scene) -> None:
        """Another tool uploaded it, or the name was lost: drift is seen at once."""
        asset, _ = scene.ours("/a", None, "protected")
        assert told(scene.plan(want("/a"))) == [("upload", "/a", asset, "unknown content, visibility")]


class TestRestore:
    def test_a_reverted_content_uses_the_old_version(self, scene: Scene) -> None:
        asset, live = scene.ours("/a", "new")
        old = scene.remembers(asset, "/a", "old")
        plan = scene.plan(want("/a", "old"))
        assert plan.actions == (Restore(want("/a", "old"), asset, old, (Reason.CONTENT,)),)
        assert plan.superseded == (live,)
        assert plan.bytes_to_send == 0

    def test_what_another_environment_serves_is_promoted_without_an_upload(self, scene: Scene) -> None:
        asset, version = scene.ours("/a", here=False, elsewhere=True)
        assert scene.plan(want("/a")).actions == (Restore(want("/a"), asset, version, (Reason.NEW,)),)

    def test_an_own_version_live_elsewhere_in_this_environment_is_no_restore_for_another_path(
        self, scene: Scene
    ) -> None:
        """The Asset bears the wanted label and remembers the content, but its Version has another path."""
        scene.ours("/b", label="/a")
        plan = scene.plan(want("/a"))
        assert [type(each) for each in plan.actions] == [Rename]

    @pytest.mark.parametrize(
        "wrong",
        [{"path": "/b"}, {"path": "/a", "visibility": "private"}, {"path": "/a", "gone": True}],
        ids=["another path", "another visibility", "gone"],
    )
    def test_a_verified_version_that_does_not_fit_is_not_used(self, scene: Scene, wrong: dict[str, object]) -> None:
        asset, _ = scene.ours("/a", "new")
        path = str(wrong.pop("path"))
        scene.remembers(asset, path, "old", **wrong)
        reason = "content, version gone" if wrong.get("gone") else "content"
        assert told(scene.plan(want("/a", "old"))) == [("upload", "/a", asset, reason)]

    def test_a_version_that_turns_out_to_belong_to_another_asset_is_not_used(self, scene: Scene) -> None:
        """The name was copied from an Asset of ours."""
        stranger, _ = scene.foreign("/elsewhere")
        version = scene.version(stranger, "/a")
        scene.asset("/a", entry_for("one", version))
        assert [type(each) for each in scene.plan(want("/a")).serving] == [Create]

    def test_a_version_that_was_not_looked_at_is_not_used(self, scene: Scene) -> None:
        scene.ours("/a", here=False)
        (action,) = plan_actions((want("/a"),), scene.snapshot, Verified())
        assert isinstance(action, Create)
        assert action.reasons == (Reason.NEW,)

    def test_a_sha256_that_does_not_agree_uploads_and_says_so(self, scene: Scene) -> None:
        asset, _ = scene.ours("/a", "new")
        scene.remembers(asset, "/a", "old")
        plan = scene.plan(want("/a", "old#evil twin"))
        assert told(plan) == [("upload", "/a", asset, "content, sha-256 differs")]

    def test_another_content_type_is_no_restore(self, scene: Scene) -> None:
        asset, _ = scene.ours("/a", "new")
        scene.remembers(asset, "/a", "old", content_type="text/html")
        assert told(scene.plan(want("/a", "old"))) == [("upload", "/a", asset, "content")]

    def test_the_asset_that_serves_comes_before_a_spare_one_with_a_smaller_sid(self, scene: Scene) -> None:
        scene.ours("/a", "old", here=False)
        serving, _ = scene.ours("/a", "new")
        old = scene.remembers(serving, "/a", "old")
        (action,) = scene.plan(want("/a", "old")).actions
        assert isinstance(action, Restore)
        assert (action.asset_sid, action.version_sid) == (serving, old)

    def test_among_spare_assets_the_smaller_sid_wins(self, scene: Scene) -> None:
        scene.ours("/a", here=False, asset_sid=sid("ZH", 0xB))
        scene.ours("/a", here=False, asset_sid=sid("ZH", 0xA))
        (action,) = scene.plan(want("/a")).actions
        assert isinstance(action, Restore)
        assert action.asset_sid == sid("ZH", 0xA)

    def test_a_rename_that_was_killed_uses_the_version_that_only_the_journal_knows(self, scene: Scene) -> None:
        """Its Asset bears the old path still: names are written after the uploads."""
        asset = sid("ZH", 0xA)
        old, new = scene.version(asset, "/old"), scene.version(asset, "/new")
        scene.asset("/old", entry_for("one", old), entry_for("one", new), asset_sid=asset, named=1)
        scene.serve(old)
        plan = scene.plan(want("/new"))
        assert plan.actions == (
            Restore(want("/new"), asset, new, (Reason.NEW,)),
            Delete("/old", "public", asset, old),
        )
        assert plan.repairs == (asset,)

    def test_the_asset_that_serves_a_path_restores_it_whatever_its_label_is(self, scene: Scene) -> None:
        asset, _ = scene.ours("/a", "new", label="/old")
        version = scene.remembers(asset, "/a", "old")
        plan = scene.plan(want("/a", "old"))
        assert plan.actions == (Restore(want("/a", "old"), asset, version, (Reason.CONTENT,)),)

    def test_an_asset_whose_version_stays_live_at_another_path_cannot_restore_as_well(self, scene: Scene) -> None:
        """A Build holds one Version of an Asset."""
        asset, _ = scene.ours("/b", "two", label="/a")
        scene.remembers(asset, "/a", "one")
        everything_known = Verified(scene.versions, {"/a": sha256_of("one")})
        actions = plan_actions((want("/a", "one"), want("/b", "two")), scene.snapshot, everything_known)
        assert [(type(each), each.path) for each in actions] == [(Create, "/a"), (Unchanged, "/b")]

    def test_what_an_asset_serves_elsewhere_gives_way_to_the_restore(self, scene: Scene) -> None:
        """The Asset is used, so that the path which it served needs another one."""
        asset, _ = scene.ours("/b", "two", label="/a")
        scene.remembers(asset, "/a", "one")
        plan = scene.plan(want("/a", "one"), want("/b", "three"))
        assert told(plan) == [("restore", "/a", asset, "new"), ("create", "/b", None, "content")]


class TestUpload:
    def test_an_asset_that_another_environment_serves_is_left_alone(self, scene: Scene) -> None:
        scene.ours("/a", "one", elsewhere=True)
        plan = scene.plan(want("/a", "two"))
        assert plan.actions == (Create(want("/a", "two"), (Reason.CONTENT, Reason.COPY_ON_WRITE)),)

    def test_a_name_with_room_for_one_entry_is_not_written_over_while_it_is_live(self, scene: Scene) -> None:
        scene.ours(LONG, "one")
        assert told(scene.plan(want(LONG, "two"))) == [("create", LONG, None, "content")]

    def test_a_long_path_uses_its_idle_spare_asset(self, scene: Scene) -> None:
        scene.ours(LONG, "one")
        spare, _ = scene.ours(LONG, "zero", here=False, idle=True)
        assert told(scene.plan(want(LONG, "two"))) == [("upload", LONG, spare, "content")]

    @pytest.mark.parametrize(
        ("idle", "elsewhere", "used"), [(True, False, True), (False, False, False), (True, True, False)]
    )
    def test_a_spare_asset_is_used_when_it_is_idle_and_nobody_serves_it(
        self, scene: Scene, idle: bool, elsewhere: bool, used: bool
    ) -> None:
        spare, _ = scene.ours("/a", "one", here=False, idle=idle, elsewhere=elsewhere)
        expected = ("upload", "/a", spare, "new") if used else ("create", "/a", None, "new")
        assert told(scene.plan(want("/a", "two"))) == [expected]

    def test_an_empty_asset_of_a_killed_run_takes_the_first_version(self, scene: Scene) -> None:
        born = scene.asset("/a", idle=True)
        assert told(scene.plan(want("/a"))) == [("upload", "/a", born, "new")]

    def test_an_idle_spare_that_this_environment_serves_at_another_path_is_not_spare(self, scene: Scene) -> None:
        scene.ours("/b", "two", label="/a", idle=True)
        plan = scene.plan(want("/a", "one"), want("/b", "three"))
        uploads = [each for each in plan.actions if isinstance(each, Upload)]
        assert [each.path for each in uploads] == ["/b"]
        assert [type(each) for each in plan.actions] == [Create, Upload]

    def test_a_spare_of_two_wanted_paths_cannot_be_used_twice(self, scene: Scene) -> None:
        """A serving Asset is settled in the pass, so that its label is of no use to the other path."""
        serving, _ = scene.ours("/b", "old", label="/a", idle=True)
        plan = scene.plan(want("/a", "x"), want("/b", "y"))
        assert told(plan) == [("create", "/a", None, "new"), ("upload", "/b", serving, "content")]


class TestRename:
    def test_the_asset_moves_with_its_content(self, scene: Scene) -> None:
        asset, _ = scene.ours("/old")
        plan = scene.plan(want("/new"))
        assert plan.actions == (Rename(want("/new"), "/old", asset, (Reason.NEW,)),)
        assert plan.deletes == ()
        assert [each.path for each in plan.sending] == ["/new"]

    def test_the_content_type_and_the_visibility_may_differ(self, scene: Scene) -> None:
        asset, _ = scene.ours("/a.txt")
        wanted = want("/a.html", visibility="protected", content_type="text/html")
        assert scene.plan(wanted).actions == (Rename(wanted, "/a.txt", asset, (Reason.NEW,)),)

    def test_the_same_base_name_comes_first_then_the_smaller_path(self, scene: Scene) -> None:
        scene.ours("/1/x")
        moved, _ = scene.ours("/2/page")
        scene.ours("/3/page")
        plan = scene.plan(want("/new/page"))
        assert plan.actions == (
            Delete("/1/x", "public", sid("ZH", 1), sid("ZN", 2)),
            Delete("/3/page", "public", sid("ZH", 5), sid("ZN", 6)),
            Rename(want("/new/page"), "/2/page", moved, (Reason.NEW,)),
        )

    def test_a_new_asset_takes_the_path_while_the_owner_serves_another_environment(self, scene: Scene) -> None:
        scene.ours("/old")
        scene.ours("/other", "two", here=False, elsewhere=True)
        plan = scene.plan(want("/new"))
        assert plan.actions == (Rename(want("/new"), "/old", None, (Reason.NEW,)),)

    def test_a_foreign_asset_in_another_environment_does_not_hinder(self, scene: Scene) -> None:
        asset, _ = scene.ours("/old")
        scene.serve(scene.version(sid("ZH", 99), "/x"), elsewhere=True)
        assert told(scene.plan(want("/new"))) == [("rename", "/new", asset, "new")]

    def test_a_new_asset_takes_a_path_whose_name_has_room_for_one_entry(self, scene: Scene) -> None:
        scene.ours("/old")
        assert scene.plan(want(LONG)).actions == (Rename(want(LONG), "/old", None, (Reason.NEW,)),)

    def test_equal_contents_are_renamed_one_for_one(self, scene: Scene) -> None:
        """Three files of one content lose two names and gain two."""
        scene.ours("/a")
        b, _ = scene.ours("/b")
        c, _ = scene.ours("/c")
        plan = scene.plan(want("/a"), want("/x"), want("/y"))
        assert told(plan) == [("rename", "/x", b, "new"), ("rename", "/y", c, "new")]

    def test_a_donor_without_a_kept_sid_is_not_given_twice(self, scene: Scene) -> None:
        scene.ours("/old")
        scene.ours("/other", "two", here=False, elsewhere=True)
        plan = scene.plan(want("/x"), want("/y"))
        assert [(type(each), each.path) for each in plan.actions] == [(Rename, "/x"), (Create, "/y")]

    def test_a_file_that_stays_and_is_copied_is_no_rename(self, scene: Scene) -> None:
        scene.ours("/a")
        plan = scene.plan(want("/a"), want("/copy"))
        assert told(plan) == [("create", "/copy", None, "new")]

    def test_a_version_that_nobody_remembers_is_deleted_not_renamed(self, scene: Scene) -> None:
        asset, _ = scene.ours("/old", None)
        assert told(scene.plan(want("/new"))) == [
            ("create", "/new", None, "new"),
            ("delete", "/old", asset, "not wanted"),
        ]

    def test_a_file_replaced_by_a_folder_of_the_same_name(self, scene: Scene) -> None:
        asset, _ = scene.ours("/about")
        assert told(scene.plan(want("/about/index.html"))) == [("rename", "/about/index.html", asset, "new")]

    def test_a_file_replaced_by_a_folder_with_other_content(self, scene: Scene) -> None:
        asset, _ = scene.ours("/about")
        assert told(scene.plan(want("/about/index.html", "two"))) == [
            ("delete", "/about", asset, "not wanted"),
            ("create", "/about/index.html", None, "new"),
        ]


class TestMoves:
    def test_a_swap_uploads_both_into_the_assets_that_serve(self, scene: Scene) -> None:
        a, _ = scene.ours("/a", "one")
        b, _ = scene.ours("/b", "two")
        assert told(scene.plan(want("/a", "two"), want("/b", "one"))) == [
            ("upload", "/a", a, "content"),
            ("upload", "/b", b, "content"),
        ]

    def test_a_swap_back_restores_both(self, scene: Scene) -> None:
        a, _ = scene.ours("/a", "two")
        b, _ = scene.ours("/b", "one")
        scene.remembers(a, "/a", "one")
        scene.remembers(b, "/b", "two")
        plan = scene.plan(want("/a", "one"), want("/b", "two"))
        assert told(plan) == [("restore", "/a", a, "content"), ("restore", "/b", b, "content")]

    def test_a_chain_uploads_where_the_path_stays_and_creates_at_its_end(self, scene: Scene) -> None:
        """A -> b -> c: what b served is overwritten, so that its Asset is no donor for c."""
        a, _ = scene.ours("/a", "one")
        b, _ = scene.ours("/b", "two")
        assert told(scene.plan(want("/b", "one"), want("/c", "two"))) == [
            ("delete", "/a", a, "not wanted"),
            ("upload", "/b", b, "content"),
            ("create", "/c", None, "new"),
        ]

    def test_every_file_moves_into_a_folder(self, scene: Scene) -> None:
        a, _ = scene.ours("/a", "one")
        b, _ = scene.ours("/b", "two")
        assert told(scene.plan(want("/x/a", "one"), want("/x/b", "two"))) == [
            ("rename", "/x/a", a, "new"),
            ("rename", "/x/b", b, "new"),
        ]


class TestCreateAndDelete:
    def test_an_empty_service_gets_everything_new(self, scene: Scene) -> None:
        plan = scene.plan(want("/a"), want("/b", "two"))
        assert told(plan) == [("create", "/a", None, "new"), ("create", "/b", None, "new")]

    def test_an_unwanted_path_stops_being_served(self, scene: Scene) -> None:
        asset, version = scene.ours("/a", visibility="private")
        plan = scene.plan()
        assert plan.actions == (Delete("/a", "private", asset, version),)
        assert plan.superseded == ()
        assert plan.unserves_all

    def test_a_path_that_two_own_assets_serve_is_deleted_once(self, scene: Scene) -> None:
        scene.ours("/a", "one")
        scene.ours("/a", "two")
        assert [type(each) for each in scene.plan(want("/b", "x")).actions] == [Delete, Create]

    def test_leftovers_that_nobody_serves_are_no_change(self, scene: Scene) -> None:
        scene.ours("/gone", here=False)
        scene.ours("/a")
        assert not scene.plan(want("/a")).build_needed

    def test_a_wanted_path_served_twice_needs_a_build_without_the_second(self, scene: Scene) -> None:
        first, _ = scene.ours("/a", "one")
        _, second = scene.ours("/a", "one")
        plan = scene.plan(want("/a"))
        assert [type(each) for each in plan.actions] == [Unchanged]
        assert isinstance(plan.actions[0], Unchanged)
        assert plan.actions[0].asset_sid == first
        assert plan.superseded == (second,)
        assert plan.build_needed


class TestForeign:
    def test_at_a_desired_path_it_is_replaced_and_not_written_to(self, scene: Scene) -> None:
        asset, version = scene.foreign("/a")
        plan = scene.plan(want("/a"))
        assert told(plan) == [("create", "/a", None, "replaces foreign")]
        assert [(each.asset_sid, each.version_sid, each.owner) for each in plan.replaced] == [(asset, version, None)]
        assert plan.carried == ()

    def test_another_owners_is_foreign_and_its_owner_told(self, scene: Scene) -> None:
        scene.foreign("/a", owner="shop")
        plan = scene.plan(want("/a"))
        assert [each.owner for each in plan.replaced] == ["shop"]

    def test_elsewhere_it_is_carried_in_path_order(self, scene: Scene) -> None:
        _, z = scene.foreign("/z")
        _, b = scene.foreign("/b", visibility="private")
        plan = scene.plan(want("/a"))
        assert [(each.version_sid, each.visibility) for each in plan.carried] == [(b, "private"), (z, "public")]
        assert plan.summary["foreign"] == 2
        assert not plan.unserves_all

    def test_beside_ours_at_one_path_it_is_replaced_and_ours_stays(self, scene: Scene) -> None:
        scene.ours("/a")
        scene.foreign("/a")
        plan = scene.plan(want("/a"))
        assert [type(each) for each in plan.actions] == [Unchanged]
        assert len(plan.replaced) == 1
        assert plan.build_needed

    def test_a_restore_over_a_foreign_one_says_so(self, scene: Scene) -> None:
        asset, _ = scene.ours("/a", here=False)
        scene.foreign("/a")
        assert told(scene.plan(want("/a"))) == [("restore", "/a", asset, "replaces foreign")]

    def test_dropping_takes_off_line_what_would_be_carried(self, scene: Scene) -> None:
        scene.ours("/a")
        _, version = scene.foreign("/b")
        plan = scene.plan(want("/a"), drop_foreign=True)
        assert plan.carried == ()
        assert [each.version_sid for each in plan.dropped] == [version]
        assert plan.build_needed
        assert plan.summary["dropped"] == 1

    def test_a_foreign_asset_with_the_same_content_is_no_donor(self, scene: Scene) -> None:
        scene.foreign("/old")
        assert told(scene.plan(want("/new"))) == [("create", "/new", None, "new")]


class TestTheRestOfTheBuild:
    def test_functions_dependencies_and_runtime_are_carried_in_a_fixed_order(self, scene: Scene) -> None:
        first, second = FunctionVersion("ZN1", "ZH1", "/f", "public"), FunctionVersion("ZN2", "ZH2", "/g", "public")
        scene.functions = (second, first)
        scene.dependencies = (Dependency("twilio", "4"), Dependency("lodash", "3"))
        plan = scene.plan(want("/a"))
        assert plan.functions == (first, second)
        assert [each.name for each in plan.dependencies] == ["lodash", "twilio"]
        assert plan.runtime == "node22"

    def test_functions_alone_keep_a_build(self, scene: Scene) -> None:
        scene.functions = (FunctionVersion("ZN1", "ZH1", "/f", "public"),)
        scene.ours("/a")
        plan = scene.plan()
        assert plan.build_needed
        assert not plan.unserves_all

    def test_the_runtime_may_be_named(self, scene: Scene) -> None:
        scene.functions = (FunctionVersion("ZN1", "ZH1", "/f", "public"),)
        assert scene.plan(want("/a"), runtime="node24").runtime == "node24"
        assert Scene().plan(want("/a")).runtime is None

    def test_nothing_wanted_and_nothing_there_is_no_change(self, scene: Scene) -> None:
        plan = scene.plan()
        assert not plan.build_needed
        assert plan.request_estimate == 0


def test_the_counts_and_the_bytes_are_those_of_the_actions(scene: Scene) -> None:
    everything(scene)
    plan = everything_planned(scene)
    assert plan.summary == {
        "create": 1, "upload": 1, "restore": 1, "rename": 1, "delete": 1, "unchanged": 1,
        "replaced": 1, "dropped": 0, "foreign": 1, "kept": 0,
    }  # fmt: skip
    assert plan.bytes_to_send == len("created") + len("uploaded") + len("renamed")


def everything(scene: Scene) -> None:
    """One of each kind of action, a foreign Asset carried and one replaced."""
    scene.ours("/unchanged", "same")
    scene.ours("/upload", "before")
    restored, _ = scene.ours("/restore", "now")
    scene.remembers(restored, "/restore", "then")
    scene.ours("/renamed-from", "renamed")
    scene.ours("/delete", "deleted")
    scene.foreign("/foreign", owner="shop")
    scene.foreign("/create")


def everything_planned(scene: Scene) -> Plan:
    return scene.plan(
        want("/create", "created"),
        want("/renamed-to", "renamed"),
        want("/restore", "then"),
        want("/unchanged", "same"),
        want("/upload", "uploaded", visibility="protected"),
    )


@pytest.mark.parametrize(
    ("wanted", "target", "requests"),
    [
        # one Version and one name; Build, two polls, look, Deployment, look back
        ([want("/a", "two")], TARGET, 2 + 6),
        ([want("/a"), want("/b", "x")], TARGET, 1 + 2 + 6),
        ([], TARGET, 2),
        ([want("/a")], TARGET, 0),
    ],
    ids=["upload", "create", "everything off line", "nothing"],
)
def test_the_request_estimate_counts_assets_versions_names_and_the_release(
    scene: Scene, wanted: list[DesiredAsset], target: object, requests: int
) -> None:
    scene.ours("/a")
    assert scene.plan(*wanted).request_estimate == requests


def test_a_service_and_an_environment_to_be_made_count_as_well() -> None:
    from dataclasses import replace

    target = replace(TARGET, service_sid=None, environment_sid=None)
    assert Scene().plan(want("/a"), target=target).request_estimate == 2 + 1 + 1 + 1 + 6


def test_candidates_are_named_best_first_for_paths_that_are_not_unchanged(scene: Scene) -> None:
    scene.ours("/same", "same")
    spare, in_spare = scene.ours("/a", "old", here=False)
    serving, _ = scene.ours("/a", "new")
    in_serving = scene.remembers(serving, "/a", "old")
    scene.remembers(serving, "/a", "unrelated")
    sha = sha256_of("old")[:24]
    assert candidates((want("/a", "old"), want("/same", "same")), scene.snapshot) == (
        Candidate("/a", serving, in_serving, sha),
        Candidate("/a", spare, in_spare, sha),
    )


def test_a_long_path_is_found_again_by_its_cut_label(scene: Scene) -> None:
    asset, version = scene.ours(LONG, here=False)
    assert scene.plan(want(LONG)).actions == (Restore(want(LONG), asset, version, (Reason.NEW,)),)


def test_the_order_of_what_comes_in_does_not_matter(scene: Scene) -> None:
    """The service lists in any order (F4.3)."""
    everything(scene)
    for path in ("/m1", "/m2", "/m3"):
        scene.ours(path, "moved")
        scene.ours("/twice", "same")
        scene.asset("/spare", idle=True)
    wanted = [want("/n1", "moved"), want("/n2", "moved"), want("/unchanged", "same"), want("/create", "created")]
    wanted += [want("/twice", "same"), want("/spare")]
    plans = []
    for seed in range(6):
        mixed = random.Random(seed)
        live, own, desired = list(scene.live), list(scene.own.items()), list(wanted)
        functions = [FunctionVersion(f"ZN{n}", "ZH1", f"/f{n}", "public") for n in range(4)]
        for each in (live, own, desired, functions):
            mixed.shuffle(each)
        build = Build(ZB, "completed", tuple(live), tuple(functions), (), "node22")
        snapshot = Snapshot(OWNER, None, "ZS", None, build, dict(own), scene.owners, (), ())
        plans.append(
            make_plan(target=TARGET, desired=tuple(desired), snapshot=snapshot, verified=scene.verified(*wanted))
        )
    assert all(plan == plans[0] for plan in plans)
    assert [each.path for each in plans[0].actions] == sorted(each.path for each in plans[0].actions)
