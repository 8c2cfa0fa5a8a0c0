"""What should be live after somebody was overwritten, and how it is made so against an unwilling service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.apply.withdrawal import REFUSALS, Withdrawal, standing
from assetsync.errors import ServerFailure, ServiceError
from assetsync.model import Deployment
from tests.unit.apply.wire import pace, world_and_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from assetsync.apply.withdrawal import History
    from assetsync.twilio.client import ServerlessClient
    from tests.fakes.world import World
    from tests.unit.apply.wire import Wire

SERVICE = "my-site"


def history(deployed: str) -> History:
    """`b w x` as the service lists it, newest first; `-` is a Deployment without a Build, the SID is the place."""
    entries = [
        Deployment(str(place), None if build == "-" else build) for place, build in enumerate(deployed.split(), start=1)
    ]
    return tuple(reversed(entries))


@pytest.mark.parametrize(
    ("deployed", "expected"),
    [
        ("b w x", "w"),
        ("o b w x", "w"),
        ("b w y x", "y"),
        ("b w y w x", "w"),
        ("b w x w", "w"),
        ("b w x w y", "y"),
        ("b w x b", "b"),
        ("b w x b y", "y"),
        ("b w x y w", "w"),
        ("b w y z w x", "z"),
        ("b - x", None),
        ("b w - x", "w"),
        ("b", "b"),
        ("w x", "w"),
        ("", "b"),
    ],
)
def test_what_stands_when_ours_never_was(deployed: str, expected: str | None) -> None:
    """`b` is the base, `x` ours."""
    assert standing(history(deployed), "b", {"x"}) == expected


@pytest.mark.parametrize(("deployed", "expected"), [("w x", "w"), ("w - x", "w"), ("- w x", "w"), ("x", None)])
def test_nothing_was_live_before(deployed: str, expected: str | None) -> None:
    assert standing(history(deployed), None, {"x"}) == expected


def test_a_build_that_is_gone_does_not_stand() -> None:
    assert standing(history("b w y x"), "b", {"x", "y"}) == "w"


def test_what_was_put_back_too_late_takes_nothing_away() -> None:
    deployed = "b w x t w"
    assert standing(history(deployed), "b", {"x"}, late={"5"}) == "t"


class TestAgainstTheService:
    """One Environment in which ours overwrote `theirs`."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> Iterator[tuple[World, ServerlessClient, Wire]]:
        with world_and_client(tmp_path) as made:
            yield made

    def withdrawal(self, world: World, client: ServerlessClient) -> tuple[Withdrawal, str, str]:
        """It, and the two Builds: theirs and ours."""
        asset = world.remote.new_asset("a.txt")
        base, theirs, ours = (
            world.remote.build([world.remote.upload(asset, "/a.txt", content)]) for content in (b"0", b"1", b"2")
        )
        for build in (base, theirs, ours):
            world.remote.deploy("production", build)
        environment = client.list_environments(SERVICE)[0]

        def read() -> History:
            return client.list_deployments(SERVICE, environment.sid, limit=50)

        return Withdrawal(client, environment, base, ours, read=read, pace=pace()), theirs, ours

    def newest_first(self, world: World) -> History:
        place = f"/Services/{SERVICE}/Environments/{world.remote.environment('production')['sid']}/Deployments"
        return tuple(Deployment(each["sid"], each["build_sid"]) for each in world.remote.every(place))

    def test_theirs_is_live_again_and_ours_is_deleted(self, place: tuple[World, ServerlessClient, Wire]) -> None:
        world, client, _ = place
        withdrawal, theirs, ours = self.withdrawal(world, client)
        withdrawal.run(self.newest_first(world))
        assert world.remote.environment("production")["build_sid"] == theirs
        assert ours not in {each["sid"] for each in world.remote.every(f"/Services/{SERVICE}/Builds")}
        assert withdrawal.put_back == [theirs]

    def test_a_lost_answer_makes_no_second_deployment(self, place: tuple[World, ServerlessClient, Wire]) -> None:
        world, client, wire = place
        withdrawal, theirs, _ = self.withdrawal(world, client)
        lost: list[str] = []

        def lose(request: httpx.Request) -> httpx.Response | None:
            if request.method == "POST" and not lost:
                lost.append(world.remote.deploy("production", theirs))
                return httpx.Response(502, request=request)
            return None

        wire.bend = lose
        withdrawal.run(self.newest_first(world))
        assert [each.sid for each in self.newest_first(world)][:1] == lost
        assert withdrawal.put_back == [theirs]

    def test_a_service_that_never_lets_go_of_ours_is_not_asked_for_ever(
        self, place: tuple[World, ServerlessClient, Wire]
    ) -> None:
        world, client, wire = place
        withdrawal, theirs, _ = self.withdrawal(world, client)
        asked = []

        def keep(request: httpx.Request) -> httpx.Response | None:
            if request.method != "DELETE":
                return None
            asked.append(request.url.path)
            return httpx.Response(400, json={"code": 20001, "message": "kept", "status": 400}, request=request)

        wire.bend = keep
        withdrawal.run(self.newest_first(world))
        assert len(asked) == REFUSALS
        assert withdrawal.live == theirs

    def test_a_service_that_cannot_delete_now_leaves_it_unknown(
        self, place: tuple[World, ServerlessClient, Wire]
    ) -> None:
        world, client, wire = place
        withdrawal, theirs, _ = self.withdrawal(world, client)
        wire.bend = lambda request: httpx.Response(503, request=request) if request.method == "DELETE" else None
        with pytest.raises(ServerFailure):
            withdrawal.run(self.newest_first(world))
        assert (withdrawal.live, withdrawal.put_back) == (theirs, [theirs])

    def test_an_opponent_that_brings_ours_back_each_time_is_not_fought_for_ever(
        self, place: tuple[World, ServerlessClient, Wire]
    ) -> None:
        world, client, wire = place
        withdrawal, _, ours = self.withdrawal(world, client)

        def bring_back(request: httpx.Request) -> httpx.Response | None:
            if request.method == "DELETE" and world.remote.environment("production")["build_sid"] != ours:
                world.remote.deploy("production", ours)
            return None

        wire.bend = bring_back
        with pytest.raises(ServiceError, match="again and again"):
            withdrawal.run(self.newest_first(world))

    def test_a_history_that_has_become_empty_is_an_error(self, place: tuple[World, ServerlessClient, Wire]) -> None:
        withdrawal, *_ = self.withdrawal(*place[:2])
        with pytest.raises(ServiceError, match="history"):
            withdrawal.run(())
