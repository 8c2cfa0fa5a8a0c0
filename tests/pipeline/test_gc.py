"""gc beside pipelines in flight and people who deploy: what it decided a moment ago is looked at again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from assetsync.apply.gc import AGAIN, Swept, sweep, take_inventory
from assetsync.emulator.direct import DirectTransport
from assetsync.errors import ApiError, ApplyFailed
from assetsync.plan.collection import Terms, decide
from assetsync.twilio.client import ServerlessClient
from assetsync.twilio.credentials import Credentials
from assetsync.twilio.endpoints import Endpoints
from tests.fakes.world import SERVICE, URL, Bend, Killed, Project, World
from tests.pipeline.driving import BUILDS, DEPLOYMENTS, UPLOADS, asset_at, rename, version_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.world import Answer, Request

DAY = 24 * 3600.0
ALL = Terms(builds_keep=0)


def swept(world: World, meanwhile: Callable[[], object], terms: Terms = ALL) -> Swept:
    """What goes where `meanwhile` happens between the decision and the deletions, as while a question is open."""
    account = world.core.account
    credentials = Credentials(account.sid, account.auth_token)
    with ServerlessClient(Endpoints(URL, URL), credentials, transport=DirectTransport(world.core)) as client:
        decided = decide(take_inventory(client, SERVICE, "website", terms), terms)
        meanwhile()
        world.remote.clear_log()
        return sweep(client, SERVICE, "website", decided, terms, threading.Event())


def asked_to_delete(world: World) -> set[str]:
    return {path.rpartition("/")[2] for method, path in world.remote.requests() if method == "DELETE"}


def once_at(world: World, method: str, pattern: str, act: Callable[[], object], skip: int = 0) -> None:
    """`act` right before the service works on assetsync's next request of this kind."""

    def step_in(_request: Request, _answer: Answer | None) -> None:
        act()

    world.core.faults = Bend(method, pattern, do=step_in, early=True, skip=skip)


@pytest.fixture
def leftover(world: World, site: Project) -> tuple[str, str]:
    """The Asset and the Version of a page that nobody wants any more, in an old Build that is not live."""
    site.write({"index.html": b"<h1>", "page.html": b"page"})
    world.machine().apply(site)
    found = asset_at(world, "/page.html"), version_at(world, "/page.html")
    site.write({"index.html": b"<h1>"})
    world.machine().apply(site)
    world.pass_time(2 * DAY)
    return found


def test_what_a_build_of_the_last_moment_holds_is_not_even_asked_for(world: World, leftover: tuple[str, str]) -> None:
    """A restore verified the Version a moment ago: no other client may rely on the service to refuse."""
    asset, version = leftover
    done = swept(world, lambda: world.remote.build([version]))
    assert (len(done.builds), done.assets) == (1, ())
    assert asset not in asked_to_delete(world)
    assert "a Build holds it" in done.kept[0]


def test_a_build_that_is_live_again_is_not_even_asked_for(world: World, leftover: tuple[str, str]) -> None:
    asset, _ = leftover
    (old,) = decided_builds(world)
    done = swept(world, lambda: world.remote.deploy("production", old))
    assert (done.builds, done.assets) == ((), ())
    assert asked_to_delete(world) == set()
    assert f"Build {old} stays: it is live again" in done.kept
    assert world.remote.served("production", "/page.html")[1] == b"page"
    assert asset in world.remote.assets()


def test_each_build_is_held_against_the_environments_right_before_it_goes(world: World, site: Project) -> None:
    for content in (b"1", b"2", b"3"):
        site.write({"index.html": content})
        world.machine().apply(site)
        world.pass_time(60)
    world.pass_time(2 * DAY)
    first, second = decided_builds(world)
    once_at(world, "DELETE", "/Builds/", lambda: world.remote.deploy("production", second))
    done = swept(world, int)
    assert done.builds == (first,)
    assert f"Build {second} stays: it is live again" in done.kept
    assert asked_to_delete(world) == {first}


def test_a_build_to_which_a_rollback_would_go_by_now_stays(world: World, site: Project) -> None:
    for content in (b"1", b"2", b"3"):
        site.write({"index.html": content})
        world.machine().apply(site)
        world.pass_time(60)
    world.pass_time(2 * DAY)
    first, second = decided_builds(world)
    done = swept(world, lambda: world.machine().go_back(site), Terms(builds_keep=1))
    assert (done.builds, asked_to_delete(world)) == ((), set())
    assert f"Build {first} stays: a rollback would go there by now" in done.kept
    assert world.remote.environment("production")["build_sid"] == second
    world.machine().go_back(site)
    assert world.remote.served("production", "/index.html")[1] == b"1"


def decided_builds(world: World) -> tuple[str, ...]:
    live = {each["build_sid"] for each in world.remote.every(f"/Services/{SERVICE}/Environments")}
    builds: list[dict[str, Any]] = world.remote.every(f"/Services/{SERVICE}/Builds")
    idle = [each for each in builds if each["sid"] not in live]
    return tuple(each["sid"] for each in sorted(idle, key=lambda each: (each["date_created"], each["sid"])))


