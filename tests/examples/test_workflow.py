"""The GitHub Actions examples: their jobs, run with the action of this repository, from job to job."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from assetsync.cli.main import COMMANDS
from tests.action.conftest import BOT, PULL_REQUEST, WRITER, github, install_here
from tests.cli.fixtures import KEY
from tests.cli.stage import REPOSITORY
from tests.fakes.runner import Contexts, Runner

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.cli.stage import Stage
    from tests.fakes.github import GitHub

__all__ = ["github"]

EXAMPLES = REPOSITORY / "examples/github-actions"
ACTION = "your-organisation/assetsync"
PLAN_FILE = "site.assetsync-plan.json"
OTHERS = {"actions/checkout", "actions/setup-python"}


@dataclass
class Machine:
    """GitHub's runners: a fresh checkout and home for each job, artifacts, and what was said."""

    stage: Stage
    github: GitHub
    folder: Path
    name: str = "push"
    action: str = ""
    head: str = ""
    said: str = ""
    summary: str = ""
    codes: dict[str, int] = field(default_factory=dict)

    @property
    def artifacts(self) -> list[str]:
        return sorted(file.name for file in (self.folder / "artifacts").iterdir())

    def is_due(self, name: str, file: str) -> bool:
        job = yaml.safe_load((EXAMPLES / file).read_text())["jobs"][name]
        return self._contexts().is_due(str(job.get("if", "")), failed=False)

    def group(self, file: str) -> str:
        """Of the runs in it, one goes on at a time."""
        return self._contexts().filled(yaml.safe_load((EXAMPLES / file).read_text())["concurrency"]["group"])

    def job(self, name: str, file: str = "assets.yml") -> int:
        """Run the job, if it is due on this event; its exit code."""
        assert self.is_due(name, file), f"{name} is not due"
        workflow = yaml.safe_load((EXAMPLES / file).read_text())
        job, contexts = workflow["jobs"][name], self._contexts()
        place = self.folder / f"job-{len(list(self.folder.iterdir()))}"
        work, temporary = place / "work", place / "temporary"
        shutil.copytree(self.stage.root, work)
        install_here(temporary)
        (temporary / "event.json").write_text(json.dumps(self._event()))
        runner = Runner(work, temporary, self._variables(temporary), {ACTION: REPOSITORY})
        runner.elsewhere = lambda used, inputs: self._elsewhere(used, inputs, work)
        given = {key: contexts.filled(text) for key, text in workflow["env"].items()}
        code = runner.run(job["steps"], contexts, given)
        self.said += runner.log.text
        self.summary = runner.summary
        self.codes = runner.codes
        return code

    def _event(self) -> dict[str, Any]:
        return {"action": self.action, "pull_request": {"number": PULL_REQUEST}} if self.name == "pull_request" else {}

    def _contexts(self) -> Contexts:
        here = {"repository": self.github.repository, "ref": "refs/heads/main"}
        is_asked = self.name == "pull_request"
        here["event.pull_request.number"] = str(PULL_REQUEST) if is_asked else ""
        here["event.pull_request.head.repo.full_name"] = (self.head or self.github.repository) if is_asked else ""
        if is_asked and self.action != "closed":
            here["ref"] = f"refs/pull/{PULL_REQUEST}/merge"
        account = self.stage.emulator.core.account.sid
        keys = {"TWILIO_API_KEY": KEY.sid, "TWILIO_API_SECRET": KEY.secret}
        return Contexts(
            github={"token": WRITER, "event_name": self.name, **here}, secrets={"TWILIO_ACCOUNT_SID": account, **keys}
        )

    def _variables(self, temporary: Path) -> dict[str, str]:
        return {
            **{name: text for name, text in os.environ.items() if not name.startswith("TWILIO_")},
            "GITHUB_API_URL": self.github.url,
            "GITHUB_REPOSITORY": self.github.repository,
            "GITHUB_EVENT_PATH": str(temporary / "event.json"),
            "ASSETSYNC_CACHE_DIR": str(temporary / "cache"),
        }

    def _elsewhere(self, used: str, inputs: Mapping[str, str], work: Path) -> None:
        match used:
            case "actions/upload-artifact":
                shutil.copy(work / inputs["path"], self.folder / "artifacts")
            case "actions/download-artifact":
                shutil.copytree(self.folder / "artifacts", work, dirs_exist_ok=True)
            case other:
                assert other in OTHERS

    @property
    def comment(self) -> str:
        (found,) = self.github.on(PULL_REQUEST, BOT)
        return found.body


