"""The action's steps as shell scripts, against a local GitHub and the local service, both on real sockets."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.cli.fixtures import emulator, home, live, stage
from tests.cli.stage import REPOSITORY
from tests.fakes.github import GitHub, Right, Token
from tests.fakes.npm import program
from tests.fakes.runner import Contexts, Log, Runner

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.stage import Stage

__all__ = ["emulator", "home", "live", "stage"]

PULL_REQUEST = 42
BOT = "github-actions[bot]"
WRITER, READER = "token-that-may-write-0123456789", "token-of-a-fork-0123456789"
HOSTILE = "`$(touch hacked)`; touch hacked\n::set-output name=changes::hacked\n<!-- --> ##[set-output name=changes]x"
"""The title, the branch and the text of the pull request."""


@dataclass(frozen=True, slots=True)
class Done:
    """A run of the action: what its steps left with, what it set, what the job shows."""

    code: int
    outputs: dict[str, str]
    codes: dict[str, int]
    summary: str
    log: Log


@dataclass
class Job:
    """A job that uses the action in a checkout of the stage, on an event of a pull request unless told otherwise."""

    stage: Stage
    github: GitHub
    temporary: Path
    token: str = WRITER
    event: dict[str, object] = field(
        default_factory=lambda: {
            "action": "synchronize",
            "pull_request": {"number": PULL_REQUEST, "title": HOSTILE, "body": HOSTILE, "head": {"ref": HOSTILE}},
        }
    )
    variables: dict[str, str] = field(default_factory=dict)
    summary_at: str = ""
    started: Callable[[str, subprocess.Popen[str]], None] = lambda _text, _process: None

    def run(self, **inputs: str) -> Done:
        event = self.temporary / "event.json"
        event.write_text(json.dumps(self.event))
        variables = {
            **os.environ,
            "GITHUB_API_URL": self.github.url,
            "GITHUB_REPOSITORY": self.github.repository,
            "GITHUB_EVENT_PATH": str(event),
            **self.variables,
        }
        runner = Runner(self.stage.root, self.temporary, variables, summary_at=self.summary_at, started=self.started)
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        code, outputs = runner.use(REPOSITORY, given, Contexts(github={"token": self.token}), {})
        return Done(code, outputs, runner.codes, runner.summary, runner.log)

    @property
    def comments(self) -> list[str]:
        """The bodies of ours."""
        return [each.body for each in self.github.on(PULL_REQUEST, BOT)]


def install_here(temporary: Path) -> None:
    """As if the first step had been done already: what it would have installed is what is tested."""
    program("jq"), program("curl")
    script = temporary / "assetsync-venv/bin/assetsync"
    script.parent.mkdir(parents=True)
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m assetsync "$@"\n')
    script.chmod(0o755)
    (temporary / "assetsync-venv/wanted").write_text(str(REPOSITORY))


@pytest.fixture
def github() -> Iterator[GitHub]:
    tokens = {WRITER: Token(BOT, Right.WRITE), READER: Token(BOT, Right.READ)}
    with GitHub(tokens=tokens) as github:
        yield github


@pytest.fixture
def job(live: Stage, github: GitHub, tmp_path: Path) -> Job:
    """A site is live, and a file is new."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    install_here(temporary)
    live.write({"new.txt": "new"})
    return Job(live, github, temporary)
