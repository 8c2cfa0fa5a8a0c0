"""The outputs of a step: read back as the runner reads them, they are what was written, and nothing else."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from assetsync.plan.document import plan_document
from assetsync.plan.safety import Refusal
from assetsync.report.step import output_lines, step_outputs
from tests.fakes.runner import read_outputs
from tests.unit.report.plans import full_plan

DELIMITER = "delimiter"
VALUES = st.text() | st.lists(
    st.sampled_from(["a", "\n", "\r", "\r\n", f"{DELIMITER}", f"{DELIMITER}_", "changes=false", "x<<y", " ", "\u2028"])
).map("".join)


def document(*refusals: Refusal, **more: Any) -> dict[str, Any]:
    return plan_document(full_plan(), refusals, everything=False) | more


@given(st.dictionaries(st.sampled_from(["one", "two", "three"]), VALUES))
@example({"one": f"a\n{DELIMITER}\nchanges=false", "two": f"{DELIMITER}_"})
@example({"one": "a\n", "two": "\r", "three": f"\n{DELIMITER}"})
def test_no_value_ends_before_its_end_or_begins_another(values: dict[str, str]) -> None:
    assert read_outputs(output_lines(values, DELIMITER)) == values


def test_a_plan_sets_its_counts_and_whether_anything_changes() -> None:
    assert step_outputs(document(), 0) == {
        "exit_code": "0",
        "refused": "false",
        "changes": "true",
        "creates": "1",
        "uploads": "1",
        "restores": "1",
        "renames": "1",
        "deletes": "1",
        "unchanged": "1",
        "replaced": "1",
        "dropped": "0",
        "foreign": "1",
        "owner": "website",
        "environment": "production",
    }


def test_a_guard_that_nobody_answered_is_a_refusal() -> None:
    allowed = Refusal("drop", "one goes", 1, "0", "--allow-drop", "--allow-drop=1")
    open_ = Refusal("drop", "one goes", 1, "0", "--allow-drop")
    assert step_outputs(document(allowed), 0)["refused"] == "false"
    assert step_outputs(document(allowed, open_), 3)["refused"] == "true"


def test_an_apply_sets_what_is_live() -> None:
    result = {"build_sid": "ZB1", "deployment_sid": None, "site": "https://a.twil.io"}
    found = step_outputs(document(result=result), 0)
    assert (found["build_sid"], found["site_url"]) == ("ZB1", "https://a.twil.io")
    assert "deployment_sid" not in found


def test_a_run_without_a_plan_sets_what_went_wrong() -> None:
    errors = [{"message": "one"}, {"message": "two"}]
    assert step_outputs({"format_version": 1, "errors": errors}, 78) == {
        "exit_code": "78",
        "refused": "false",
        "errors": "one\ntwo",
    }
