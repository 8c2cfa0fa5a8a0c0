"""A release that crosses others, or whose answers are lost or wrong, asked of a service without a socket."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.apply.once import Pace
from assetsync.apply.release import Contents, Release
from assetsync.errors import Conflict, Interrupted, MalformedAnswer
from assetsync.events import silent
from tests.fakes.world import TestClock
from tests.unit.apply.wire import pace, world_and_client
from tests.unit.twilio.sids import build_json, page_json, sid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from assetsync.twilio.client import ServerlessClient
    from tests.fakes.world import World
    from tests.unit.apply.wire import Bend, Wire
    from tests.unit.twilio.sids import Json

SERVICE = "my-site"
Place = tuple["World", "ServerlessClient", "Wire"]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with world_and_client(tmp_path) as made:
        yield made


def versions(world: World, count: int) -> list[str]:
    asset = world.remote.new_asset("a.txt")
    return [world.remote.upload(asset, "/a.txt", str(number).encode()) for number in range(count)]


def release(client: ServerlessClient, base: str | None, pace: Pace) -> Release:
    return Release(client, client.list_environments(SERVICE)[0], base, emit=silent, pace=pace)


def contents(version: str, *, uploaded: bool = False) -> Contents:
    return Contents((version,), (), (), None, frozenset({version} if uploaded else ()))


def live(world: World) -> object:
    return world.remote.environment("production")["build_sid"]


def builds(world: World) -> set[str]:
    return {each["sid"] for each in world.remote.every(f"/Services/{SERVICE}/Builds")}


def first(kind: str, answer: Callable[[httpx.Request], httpx.Response | None]) -> Bend:
    """`answer` for the first POST to resources of that kind."""
    done: list[str] = []

    def bend(request: httpx.Request) -> httpx.Response | None:
        if request.method != "POST" or not request.url.path.endswith(f"/{kind}") or done:
            return None
        done.append(kind)
        return answer(request)

    return bend


def lost(request: httpx.Request) -> httpx.Response:
    return httpx.Response(502, request=request)


def test_what_was_taken_off_line_before_is_not_put_back(place: Place) -> None:
    """Somebody goes back to an old Build between our look and our Deployment; what came after it was long gone."""
    world, client, wire = place
    one, two, three, ours = (world.remote.build([version]) for version in versions(world, 4))
    for build in (one, two, three):
        world.remote.deploy("production", build)
    client.create_deployment(SERVICE, client.list_environments(SERVICE)[0].sid, None)

    def cross(_request: httpx.Request) -> None:
        world.remote.deploy("production", one)

    wire.bend = first("Deployments", cross)
    running = release(client, None, pace())
    deployed = running.deploy(ours)
    with pytest.raises(Conflict, match="it was put back"):
        running.look_back(deployed, ours)
    assert live(world) == one
    assert ours not in builds(world)


@pytest.mark.parametrize("uploaded", [True, False], ids=["holds what we uploaded", "may be another run's"])
def test_a_build_that_may_be_another_runs_is_never_deleted(place: Place, *, uploaded: bool) -> None:
    """The answer to ours is lost, and one of the very same Versions is found."""
    world, client, wire = place
    old, theirs, wanted = versions(world, 3)
    base, other = world.remote.build([old]), world.remote.build([theirs])
    world.remote.deploy("production", base)
    since = client.service_date
    found = world.remote.build([wanted])
    wire.bend = first("Builds", lost)
    running = release(client, base, pace())
    assert running.start_build(contents(wanted, uploaded=uploaded), since).sid == found

    def cross(_request: httpx.Request) -> None:
        world.remote.deploy("production", other)

    wire.bend = first("Deployments", cross)
    deployed = running.deploy(found)
    with pytest.raises(Conflict):
        running.look_back(deployed, found)
    assert live(world) == other
    assert (found in builds(world)) is not uploaded


def test_an_answer_that_does_not_say_what_the_build_holds_is_not_believed(place: Place) -> None:
    """It names a Build that was there before; a look finds the one that was made, if any was."""
    world, client, wire = place
    old, new = versions(world, 2)
    base = world.remote.build([old])
    document = build_json(sid=base, asset_versions=[], function_versions=[])
    wire.bend = lambda request: (
        httpx.Response(201, json=document, request=request)
        if request.method == "POST" and request.url.path.endswith("/Builds")
        else None
    )
    with pytest.raises(MalformedAnswer, match="other Versions"):
        release(client, None, pace()).start_build(contents(new), client.service_date)


def test_ours_twice_in_the_history_overwrote_nobody(place: Place) -> None:
    """The service may carry out a Deployment again whose answer was late (F3.6)."""
    world, client, wire = place
    base, ours = (world.remote.build([version]) for version in versions(world, 2))
    world.remote.deploy("production", base)
    running = release(client, base, pace())
    deployed = running.deploy(ours)

    def doubled(request: httpx.Request) -> httpx.Response | None:
        if request.method != "GET" or not request.url.path.endswith("/Deployments"):
            return None
        listed = ((sid("ZD", 9), ours), (deployed, ours), (sid("ZD", 8), base))
        items: list[Json] = [{"sid": each, "build_sid": build} for each, build in listed]
        return httpx.Response(200, json=page_json("deployments", items))

    wire.bend = doubled
    assert running.look_back(deployed, ours) == ()
    assert running.look_back(sid("ZD", 9), ours) == ()


def test_a_deployment_that_nobody_could_look_for_is_told_by_its_build(tmp_path: Path) -> None:
    """Its answer is lost while the run is being ended."""
    cancelled = threading.Event()
    with world_and_client(tmp_path, cancelled) as (world, client, wire):
        base, ours = (world.remote.build([version]) for version in versions(world, 2))
        world.remote.deploy("production", base)

        def stall(request: httpx.Request) -> None:
            world.remote.deploy("production", ours)
            cancelled.set()
            raise httpx.ReadTimeout("stalled", request=request)

        wire.bend = first("Deployments", stall)
        with pytest.raises(Interrupted, match=f"could be seen whether it happened: .*{ours}"):
            release(client, base, Pace(TestClock(), cancelled)).deploy(ours)
        assert live(world) == ours