def test_an_asset_that_gets_another_name_at_the_last_moment_stays(world: World, leftover: tuple[str, str]) -> None:
    asset, _ = leftover
    once_at(world, "GET", r"/Assets/ZH\w+\?$", lambda: rename(world, asset, "theirs"))
    done = swept(world, int)
    assert done.assets == ()
    assert "written to a moment ago" in done.kept[0]
    assert asset in world.remote.assets()


def test_what_another_gc_has_deleted_a_moment_ago_is_passed_over(world: World, site: Project) -> None:
    site.write({"index.html": b"<h1>", "page.html": b"page", "other.html": b"other"})
    world.machine().apply(site)
    site.write({"index.html": b"<h1>"})
    world.machine().apply(site)
    world.pass_time(2 * DAY)
    gone: list[str] = []

    def be_faster(request: Request, _answer: Answer | None) -> None:
        path = request.path.removesuffix("/Versions")
        assert world.remote.http.delete(path).status_code == 204
        gone.append(path.rpartition("/")[2])

    world.core.faults = Bend("GET", r"/Assets/ZH\w+/Versions", do=be_faster, early=True)
    done = swept(world, int)
    assert (len(gone), len(done.assets)) == (1, 1)
    assert (done.kept, done.refused, done.error) == ((), (), None)
    assert len(world.remote.assets()) == 1


def test_after_some_deletions_all_builds_are_read_again(world: World, site: Project) -> None:
    pages = {f"page-{number}.html": str(number).encode() for number in range(AGAIN + 1)}
    site.write({"index.html": b"<h1>", **pages})
    world.machine().apply(site)
    by_asset = {each["asset_sid"]: each["sid"] for each in world.remote.live_versions("production").values()}
    site.write({"index.html": b"<h1>"})
    world.machine().apply(site)
    world.pass_time(2 * DAY)
    live = {each["asset_sid"] for each in world.remote.live_versions("production").values()}
    last = max(by_asset.keys() - live)
    once_at(world, "DELETE", "/Assets/", lambda: world.remote.build([by_asset[last]]), skip=AGAIN - 1)
    done = swept(world, int)
    assert len(done.assets) == AGAIN
    assert last in world.remote.assets()
    assert last not in asked_to_delete(world)


class TestPipelinesInFlight:
    """Killed or held up where it hurts: gc leaves what they made, and what it does take, the next run repairs."""

    def test_what_was_uploaded_into_an_old_leftover_stays_for_the_next_run(
        self, world: World, site: Project, leftover: tuple[str, str]
    ) -> None:
        asset, _ = leftover
        site.write({"index.html": b"<h1>", "page.html": b"another page"})
        victim = world.machine()
        victim.kill = (2, True)  # the upload is the first write, the Build the second
        with pytest.raises(Killed):
            victim.apply(site)
        versions = world.remote.every(f"/Services/{SERVICE}/Assets/{asset}/Versions")
        assert len(versions) == 2
        done = swept(world, int)
        assert done.assets == ()
        told = ["a version is younger than a day" in each for each in done.kept]
        assert told == ([] if world.core.settings.upload_touches_asset else [True]), "or it is young by its own date"
        assert asset not in asked_to_delete(world)

    def test_a_build_that_is_not_deployed_yet_stays_and_what_it_holds(
        self, world: World, site: Project, leftover: tuple[str, str]
    ) -> None:
        asset, version = leftover
        site.write({"index.html": b"<h1>", "page.html": b"page"})
        once_at(world, "POST", DEPLOYMENTS, lambda: swept(world, int))
        world.machine().apply(site)
        assert world.remote.served("production", "/page.html")[:2] == (200, b"page")
        assert (asset_at(world, "/page.html"), version_at(world, "/page.html")) == (asset, version)

    def test_a_restore_whose_asset_goes_before_its_build_fails_and_the_next_run_repairs_it(
        self, world: World, site: Project, leftover: tuple[str, str]
    ) -> None:
        asset, _ = leftover
        before = world.remote.live("production")
        site.write({"index.html": b"<h1>", "page.html": b"page"})
        once_at(world, "POST", BUILDS, lambda: swept(world, int))
        with pytest.raises(ApiError):
            world.machine().apply(site)
        assert asset not in world.remote.assets()
        assert world.remote.live("production") == before
        assert world.remote.served("production", "/index.html")[:2] == (200, b"<h1>")
        world.machine().apply(site)
        assert world.remote.served("production", "/page.html")[:2] == (200, b"page")
        assert world.remote.served("production", "/index.html")[:2] == (200, b"<h1>")

    def test_an_upload_into_a_leftover_that_goes_fails_and_the_next_run_repairs_it(
        self, world: World, site: Project, leftover: tuple[str, str]
    ) -> None:
        asset, _ = leftover
        site.write({"index.html": b"<h1>", "page.html": b"another page"})
        once_at(world, "POST", UPLOADS, lambda: swept(world, int))
        with pytest.raises(ApplyFailed):
            world.machine().apply(site)
        assert asset not in world.remote.assets()
        assert world.remote.served("production", "/index.html")[:2] == (200, b"<h1>")
        world.machine().apply(site)
        assert world.remote.served("production", "/page.html")[:2] == (200, b"another page")
