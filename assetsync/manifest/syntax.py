"""The seam to PyYAML: its errors become Problems in our words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from assetsync.errors import Problem
from assetsync.manifest.findings import shown
from assetsync.manifest.model import Mark
from assetsync.manifest.quoting import unquoted

if TYPE_CHECKING:
    from yaml._yaml import Mark as CMark
    from yaml.error import Mark as PythonMark

    YamlMark = PythonMark | CMark

    YamlLoader = type[yaml.SafeLoader | yaml.CSafeLoader]

LOADER: YamlLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML was built with it. Only its events are read; nothing is ever constructed."""

_START = Mark(1, 1)


def place(mark: YamlMark | None) -> Mark:
    """The place of an event; the stubs say that one may lack a mark, though the parser gives it always."""
    return Mark(mark.line + 1, mark.column + 1) if mark else _START


def syntax_problem(error: yaml.YAMLError, lines: list[str], file: str) -> Problem:
    """The one Problem that stopped the parser: a text that wants quotes where that is likely, else what it says."""
    context = _mark(error, "context_mark")
    found = _mark(error, "problem_mark") or context or _START
    broken = unquoted(lines, [mark for mark in (context, found) if mark is not None])
    if broken is not None:
        return Problem(file, broken.mark.line, broken.mark.column, broken.message, shown(broken.text), broken.hint)
    message, hint, mark = _explain(error, lines, found, context)
    return Problem(file, mark.line, mark.column, message, hint=hint)


def _explain(error: yaml.YAMLError, lines: list[str], found: Mark, context: Mark | None) -> tuple[str, str, Mark]:
    said = str(getattr(error, "problem", None) or error)
    where = str(getattr(error, "context", None) or "")
    if _character(lines, found) == "\t":
        return "a tab cannot indent YAML", "indent with spaces", found
    if said.startswith("mapping values"):
        return "a colon cannot stand here", "quote a text that holds `: `, or indent the line as its neighbours", found
    if "quoted scalar" in where and "end of stream" in said:
        return "this quote is never closed", "close it, on the same line", context or found
    if "flow" in where and found.line >= len(lines):
        return "this bracket is never closed", "close it, or quote the text if it is one", context or found
    return f"not valid YAML: {said}", "check the indentation and the quotes, here and in the line above", found


def _mark(error: yaml.YAMLError, name: str) -> Mark | None:
    mark: YamlMark | None = getattr(error, name, None)
    return place(mark) if mark else None


def _character(lines: list[str], mark: Mark) -> str:
    line = lines[mark.line - 1] if mark.line <= len(lines) else ""
    return line[mark.column - 1 : mark.column]
