"""Plans, refusals, results and errors as lines of text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetsync.apply.applier import Outcome, Served
from assetsync.errors import (
    ApiError,
    ApplyFailed,
    AssetsyncError,
    FileFailure,
    InvalidInput,
    Problem,
    UsageError,
)
from assetsync.plan.safety import Refusal
from assetsync.report.failures import error_lines, problem_lines
from assetsync.report.line import Line, Style
from assetsync.report.text import (
    MOST_LINES,
    counts,
    no_changes,
    outcome_lines,
    plan_lines,
    refusal_lines,
)
from assetsync.twilio.tally import Tally
from tests.unit.plan.scene import TARGET, ZB, Scene, want
from tests.unit.report.plans import full_plan, large_plan, odd_plan
from tests.unit.twilio.sids import sid

if TYPE_CHECKING:
    from collections.abc import Iterable

SITE = "https://my-site-1234.twil.io"
TALLY = Tally(requests=12, bytes_sent=2048)


def texts(lines: Iterable[Line]) -> list[str]:
    return [line.text for line in lines]


def is_shown_safely(text: str) -> bool:
    """One line of characters that a terminal only shows."""
    return all(each.isprintable() for each in text)


GOLDEN = """\
production of the Service my-site (my-site-1234.twil.io), account AC0000...0000

create: 1
  + /create       7 B  replaces foreign

upload: 1
  ~ /upload       8 B  protected  content, visibility

restore (nothing is sent): 1
  < /restore       4 B  content

rename: 1
  > /renamed-from -> /renamed-to       7 B  new

delete: 1
  - /delete  not wanted

unchanged: 1
  = /unchanged  4 B

replaced by ours: 1
  ! /create  not made by assetsync

