"""Each change of the files is exactly the action that it should be, with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assetsync.errors import (
    Conflict,
)
from assetsync.manifest.model import Folder, Rule
from assetsync.model import Visibility
from assetsync.plan.actions import Create, Delete, Reason, Rename, Upload
from tests.laws.oracle import read_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.world import Machine, Project, World

from tests.pipeline.driving import (
    PATH_WITH_ROOM_FOR_TWO,
    asset_at,
    changes,
    sent,
    tool_deploys,
    version_at,
    visibility_rule,
)


class TestFolderOf300Files:
    @pytest.fixture
    def files(self) -> dict[str, bytes]:
        return {f"d{n % 7}/e{n % 3}/{n}.txt": f"content {n}".encode() for n in range(300)}

    @pytest.fixture
    def machine(self, world: World) -> Machine:
        return world.machine()

    @pytest.fixture
    def project(self, world: World, machine: Machine, files: dict[str, bytes]) -> Project:
        project = world.project()
        project.write(files)
        first = machine.plan(project)
        assert first.plan.summary["create"] == 300
        assert all(action.reasons == (Reason.NEW,) for action in first.plan.actions if isinstance(action, Create))
        machine.apply(project)
        return project

    def test_serves_each_file_with_its_bytes_and_type(
        self, world: World, project: Project, files: dict[str, bytes]
    ) -> None:
        assert set(world.remote.live_versions("production")) == {f"/{name}" for name in files}
        for name in sorted(files)[::50]:
            assert world.remote.served("production", f"/{name}") == (200, files[name], "text/plain")

    def test_the_second_plan_is_empty_and_its_apply_sends_no_write(
        self, world: World, machine: Machine, project: Project
    ) -> None:
        for again in (machine, world.machine()):
            world.remote.clear_log()
            prepared, outcome = again.apply(project)
            assert not prepared.plan.build_needed
            assert prepared.plan.summary["unchanged"] == 300
            assert outcome.deployment_sid is None
            assert world.remote.writes() == []

    def test_an_edit_is_one_upload_for_its_content(
        self, world: World, machine: Machine, project: Project, files: dict[str, bytes]
    ) -> None:
        asset = asset_at(world, "/d0/e0/0.txt")
        project.write(files | {"d0/e0/0.txt": b"edited"})
        (action,) = changes(machine, project)
        assert isinstance(action, Upload)
        assert (action.asset_sid, action.reasons) == (asset, (Reason.CONTENT,))
        world.remote.clear_log()
        machine.apply(project)
        assert len(sent(world)) == 1
        assert world.remote.served("production", "/d0/e0/0.txt")[1] == b"edited"

    def test_a_move_is_one_rename_that_keeps_the_asset(
        self, world: World, machine: Machine, project: Project, files: dict[str, bytes]
    ) -> None:
        asset = asset_at(world, "/d1/e1/1.txt")
        content = files.pop("d1/e1/1.txt")
        project.write(files | {"moved/1.txt": content})
        (action,) = changes(machine, project)
        assert isinstance(action, Rename)
        assert (action.path, action.previous_path, action.asset_sid) == ("/moved/1.txt", "/d1/e1/1.txt", asset)
        assert action.reasons == (Reason.NEW,)
        machine.apply(project)
        assert asset_at(world, "/moved/1.txt") == asset
        assert world.remote.served("production", "/d1/e1/1.txt")[0] == 404
        assert changes(world.machine(), project) == ()

    def test_a_removed_file_is_one_delete_and_its_asset_stays(
        self, world: World, machine: Machine, project: Project, files: dict[str, bytes]
    ) -> None:
        asset = asset_at(world, "/d2/e2/2.txt")
        del files["d2/e2/2.txt"]
        project.write(files)
        (action,) = changes(machine, project)
        assert isinstance(action, Delete)
        assert (action.path, action.reasons) == ("/d2/e2/2.txt", (Reason.NOT_WANTED,))
        world.remote.clear_log()
        machine.apply(project)
        assert world.remote.served("production", "/d2/e2/2.txt")[0] == 404
        assert asset in world.remote.assets()
        assert {method for method, _ in world.remote.writes()} == {"POST"}

    def test_another_visibility_is_one_upload_for_it(self, world: World, machine: Machine, project: Project) -> None:
        project.folders = visibility_rule("/d0/e0/0.txt", Visibility.PROTECTED)
        (action,) = changes(machine, project)
        assert isinstance(action, Upload)
        assert action.reasons == (Reason.VISIBILITY,)
        machine.apply(project)
        assert world.remote.live_versions("production")["/d0/e0/0.txt"]["visibility"] == "PROTECTED"
        assert world.remote.served("production", "/d0/e0/0.txt")[0] == 403

    def test_another_content_type_is_one_upload_for_it(self, world: World, machine: Machine, project: Project) -> None:
        rule = Rule("/d0/e0/0.txt", content_type="text/x-special")
        project.folders = (Folder("public", "/", Visibility.PUBLIC, rules=(rule,)),)
        (action,) = changes(machine, project)
        assert isinstance(action, Upload)
        assert action.reasons == (Reason.CONTENT_TYPE,)
        machine.apply(project)
        assert world.remote.served("production", "/d0/e0/0.txt")[2] == "text/x-special"


class TestMoves:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ({"a": b"1", "b": b"2", "c": b"3"}, {"b": b"1", "c": b"2"}),
            ({"a": b"1", "b": b"2"}, {"a": b"2", "b": b"1"}),
            ({"a": b"1", "b": b"2", "c": b"3"}, {"a": b"3", "b": b"1", "c": b"2"}),
            ({"a": b"same", "b": b"same"}, {"c": b"same", "d/a": b"same"}),
            ({"a": b"1"}, {"a/index": b"1", "a/b": b"2"}),
            ({"a/index": b"1", "a/b": b"2"}, {"a": b"1"}),
            ({"x/a": b"1", "x/b": b"2"}, {"y/a": b"1", "y/b": b"2"}),
        ],
        ids=["chain", "swap", "cycle", "equal", "to folder", "to file", "folder"],
    )
    def test_end_in_what_is_wanted_and_nothing_more(
        self, world: World, before: Mapping[str, bytes], after: Mapping[str, bytes]
    ) -> None:
        project = world.project()
        for files in (before, after, before):
            project.write(files)
            world.machine().apply(project)
            live = world.remote.live_versions("production")
            assert {path: world.remote.served("production", path)[1] for path in live} == {
                f"/{name}": content for name, content in files.items()
            }
            assert changes(world.machine(), project) == ()

    def test_a_swap_uploads_both_and_back_again_nothing(self, world: World) -> None:
        project = world.project()
        assets = set()
        for number, files in enumerate(({"a": b"1", "b": b"2"}, {"a": b"2", "b": b"1"}, {"a": b"1", "b": b"2"})):
            project.write(files)
            world.remote.clear_log()
            world.machine().apply(project)
            assets.add((asset_at(world, "/a"), asset_at(world, "/b")))
            assert len(sent(world)) == (2, 2, 0)[number]
        assert len(assets) == 1

    def test_equal_contents_are_renamed_one_for_one_and_keep_their_assets(self, world: World) -> None:
        project = world.project()
        project.write({"x/a.txt": b"same", "x/b.txt": b"same"})
        world.machine().apply(project)
        assets = [asset_at(world, path) for path in ("/x/a.txt", "/x/b.txt")]
        project.write({"z/b.txt": b"same", "y/a.txt": b"same"})
        world.machine().apply(project)
        assert [asset_at(world, path) for path in ("/y/a.txt", "/z/b.txt")] == assets
        assert len(world.remote.assets()) == 2


class TestNames:
    def test_are_the_path_the_owner_and_the_newest_entries_first(self, world: World) -> None:
        project = world.project()
        versions: list[str] = []
        for content in (b"1", b"2", b"3", b"4"):
            project.write({"a.txt": content})
            world.machine().apply(project)
            versions.insert(0, version_at(world, "/a.txt"))
        (name,) = world.remote.assets().values()
        assert read_name(name) == ("/a.txt", "website", tuple(versions[:3]))

    def test_what_is_live_is_remembered_until_the_new_build_is(self, world: World) -> None:
        """A revert leaves an older entry live; the next upload must not crowd it out."""
        project = world.project()
        name = PATH_WITH_ROOM_FOR_TWO[1:]
        for content in (b"1", b"2", b"1"):
            project.write({name: content})
            world.machine().apply(project)
        live = version_at(world, f"/{name}")
        others: list[tuple[str, str]] = []
        project.write({name: b"3"})
        with pytest.raises(Conflict):
            world.machine().apply(project, meanwhile=lambda _plan: others.append(tool_deploys(world, "/theirs.txt")))
        (memory,) = filter(None, map(read_name, world.remote.assets().values()))
        assert live in memory[2]
        project.write({name: b"1"})
        assert changes(world.machine(), project) == ()