@pytest.fixture
def machine(live: Stage, github: GitHub, tmp_path: Path) -> Machine:
    """A repository whose site is live, with a change; what the action would install is what is tested."""
    (tmp_path / "machine/artifacts").mkdir(parents=True)
    live.write({"new.txt": "new"})
    return Machine(live, github, tmp_path / "machine")


def test_a_pull_request_gets_the_plan_as_a_comment_and_changes_nothing(machine: Machine) -> None:
    machine.name = "pull_request"
    before = machine.stage.outside.live()
    assert machine.job("plan") == 0
    assert machine.job("plan") == 0
    assert "**Plan: 1 to create, 10 unchanged.**" in machine.comment
    assert "`/new.txt`" in machine.comment
    assert machine.summary in machine.comment
    assert machine.stage.outside.live() == before
    assert machine.artifacts == []


def test_a_merge_hands_the_plan_from_job_to_job_and_applies_it(machine: Machine) -> None:
    assert machine.job("plan") == 0
    assert machine.artifacts == [PLAN_FILE]
    assert machine.job("apply") == 0
    assert machine.stage.outside.visit("/new.txt").content == b"new"
    assert machine.github.comments == []
    machine.stage.run("plan", "--detailed-exitcode").holds(0)


def test_a_plan_that_is_stale_is_not_applied(machine: Machine) -> None:
    assert machine.job("plan") == 0
    assert machine.job("apply") == 0
    live = machine.stage.outside.live()
    assert machine.job("apply") == 4
    assert "somebody deployed since" in machine.said
    assert machine.stage.outside.live() == live


def test_a_refusal_turns_the_job_red_and_is_still_commented_and_summed_up(machine: Machine) -> None:
    machine.name = "pull_request"
    machine.stage.write({"server.key": "x"})
    assert machine.job("plan") == 3
    assert "--allow-secrets=1" in machine.comment
    assert machine.summary in machine.comment


def test_a_wrong_manifest_is_commented_too(machine: Machine) -> None:
    machine.name = "pull_request"
    machine.stage.manifest(more="zzzz: 1\n")
    assert machine.job("plan") == 78
    assert "assetsync.yaml:10:1" in machine.comment


def test_a_refused_plan_is_not_handed_on(machine: Machine) -> None:
    machine.stage.write({"server.key": "x"})
    assert machine.job("plan") == 3
    assert machine.artifacts == []
    assert yaml.safe_load((EXAMPLES / "assets.yml").read_text())["jobs"]["apply"]["needs"] == "plan"


def test_a_pull_request_from_a_fork_starts_nothing_that_needs_secrets(machine: Machine) -> None:
    for name in ("pull_request", "push"):
        machine.name = name
        assert machine.is_due("plan", "assets.yml")
    machine.name, machine.head = "pull_request", "stranger/site"
    assert not machine.is_due("plan", "assets.yml")
    assert not machine.is_due("apply", "assets.yml")
    assert not machine.is_due("preview", "previews.yml")


def test_a_preview_is_not_destroyed_while_it_is_applied(machine: Machine) -> None:
    """A merged pull request is closed on the branch that it went into."""
    groups = set()
    machine.name = "pull_request"
    for action in ("opened", "synchronize", "closed"):
        machine.action = action
        groups.add(machine.group("previews.yml"))
    assert len(groups) == 1
    machine.name = "schedule"
    assert machine.group("previews.yml") not in groups


def test_no_secret_is_in_what_the_jobs_say(machine: Machine) -> None:
    machine.job("plan")
    machine.job("apply")
    assert KEY.secret not in machine.said
    assert WRITER not in machine.said
    assert "deployed to" in machine.said


@pytest.mark.skipif("destroy" not in COMMANDS, reason="this version makes no previews")
def test_a_pull_request_is_served_until_it_is_closed(machine: Machine) -> None:
    machine.name, machine.action = "pull_request", "opened"
    assert machine.job("preview", "previews.yml") == 0
    assert machine.stage.outside.visit("/new.txt", f"pr-{PULL_REQUEST}").content == b"new"
    machine.action = "closed"
    assert machine.job("preview", "previews.yml") == 0
    assert "The Environment is gone." in machine.comment
    machine.name = "schedule"
    assert machine.job("expire", "previews.yml") == 0
