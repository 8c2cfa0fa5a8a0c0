"""A line of text output before it gets its colours."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Style(StrEnum):
    """What a line means; the terminal decides how that looks, and no meaning hangs on colour alone."""

    PLAIN = "plain"
    BOLD = "bold"
    DIM = "dim"
    ADD = "add"
    CHANGE = "change"
    MOVE = "move"
    REMOVE = "remove"
    WARNING = "warning"
    ERROR = "error"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Line:
    text: str = ""
    style: Style = Style.PLAIN
