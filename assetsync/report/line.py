"""A line of text output before it gets its colours, and the last gate before a screen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from assetsync.report.units import short_sid
from assetsync.twilio.printable import escaped

_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}(?![0-9A-Za-z])")


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


def on_screen(text: str) -> str:
    """One line as a terminal may have it: nothing that it would obey, whoever wrote it, and no Account SID whole."""
    return escaped(without_accounts(text))


def without_accounts(text: str) -> str:
    """`text` with every Account SID shortened: they are semi-private."""
    return _ACCOUNT.sub(lambda found: short_sid(found[0]), text)
