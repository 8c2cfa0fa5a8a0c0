"""What is believed of a Service after an apply is what a look at it shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from assetsync.apply.afterwards import snapshot_after
from tests.fakes.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from assetsync.twilio.snapshot import Snapshot


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as made:
        yield made


BEFORE = {"a.txt": b"edited", "b.txt": b"b", "kept.txt": b"kept"}
KEPT = {"kept.txt": b"kept"}
CHANGES = {
    "an edit": BEFORE | {"a.txt": b"edited again"},
    "an edit taken back": BEFORE | {"a.txt": b"a"},
    "a new file": BEFORE | {"new.txt": b"new"},
    "a deleted file": KEPT | {"a.txt": b"edited"},
    "a moved file": KEPT | {"a.txt": b"edited", "moved.txt": b"b"},
    "all of it": KEPT | {"a.txt": b"third", "moved.txt": b"b", "new.txt": b"new"},
}


def essence(snapshot: Snapshot) -> object:
    """All but what time alone changes, and the order of what several names remember."""
    own = {
        sid: (each.label, frozenset(each.entries), frozenset(each.entries[: each.named]))
        for sid, each in snapshot.own.items()
    }
    live = snapshot.live and (snapshot.live.sid, frozenset(each.sid for each in snapshot.live.asset_versions))
    return replace(snapshot, own=own, live=live, others=None, service=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", CHANGES)
def test_it_is_what_a_new_look_shows(world: World, name: str) -> None:
    project, machine = world.project(), world.machine()
    project.write(BEFORE | {"a.txt": b"a"})
    machine.apply(project)
    world.remote.new_asset("foreign.txt")
    for files in (BEFORE, CHANGES[name]):
        project.write(files)
        prepared, outcome = machine.apply(project)
        assert outcome.warnings == ()
        believed = snapshot_after(prepared.snapshot, outcome)
        assert believed is not None
        assert essence(believed) == essence(machine.plan(project).snapshot)


def test_after_a_first_apply_nothing_is_believed(world: World) -> None:
    project = world.project()
    project.write({"a.txt": b"a"})
    prepared, outcome = world.machine().apply(project)
    assert snapshot_after(prepared.snapshot, outcome) is None


def test_after_a_warning_nothing_is_believed(world: World) -> None:
    project, machine = world.project(), world.machine()
    project.write({"a.txt": b"a"})
    machine.apply(project)
    project.write({"a.txt": b"b"})
    prepared, outcome = machine.apply(project)
    assert snapshot_after(prepared.snapshot, replace(outcome, warnings=("careful",))) is None
