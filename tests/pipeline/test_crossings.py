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

    def test_twice_before_our_deployment_puts_the_later_one_back(self, world: World, edited: Project) -> None:
        theirs = []

        def cross(_request: Request, _answer: Answer | None) -> None:
            theirs.extend([tool_deploys(world, "/first.txt")[1], tool_deploys(world, "/theirs.txt")[1]])

        world.core.faults = Bend("POST", DEPLOYMENTS, do=cross, early=True)
        with pytest.raises(Conflict) as caught:
            world.machine().apply(edited)
        assert f"Build {theirs[1]} went live in between; it was put back" in caught.value.message
        self._check(world, edited, theirs[1])

    def test_before_we_put_back_what_we_overwrote_is_put_back_instead(self, world: World, edited: Project) -> None:
        """Ours overwrites one, and putting that back overwrites another one."""
        theirs = []

        def cross(_request: Request, _answer: Answer | None) -> None:
            theirs.append(tool_deploys(world, "/theirs.txt")[1])

        world.core.faults = Bend("POST", DEPLOYMENTS, do=cross, early=True, times=2)
        with pytest.raises(Conflict) as caught:
            world.machine().apply(edited)
        assert f"Build {theirs[1]} went live in between; it was put back" in caught.value.message
        self._check(world, edited, theirs[1])

    def test_by_two_more_runs_leaves_the_first_one_live_and_the_builds_of_the_others_deleted(
        self, world: World, edited: Project
    ) -> None:
        """Right before the first run deploys the second one runs, and right before that deploys the third one."""
        projects = [edited, *(Project(world.root / f"other-{n}") for n in range(2))]
        for number, project in enumerate(projects):
            project.write({"index.html": f"of run {number}".encode()})
        conflicts: list[str] = []

        def apply(number: int) -> None:
            if number == len(projects) - 1:
                world.machine().apply(projects[number])
                return
            cross = Bend("POST", DEPLOYMENTS, do=lambda _request, _answer: apply(number + 1), early=True)
            world.core.faults = cross
            with pytest.raises(Conflict) as caught:
                world.machine().apply(projects[number])
            conflicts.append(caught.value.message)

        apply(0)
        assert world.remote.served("production", "/index.html")[1] == b"of run 2"
        assert len(conflicts) == 2
        assert len(world.remote.every("/Services/my-site/Builds")) == 2

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

    @pytest.mark.parametrize("there", ["the Service", "the Environment"])
    def test_what_the_plan_was_to_make_and_somebody_else_made_is_a_conflict(
        self, world: World, site: Project, there: str
    ) -> None:
        def make(_plan: object = None) -> None:
            world.remote.post("/Services", {"UniqueName": "my-site", "FriendlyName": "theirs"})

        def make_environment(_plan: Plan) -> None:
            world.remote.post("/Services/my-site/Environments", {"UniqueName": "production"})

        if there == "the Environment":
            make()
        with pytest.raises(Conflict) as caught:
            world.machine().apply(site, meanwhile=make if there == "the Service" else make_environment)
        assert there in caught.value.message
        assert "was created by somebody else meanwhile" in caught.value.message
        world.machine().apply(site)
        assert world.remote.served("production", "/index.html")[1] == b"<h1>"

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
