"""Somebody else deploys, or writes names, between our plan and the end of our run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assetsync.errors import (
    Conflict,
)
from tests.fakes.world import Answer, Bend, Project, World
from tests.laws.oracle import read_name

if TYPE_CHECKING:
    from assetsync.plan.plan import Plan
    from tests.fakes.world import Request

from tests.pipeline.driving import (
    DEPLOYMENTS,
    NAMES,
    asset_at,
    changes,
    counts,
    entry_for,
    rename,
    sent,
    tool_deploys,
    version_at,
)


class TestCrossings:
    """Somebody else deploys between our plan and the end of our run."""

    @pytest.fixture
    def edited(self, world: World, site: Project) -> Project:
        world.machine().apply(site)
        site.write({"index.html": b"edited", "css/a.css": b"a{}", "js/a.js": b"1"})
        return site

    def _check(self, world: World, project: Project, build: str) -> None:
        """Theirs is live; the next run brings ours on top of it, without sending again."""
        assert world.remote.environment("production")["build_sid"] == build
        world.remote.clear_log()
        world.machine().apply(project)
        assert sent(world) == []
        assert world.remote.served("production", "/index.html")[1] == b"edited"
        assert world.remote.served("production", "/theirs.txt")[1] == b"tool"

    def test_while_we_upload_is_a_conflict_and_nothing_is_deployed(self, world: World, edited: Project) -> None:
        theirs = []
        with pytest.raises(Conflict) as caught:
            world.machine().apply(edited, meanwhile=lambda _plan: theirs.append(tool_deploys(world, "/theirs.txt")[1]))
        assert "nothing was deployed" in caught.value.message
        assert counts(world).deployments == 2
        self._check(world, edited, theirs[0])

    def test_in_the_moment_before_our_deployment_is_put_back(self, world: World, edited: Project) -> None:
        theirs = []

        def cross(_request: Request, _answer: Answer | None) -> None:
            theirs.append(tool_deploys(world, "/theirs.txt")[1])

        world.core.faults = Bend("POST", DEPLOYMENTS, do=cross, early=True)
        with pytest.raises(Conflict) as caught:
            world.machine().apply(edited)
        assert "it was put back" in caught.value.message
        assert counts(world).deployments == 4
        self._check(world, edited, theirs[0])

    def test_around_our_deployment_leaves_the_later_one_live(self, world: World, edited: Project) -> None:
        theirs = []

        class Around:
            """One before ours, and one more after it."""

            times = 0

            def before(self, request: Request) -> None:
                self._cross(request)

            def after(self, request: Request, answer: Answer) -> None:
                self._cross(request)

            def _cross(self, request: Request) -> None:
                ours = request.headers.get("user-agent", "").startswith("assetsync/")
                if ours and request.method == "POST" and request.path.endswith("/Deployments"):
                    theirs.append(tool_deploys(world, "/theirs.txt")[1])

        world.core.faults = Around()
        with pytest.raises(Conflict) as caught:
            world.machine().apply(edited)
        assert "ours is no longer live" in caught.value.message
        world.core.faults = Bend("PUT", "never")
        assert len(theirs) == 2
        assert world.remote.environment("production")["build_sid"] == theirs[1]

    def test_after_ours_is_nobodys_conflict(self, world: World, edited: Project) -> None:
        theirs = []

        def later(_request: Request, _answer: Answer | None) -> None:
            theirs.append(tool_deploys(world, "/theirs.txt")[1])

        world.core.faults = Bend("POST", DEPLOYMENTS, do=later)
        world.machine().apply(edited)
        assert world.remote.environment("production")["build_sid"] == theirs[0]

    def test_in_another_environment_is_no_conflict(self, world: World, edited: Project) -> None:
        world.machine().apply(edited, "staging")
        theirs = []

        def deploy(_plan: Plan) -> None:
            theirs.append(tool_deploys(world, "/theirs.txt", environment="staging"))

        world.machine().apply(edited, meanwhile=deploy)
        assert len(theirs) == 1
        assert world.remote.served("production", "/index.html")[1] == b"edited"

    def test_names_are_merged_with_what_another_pipeline_wrote_meanwhile(self, world: World, edited: Project) -> None:
        asset, remote = asset_at(world, "/index.html"), world.remote
        theirs = remote.upload(asset, "/index.html", b"another pipeline's")

        def write(_plan: Plan) -> None:
            rename(world, asset, f"{remote.assets()[asset].rstrip(']')} {entry_for(theirs)}]")

        live = version_at(world, "/index.html")
        world.machine().apply(edited, meanwhile=write)
        memory = read_name(remote.assets()[asset])
        assert memory is not None
        assert memory[2] == (version_at(world, "/index.html"), live, theirs)

    def test_an_entry_that_another_pipeline_overwrote_is_written_again(self, world: World, edited: Project) -> None:
        asset, remote = asset_at(world, "/index.html"), world.remote
        old = remote.assets()[asset]
        world.core.faults = Bend("POST", NAMES, do=lambda _request, _answer: rename(world, asset, old))
        world.machine().apply(edited)
        memory = read_name(remote.assets()[asset])
        assert memory is not None
        assert version_at(world, "/index.html") in memory[2]
        assert changes(world.machine(), edited) == ()

    def test_a_name_that_became_foreign_meanwhile_is_left_alone(self, world: World, edited: Project) -> None:
        asset = asset_at(world, "/index.html")
        world.machine().apply(edited, meanwhile=lambda _plan: rename(world, asset, "mine now"))
        assert world.remote.assets()[asset] == "mine now"