kept as they are: 1 foreign asset and 1 Function, runtime node22
Plan: 1 to create, 1 to upload, 1 to restore, 1 to rename, 1 to delete, 1 foreign replaced, 1 unchanged.
22 B to send, about 13 requests."""


def test_a_plan_with_everything_in_it() -> None:
    assert "\n".join(texts(plan_lines(full_plan(), everything=True))) == GOLDEN


def test_unchanged_files_are_only_counted() -> None:
    shown = texts(plan_lines(full_plan()))
    assert "  = /unchanged  4 B" not in shown
    assert shown[-2].endswith("1 unchanged.")


def test_the_kind_of_an_action_is_told_by_its_sign_and_its_style() -> None:
    styles = {line.text[:3]: line.style for line in plan_lines(full_plan(), everything=True) if line.text[:2] == "  "}
    assert styles == {
        "  +": Style.ADD,
        "  ~": Style.CHANGE,
        "  <": Style.CHANGE,
        "  >": Style.MOVE,
        "  -": Style.REMOVE,
        "  =": Style.DIM,
        "  !": Style.REMOVE,
    }


def test_no_changes_is_one_sentence() -> None:
    scene = Scene()
    scene.ours("/a")
    plan = scene.plan(want("/a"))
    sentence = "No changes. production serves what the manifest says."
    assert no_changes(plan) == sentence
    assert list(plan_lines(plan)) == [Line(sentence, Style.GOOD)]
    assert texts(plan_lines(plan, everything=True)) == [sentence, "unchanged: 1", "  = /a  3 B", ""]


def test_what_will_be_made_is_told_in_the_heading() -> None:
    here = Scene().plan(want("/a"), target=replace(TARGET, environment_sid=None, domain=None))
    nowhere = Scene().plan(want("/a"), target=replace(TARGET, account_sid=None, service_sid=None, environment_sid=None))
    assert texts(plan_lines(here))[0] == (
        "production of the Service my-site (a new Environment), account AC0000...0000"
    )
    assert texts(plan_lines(nowhere))[0] == (
        "production of the Service my-site (a new Service and Environment), account unknown"
    )


def test_the_owner_of_a_foreign_asset_and_its_dropping_are_told() -> None:
    scene = Scene()
    scene.foreign("/b", owner="shop")
    shown = texts(plan_lines(scene.plan(want("/a"), drop_foreign=True)))
    assert "foreign, dropped: 1" in shown
    assert "  - /b  of shop" in shown
    assert "kept as they are" not in "\n".join(shown)


def test_functions_without_a_runtime_and_assets_alone_are_kept_too() -> None:
    scene = Scene()
    scene.foreign("/b")
    assert "kept as they are: 1 foreign asset" in texts(plan_lines(scene.plan(want("/a"))))
    plan = replace(full_plan(), carried=(), runtime=None)
    assert "kept as they are: 1 Function" in texts(plan_lines(plan))


class TestThousandsOfFiles:
    def test_each_kind_is_cut_and_the_rest_counted(self) -> None:
        shown = texts(plan_lines(large_plan(3000)))
        assert len(shown) < 8 * (MOST_LINES + 4)
        assert sum(text.startswith("  + ") for text in shown) == MOST_LINES
        assert shown.count("    and 2960 more (--all shows them)") == 5
        assert shown.count("    and 2960 more") == 2
        assert shown[-2].startswith("Plan: 3000 to create, 3000 to upload")

    def test_everything_is_shown_where_it_is_asked_for(self) -> None:
        shown = texts(plan_lines(large_plan(300), everything=True))
        assert sum(text.startswith("  + ") for text in shown) == 300
        assert "more (--all" not in "\n".join(shown)

    def test_as_many_as_there_is_room_for_are_not_cut(self) -> None:
        assert "more" not in "\n".join(texts(plan_lines(large_plan(MOST_LINES))))


def test_the_columns_line_up_but_for_very_long_names() -> None:
    scene = Scene()
    plan = scene.plan(want("/a", "x"), want("/" + "b" * 100, "y"), want("/ccc", "z"))
    lines = [text for text in texts(plan_lines(plan)) if text.startswith("  + ")]
    assert lines[0].index("new") == lines[2].index("new")
    assert lines[1].startswith("  + /" + "b" * 100 + "  ")


def test_counts_leave_out_what_is_nought() -> None:
    scene = Scene()
    scene.ours("/a")
    assert counts(scene.plan(want("/a"), want("/b"))) == "Plan: 1 to create, 1 unchanged."


class TestRefusals:
    def test_each_with_the_flag_that_names_its_figure(self) -> None:
        refusals = [
            Refusal("max-delete", "41 would go", 41, "30%", "--allow-deletes"),
            Refusal("create-service", "no such Service", 1, "0", "--create-service"),
            Refusal("drop", "2 would be dropped", 2, "0", "--allow-drop", "--allow-drop=2"),
        ]
        assert list(refusal_lines(refusals)) == [
            Line("Refused: 41 would go", Style.ERROR),
            Line("  if this is meant: --allow-deletes=41", Style.DIM),
            Line("Refused: no such Service", Style.ERROR),
            Line("  if this is meant: --create-service", Style.DIM),
            Line("Allowed by --allow-drop=2: 2 would be dropped", Style.WARNING),
        ]

    def test_three_long_paths_do_not_push_the_rest_of_the_sentence_out(self) -> None:
        message = "4 assets would be replaced: " + ", ".join("/" + each * 254 for each in "abc") + " and 1 more"
        assert texts(refusal_lines([Refusal("replace", message, 4, "0", "--allow-replace")]))[0].endswith(" and 1 more")


class TestOutcome:
    def outcome(self, **changes: object) -> Outcome:
        whole = Outcome(ZB, sid("ZD"), "my-site-1234.twil.io", (Served("/a", "public", sid("ZH"), sid("ZN")),))
        return replace(whole, **changes)  # type: ignore[arg-type]

    def test_the_urls_of_what_changed_and_what_it_cost(self) -> None:
        scene = Scene()
        scene.ours("/same")
        wanted = [want("/a"), want("/b", visibility="protected"), want("/c", visibility="private"), want("/same")]
        assert texts(outcome_lines(scene.plan(*wanted), self.outcome(), SITE, TALLY, 3.21)) == [
            f"production is live at {SITE}/",
            f"  {SITE}/a",
            f"  {SITE}/b  (needs a Twilio signature)",
            f"12 requests, 2.0 KiB sent, 3.2 s. Build {ZB}.",
        ]

    def test_thousands_of_urls_are_cut(self) -> None:
        plan = Scene().plan(*(want(f"/{number:04}", str(number)) for number in range(1000)))
        shown = texts(outcome_lines(plan, self.outcome(), SITE, TALLY, 1.0))
        assert f"    and {1000 - MOST_LINES} more" in shown
        assert len(shown) == MOST_LINES + 3

    def test_warnings_come_first(self) -> None:
        lines = list(outcome_lines(Scene().plan(want("/a")), self.outcome(warnings=("careful\x1b",)), SITE, TALLY, 1))
        assert lines[0] == Line(r"Warning: careful\x1b", Style.WARNING)

    def test_nothing_to_do_tells_where_it_is(self) -> None:
        scene = Scene()
        scene.ours("/a")
        shown = texts(outcome_lines(scene.plan(want("/a")), self.outcome(deployment_sid=None), SITE, TALLY, 0.5))
        assert shown == [f"  {SITE}/", "12 requests, 2.0 KiB sent, 0.5 s."]

    def test_nothing_to_do_where_nothing_is_served(self) -> None:
        shown = texts(
            outcome_lines(Scene().plan(), self.outcome(build_sid=None, deployment_sid=None), None, TALLY, 0.5)
        )
        assert shown == ["12 requests, 2.0 KiB sent, 0.5 s."]

    def test_everything_off_line(self) -> None:
        scene = Scene()
        scene.ours("/a")
        shown = texts(outcome_lines(scene.plan(), self.outcome(build_sid=None), SITE, TALLY, 0.5))
        assert shown == ["Nothing is served by production any more.", "12 requests, 2.0 KiB sent, 0.5 s."]


class TestErrors:
    def test_a_sentence_and_the_way_out(self) -> None:
        assert list(error_lines(UsageError("wrong", hint="do this"))) == [
            Line("Error: wrong", Style.ERROR),
            Line("  do this", Style.DIM),
        ]
        assert texts(error_lines(UsageError("wrong"))) == ["Error: wrong"]

    def test_an_answer_of_twilio_with_its_request_id(self) -> None:
        error = ApiError("create Build: no", status=400, request_id="RQ1")
        assert texts(error_lines(error)) == ["Error: create Build: no", "  Twilio's request id: RQ1"]

    def test_a_request_id_that_the_sentence_tells_is_not_told_again(self) -> None:
        error = ApiError("create Build: no (request RQ1)", status=400, request_id="RQ1")
        assert texts(error_lines(error)) == ["Error: create Build: no (request RQ1)"]
        failed = ApplyFailed((FileFailure("/a", "public/a", "HTTP 413 (request RQ2)", "RQ2"),))
        assert texts(error_lines(failed))[1] == "  public/a: HTTP 413 (request RQ2)"

    def test_every_problem_with_its_place(self) -> None:
        error = InvalidInput(
            (
                Problem("assetsync.yaml", 3, 5, "unknown key", "folder", "did you mean folders?"),
                Problem("public/a b", 0, 0, "a space in the name"),
            )
        )
        assert texts(error_lines(error)) == [
            "Error: 2 problems in the manifest or the files",
            "  assetsync.yaml:3:5: unknown key: folder",
            "      did you mean folders?",
            "  public/a b: a space in the name",
        ]

    def test_every_file_that_failed(self) -> None:
        error = ApplyFailed(
            (FileFailure("/a", "public/a", "413", "RQ1"), FileFailure("/b", "public/b", "it changed")), hint="again"
        )
        assert texts(error_lines(error)) == [
            "Error: 2 files were not uploaded; what is live is as it was",
            "  public/a: 413 (request id RQ1)",
            "  public/b: it changed",
            "  again",
        ]

    def test_a_way_out_that_files_share_is_told_once_after_the_last_of_them(self) -> None:
        failures = (
            FileFailure("/a", "public/a", "Content provided is empty.", "RQ1", "exclude it"),
            FileFailure("/b", "public/b", "it changed"),
            FileFailure("/c", "public/c", "Content provided is empty.", "RQ2", "exclude it"),
            FileFailure("/d", "public/d", "Path provided is invalid.", None, "rename it"),
        )
        assert texts(error_lines(ApplyFailed(failures)))[1:] == [
            "  public/a: Content provided is empty. (request id RQ1)",
            "  public/b: it changed",
            "  public/c: Content provided is empty. (request id RQ2)",
            "      exclude it",
            "  public/d: Path provided is invalid.",
            "      rename it",
        ]

    def test_a_sentence_about_a_long_path_is_not_cut(self) -> None:
        message = f"this is not the plan that was saved: /{'x' * 254} is in the files and was not in the plan"
        assert texts(error_lines(AssetsyncError(message))) == [f"Error: {message}"]

    def test_an_endless_message_is_cut(self) -> None:
        (line,) = error_lines(AssetsyncError("x" * 1_000_000))
        assert len(line.text) < 3000

    def test_of_thousands_of_problems_the_first_are_told_and_the_rest_is_counted(self) -> None:
        found = texts(error_lines(InvalidInput(tuple(Problem(f"{at:05}", 0, 0, "is wrong") for at in range(1001)))))
        assert found[0] == "Error: 1001 problems in the manifest or the files"
        assert found[1000:] == ["  00999: is wrong", "  and 1 more (--format json tells them all)"]


ODD = st.text(min_size=1, max_size=60) | st.text("\x00\x07\x1b\x9b\n\r\t\u202e\u2028\ud800[]m2J;", min_size=1)


@given(ODD)
def test_nothing_that_a_terminal_would_obey_is_shown(odd: str) -> None:
    path = f"/{odd}"
    shown = [
        *plan_lines(odd_plan(path, odd), everything=True),
        *refusal_lines([Refusal("drop", odd, 1, "0", "--allow-drop")]),
        *refusal_lines([Refusal("drop", odd, 1, "0", "--allow-drop", "--allow-drop")]),
        *error_lines(ApiError(odd, status=400, request_id=odd, hint=odd)),
        *error_lines(ApplyFailed((FileFailure(path, path, odd, odd, odd),), hint=odd)),
        *problem_lines(Problem(path, 1, 1, odd, odd, odd)),
        *outcome_lines(full_plan(), Outcome(ZB, sid("ZD"), None, (), warnings=(odd,)), SITE, TALLY, 1.0),
    ]
    assert all(is_shown_safely(line.text) for line in shown)


@pytest.mark.parametrize("text", ["a\nb", "a\x1b[2J", "a\u202eb"])
def test_the_check_for_safe_text_notices(text: str) -> None:
    assert not is_shown_safely(text)
