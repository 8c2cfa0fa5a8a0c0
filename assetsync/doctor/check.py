"""What one look found: a line for a person, a document for a program."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assetsync.errors import AssetsyncError

CREDENTIALS = 77
FAILED = 1


class State(StrEnum):
    """`warning` is what works today and may not tomorrow."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """message: what was found; hint: the way out; exit_code: what a command ends with where this is wrong"""

    name: str
    state: State
    message: str
    hint: str | None = None
    exit_code: int = FAILED


def ok(name: str, message: str, hint: str | None = None) -> Check:
    return Check(name, State.OK, message, hint)


def warning(name: str, message: str, hint: str | None = None) -> Check:
    return Check(name, State.WARNING, message, hint)


def wrong(name: str, message: str, hint: str | None = None) -> Check:
    return Check(name, State.WRONG, message, hint)


def failed(name: str, error: AssetsyncError) -> Check:
    """What an error says. Credentials that are missing or refused leave with their own code."""
    return Check(
        name, State.WRONG, error.message, error.hint, CREDENTIALS if error.exit_code == CREDENTIALS else FAILED
    )


def exit_code(checks: Iterable[Check]) -> int:
    """0 where nothing is wrong; 77 goes before 1."""
    return max((each.exit_code for each in checks if each.state is State.WRONG), default=0)
