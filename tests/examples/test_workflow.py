"""The GitHub Actions example: its scripts, run in order in bash as a runner would, from job to job."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.cli.fixtures import KEY
from tests.cli.stage import PATIENCE, REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.stage import Stage

WORKFLOW = yaml.safe_load((REPOSITORY / "examples/github-actions/assets.yml").read_text())
PLAN_FILE = "site.assetsync-plan.json"
GH = """#!/bin/sh
printf '%s\\n' "$@" > "$STUBS/gh.arguments"
for each; do case "$before" in --body-file) cp "$each" "$STUBS/comment.md";; esac; before=$each; done
"""


@dataclass
class Runner:
    """A GitHub runner: a fresh checkout and home for each job, artifacts, and what was said."""

    stage: Stage
    folder: Path
    event: str
    stubs: Path
    artifacts: Path
    codes: dict[str, int] = field(default_factory=dict)
    said: str = ""

    def job(self, name: str) -> int:
        """Run the steps that are to run; the job's exit code is the first one that is not 0."""
        work = self.folder / f"{name}-{len(list(self.folder.iterdir()))}"
        shutil.copytree(self.stage.root, work)
        failed = 0
        for step in WORKFLOW["jobs"][name]["steps"]:
            if not self._is_due(step.get("if", ""), failed):
                continue
            if "run" in step:
                code = self._script(step, work)
                self.codes[step["name"]] = code
                failed = failed or code
            else:
                self._action(step, work)
        return failed

    def _is_due(self, condition: str, failed: int) -> bool:
        """The conditions that the workflow uses, and no others."""
        text = condition.removeprefix("${{").removesuffix("}}").strip()
        terms = [term.strip() for term in text.split("&&")] if text else []
        known = {
            "!cancelled()": True,
            "github.event_name == 'push'": self.event == "push",
            "github.event_name == 'pull_request'": self.event == "pull_request",
        }
        return all(known[term] for term in terms) and (not failed or "!cancelled()" in terms)

    def _script(self, step: dict[str, Any], work: Path) -> int:
        known = {
            "${{ github.token }}": "a-token",
            "${{ github.event.pull_request.number }}": "7",
            "${{ secrets.TWILIO_ACCOUNT_SID }}": self.stage.emulator.core.account.sid,
            "${{ secrets.TWILIO_API_KEY }}": KEY.sid,
            "${{ secrets.TWILIO_API_SECRET }}": KEY.secret,
        }
        given = {**WORKFLOW["env"], **step.get("env", {})}
        variables = {name: known.get(text, text) for name, text in given.items()}
        assert not [text for text in variables.values() if "${{" in text]
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            check=False,
            cwd=work,
            text=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
            env={
                **{name: text for name, text in os.environ.items() if not name.startswith("TWILIO_")},
                **variables,
                "CI": "true",
                "STUBS": str(self.stubs),
                "PATH": f"{self.stubs}:{os.environ['PATH']}",
                "GITHUB_STEP_SUMMARY": str(self.stubs / "summary.md"),
                "ASSETSYNC_CACHE_DIR": str(work.with_suffix(".cache")),
            },
        )
        self.said += done.stdout + done.stderr
        return done.returncode

    def _action(self, step: dict[str, Any], work: Path) -> None:
        match step["uses"].partition("@")[0]:
            case "actions/upload-artifact":
                shutil.copy(work / step["with"]["path"], self.artifacts)
            case "actions/download-artifact":
                for file in self.artifacts.iterdir():
                    shutil.copy(file, work)
            case other:
                assert other in {"actions/checkout", "actions/setup-python"}

    @property
    def comment(self) -> str:
        return (self.stubs / "comment.md").read_text()


@pytest.fixture
def runner(live: Stage, tmp_path: Path) -> Runner:
    """A repository whose site is live, with a change; `assetsync` is what is installed here, gh and pip are stubs."""
    for name in ("stubs", "artifacts", "runner"):
        (tmp_path / name).mkdir()
    stubs = tmp_path / "stubs"
    for name, text in {
        "gh": GH,
        "pip": "#!/bin/sh\n",
        "assetsync": f'#!/bin/sh\nexec {sys.executable} -m assetsync "$@"\n',
    }.items():
        (stubs / name).write_text(text)
        (stubs / name).chmod(0o755)
    live.write({"new.txt": "new"})
    return Runner(live, tmp_path / "runner", "push", stubs, tmp_path / "artifacts")


def test_a_pull_request_gets_the_plan_as_a_comment_and_changes_nothing(runner: Runner) -> None:
    runner.event = "pull_request"
    before = runner.stage.outside.live()
    assert runner.job("plan") == 0
    assert runner.comment.startswith("<!-- assetsync plan -->\n")
    assert "**Plan: 1 to create, 10 unchanged.**" in runner.comment
    assert "`/new.txt`" in runner.comment
    assert (runner.stubs / "summary.md").read_text() == runner.comment
    arguments = (runner.stubs / "gh.arguments").read_text().splitlines()
    assert arguments == ["pr", "comment", "7", "--edit-last", "--create-if-none", "--body-file", "plan.md"]
    assert runner.stage.outside.live() == before
    assert not list(runner.artifacts.iterdir())


def test_a_merge_hands_the_plan_from_job_to_job_and_applies_it(runner: Runner) -> None:
    assert runner.job("plan") == 0
    assert [file.name for file in runner.artifacts.iterdir()] == [PLAN_FILE]
    assert not (runner.stubs / "comment.md").exists()
    assert runner.job("apply") == 0
    assert runner.stage.outside.visit("/new.txt").content == b"new"
    runner.stage.run("plan", "--detailed-exitcode").holds(0)


def test_a_plan_that_is_stale_is_not_applied(runner: Runner) -> None:
    assert runner.job("plan") == 0
    assert runner.job("apply") == 0
    live = runner.stage.outside.live()
    assert runner.job("apply") == 4
    assert "somebody deployed since" in runner.said
    assert runner.stage.outside.live() == live


def test_a_refusal_turns_the_job_red_and_is_still_commented_and_summed_up(runner: Runner) -> None:
    runner.event = "pull_request"
    runner.stage.write({"server.key": "x"})
    assert runner.job("plan") == 3
    assert runner.codes == {"Install": 0, "Plan": 3, "Comment": 0}
    assert "--allow-secrets=1" in runner.comment
    assert (runner.stubs / "summary.md").read_text() == runner.comment


def test_a_wrong_manifest_is_commented_too(runner: Runner) -> None:
    runner.event = "pull_request"
    runner.stage.manifest(more="zzzz: 1\n")
    assert runner.job("plan") == 78
    assert "assetsync.yaml:10:1" in runner.comment


def test_a_refused_plan_is_not_handed_on(runner: Runner) -> None:
    runner.stage.write({"server.key": "x"})
    assert runner.job("plan") == 3
    assert not list(runner.artifacts.iterdir())
    assert WORKFLOW["jobs"]["apply"]["needs"] == "plan"


def test_no_secret_is_in_what_the_jobs_say(runner: Runner) -> None:
    runner.job("plan")
    runner.job("apply")
    assert KEY.secret not in runner.said
    assert "deployed to" in runner.said
