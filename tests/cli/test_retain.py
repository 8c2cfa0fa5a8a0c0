"""`retain` in the manifest, as a user sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.stage import Stage


@pytest.fixture
def released(stage: Stage) -> Stage:
    """The second release; the bundle of the first is kept for one Build."""
    stage.manifest(more="retain: {builds: 1}\n")
    for number in (1, 2):
        stage.write({"page": str(number), f"app-{number}": str(number)})
        (stage.root / f"public/app-{number - 1}").unlink(missing_ok=True)
        stage.apply()
    return stage


def test_the_plan_says_what_is_kept_as_text_json_and_markdown(released: Stage) -> None:
    released.write({"page": "3"})

    plan = released.run("plan", "--format", "json").plan

    assert plan["summary"]["kept"] == 0
    assert [each["path"] for each in plan["actions"] if each["action"] == "delete"] == ["/app-1"]
    (released.root / "public/app-2").unlink()
    plan = released.run("plan", "--format", "json").plan
    assert [(each["path"], each["builds"]) for each in plan["kept"]] == [("/app-2", 1)]
    released.run("plan").holds(0, "kept for open pages (retain): 1", "= /app-2 in this Build for the last time")
    released.run("plan", "--format", "markdown").holds(0, "| `=` kept | `/app-2` | | in this Build for the last time |")


def test_no_retain_takes_it_off_line_now(released: Stage) -> None:
    assert set(released.outside.paths()) == {"/page", "/app-1", "/app-2"}

    released.run("apply", "--yes", "--no-retain").holds(0, "- /app-1")

    assert set(released.outside.paths()) == {"/page", "/app-2"}


def test_a_saved_plan_keeps_what_it_said(released: Stage) -> None:
    released.write({"page": "3"})
    (released.root / "public/app-2").unlink()
    released.run("plan", "--out", "x.assetsync-plan.json").holds(0)

    ran = released.run("apply", "x.assetsync-plan.json", "--no-retain")

    assert not ran.holds(4, "/app-2 would stop being served now, and was not in the plan").writes
    released.run("apply", "x.assetsync-plan.json").holds(0)
    assert set(released.outside.paths()) == {"/page", "/app-2"}


def test_the_guard_asks_when_something_begins_to_be_kept_and_not_when_its_time_is_up(stage: Stage) -> None:
    stage.manifest(more="retain: {builds: 1}\nsafety: {max_delete: 0}\n")
    stage.write({"page": "1", "a": "a", "b": "b"})
    stage.apply()
    for name in "ab":
        (stage.root / f"public/{name}").unlink()
    stage.write({"page": "2"})
    stage.run("plan").holds(3, "kept for open pages (retain): 2", "2 of 3 paths would stop being served")
    stage.apply("--allow-deletes=2")

    stage.write({"page": "3"})

    stage.run("plan").holds(0, "- /a", "- /b")


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("{builds: 21}", "must be a whole number from 0 to 20"),
        ("{builds: -1}", "must be a whole number from 0 to 20"),
        ("{builds: two}", "must be a whole number from 0 to 20"),
        ("{}", "the retain lacks the key `builds`"),
        ("3", "`retain` must be a mapping of keys to values"),
        ("{builds: 2, days: 3}", "the retain has no key `days`"),
    ],
)
def test_a_wrong_window_is_told_with_its_place(stage: Stage, value: str, sentence: str) -> None:
    stage.manifest(more=f"retain: {value}\n")
    stage.write({"a": "a"})

    stage.run("validate").holds(78, "assetsync.yaml:10:", sentence)
