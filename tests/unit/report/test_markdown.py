"""A plan as Markdown: it fits, and no name breaks out of its cell."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assetsync.errors import AssetsyncError, InvalidInput, Problem, UsageError
from assetsync.plan.actions import Reason, Rename
from assetsync.plan.plan import Foreign, Plan
from assetsync.plan.safety import Refusal
from assetsync.report.line import Line
from assetsync.report.markdown import MARKER, failure_markdown, outcome_markdown, plan_markdown
from tests.unit.plan.scene import OWNER, TARGET, Scene, want
from tests.unit.report.plans import full_plan, large_plan, odd_plan
from tests.unit.twilio.sids import sid

GITHUB_TAKES = 65_535

GOLDEN = """\
<!-- assetsync plan -->
### assetsync: `production` of `my-site`

**Plan: 1 to create, 1 to upload, 1 to restore, 1 to rename, 1 to delete, 1 foreign replaced, 1 unchanged.**
22 B to send.
kept as they are: 1 foreign asset and 1 Function, runtime node22.

:no_entry: refused: 1 asset would go: /\\_\\_a\\_\\_.js (`--allow-drop=1`)

:warning: allowed: fine (`--allow-replace`)

:warning: careful

<details><summary>Details</summary>

| | path | size | reason |
|---|---|---:|---|
| `+` create | `/create` | 7 B | replaces foreign |
| `-` delete | `/delete` |  | not wanted |
| `>` rename | `/renamed-from` to `/renamed-to` | 7 B | new |
| `<` restore | `/restore` | 4 B | content |
| `~` upload | `/upload` | 8 B | content, visibility |
| `!` | `/create` | | replaces foreign |

