"""A revert uploads nothing while what it needs is still there, and says so where it is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assetsync.model import Visibility
from assetsync.plan.actions import Reason, Restore, Upload
from tests.fakes.world import SERVICE, Project, World
from tests.pipeline.driving import asset_at, changes, rename, sent, visibility_rule


class TestRestore:
    """A file of one content, then of another, then of the first again."""

    @pytest.fixture
    def project(self, world: World) -> Project:
        project = world.project()
        for content in (b"first", b"second"):
            project.write({"a.txt": content, "b.txt": b"b"})
            world.machine().apply(project)
        project.write({"a.txt": b"first", "b.txt": b"b"})
        return project

    def test_a_revert_uploads_nothing_and_says_why_it_changes(self, world: World, project: Project) -> None:
        machine = world.machine()
        (action,) = changes(machine, project)
        assert isinstance(action, Restore)
        assert action.reasons == (Reason.CONTENT,)
        world.remote.clear_log()
        machine.apply(project)
        assert sent(world) == []
        assert world.remote.served("production", "/a.txt")[1] == b"first"
        assert changes(world.machine(), project) == ()

    def test_where_the_sha256_does_not_agree_it_uploads_and_says_so(self, world: World, project: Project) -> None:
        asset = asset_at(world, "/a.txt")
        head, old = world.remote.assets()[asset].rstrip("]").rsplit(" ", 1)
        rename(world, asset, f"{head} {old[:22]}{'A' * 16}{old[38:]}]")
        machine = world.machine()
        (action,) = changes(machine, project)
        assert isinstance(action, Upload)
        assert action.reasons == (Reason.CONTENT, Reason.SHA256_DIFFERS)
        machine.apply(project)
        assert world.remote.served("production", "/a.txt")[1] == b"first"
        assert changes(world.machine(), project) == ()

    def test_a_version_that_the_service_has_collected_is_uploaded_and_said_to_be_gone(
        self, world: World, project: Project
    ) -> None:
        for build in world.remote.every(f"/Services/{SERVICE}/Builds"):
            if build["sid"] != world.remote.environment("production")["build_sid"]:
                world.remote.http.delete(f"/v1/Services/{SERVICE}/Builds/{build['sid']}")
        world.pass_time(timedelta(days=8).total_seconds())
        assert world.core.collect().versions == 1
        machine = world.machine()
        (action,) = changes(machine, project)
        assert isinstance(action, Upload)
        assert action.reasons == (Reason.CONTENT, Reason.VERSION_GONE)
        machine.apply(project)
        assert world.remote.served("production", "/a.txt")[1] == b"first"

    def test_a_version_of_another_visibility_is_not_restored(self, world: World, project: Project) -> None:
        project.folders = visibility_rule("a.txt", Visibility.PRIVATE)
        (action,) = changes(world.machine(), project)
        assert isinstance(action, Upload)
        assert action.reasons == (Reason.CONTENT, Reason.VISIBILITY)

    def test_a_version_of_another_path_is_not_restored(self, world: World) -> None:
        project = world.project()
        project.write({"old.txt": b"same"})
        world.machine().apply(project)
        project.write({"new.txt": b"same"})
        world.machine().apply(project)
        project.write({"new.txt": b"other"})
        world.machine().apply(project)
        project.write({"new.txt": b"same"})
        world.machine().apply(project)
        assert set(world.remote.live_versions("production")) == {"/new.txt"}
        assert world.remote.served("production", "/new.txt")[1] == b"same"

    def test_content_that_another_tool_put_into_our_asset_is_unknown_and_replaced(
        self, world: World, project: Project
    ) -> None:
        world.machine().apply(project)
        asset, live = asset_at(world, "/a.txt"), world.remote.live_versions("production")
        strange = world.remote.upload(asset, "/a.txt", b"strange")
        world.remote.deploy("production", world.remote.build([strange, live["/b.txt"]["sid"]]))
        machine = world.machine()
        (action,) = changes(machine, project)
        assert isinstance(action, Restore)
        assert action.reasons == (Reason.UNKNOWN_CONTENT,)
        machine.apply(project)
        assert world.remote.served("production", "/a.txt")[1] == b"first"
