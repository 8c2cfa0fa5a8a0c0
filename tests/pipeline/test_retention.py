"""The skew window: what the folder has no more is served for N Builds more, and gone after, from any machine."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assetsync.report.text import plan_lines
from tests.fakes.world import Project, World
from tests.pipeline.driving import PATH_OF_250, changes, sent, tool_deploys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from assetsync.plan.plan import Plan


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path) as made:
        yield made


@pytest.fixture
def project(world: World) -> Project:
    return world.project(retain=2)


def release(
    world: World,
    project: Project,
    number: int,
    environment: str = "production",
    also: Mapping[str, bytes] | None = None,
) -> Plan:
    """A page and the bundle that it asks for, applied from a machine that remembers nothing; the plan of that."""
    files = {"page": f"asks for app-{number}".encode(), f"app-{number}": f"bundle {number}".encode()}
    project.write(files | dict(also or {}))
    return world.machine().apply(project, environment)[0].plan


def served(world: World, environment: str = "production") -> set[str]:
    return set(world.remote.live_versions(environment))


def said(plan: Plan) -> str:
    return "\n".join(line.text for line in plan_lines(plan))


def test_an_old_bundle_is_served_for_so_many_builds_and_gone_after(world: World, project: Project) -> None:
    release(world, project, 1)

    second = release(world, project, 2)
    assert "= /app-1  in this Build and 1 more" in said(second)
    assert served(world) == {"/page", "/app-1", "/app-2"}
    assert world.remote.served("production", "/app-1")[1] == b"bundle 1"

    third = release(world, project, 3)
    assert "= /app-1  in this Build for the last time" in said(third)
    assert "= /app-2  in this Build and 1 more" in said(third)
    assert served(world) == {"/page", "/app-1", "/app-2", "/app-3"}

    fourth = release(world, project, 4)
    assert "- /app-1" in said(fourth)
    assert served(world) == {"/page", "/app-2", "/app-3", "/app-4"}


def test_without_a_change_nothing_is_made_and_what_is_kept_is_told(world: World, project: Project) -> None:
    for number in (1, 2, 3):
        release(world, project, number)
    world.remote.clear_log()

    plan = world.machine().apply(project)[0].plan

    assert not world.remote.writes()
    assert "No changes." in said(plan)
    assert "= /app-1  goes with the next Build" in said(plan)
    assert "= /app-2  in the next 1 Build" in said(plan)


def test_a_file_that_alone_has_gone_waits_for_the_next_build(world: World, project: Project) -> None:
    release(world, project, 1, also={"other": b"x"})
    project.write({"page": b"asks for app-1", "app-1": b"bundle 1"})

    assert not world.machine().apply(project)[0].plan.build_needed
    for number in (2, 3):
        release(world, project, number)
        assert "/other" in served(world)
    release(world, project, 4)
    assert "/other" not in served(world)


def test_what_is_wanted_again_is_kept_as_long_as_any_other_later(world: World, project: Project) -> None:
    for number in (1, 2):
        release(world, project, number)
    release(world, project, 3, also={"app-1": b"bundle 1"})
    assert all("~" not in name for name in world.remote.assets().values() if name.startswith("/app-1 "))

    for number in (4, 5):
        release(world, project, number)
        assert "/app-1" in served(world)
    release(world, project, 6)
    assert "/app-1" not in served(world)


def test_a_bundle_that_comes_back_after_it_went_is_not_sent_again(world: World, project: Project) -> None:
    for number in (1, 2, 3, 4):
        release(world, project, number)
    world.remote.clear_log()

    project.write({"page": b"asks for app-1", "app-1": b"bundle 1"})
    world.machine().apply(project)

    assert not [each for each in sent(world) if each.endswith("app-1")]
    assert "/app-1" in served(world)
    for number in (5, 6):
        release(world, project, number)
        assert "/app-1" in served(world), "the mark of the first time is gone"


def test_each_environment_counts_its_own_builds(world: World, project: Project) -> None:
    release(world, project, 1)
    release(world, project, 1, "staging")
    for number in (2, 3, 4):
        release(world, project, number, "staging")

    assert "/app-1" in served(world)
    assert "/app-1" not in served(world, "staging")
    for number in (5, 6):
        release(world, project, number)
        assert "/app-1" in served(world)
    release(world, project, 7)
    assert "/app-1" not in served(world)


def test_two_environments_that_keep_the_same_do_not_disturb_each_other(world: World, project: Project) -> None:
    """Each release goes to staging first, then to production, as releases do."""
    for number in range(1, 8):
        for environment in ("staging", "production"):
            release(world, project, number, environment)
            newest = {f"/app-{n}" for n in range(max(1, number - 2), number + 1)}
            assert served(world, environment) == {"/page"} | newest


def test_content_that_moves_is_not_taken_from_where_it_is_kept(world: World, project: Project) -> None:
    """A rename would take the Asset, and a Build holds one Version of it."""
    release(world, project, 1)
    project.write({"page": b"asks for app-1b", "app-1b": b"bundle 1"})

    world.machine().apply(project)

    assert served(world) == {"/page", "/app-1", "/app-1b"}
    assert changes(world.machine(), project) == ()


def test_other_tools_builds_count_and_what_they_dropped_is_gone(world: World, project: Project) -> None:
    release(world, project, 1)
    release(world, project, 2)
    tool_deploys(world, "/theirs")

    assert "/app-1" in served(world)
    release(world, project, 3)
    assert "/app-1" not in served(world), "two Builds have held it"


def test_a_path_that_is_too_long_for_a_mark_is_not_kept(world: World, project: Project) -> None:
    long = PATH_OF_250.removeprefix("/")
    release(world, project, 1, also={long: b"x"})

    release(world, project, 2)

    assert PATH_OF_250 not in served(world)


def test_a_plan_without_retain_asks_for_no_history(world: World) -> None:
    project = world.project()
    release(world, project, 1)
    release(world, project, 2)
    world.remote.clear_log()

    world.machine().plan(project)

    assert not [path for _method, path in world.remote.requests() if path.endswith("/Deployments")]
    assert served(world) == {"/page", "/app-2"}


def test_a_lost_mark_keeps_it_longer_and_never_shorter(world: World, project: Project) -> None:
    release(world, project, 1)
    release(world, project, 2)
    for sid, name in world.remote.assets().items():
        if "~" in name:
            head, _, tail = name.partition(" ~")
            world.remote.post(f"/Services/my-site/Assets/{sid}", {"FriendlyName": head + tail[4:]})

    for number in (3, 4):
        release(world, project, number)
        assert "/app-1" in served(world)


FOLDERS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from([b"one", b"two"]), min_size=1)


@settings(max_examples=15)
@given(st.integers(0, 3), st.lists(FOLDERS, min_size=2, max_size=8))
def test_what_is_served_is_what_a_count_of_builds_says(builds: int, folders: list[Mapping[str, bytes]]) -> None:
    """The oracle knows nothing of names: it counts the Builds since each path was last wanted."""
    with tempfile.TemporaryDirectory() as root, World(Path(root)) as world:
        project = world.project(retain=builds)
        expected: dict[str, bytes] = {}
        wanted_at: dict[str, int] = {}
        made = 0
        for folder in folders:
            files = {f"/{name}": content for name, content in folder.items()}
            is_needed = any(expected.get(path) != content for path, content in files.items())
            is_needed |= builds == 0 and expected.keys() != files.keys()
            if is_needed:
                made += 1
                kept = {path: content for path, content in expected.items() if made - wanted_at[path] <= builds}
                expected = kept | files
            wanted_at |= dict.fromkeys(files, made)
            project.write(folder)
            plan = world.machine().apply(project)[0].plan
            assert plan.build_needed == is_needed
            assert {path: world.remote.served("production", path)[1] for path in served(world)} == expected
            assert not world.machine().plan(project).plan.build_needed
