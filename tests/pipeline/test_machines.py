"""Fresh machines, killed runs, journals: what one machine began another one finishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assetsync.errors import (
    Conflict,
)
from tests.fakes.world import Answer, Bend, Killed, Machine, Project, World

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.world import Request

from tests.pipeline.driving import BUILDS, changes, sent


class TestMachines:
    def test_a_second_machine_sees_the_same_empty_plan(self, world: World, site: Project) -> None:
        world.machine().apply(site)
        prepared = world.machine().plan(site)
        assert prepared.plan.changes == ()
        assert prepared.plan.summary["unchanged"] == 3
        assert prepared.plan.repairs == ()

    @pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
    def test_a_first_run_killed_at_any_write_is_finished_by_a_fresh_machine(self, tmp_path: Path, before: bool) -> None:
        kills = 0
        for n in range(1, 30):
            with World(tmp_path / f"{n}") as world:
                project = world.project()
                project.write({"a.txt": b"a", "b.txt": b"b", "c/d.txt": b"b"})
                victim = world.machine()
                victim.kill = (n, before)
                try:
                    victim.apply(project)
                except Killed:
                    kills += 1
                else:
                    break
                fresh = world.machine()
                names = {refusal.reason for refusal in fresh.plan(project).refusals}
                assert names <= {"create-service"}
                fresh.apply(project)
                for path, content in {"/a.txt": b"a", "/b.txt": b"b", "/c/d.txt": b"b"}.items():
                    assert world.remote.served("production", path)[1] == content
                assert changes(world.machine(), project) == ()
        assert kills == 13, "a Service, an Environment, three Assets, Versions and names, a Build, a Deployment"

    def test_an_update_killed_at_any_write_serves_the_old_or_the_new_and_nothing_between(self, tmp_path: Path) -> None:
        old, new = {"a.txt": b"1", "b.txt": b"2"}, {"a.txt": b"3", "c.txt": b"2"}
        seen = set()
        for n in range(1, 12):
            with World(tmp_path / f"{n}") as world:
                project = world.project()
                project.write(old)
                victim = world.machine()
                victim.apply(project)
                project.write(new)
                victim.kill = (n, n % 2 == 0)
                try:
                    victim.apply(project)
                except Killed:
                    pass
                else:
                    break
                live = {
                    path[1:]: world.remote.served("production", path)[1]
                    for path in world.remote.live_versions("production")
                }
                assert live in (old, new)
                seen.add(live == new)
                world.machine().apply(project)
                assert changes(world.machine(), project) == ()
        assert False in seen

    def test_an_interrupted_run_goes_on_without_sending_again_what_was_acknowledged(self, world: World) -> None:
        project = world.project()
        project.write({f"{n}.txt": f"{n}".encode() * (9 - n) for n in range(4)})
        victim = world.machine()
        victim.concurrency = 1
        victim.kill = (2 + 2 * 3, True)
        with pytest.raises(Killed):
            victim.apply(project)
        assert len(sent(world)) == 2
        victim.kill = (0, True)
        world.remote.clear_log()
        victim.apply(project)
        assert len(sent(world)) == 2
        assert changes(world.machine(), project) == ()

    def test_renames_that_were_killed_before_their_names_are_not_sent_again(self, world: World) -> None:
        project = world.project()
        project.write({f"old/{n}.txt": f"{n}".encode() for n in range(3)})
        victim = world.machine()
        victim.apply(project)
        project.write({f"new/{n}.txt": f"{n}".encode() for n in range(3)})
        assets = set(world.remote.assets())
        victim.concurrency, victim.kill = 1, (3, False)
        with pytest.raises(Killed):
            victim.apply(project)
        victim.kill = (0, True)
        world.remote.clear_log()
        victim.apply(project)
        assert len(sent(world)) == 1, "only the third one's answer never came"
        assert set(world.remote.assets()) == assets
        assert changes(world.machine(), project) == ()

    def test_a_second_run_on_the_same_machine_waits_its_turn(self, world: World, site: Project) -> None:
        machine, refused = world.machine(), []

        def second(_request: Request, _answer: Answer | None) -> None:
            with pytest.raises(Conflict) as caught:
                Machine(world, machine.cache).apply(site)
            refused.append(caught.value.message)

        world.core.faults = Bend("POST", BUILDS, do=second)
        machine.apply(site)
        assert len(refused) == 1
        assert "another assetsync run on this machine" in refused[0]
