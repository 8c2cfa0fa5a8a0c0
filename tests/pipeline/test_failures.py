"""Something fails, or cannot be: what is live stays as it was, and the next run repairs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assetsync.errors import (
    ApiError,
    ApplyFailed,
    AssetsyncError,
    BuildFailed,
    InvalidInput,
)
from assetsync.manifest.model import EnvironmentSpec
from tests.fakes.world import SERVICE, Answer, Bend, Drop, Project, TestClock, World
from tests.pipeline.driving import BUILDS, NAMES, UPLOADS, changes, counts, sent

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from assetsync.plan.plan import Plan


class MovingClock(TestClock):
    """Waiting moves the service's clock as well."""

    __test__ = False

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def wait(self, seconds: float, cancelled: threading.Event) -> None:
        super().wait(seconds, cancelled)
        self.world.pass_time(seconds)


class TestSomethingFails:
    def test_one_file_that_fails_keeps_everything_from_being_deployed(self, world: World, site: Project) -> None:
        world.machine().apply(site)
        was = world.remote.environment("production")["build_sid"]
        site.write({"index.html": b"2", "css/a.css": b"22", "js/a.js": b"222"})
        body = b'{"message":"Path provided is invalid.","code":20001,"http_status_code":400}'
        world.core.faults = Bend("POST", UPLOADS, first=Answer(400, body), skip=1)
        world.remote.clear_log()
        with pytest.raises(ApplyFailed) as caught:
            world.machine().apply(site)
        (failure,) = caught.value.failures
        assert "Path provided is invalid." in failure.message
        assert world.remote.environment("production")["build_sid"] == was
        assert not [path for _, path in world.remote.writes() if path.endswith(("/Builds", "/Deployments"))]
        world.remote.clear_log()
        world.machine().apply(site)
        assert len(sent(world)) == 1
        assert changes(world.machine(), site) == ()

    def test_a_file_that_changes_after_the_plan_never_becomes_a_version(self, world: World, site: Project) -> None:
        machine = world.machine()

        def save(_plan: Plan) -> None:
            (site.root / "public" / "js" / "a.js").write_bytes(b"2")

        with pytest.raises(ApplyFailed) as caught:
            machine.apply(site, meanwhile=save)
        assert [failure.path for failure in caught.value.failures] == ["/js/a.js"]
        assert counts(world).versions == 2
        assert world.remote.live("production") is None

    def test_a_build_that_fails_is_not_deployed_and_not_used_again(self, world: World, site: Project) -> None:
        world.machine().apply(site)
        was = world.remote.environment("production")["build_sid"]
        site.write({"index.html": b"2"})
        world.core.fail_builds()
        with pytest.raises(BuildFailed):
            world.machine().apply(site)
        assert world.remote.environment("production")["build_sid"] == was
        world.remote.clear_log()
        world.machine().apply(site)
        assert sent(world) == []
        assert world.remote.served("production", "/index.html")[1] == b"2"

    def test_a_failed_build_is_not_taken_for_the_one_whose_answer_was_lost(self, world: World, site: Project) -> None:
        world.core.fail_builds()
        world.core.faults = Bend("POST", BUILDS, last=Drop.CONNECTION)
        world.machine().apply(site)
        assert world.remote.served("production", "/index.html")[1] == b"<h1>"

    def test_the_deployment_waits_until_the_build_is_completed(self, tmp_path: Path) -> None:
        with World(tmp_path, build_seconds=20.0) as world:
            project = world.project()
            project.write({"a.txt": b"a"})
            machine = world.machine()
            machine.clock = MovingClock(world)
            machine.apply(project)
            asked = [path for _, path in world.remote.requests() if path.endswith("/Status")]
            assert len(asked) > 5
            assert world.remote.served("production", "/a.txt")[1] == b"a"

    def test_an_empty_file_that_the_service_refuses_fails_alone_and_says_why(self, tmp_path: Path) -> None:
        with World(tmp_path, refuse_empty_files=True) as world:
            project = world.project()
            project.write({"a.txt": b"", "b.txt": b"b"})
            with pytest.raises(ApplyFailed) as caught:
                world.machine().apply(project)
            (failure,) = caught.value.failures
            assert failure.path == "/a.txt"
            assert "not known whether Twilio takes empty files" in str(failure.hint)
            assert world.remote.live("production") is None

    def test_paths_of_flex_that_the_service_refuses_change_nothing_and_have_a_hint(self, tmp_path: Path) -> None:
        with World(tmp_path, flex_guard=True) as world:
            project = world.project()
            project.write({"plugins/a/bundle.js": b"1"})
            with pytest.raises(ApiError, match="You cannot deploy Flex Plugins") as caught:
                world.machine().apply(project)
            assert caught.value.hint == "Paths under /plugins/ are for Flex plugins: use another target."
            assert world.remote.live("production") is None

    def test_names_that_cannot_be_written_are_a_warning_and_the_files_are_live(
        self, world: World, site: Project
    ) -> None:
        world.core.faults = Bend("POST", NAMES, first=Answer(400, b"{}"), times=99)
        machine = world.machine()
        _, outcome = machine.apply(site)
        assert len(outcome.warnings) == 1
        assert "the names of 3 assets could not be written" in outcome.warnings[0]
        assert world.remote.served("production", "/index.html")[1] == b"<h1>"
        world.core.faults = Bend("PUT", "never")
        assert machine.plan(site).plan.changes == ()
        machine.apply(site)
        assert changes(world.machine(), site) == ()


