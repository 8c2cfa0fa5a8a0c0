"""Patterns that YAML itself would break: `- *.map` is an alias, `- !keep` a tag, `- [id].html` a list.

Found in the source text, because the parser only says that it stumbled, and where.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.manifest.findings import shown
from assetsync.manifest.model import Mark

if TYPE_CHECKING:
    from collections.abc import Iterable

MEANINGS = {
    "*": "an alias",
    "&": "an anchor",
    "!": "a tag",
    "[": "a list",
    "{": "a mapping",
    "%": "a directive",
    "@": "a reserved character",
    "`": "a reserved character",
    ">": "a block scalar",
    "|": "a block scalar",
}
"""What YAML takes a text for that begins with this character and has no quotes."""

_LONGEST = 4096
_BRACKETED = re.compile(r"[\[{][^\[\]{}\s]*[\]}][^\s,\]}]")
_BLOCK_END = re.compile(r",?\s+#|,\s|,?\s*$")
_VALUE_START = re.compile(r"(?:^|[\s\[{,])$")


@dataclass(frozen=True, slots=True)
class Unquoted:
    """A text that wants quotes, and where it begins."""

    text: str
    mark: Mark

    @property
    def message(self) -> str:
        return f"YAML reads `{shown(self.text)}` as {MEANINGS[self.text[0]]}, not as text"

    @property
    def hint(self) -> str:
        return f"quote it: {quoted(shown(self.text))}"


def unquoted(lines: list[str], marks: Iterable[Mark]) -> Unquoted | None:
    """The unquoted text that YAML broke at, looked for at each of `marks`; None where nothing looks like one."""
    for mark in marks:
        line = lines[mark.line - 1] if mark.line <= len(lines) else ""
        start = _start(line, mark.column - 1)
        if start is not None:
            return Unquoted(text_at(line, start), Mark(mark.line, start + 1))
    return None


def quoted(text: str) -> str:
    """`text` as a YAML scalar in quotes."""
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def text_at(line: str, start: int) -> str:
    """What was meant as one text at `start`: to the end of the list item in a flow list, else of the line."""
    rest = line[start : start + _LONGEST]
    end = _BLOCK_END.search(rest)
    block = rest[: end.start()] if end else rest
    before = line[:start]
    if before.count("[") + before.count("{") <= before.count("]") + before.count("}"):
        return block
    return _flow_item(block)


def _flow_item(text: str) -> str:
    depth = 0
    for position, character in enumerate(text):
        if character in "[{":
            depth += 1
        elif character in "]}":
            depth -= 1
        if depth < 0 or (depth == 0 and character == ","):
            return text[:position]
    return text


def _start(line: str, position: int) -> int | None:
    """Where the broken text begins, when the parser stumbled at `position`."""
    if 0 < position < len(line) and _BRACKETED.match(line, position - 1):
        return _value_start(line, position - 1)
    if position < len(line) and line[position] in MEANINGS and not _is_yaml(line, position):
        return _value_start(line, position)
    if 0 < position < len(line) and line[position - 1] in "]}":
        opener = line.rfind("[" if line[position - 1] == "]" else "{", 0, position)
        return _value_start(line, opener) if opener >= 0 else None
    return None


def _is_yaml(line: str, position: int) -> bool:
    """Whether the character is there for what YAML takes it for: a whole list or mapping, a real directive."""
    if line[position] == "%":
        return position == 0
    return line[position] in "[{" and not _BRACKETED.match(line, position)


def _value_start(line: str, position: int) -> int | None:
    return position if _VALUE_START.search(line[:position]) else None
