"""GITHUB_STEP_SUMMARY and GITHUB_OUTPUT: what `plan` and `apply` tell the job that they run in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.cli.fixtures import KEY
from tests.cli.test_output import WAYS
from tests.fakes.runner import read_outputs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.stage import Stage


@dataclass(frozen=True, slots=True)
class Step:
    """The files of one step."""

    summary: Path
    output: Path

    @property
    def outputs(self) -> dict[str, str]:
        return read_outputs(self.output.read_text())


@pytest.fixture
def step(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Step:
    """The files are there and empty, as the runner makes them."""
    files = [stage.root.parent / name for name in ("summary.md", "output")]
    for file, name in zip(files, ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"), strict=True):
        file.touch()
        monkeypatch.setenv(name, str(file))
    return Step(*files)


@pytest.fixture
def told(live: Stage, step: Step) -> Step:
    """The same, after a site was made live."""
    step.summary.write_text("")
    step.output.write_text("")
    return step


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_a_plan_is_told_whatever_the_form_of_the_result(live: Stage, told: Step, form: str) -> None:
    live.write({"new.txt": "new"})
    live.run("plan", "--format", form, "-q").holds(0)
    assert told.summary.read_text() == live.run("plan", "--format", "markdown").out
    found = told.outputs
    assert (found["changes"], found["creates"], found["unchanged"]) == ("true", "1", "10")
    assert (found["refused"], found["exit_code"]) == ("false", "0")


def test_an_apply_tells_what_is_live(live: Stage, told: Step) -> None:
    live.write({"new.txt": "new"})
    result = live.run("apply", "--yes", "--format", "json").holds(0).plan["result"]
    found = told.outputs
    assert found["build_sid"] == result["build_sid"]
    assert found["deployment_sid"] == result["deployment_sid"]
    assert found["site_url"] == result["site"]
    assert "production is live at" in told.summary.read_text()


def test_no_change_is_told_as_false(live: Stage, told: Step) -> None:
    live.run("plan", "--detailed-exitcode").holds(0)
    assert told.outputs["changes"] == "false"
    live.write({"new.txt": "new"})
    live.run("plan", "--detailed-exitcode").holds(2)
    assert (told.outputs["changes"], told.outputs["exit_code"]) == ("true", "2")


@pytest.mark.parametrize(("prepare", "code"), WAYS.values(), ids=WAYS)
def test_a_failure_is_told_too(live: Stage, told: Step, prepare: Callable[[Stage], tuple[str, ...]], code: int) -> None:
    arguments = prepare(live)
    told.summary.write_text("")
    told.output.write_text("")
    ran = live.run(*arguments, "--format", "json").holds(code)
    found = told.outputs
    assert found["exit_code"] == str(code)
    assert found["refused"] == ("true" if code == 3 else "false")
    errors = [each["message"] for each in ran.plan.get("errors", [])]
    assert found.get("errors", "") == "\n".join(errors)
    summary = told.summary.read_text()
    assert summary.startswith("<!-- assetsync plan -->\n")
    if code not in {0, 3}:
        assert f"Error: {ran.err.partition('Error: ')[2].splitlines()[0]}" in summary


def test_other_commands_leave_the_files_alone(live: Stage, told: Step) -> None:
    for arguments in (("status",), ("validate",), ("verify",)):
        live.run(*arguments).holds(0)
    assert told.summary.read_text() == told.output.read_text() == ""


def test_what_is_there_stays_and_ends_its_line_first(live: Stage, told: Step) -> None:
    told.summary.write_text("# Mine")
    told.output.write_text("mine=1")
    live.run("plan").holds(0)
    assert told.summary.read_text().startswith("# Mine\n<!-- assetsync plan -->\n")
    assert told.outputs["mine"] == "1"
    assert told.outputs["changes"] == "false"


def test_a_summary_that_github_would_drop_is_left_as_it_is(live: Stage, told: Step) -> None:
    told.summary.write_text("x" * (2**20 - 100))
    live.run("plan").holds(0, "Warning: GITHUB_STEP_SUMMARY is full")
    assert told.summary.stat().st_size == 2**20 - 100
    assert told.outputs["changes"] == "false"


def test_files_that_cannot_be_written_are_a_warning(live: Stage, told: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    live.write({"new.txt": "new"})
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(live.root))
    monkeypatch.setenv("GITHUB_OUTPUT", "/dev/full")
    ran = live.run("apply", "--yes").holds(0)
    assert "Warning: GITHUB_STEP_SUMMARY cannot be written: Is a directory" in ran.err
    assert "Warning: GITHUB_OUTPUT cannot be written: No space left on device" in ran.err
    assert "/new.txt" in live.outside.paths()


def test_no_secret_is_in_them(live: Stage, told: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here it stands in the name of a file."""
    monkeypatch.setenv("TWILIO_API_KEY", KEY.sid)
    monkeypatch.setenv("TWILIO_API_SECRET", KEY.secret)
    live.write({f"{KEY.secret}.txt": "new"})
    live.run("apply", "--yes").holds(0)
    assert "[hidden].txt" in told.summary.read_text()
    live.manifest(more=f"{KEY.secret}: 1\n")
    live.run("plan").holds(78)
    assert KEY.secret not in told.summary.read_text() + told.output.read_text()