class TestLastFile:
    def test_when_nothing_is_left_a_deployment_without_a_build_takes_it_off_line(
        self, world: World, site: Project
    ) -> None:
        world.machine().apply(site)
        site.write({})
        machine = world.machine()
        assert "--allow-empty" in {refusal.override for refusal in machine.plan(site).refusals}
        world.remote.clear_log()
        _, outcome = machine.apply(site)
        assert outcome.build_sid is None
        assert not [path for _, path in world.remote.writes() if path.endswith("/Builds")]
        assert world.remote.environment("production")["build_sid"] is None
        assert world.remote.served("production", "/index.html")[0] == 404
        world.remote.clear_log()
        world.machine().apply(site)
        assert world.remote.writes() == []
        site.write({"index.html": b"<h1>", "css/a.css": b"a{}", "js/a.js": b"1"})
        prepared, _ = world.machine().apply(site)
        assert prepared.plan.summary["restore"] == 3


class TestBeforeAnything:
    def test_a_service_that_would_be_created_is_read_only_in_the_console_and_needs_consent(
        self, world: World, site: Project
    ) -> None:
        machine = world.machine()
        assert [refusal.override for refusal in machine.plan(site).refusals] == ["--create-service"]
        assert world.remote.writes() == []
        machine.apply(site)
        service = world.remote.get(f"/Services/{SERVICE}")
        assert (service["ui_editable"], service["include_credentials"]) == (False, False)

    def test_a_service_that_the_console_may_edit_is_warned_of(self, world: World, site: Project) -> None:
        world.machine().apply(site)
        site.write({"index.html": b"2"})
        before = world.machine().plan(site).warnings
        world.remote.post(f"/Services/{SERVICE}", {"UiEditable": "true"})
        (warning,) = set(world.machine().plan(site).warnings) - set(before)
        assert "editable in the Twilio Console" in warning

    @pytest.mark.parametrize(
        ("spec", "sentence"),
        [
            (EnvironmentSpec("production", "prod"), "exists with no suffix, the manifest says prod"),
            (EnvironmentSpec("staging"), "exists with the suffix stg, the manifest says no suffix"),
            (EnvironmentSpec("other", "stg"), "the suffix stg belongs to the Environment staging already"),
            (EnvironmentSpec("bare"), "the bare domain (no suffix) belongs to the Environment production already"),
        ],
        ids=["another", "lacking", "taken", "bare"],
    )
    def test_an_environment_with_another_suffix_is_refused_by_name(
        self, world: World, site: Project, spec: EnvironmentSpec, sentence: str
    ) -> None:
        for environment in ("production", "staging"):
            world.machine().apply(site, environment)
        site.environments = (spec,)
        world.remote.clear_log()
        with pytest.raises(InvalidInput) as caught:
            world.machine().apply(site, spec.name)
        (problem,) = caught.value.problems
        assert sentence in problem.message
        assert world.remote.writes() == []

    def test_a_live_function_at_a_wanted_path_is_refused(self, world: World, site: Project) -> None:
        world.machine().apply(site)
        remote = world.remote
        function = remote.post(f"/Services/{SERVICE}/Functions", {"FriendlyName": "f"})["sid"]
        version = remote.http.post(
            f"/v1/Services/{SERVICE}/Functions/{function}/Versions",
            data={"Path": "/hello", "Visibility": "public"},
            files={"Content": ("f.js", b"0", "application/javascript")},
        ).json()["sid"]
        live = [each["sid"] for each in remote.live_versions("production").values()]
        remote.deploy("production", remote.build(live, FunctionVersions=version))
        site.write({"hello": b"file"})
        with pytest.raises(AssetsyncError) as caught:
            world.machine().plan(site)
        assert caught.value.exit_code == 78
