"""Several Environments of one Service do not disturb each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from assetsync.manifest.model import EnvironmentSpec
from assetsync.plan.actions import Create, Reason, Rename

if TYPE_CHECKING:
    from tests.fakes.world import Project, World

from tests.pipeline.driving import PATH_OF_250, PATH_WITH_ROOM_FOR_TWO, asset_at, changes, sent


class TestEnvironments:
    @pytest.mark.parametrize("name", ["/ten/ab.txt", PATH_OF_250], ids=["10", "250"])
    def test_with_different_content_of_one_path_they_leave_each_other_alone(self, world: World, name: str) -> None:
        project, builds = world.project(), dict[str, Any]()
        contents = {"production": b"live", "staging": b"next"}

        def show(environment: str) -> None:
            project.write({name[1:]: contents[environment], "b.txt": b"b"})

        for turn in range(5):
            for environment in ("production", "staging"):
                contents[environment] += str(turn).encode()
                show(environment)
                world.machine().apply(project, environment)
                builds[environment] = world.remote.environment(environment)["build_sid"]
                for each in contents.keys() & builds.keys():
                    show(each)
                    assert changes(world.machine(), project, each) == ()
                    assert world.remote.served(each, name)[1] == contents[each]
                    assert world.remote.environment(each)["build_sid"] == builds[each]

    def test_an_asset_that_another_environment_serves_is_copied_on_write(self, world: World) -> None:
        project = world.project()
        project.write({"a.txt": b"one"})
        for environment in ("production", "staging"):
            world.machine().apply(project, environment)
        shared = asset_at(world, "/a.txt")
        assert asset_at(world, "/a.txt", "staging") == shared
        name = world.remote.assets()[shared]
        project.write({"a.txt": b"two"})
        (action,) = changes(world.machine(), project, "staging")
        assert isinstance(action, Create)
        assert action.reasons == (Reason.CONTENT, Reason.COPY_ON_WRITE)
        world.machine().apply(project, "staging")
        assert world.remote.assets()[shared] == name
        assert asset_at(world, "/a.txt", "staging") != shared

    def test_eight_previews_stay_empty_whatever_the_others_do(self, world: World) -> None:
        names = tuple(f"preview-{n}" for n in range(8))
        project = world.project(environments=tuple(EnvironmentSpec(name, f"p{n}") for n, name in enumerate(names)))
        for number, name in enumerate(names):
            project.write({"a.txt": f"branch {number}".encode(), "same.txt": b"same", PATH_OF_250[1:]: name.encode()})
            world.machine().apply(project, name)
        for number, name in enumerate(names):
            project.write({"a.txt": f"branch {number}".encode(), "same.txt": b"same", PATH_OF_250[1:]: name.encode()})
            assert changes(world.machine(), project, name) == ()
            assert world.remote.served(name, "/a.txt")[1] == f"branch {number}".encode()

    def test_promoting_the_same_tree_uploads_nothing(self, world: World, site: Project) -> None:
        world.machine().apply(site, "staging")
        world.remote.clear_log()
        prepared, _ = world.machine().apply(site, "production")
        assert prepared.plan.summary["restore"] == 3
        assert sent(world) == []
        assert world.remote.served("production", "/index.html")[1] == b"<h1>"

    def test_a_file_dropped_from_staging_is_still_served_by_production(self, world: World, site: Project) -> None:
        for environment in ("production", "staging"):
            world.machine().apply(site, environment)
        site.write({"index.html": b"<h1>"})
        world.machine().apply(site, "staging")
        assert world.remote.served("staging", "/js/a.js")[0] == 404
        assert world.remote.served("production", "/js/a.js")[1] == b"1"

    def test_while_another_environment_is_served_a_moved_file_gets_an_asset_of_its_own(self, world: World) -> None:
        project = world.project()
        project.write({"old.txt": b"moved", "stays.txt": b"stays"})
        for environment in ("production", "staging"):
            world.machine().apply(project, environment)
        asset = asset_at(world, "/old.txt")
        project.write({"new.txt": b"moved", "stays.txt": b"stays"})
        (action,) = changes(world.machine(), project, "staging")
        assert isinstance(action, Rename)
        assert (action.previous_path, action.asset_sid) == ("/old.txt", None)
        world.machine().apply(project, "staging")
        project.write({"old.txt": b"moved", "stays.txt": b"stays"})
        world.remote.clear_log()
        world.machine().apply(project, "staging")
        assert sent(world) == []
        assert asset_at(world, "/old.txt", "staging") == asset

    def test_1000_edits_in_one_do_not_make_the_assets_grow(self, world: World) -> None:
        project = world.project()
        paths = [f"{PATH_WITH_ROOM_FOR_TWO[1:]}{n:02}.txt" for n in range(25)]
        project.write(dict.fromkeys(paths, b"first"))
        for environment in ("production", "staging"):
            world.machine().apply(project, environment)
        machine, seen = world.machine(), []
        for turn in range(40):
            project.write({path: f"{turn} {path}".encode() for path in paths})
            prepared, _ = machine.apply(project, "staging")
            assert len(prepared.plan.sending) == 25
            seen.append(len(world.remote.assets()))
        assert set(seen) == {50}
        project.write(dict.fromkeys(paths, b"first"))
        assert changes(world.machine(), project, "production") == ()
