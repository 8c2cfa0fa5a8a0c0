"""Going back while the service fails and others deploy: one Deployment, and nobody is overwritten for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assetsync.apply.switch import way_back
from assetsync.emulator.messages import Drop
from assetsync.errors import Conflict
from assetsync.model import Deployment
from tests.fakes.world import SERVICE, Bend, Project, World
from tests.pipeline.driving import DEPLOYMENTS, counts, tool_deploys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@pytest.fixture
def project(world: World) -> Project:
    """Two releases are behind it."""
    project, machine = world.project(), world.machine()
    for number in (1, 2):
        project.write({"page": f"release {number}".encode()})
        machine.apply(project)
    return project


def page(world: World) -> bytes:
    return world.remote.served("production", "/page")[1]


def live_build(world: World) -> str:
    return str(world.remote.environment("production")["build_sid"])


def history(world: World) -> list[str]:
    sid = world.remote.environment("production")["sid"]
    return [each["build_sid"] for each in world.remote.every(f"/Services/{SERVICE}/Environments/{sid}/Deployments")]


def back(world: World, project: Project, meanwhile: Callable[[], object] = int) -> None:
    world.machine().go_back(project, meanwhile=meanwhile)


def test_a_lost_answer_is_looked_for_and_not_taken_for_the_deployment_of_long_ago(
    world: World, project: Project
) -> None:
    before = counts(world)
    world.core.faults = Bend("POST", DEPLOYMENTS, last=Drop.CONNECTION)

    back(world, project)

    assert page(world) == b"release 1"
    assert counts(world).deployments == before.deployments + 1


def test_a_deployment_that_never_happened_is_sent_again(world: World, project: Project) -> None:
    before = counts(world)
    world.core.faults = Bend("POST", DEPLOYMENTS, first=Drop.CONNECTION)

    back(world, project)

    assert page(world) == b"release 1"
    assert counts(world).deployments == before.deployments + 1


def test_somebody_who_deploys_in_between_is_put_back_and_no_build_is_deleted(world: World, project: Project) -> None:
    target = history(world)[1]

    with pytest.raises(Conflict, match="crossed ours"):
        back(world, project, meanwhile=lambda: tool_deploys(world, "/theirs"))

    assert world.remote.served("production", "/theirs")[1] == b"tool"
    assert page(world) == b"release 2"
    assert world.remote.get(f"/Services/{SERVICE}/Builds/{target}")["sid"] == target


def test_somebody_who_deploys_afterwards_is_left_alone(world: World, project: Project) -> None:
    def later(_request: object, _answer: object) -> None:
        tool_deploys(world, "/theirs")

    world.core.faults = Bend("POST", DEPLOYMENTS, do=later)

    back(world, project)

    assert world.remote.served("production", "/theirs")[1] == b"tool"


def test_two_who_go_back_at_once_are_both_right(world: World, project: Project) -> None:
    back(world, project, meanwhile=lambda: back(world, project))

    assert page(world) == b"release 1"


def test_an_apply_that_a_rollback_crosses_loses(world: World, project: Project) -> None:
    machine = world.machine()
    project.write({"page": b"release 3"})

    with pytest.raises(Conflict):
        machine.apply(project, meanwhile=lambda _plan: back(world, project))

    assert page(world) == b"release 1"


def test_what_was_off_line_comes_back_and_who_deploys_in_between_stays(world: World, project: Project) -> None:
    last = live_build(world)
    world.remote.deploy("production", None)

    back(world, project)
    assert page(world) == b"release 2"

    world.remote.deploy("production", None)
    other = history(world)[-1]
    with pytest.raises(Conflict):
        back(world, project, meanwhile=lambda: world.remote.deploy("production", other))
    assert live_build(world) == other != last


def past(*builds: str | None) -> Sequence[Deployment]:
    """Deployments, the oldest named first, in the order in which the service tells them."""
    return tuple(Deployment(f"ZD{number}", build) for number, build in reversed(tuple(enumerate(builds))))


@pytest.mark.parametrize(
    ("builds", "live", "way"),
    [
        ((), None, ""),
        (("a",), "a", ""),
        (("a", "b"), "b", "a"),
        (("a", "b", "c"), "c", "ba"),
        (("a", "b", "c", "b"), "b", "a"),
        (("a", "b", "c", "b", "d"), "d", "ba"),
        (("a", "b", None), None, "ba"),
        (("a", None, "b"), "b", "a"),
        (("a", "a"), "a", ""),
        (("a", "b", "a", "b"), "b", "a"),
    ],
)
def test_the_way_back(builds: tuple[str | None, ...], live: str | None, way: str) -> None:
    assert "".join(way_back(past(*builds), live)) == way
