"""What a plan asks the service for, and what becomes of it when an answer fails or is lost."""

from __future__ import annotations

import json
from math import ceil
from typing import TYPE_CHECKING

import pytest

from assetsync.errors import (
    OutcomeUnknown,
    ServiceError,
)
from tests.fakes.world import SERVICE, Answer, Bend, Drop, Project, Wire, World

if TYPE_CHECKING:
    from tests.fakes.world import Request

from tests.pipeline.driving import BUILDS, DEPLOYMENTS, LIST_OF_ASSETS, NAMES, UPLOADS, asset_at, changes, counts


class TestRequests:
    @pytest.mark.parametrize("assets", [0, 1, 999, 1000, 1001])
    def test_a_plan_without_changes_takes_two_and_one_a_thousand_assets(self, world: World, assets: int) -> None:
        project = world.project()
        project.write({"a.txt": b"a"} if assets else {})
        if assets:
            world.machine().apply(project)
        else:
            world.remote.post("/Services", {"UniqueName": SERVICE, "FriendlyName": "empty"})
            world.remote.post(f"/Services/{SERVICE}/Environments", {"UniqueName": "production"})
        for n in range(assets - 1):
            world.remote.new_asset(f"foreign {n}")
        machine = world.machine()
        world.remote.clear_log()
        assert not machine.plan(project).plan.build_needed
        asked = world.remote.requests()
        expected = 2 + ceil(assets / 1000)
        assert len(asked) == expected, asked
        assert {method for method, _ in asked} == {"GET"}
        pages = [path for _, path in asked if path.endswith("/Assets")]
        assert len(pages) == max(ceil(assets / 1000), 1)

    @pytest.mark.parametrize(
        ("page", "skip"),
        [(r"/Environments\?", 0), (LIST_OF_ASSETS, 0), (LIST_OF_ASSETS, 1), (r"/Builds/ZB\w+\?$", 0)],
        ids=["environments", "first", "second", "build"],
    )
    def test_a_page_that_fails_fails_the_plan(self, world: World, page: str, skip: int) -> None:
        project = world.project()
        project.write({"a.txt": b"a"})
        world.machine().apply(project)
        for n in range(1000):
            world.remote.new_asset(f"foreign {n}")
        bend = Bend("GET", page, first=Answer(400, b"{}"), skip=skip)
        world.core.faults = bend
        with pytest.raises(ServiceError):
            world.machine().plan(project)
        assert bend.bent == 1

    def test_a_build_of_another_environment_that_fails_fails_the_plan(self, world: World, site: Project) -> None:
        for environment in ("production", "staging"):
            world.machine().apply(site, environment)
            site.write({"index.html": environment.encode()})
        bend = Bend("GET", r"/Builds/ZB\w+\?$", first=Answer(400, b"{}"), skip=1)
        world.core.faults = bend
        with pytest.raises(ServiceError):
            world.machine().plan(site, "production")
        assert bend.bent == 1

    def test_an_asset_that_the_list_does_not_show_yet_is_asked_for(self, world: World, site: Project) -> None:
        world.machine().apply(site)
        late = asset_at(world, "/js/a.js")

        def without(_request: Request, answer: Answer | None) -> Wire:
            assert answer is not None
            assert isinstance(answer.body, bytes)
            document = json.loads(answer.body)
            document["assets"] = [each for each in document["assets"] if each["sid"] != late]
            return Answer(200, json.dumps(document).encode(), answer.headers)

        world.core.faults = Bend("GET", LIST_OF_ASSETS, do=without, times=9)
        assert changes(world.machine(), site) == ()

    def test_where_the_unique_name_does_not_lead_below_a_service_its_sid_does(
        self, world: World, site: Project
    ) -> None:
        world.machine().apply(site)
        world.core.faults = Bend("GET", rf"/Services/{SERVICE}/", first=Answer(404, b"{}"), times=9)
        assert changes(world.machine(), site) == ()


class TestLostAnswers:
    @pytest.mark.parametrize(
        "pattern",
        [r"/Services\?$", r"/Environments\?$", r"/Assets\?$", UPLOADS, BUILDS, DEPLOYMENTS, NAMES],
        ids=["service", "environment", "asset", "version", "build", "deployment", "name"],
    )
    @pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
    def test_make_no_second_asset_build_or_deployment(
        self, world: World, site: Project, pattern: str, done: bool
    ) -> None:
        lost = Drop.CONNECTION
        bend = Bend("POST", pattern, last=lost) if done else Bend("POST", pattern, first=lost)
        world.core.faults = bend
        _, outcome = world.machine().apply(site)
        assert bend.bent == 1
        assert outcome.warnings == ()
        found = counts(world)
        assert (found.assets, found.builds, found.deployments) == (3, 1, 1)
        assert found.versions == (4 if pattern == UPLOADS and done else 3)
        assert changes(world.machine(), site) == ()

    def test_where_no_look_can_tell_it_says_so_and_names_the_build(self, world: World, site: Project) -> None:
        world.machine().apply(site)
        site.write({"index.html": b"2"})

        class Blind:
            """The Deployment's answer is lost, and its list cannot be read."""

            def before(self, request: Request) -> Wire | None:
                lost = request.path.endswith("/Deployments") and request.method == "GET"
                return Answer(400, b"{}") if lost else None

            def after(self, request: Request, answer: Answer) -> Wire | None:
                return Drop.CONNECTION if request.path.endswith("/Deployments") and request.method == "POST" else None

        world.core.faults = Blind()
        with pytest.raises(OutcomeUnknown) as caught:
            world.machine().apply(site)
        world.core.faults = Bend("PUT", "never")
        assert str(world.remote.environment("production")["build_sid"]) in caught.value.message

    def test_a_deployment_that_is_there_already_is_success(self, world: World, site: Project) -> None:
        """The write is repeated after a look that came too early to see it."""
        refused = Answer(
            400, b'{"code":20001,"message":"Environment already has requested deployment.","status":400}', ()
        )
        world.core.faults = Bend("POST", DEPLOYMENTS, last=refused)
        _, outcome = world.machine().apply(site)
        assert outcome.deployment_sid is not None
        assert counts(world).deployments == 1
