"""What a Build cannot hold, once what is carried over is counted (F1.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from assetsync.model import FunctionVersion
from assetsync.plan.limits import check_build, check_environments
from tests.unit.plan.scene import Scene, want

if TYPE_CHECKING:
    from assetsync.errors import Problem


def findings(own: dict[str, int], foreign: dict[str, int]) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    scene = Scene()
    for kind, count in foreign.items():
        for number in range(count):
            scene.foreign(f"/foreign-{kind}/{number}", visibility=kind)
    wanted = [want(f"/{kind}/{number}", visibility=kind) for kind, count in own.items() for number in range(count)]
    found = check_build(scene.plan(*sorted(wanted, key=lambda each: each.path)), "assetsync.yaml")
    return found.problems, found.warnings


@pytest.mark.parametrize(("kind", "most"), [("public", 1000), ("protected", 1000), ("private", 50)])
def test_exactly_the_limit_of_one_visibility_fits_with_what_is_carried(kind: str, most: int) -> None:
    assert findings({kind: most - 3}, {kind: 3}) == ((), ())


@pytest.mark.parametrize(("kind", "most"), [("public", 1000), ("protected", 1000), ("private", 50)])
def test_one_more_is_a_problem_that_counts_what_is_carried(kind: str, most: int) -> None:
    (problem,), warnings = findings({kind: most - 2}, {kind: 3})
    assert problem.file == "assetsync.yaml"
    assert problem.message == f"{most + 1} {kind} assets in one Build (3 of them carried over): Twilio allows {most}"
    assert warnings == ()


def test_over_1000_public_and_protected_together_is_a_warning() -> None:
    assert findings({"public": 600, "protected": 400}, {}) == ((), ())
    problems, (warning,) = findings({"public": 600, "protected": 400}, {"public": 1})
    assert problems == ()
    assert warning.startswith("1001 public and protected assets in one Build")


def test_a_path_of_a_live_function_is_a_problem_of_the_file() -> None:
    scene = Scene()
    scene.functions = (FunctionVersion("ZN1", "ZH1", "/hello", "public"),)
    found = check_build(scene.plan(want("/a"), want("/hello")), "assetsync.yaml")
    assert [(each.file, each.message) for each in found.problems] == [
        ("public/hello", "/hello is the path of a live Function; a Build cannot hold both")
    ]


@pytest.mark.parametrize(("there", "problems"), [(0, 0), (24, 0), (25, 1), (26, 0), (50, 0)])
def test_the_26th_environment_is_a_problem_unless_the_service_has_more_already(there: int, problems: int) -> None:
    """F1.4: an account with another limit is not held to the usual one."""
    plan = Scene().plan(want("/a"))
    new = replace(plan, target=replace(plan.target, environment="pr-1", environment_sid=None))

    found = list(check_environments(new, there, "assetsync.yaml"))

    assert len(found) == problems
    assert list(check_environments(plan, there, "assetsync.yaml")) == [], "it is there already"
    unneeded = replace(new, actions=())
    assert list(check_environments(unneeded, there, "assetsync.yaml")) == [], "nothing would be made"
