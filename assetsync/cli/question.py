"""Questions on the terminal, waited for in short looks: `input()` may sleep through a signal."""

from __future__ import annotations

import select
import sys
from typing import TYPE_CHECKING

from assetsync.errors import Interrupted
from assetsync.plan.safety import Consent, unanswered
from assetsync.report.line import Line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assetsync.cli.output import Output
    from assetsync.plan.safety import Refusal

_LOOK = 0.2


def ask(output: Output, *lines: str) -> str:
    """The answer, without blanks around it. Raises Interrupted at the end of the input."""
    output.ask(*lines)
    while not select.select([sys.stdin], [], [], _LOOK)[0]:
        pass
    line = sys.stdin.readline()
    if not line:
        output.talk([Line()])
        raise Interrupted("no answer; nothing was written")
    return line.strip()


def agrees(output: Output, question: str) -> bool:
    """Whether the answer is a yes; anything else is a no."""
    return ask(output, f"{question} [y/N]:").lower() in {"y", "yes"}


def consents_asked(output: Output, refusals: Iterable[Refusal]) -> tuple[Consent, ...] | None:
    """A consent to each refusal that has none, given by typing its figure; None where one was not given."""
    given = []
    for refusal in unanswered(refusals):
        if ask(output, refusal.message, f"Type {refusal.observed} to agree:") != str(refusal.observed):
            return None
        given.append(Consent(refusal.override, refusal.observed))
    return tuple(given)
