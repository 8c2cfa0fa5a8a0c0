"""What is wrong at a place that has a name: a JSON pointer into the manifest, and how it is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.errors import Problem
from assetsync.manifest.model import Mark
from assetsync.manifest.source import code_point

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Finding:
    """`at_key` points at the key itself (an unknown one) rather than at its value."""

    pointer: str
    message: str
    text: str | None = None
    hint: str | None = None
    at_key: bool = False


@dataclass(frozen=True, slots=True)
class Places:
    """Where each pointer is: `values` the value (of a list or mapping in lines: its key), `keys` the key.

    `flows` is the source of each list or mapping in brackets.
    """

    values: Mapping[str, Mark]
    keys: Mapping[str, Mark]
    flows: Mapping[str, str]

    def problem(self, finding: Finding, file: str) -> Problem:
        marks = self.keys if finding.at_key else self.values
        mark = marks.get(finding.pointer, Mark(1, 1))
        text = None if finding.text is None else shown(finding.text)
        return Problem(file, mark.line, mark.column, finding.message, text, finding.hint)


def child(pointer: str, key: str | int) -> str:
    """The JSON pointer (RFC 6901) of `key` below `pointer`."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def label(pointer: str) -> str:
    """How a sentence names the place: a key in backticks, or an item of a list by its number, from 1."""
    parent, _, key = pointer.rpartition("/")
    if not pointer:
        return "the manifest"
    if re.fullmatch("[0-9]{1,9}", key):
        return f"item {int(key) + 1} of `{shown(parent.rpartition('/')[2])}`"
    return f"`{shown(key)}`"


def shown(text: str) -> str:
    """`text` fit for one line of a terminal: cut when long, what cannot be printed by its number."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return "".join(each if each.isprintable() else code_point(each) for each in cut)