</details>
"""


def rows(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.startswith("| `")]


def is_whole(row: str) -> bool:
    """Four cells, and every code span closed: backticks pair up within each cell."""
    cells = row.strip("|").split("|")
    return len(cells) == 4 and all(cell.count("`") % 2 == 0 for cell in cells)


def test_a_plan_with_everything_in_it() -> None:
    refusals = (
        Refusal("drop", "1 asset would go: /__a__.js", 1, "0", "--allow-drop"),
        Refusal("replace", "fine", 2, "0", "--allow-replace", "--allow-replace"),
    )
    assert plan_markdown(full_plan(), refusals, ["careful"]) == GOLDEN


def test_no_changes_is_one_sentence_without_a_table() -> None:
    scene = Scene()
    scene.ours("/a")
    assert plan_markdown(scene.plan(want("/a")), ()) == (
        f"{MARKER}\n### assetsync: `production` of `my-site`\n\n"
        "**No changes. production serves what the manifest says.**\n"
    )


def test_dropped_assets_are_shown() -> None:
    plan = replace(full_plan(), dropped=(Foreign("/x", sid("ZH"), sid("ZN"), "public", None),))
    assert "| `-` | `/x` | | foreign, dropped |" in plan_markdown(plan, ())


@pytest.mark.parametrize("count", [1000, 5000])
def test_what_does_not_fit_is_counted(count: int) -> None:
    text = plan_markdown(large_plan(count), ())
    assert 60_000 < len(text) <= GITHUB_TAKES
    shown = rows(text)
    (more,) = re.findall(r"^and (\d+) more$", text, re.MULTILINE)
    assert len(shown) + int(more) == 7 * count
    assert text.endswith(f"and {more} more\n\n</details>\n")


def test_what_fits_is_all_shown() -> None:
    text = plan_markdown(large_plan(20), ())
    assert len(rows(text)) == 7 * 20
    assert " more" not in text


def test_hundreds_of_long_warnings_still_fit() -> None:
    odd = "\U000e0001`|*_[]~" * 300
    refusals = [Refusal("drop", odd, 1, "0", "--allow-drop") for _ in range(200)]
    text = plan_markdown(large_plan(3000), refusals, [odd] * 500)
    assert len(text) <= GITHUB_TAKES
    assert rows(text)


OTHERS = 500
"""Characters that whoever posts the plan may add: a marker, the URL of a preview."""

LONG_PATHS = st.builds(
    lambda piece, count: "/" + (piece * count)[:4000], st.text(min_size=1, max_size=8), st.integers(1, 4000)
)


@settings(max_examples=15)
@given(st.lists(LONG_PATHS, min_size=1, max_size=4), st.integers(1, 1500), st.integers(0, 60), LONG_PATHS)
def test_whatever_is_planned_and_goes_wrong_github_takes_the_text(
    paths: list[str], count: int, told: int, odd: str
) -> None:
    """A thousand files with long and odd names, with warnings, refusals and an error below: what is cut is counted."""
    actions = tuple(
        Rename(replace(want("/x"), path=f"{path}/{number}"), path, None, (Reason.NEW,))
        for number in range(count)
        for path in paths
    )
    refusals = [Refusal("drop", odd, 1, "0", "--allow-drop") for _ in range(told)]
    plan = plan_markdown(Plan(OWNER, TARGET, actions), refusals, [odd] * told)
    more = re.findall(r"^and (\d+) more$", plan, re.MULTILINE)
    assert len(rows(plan)) + sum(map(int, more)) == len(actions)
    problems = tuple(Problem(odd, 1, number, odd) for number in range(told + 1))
    for text in (plan, failure_markdown(InvalidInput(problems), plan), outcome_markdown(plan, [Line(odd)] * count)):
        assert len(text) + OTHERS <= GITHUB_TAKES


NASTY = st.text("`|<>@*_[]()!#&~\\\n\r\x1b:- a\u202e", min_size=1, max_size=40) | st.text(min_size=1, max_size=40)


@settings(max_examples=300)
@given(NASTY)
def test_no_name_breaks_a_cell_or_starts_something(odd: str) -> None:
    plan = odd_plan(f"/{odd}", odd)
    text = plan_markdown(plan, [Refusal("drop", odd, 1, "0", "--allow-drop")], [odd])
    assert len(rows(text)) == 4
    assert all(is_whole(row) for row in rows(text))
    assert all(line.isprintable() for line in text.split("\n"))
    assert "@" not in text
    assert re.findall(r"<[^>]*>?", text.replace("`<`", "")) == [
        MARKER,
        "<details>",
        "<summary>",
        "</summary>",
        "</details>",
    ]
    refused, warned = (line for line in text.split("\n") if line.startswith((":no_entry: refused", ":warning: ")))
    for line in (refused.removesuffix(" (`--allow-drop=1`)").removeprefix(":no_entry: refused: "), warned):
        assert re.search(r"(?<!\\)(?:\\\\)*[*_\[\]~`!#&$]", line.removeprefix(":warning: ")) is None


@pytest.mark.parametrize("row", ["| `a` | `b` | c |", "| `a | `b` | c | d |"])
def test_the_check_for_whole_rows_notices(row: str) -> None:
    assert not is_whole(row)


def test_an_environment_of_any_name_stays_in_its_code_span() -> None:
    plan = Scene().plan(want("/a"), target=replace(TARGET, environment="a`b|c"))
    assert "### assetsync: `a'b/c` of `my-site`" in plan_markdown(plan, ())


class TestFailure:
    def test_without_a_plan_the_error_stands_alone(self) -> None:
        text = failure_markdown(UsageError("wrong `one`", hint="do this"), None)
        assert text == f"{MARKER}\n### assetsync\n\n```text\nError: wrong 'one'\ndo this\n```\n"

    def test_it_is_told_even_below_the_longest_plan(self) -> None:
        plan = plan_markdown(large_plan(5000), ())
        text = failure_markdown(AssetsyncError("the Build failed"), plan)
        assert text.startswith(plan)
        assert "Error: the Build failed" in text
        assert len(text) <= GITHUB_TAKES

    def test_an_endless_error_fits_too(self) -> None:
        plan = plan_markdown(large_plan(5000), ())
        problems = tuple(Problem("assetsync.yaml", line, 1, "wrong" * 50) for line in range(5000))
        for head in (plan, None):
            text = failure_markdown(InvalidInput(problems), head)
            assert len(text) <= GITHUB_TAKES
            assert text.endswith("\n```\n")

    @given(NASTY)
    def test_nothing_ends_the_block(self, odd: str) -> None:
        text = failure_markdown(AssetsyncError(odd, hint=odd), None)
        assert text.count("`") == 6


def test_the_outcome_stands_below_the_plan() -> None:
    told = outcome_markdown("the plan\n", [Line("production is live at https://x.example/"), Line("3 requests")])
    assert told == "the plan\n\n```text\nproduction is live at https://x.example/\n3 requests\n```\n"
