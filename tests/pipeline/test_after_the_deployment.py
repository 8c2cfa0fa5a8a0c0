"""What fails once ours is live must not be told as if it were not."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from assetsync.apply.gc import sweep, take_inventory
from assetsync.emulator.direct import DirectTransport
from assetsync.emulator.messages import json_answer
from assetsync.errors import Conflict, ServiceError
from assetsync.plan.collection import Terms, decide
from assetsync.twilio.client import ServerlessClient
from assetsync.twilio.credentials import Credentials
from assetsync.twilio.endpoints import Endpoints
from tests.fakes.world import SERVICE, URL, Bend, Killed, Project, World
from tests.pipeline.driving import DEPLOYMENTS, changes, rename, tool_deploys

if TYPE_CHECKING:
    from pathlib import Path

    from assetsync.apply.gc import Swept
    from tests.fakes.world import Answer, Request

LIST_OF_DEPLOYMENTS = r"/Deployments\?PageSize"
REFUSED = json_answer(400, {"code": 20001, "message": "not now", "status": 400})
DAY = 24 * 3600.0
ALL = Terms(builds_keep=0)


def test_a_look_back_that_fails_is_a_warning_for_a_build_that_is_live(world: World, site: Project) -> None:
    world.machine().apply(site)
    site.write({"index.html": b"edited"})
    world.core.faults = Bend("GET", LIST_OF_DEPLOYMENTS, first=REFUSED)
    _, outcome = world.machine().apply(site)
    assert world.remote.environment("production")["build_sid"] == outcome.build_sid
    (warning,) = outcome.warnings
    assert f"Build {outcome.build_sid} is live" in warning
    assert "not now" in warning


def test_a_put_back_that_fails_says_which_build_was_overwritten(world: World, site: Project) -> None:
    world.machine().apply(site)
    site.write({"index.html": b"edited"})
    theirs: list[str] = []

    def cross(_request: Request, _answer: Answer | None) -> Answer | None:
        if theirs:
            return REFUSED
        theirs.append(tool_deploys(world, "/theirs.txt")[1])
        return None

    world.core.faults = Bend("POST", DEPLOYMENTS, do=cross, early=True, times=2)
    with pytest.raises(Conflict) as caught:
        world.machine().apply(site)
    assert f"Build {theirs[0]}" in caught.value.message
    assert "putting it back failed: " in caught.value.message


def client_of(world: World) -> ServerlessClient:
    account = world.core.account
    return ServerlessClient(
        Endpoints(URL, URL), Credentials(account.sid, account.auth_token), transport=DirectTransport(world.core)
    )


class TestSweep:
    """`gc`, carried out."""

    @pytest.fixture
    def leftovers(self, world: World, site: Project) -> Project:
        """Three Assets of ours in an old Build that nothing serves any more, and one live."""
        world.machine().apply(site)
        site.write({"late.txt": b"late"})
        world.machine().apply(site)
        world.pass_time(2 * DAY)
        return site

    def swept(self, world: World, stop: threading.Event | None = None) -> Swept:
        with client_of(world) as client:
            decided = decide(take_inventory(client, SERVICE, "website", ALL), ALL)
            return sweep(client, SERVICE, "website", decided, ALL, stop or threading.Event())

    def test_deletes_old_builds_and_what_only_they_held(self, world: World, leftovers: Project) -> None:
        done = self.swept(world)
        assert (len(done.builds), len(done.assets), done.kept, done.refused, done.error) == (1, 3, (), (), None)
        assert len(world.remote.assets()) == 1
        assert changes(world.machine(), leftovers) == ()

    def test_deletes_nothing_once_it_is_stopped(self, world: World, leftovers: Project) -> None:
        stop = threading.Event()
        stop.set()
        done = self.swept(world, stop)
        assert (done.builds, done.assets) == ((), ())
        assert len(world.remote.assets()) == 4
        assert world.machine().plan(leftovers).plan.build_needed is False

    def test_leaves_a_foreign_asset_that_bears_a_copied_name(self, world: World, leftovers: Project) -> None:
        """Also when no Build shows any more whose Version the name tells of."""
        live = {each["asset_sid"] for each in world.remote.live_versions("production").values()}
        ours = next(sid for sid in world.remote.assets() if sid not in live)
        name = world.remote.assets()[ours]
        done = self.swept(world)
        assert (len(done.builds), len(done.assets)) == (1, 3)
        foreign = world.remote.new_asset("theirs")
        world.remote.upload(foreign, "/theirs.txt", b"theirs")
        rename(world, foreign, name)
        world.pass_time(2 * DAY)
        assert leftovers.name == "website"
        done = self.swept(world)
        assert (done.builds, done.assets) == ((), ())
        assert "none of the versions that its name tells of" in done.kept[0]
        assert foreign in world.remote.assets()

    def test_tells_what_was_deleted_when_the_service_fails_midway(self, world: World, leftovers: Project) -> None:
        assert leftovers.name == "website"
        world.core.faults = Bend("GET", r"/Versions\?", first=REFUSED)
        done = self.swept(world)
        assert (len(done.builds), done.assets) == (1, ())
        assert isinstance(done.error, ServiceError)


def test_a_first_run_killed_at_any_request_is_finished_by_a_fresh_machine(tmp_path: Path) -> None:
    """Reads are requests too: the polls, the second look at the Environment, the look back."""
    kills = 0
    for n in range(1, 60):
        with World(tmp_path / f"{n}") as world:
            project = world.project()
            project.write({"a.txt": b"a", "b/c.txt": b"c"})
            victim = world.machine()
            victim.kill = (n, True)
            victim.kill_reads = True
            try:
                victim.apply(project)
            except Killed:
                kills += 1
            else:
                break
            fresh = world.machine()
            assert {refusal.reason for refusal in fresh.plan(project).refusals} <= {"create-service"}
            fresh.apply(project)
            assert world.remote.served("production", "/b/c.txt")[1] == b"c"
            assert changes(world.machine(), project) == ()
    assert kills > 15
