"""A GitHub Actions runner, as far as steps notice it: expressions, files of outputs, commands in what steps print.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands, and for how lines are read
`FileCommandManager.cs` and `ActionCommand.cs` of actions/runner.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATIENCE = 120.0
"""Seconds that a step may take."""

_EXPRESSION = re.compile(r"\$\{\{(?P<expression>[^}]*)\}\}")
_NEW_COMMAND = re.compile(r"\s*::(?P<name>[\w-]+)(?: .*?)?::(?P<text>.*)")
_OLD_COMMAND = re.compile(r".*?##\[(?P<name>[\w-]+)[^\]]*\](?P<text>.*)")


def read_outputs(text: str) -> dict[str, str]:
    """What a file of outputs sets. Raises ValueError where the runner fails the step."""
    found: dict[str, str] = {}
    lines = text.split("\n")
    if lines.pop() != "":
        raise ValueError("the last line has no end")
    left = iter(lines)
    for line in left:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, _, value = line.partition("=")
        elif heredoc >= 0:
            name, _, delimiter = line.partition("<<")
            held: list[str] = []
            for each in left:
                if each == delimiter:
                    break
                held.append(each)
            else:
                raise ValueError(f"{delimiter!r} does not come")
            value = "\n".join(held)
        else:
            raise ValueError(f"{line!r} sets nothing")
        found[name] = value
    return found


@dataclass
class Log:
    """What a step prints, and the workflow commands in it that a runner obeys."""

    text: str = ""
    obeyed: list[tuple[str, str]] = field(default_factory=list)
    _until: str | None = None

    def add(self, text: str) -> None:
        self.text += text
        for line in text.splitlines():
            self._heed(line)

    def _heed(self, line: str) -> None:
        if self._until is not None:
            if line.strip() == f"::{self._until}::":
                self._until = None
            return
        match = _NEW_COMMAND.fullmatch(line) or _OLD_COMMAND.fullmatch(line)
        if match is None:
            return
        if match["name"] == "stop-commands":
            self._until = match["text"]
        else:
            self.obeyed.append((match["name"], match["text"]))


@dataclass(frozen=True, slots=True)
class Contexts:
    """What expressions may speak of; `steps` are the outputs of each step so far."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    github: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    steps: dict[str, dict[str, str]] = field(default_factory=dict)

    def filled(self, text: str) -> str:
        """`text` with its expressions evaluated."""
        return _EXPRESSION.sub(lambda match: self._value(match["expression"].strip()), text)

    def is_due(self, condition: str, *, failed: bool) -> bool:
        """Whether a step is to run; without a status function only while nothing has failed."""
        text = condition.strip().removeprefix("${{").removesuffix("}}").strip()
        ways = [[term.strip() for term in way.split("&&")] for way in text.split("||")] if text else [[]]
        return any((not failed or "!cancelled()" in terms) and all(map(self._holds, terms)) for terms in ways)

    def _holds(self, term: str) -> bool:
        if term == "!cancelled()":
            return True
        left, operator, right = re.split(r"\s*(==|!=)\s*", term)
        return (self._value(left) == self._value(right)) is (operator == "==")

    def _value(self, name: str) -> str:
        """Raises KeyError for what GitHub would not know, but for an output that was not set."""
        if "||" in name:
            return next((value for value in map(self._value, re.split(r"\s*\|\|\s*", name)) if value), "")
        if name.startswith("'"):
            return name.strip("'")
        match name.split("."):
            case ["inputs" | "secrets" | "github" as context, key]:
                found: Mapping[str, str] = getattr(self, context)
                return found[key]
            case ["github", *keys]:
                return self.github[".".join(keys)]
            case ["steps", step, "outputs", key]:
                return self.steps.get(step, {}).get(key, "")
            case _:
                raise KeyError(name)


@dataclass
class Runner:
    """Runs steps one after the other in `work`, each with files of its own, as a runner does.

    actions: the folders of the actions that steps may use, by the name before `@`; others are passed to `elsewhere`
    summary_at: instead of a file for the summary of each step
    started: is told the script of each step and the one process that the runner would signal
    """

    work: Path
    temporary: Path
    variables: Mapping[str, str]
    actions: Mapping[str, Path] = field(default_factory=dict)
    elsewhere: Callable[[str, Mapping[str, str]], None] | None = None
    summary_at: str = ""
    started: Callable[[str, subprocess.Popen[str]], None] = lambda _text, _process: None
    log: Log = field(default_factory=Log)
    summary: str = ""
    codes: dict[str, int] = field(default_factory=dict)

    def run(
        self, steps: list[dict[str, Any]], contexts: Contexts, variables: Mapping[str, str], action: Path | None = None
    ) -> int:
        """The exit code of the first step that failed, else 0."""
        failed = 0
        for step in steps:
            if not contexts.is_due(str(step.get("if", "")), failed=bool(failed)):
                continue
            given = {**variables, **{name: contexts.filled(text) for name, text in step.get("env", {}).items()}}
            if "run" in step:
                code, outputs = self._script(step["run"], given, action)
            else:
                code, outputs = self._use(step, contexts, given)
            if "id" in step:
                contexts.steps[step["id"]] = outputs
            self.codes[step.get("name", step.get("id", "a step"))] = code
            failed = failed or code
        return failed

    def use(
        self, action: Path, inputs: Mapping[str, str], contexts: Contexts, variables: Mapping[str, str]
    ) -> tuple[int, dict[str, str]]:
        """An action: its exit code and outputs. Raises KeyError for an input that it does not have."""
        document = yaml.safe_load((action / "action.yml").read_text())
        known = {name: contexts.filled(str(each.get("default", ""))) for name, each in document["inputs"].items()}
        assert set(inputs) <= set(known), f"no such inputs: {set(inputs) - set(known)}"
        inside = Contexts({**known, **inputs}, contexts.github)
        code = self.run(document["runs"]["steps"], inside, variables, action)
        return code, {name: inside.filled(each["value"]) for name, each in document["outputs"].items()}

    def _use(
        self, step: dict[str, Any], contexts: Contexts, variables: Mapping[str, str]
    ) -> tuple[int, dict[str, str]]:
        name = step["uses"].partition("@")[0]
        inputs = {key: contexts.filled(str(value)) for key, value in step.get("with", {}).items()}
        if name in self.actions:
            return self.use(self.actions[name], inputs, contexts, variables)
        assert self.elsewhere is not None
        self.elsewhere(name, inputs)
        return 0, {}

    def _script(self, text: str, variables: Mapping[str, str], action: Path | None) -> tuple[int, dict[str, str]]:
        assert "${{" not in text, "what an expression gives would be evaluated by the shell"
        folder = Path(tempfile.mkdtemp(dir=self.temporary))
        script, outputs, summary = folder / "script.sh", folder / "outputs", folder / "summary.md"
        for file, content in ((script, text), (outputs, ""), (summary, "")):
            file.write_text(content)
        files = {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": self.summary_at or str(summary)}
        files["RUNNER_TEMP"] = str(self.temporary)
        path = {} if action is None else {"GITHUB_ACTION_PATH": str(action)}
        with subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.work,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**self.variables, **variables, **files, **path, "CI": "true", "GITHUB_ACTIONS": "true"},
        ) as process:
            self.started(text, process)
            said, _ = process.communicate(timeout=PATIENCE)
        self.log.add(said)
        self.summary += summary.read_text()
        return process.returncode, read_outputs(outputs.read_text())
