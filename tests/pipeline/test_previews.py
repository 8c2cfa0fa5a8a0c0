"""A preview is made and marked while processes are killed and answers are lost: one Environment, one mark, one site."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assetsync.emulator.faults import NoFaults
from assetsync.errors import OutcomeUnknown, UsageError
from tests.fakes.world import SERVICE, Answer, Bend, Drop, Killed, Machine, Project, Request, Wire, World

ENVIRONMENTS = r"/Environments\?$"
MARK_MADE = r"/Variables\?$"
MARK_RENEWED = r"/Variables/ZV\w+\?$"
WEEK = timedelta(days=7)


class Blind:
    """The answer to the mark is lost, and so are the lists that would show it."""

    def __init__(self) -> None:
        self._lost = Bend("POST", MARK_MADE, last=Drop.CONNECTION)
        self._unseen = Bend("GET", r"/Variables\?", first=Answer(503, b""), skip=1, times=1000)

    def before(self, request: Request) -> Wire | None:
        return self._unseen.before(request)

    def after(self, request: Request, answer: Answer) -> Wire | None:
        return self._lost.after(request, answer)


def machine_of(world: World, *, lifetime: timedelta = WEEK) -> Machine:
    machine = world.machine()
    machine.lifetime = lifetime
    return machine


def variables(world: World, name: str = "pr-1") -> list[str]:
    """Each as `key=value`."""
    place = f"/Services/{SERVICE}/Environments/{world.remote.environment(name)['sid']}/Variables"
    return [f"{each['key']}={each['value']}" for each in world.remote.every(place)]


def is_one_marked_preview(world: World, lifetime: timedelta = WEEK) -> bool:
    """Nothing is there but the preview, with one mark that ends about then, and it serves the site."""
    (environment,) = world.remote.every(f"/Services/{SERVICE}/Environments")
    (mark,) = variables(world)
    expiry = datetime.fromisoformat(mark.removeprefix("ASSETSYNC_PREVIEW=as1 website "))
    left = expiry - datetime.now(UTC)
    return (
        environment["unique_name"] == "pr-1"
        and lifetime - timedelta(hours=1) < left <= lifetime
        and world.remote.served("pr-1", "/index.html")[:2] == (200, b"<h1>")
    )


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_killed_at_any_write_a_second_run_repairs_it(world: World, site: Project, before: bool) -> None:
    kills = 0
    while True:
        kills += 1
        victim = machine_of(world)
        victim.kill = (kills, before)
        try:
            victim.apply(site, "pr-1")
        except Killed:
            machine_of(world).apply(site, "pr-1")
            assert is_one_marked_preview(world), f"write {kills}"
            world.remote.http.delete(f"/v1/Services/{world.remote.get(f'/Services/{SERVICE}')['sid']}")
            continue
        assert victim.last_kill is not None
        assert victim.last_kill.seen == kills - 1 >= 13
        assert is_one_marked_preview(world)
        return


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_killed_while_it_is_renewed_a_second_run_renews_it(world: World, site: Project, before: bool) -> None:
    machine_of(world).apply(site, "pr-1")
    site.write({"index.html": b"<h1>", "new.js": b"1"})
    longer = 2 * WEEK
    victim = machine_of(world, lifetime=longer)
    victim.kill = (1, before)
    with pytest.raises(Killed):
        victim.apply(site, "pr-1")

    machine_of(world, lifetime=longer).apply(site, "pr-1")

    assert is_one_marked_preview(world, longer)


@pytest.mark.parametrize("pattern", [ENVIRONMENTS, MARK_MADE], ids=["environment", "mark"])
@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
@pytest.mark.parametrize(
    "loss", [Drop.CONNECTION, Answer(502, b"<html>"), Answer(201, b"{}")], ids=["cut", "502", "hollow"]
)
def test_a_lost_answer_makes_no_second_environment_and_no_second_mark(
    world: World, site: Project, pattern: str, done: bool, loss: Drop | Answer
) -> None:
    world.core.faults = bend = Bend("POST", pattern, first=None if done else loss, last=loss if done else None)

    machine_of(world).apply(site, "pr-1")

    assert bend.bent == 1
    assert is_one_marked_preview(world)


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
def test_a_renewal_whose_answer_is_lost_is_looked_for(world: World, site: Project, done: bool) -> None:
    machine_of(world).apply(site, "pr-1")
    longer = 2 * WEEK
    world.core.faults = bend = Bend(
        "POST", MARK_RENEWED, first=None if done else Drop.CONNECTION, last=Drop.CONNECTION if done else None
    )
    world.remote.clear_log()

    machine_of(world, lifetime=longer).apply(site, "pr-1")

    assert bend.bent == 1
    assert len(world.remote.writes()) == (1 if done else 2)
    assert is_one_marked_preview(world, longer)


def test_a_mark_that_cannot_be_looked_for_keeps_everything_from_being_uploaded(world: World, site: Project) -> None:
    world.core.faults = Blind()

    with pytest.raises(OutcomeUnknown):
        machine_of(world).apply(site, "pr-1")

    assert world.remote.assets() == {}
    machine = machine_of(world)
    world.core.faults = NoFaults()
    machine.apply(site, "pr-1")
    assert is_one_marked_preview(world)


def test_an_environment_that_is_there_already_is_not_marked_by_the_apply_either(world: World, site: Project) -> None:
    world.machine().apply(site, "pr-1")

    with pytest.raises(UsageError, match="was there before"):
        machine_of(world).apply(site, "pr-1")

    assert variables(world) == []


def test_without_a_time_to_live_no_variable_is_asked_for(world: World, site: Project) -> None:
    world.machine().apply(site, "pr-1")

    assert not [path for _method, path in world.remote.requests() if "Variables" in path]
