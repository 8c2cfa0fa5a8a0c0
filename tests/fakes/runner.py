"""A GitHub Actions runner, as far as steps notice it: files of outputs, and commands in what steps print.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands, and for how lines are read
`FileCommandManager.cs` and `ActionCommand.cs` of actions/runner.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

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
