"""GitLab's pipeline, the shell script and the hook: their commands, run in bash where a runner would run them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import yaml

from assetsync.cli.main import COMMANDS
from tests.cli.stage import PATIENCE, REPOSITORY
from tests.cli.test_events import valid

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.stage import Stage

PIPELINE = yaml.safe_load((REPOSITORY / "examples/gitlab/.gitlab-ci.yml").read_text())
SCRIPT = REPOSITORY / "examples/shell/deploy.sh"
JOBS = {name: job for name, job in PIPELINE.items() if isinstance(job, dict) and "script" in job}


@dataclass
class Machine:
    """Runs bash with `assetsync` as what is installed here, and pip as nothing."""

    stage: Stage
    folder: Path
    said: str = ""
    artifacts: dict[str, bytes] = field(default_factory=dict)

    def bash(self, work: Path, *arguments: str, **variables: str) -> int:
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", *arguments],
            check=False,
            cwd=work,
            text=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
            env={**os.environ, "PATH": path, "CI": "true", **variables},
        )
        self.said += done.stdout + done.stderr
        return done.returncode

    def job(self, name: str) -> int:
        """A job of the pipeline in a checkout of its own, with the artifacts of those before it."""
        job = JOBS[name]
        work = self.folder / f"{name}-{len(list(self.folder.iterdir()))}"
        shutil.copytree(self.stage.root, work)
        for file, content in self.artifacts.items():
            (work / file).write_bytes(content)
        lines = [*PIPELINE["default"]["before_script"], *job["script"]]
        variables = {**PIPELINE["variables"], "ASSETSYNC_CACHE_DIR": str(work.with_suffix(".cache"))}
        code = self.bash(work, "-eo", "pipefail", "-c", "\n".join(lines), **variables)
        for file in job.get("artifacts", {}).get("paths", ()):
            if (work / file).exists():
                self.artifacts[file] = (work / file).read_bytes()
        return code


@pytest.fixture
def machine(live: Stage, tmp_path: Path) -> Machine:
    (tmp_path / "machine/bin").mkdir(parents=True)
    for name, text in {"assetsync": f'exec {sys.executable} -m assetsync "$@"', "pip": "exit 0"}.items():
        program = tmp_path / "machine/bin" / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    live.write({"new.txt": "new"})
    return Machine(live, tmp_path / "machine")


class TestGitLab:
    def test_the_pipeline_checks_plans_and_applies_the_plan(self, machine: Machine) -> None:
        for name in ("validate", "plan"):
            assert machine.job(name) == 0, machine.said
        assert machine.stage.outside.visit("/new.txt").status_code == 404
        assert machine.job("apply") == 0, machine.said
        assert machine.stage.outside.visit("/new.txt").content == b"new"
        events = [json.loads(line) for line in machine.artifacts["events.ndjson"].splitlines()]
        assert [each["command"] for each in events if each["event"] == "started"] == ["plan", "apply"]
        for each in events:
            valid(each)

    def test_a_refusal_leaves_the_job_red_and_its_plan_behind(self, machine: Machine) -> None:
        machine.stage.write({"server.key": "x"})
        assert machine.job("plan") == 3
        assert "--allow-secrets=1" in machine.said
        assert JOBS["plan"]["artifacts"]["when"] == "always"

    def test_files_are_checked_without_credentials(self, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"):
            monkeypatch.delenv(name)
        assert machine.job("validate") == 0
        machine.stage.manifest(more="zzzz: 1\n")
        assert machine.job("validate") == 78

    def test_every_job_stands_in_a_stage_that_there_is(self) -> None:
        assert set(JOBS) == {"validate", "plan", "apply"}
        assert {job["stage"] for job in JOBS.values()} == set(PIPELINE["stages"])
        assert {each for job in JOBS.values() for each in job.get("needs", ())} <= set(JOBS)


class TestShell:
    def test_it_plans_applies_and_verifies(self, machine: Machine) -> None:
        root = machine.stage.root
        assert machine.bash(root, str(SCRIPT), "production") == 0, machine.said
        assert machine.stage.outside.visit("/new.txt").content == b"new"
        assert "11 paths served as in the folders" in machine.said
        machine.said = ""
        assert machine.bash(root, str(SCRIPT), "production") == 0
        assert "No changes." in machine.said
        assert "served as in the folders" not in machine.said

    def test_it_leaves_with_the_code_of_what_stopped_it(self, machine: Machine) -> None:
        root = machine.stage.root
        machine.stage.write({"server.key": "x"})
        assert machine.bash(root, str(SCRIPT), "production") == 3
        assert "/new.txt" not in machine.stage.outside.paths()
        machine.stage.manifest(more="zzzz: 1\n")
        assert machine.bash(root, str(SCRIPT), "production") == 78
        assert machine.bash(root, str(SCRIPT)) == 1
        assert "which Environment" in machine.said


class TestHook:
    HOOKS = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())

    def test_it_names_a_command_and_a_file_that_there_are(self, machine: Machine) -> None:
        (hook,) = self.HOOKS
        program, command = hook["entry"].split()
        assert program == "assetsync"
        assert command in COMMANDS
        assert 'assetsync = "assetsync.cli.main:main"' in (REPOSITORY / "pyproject.toml").read_text()
        files = ["assetsync.yaml", "examples/site/assetsync.yaml", "examples/mixed/assetsync.yaml"]
        assert all(re.search(hook["files"], file) for file in files)
        assert not re.search(hook["files"], "assetsync-yaml/x")
        assert all((REPOSITORY / file).exists() for file in files[1:])
        assert (hook["language"], hook["pass_filenames"], hook["always_run"]) == ("python", False, True)

    def test_what_it_runs_passes_and_fails_with_the_manifest(self, machine: Machine) -> None:
        (hook,) = self.HOOKS
        assert machine.bash(machine.stage.root, "-c", hook["entry"]) == 0
        machine.stage.manifest(more="zzzz: 1\n")
        assert machine.bash(machine.stage.root, "-c", hook["entry"]) == 78
