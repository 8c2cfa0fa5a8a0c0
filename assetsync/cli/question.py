"""Questions on the terminal, waited for in short looks: `input()` may sleep through a signal."""

from __future__ import annotations

import select
import sys

import click

from assetsync.errors import Interrupted

_LOOK = 0.2


def ask(question: str) -> str:
    """The answer, without blanks around it. Raises Interrupted at the end of the input."""
    click.echo(f"{question} ", err=True, nl=False)
    while not select.select([sys.stdin], [], [], _LOOK)[0]:
        pass
    line = sys.stdin.readline()
    if not line:
        click.echo(err=True)
        raise Interrupted("no answer; nothing was written")
    return line.strip()


def agrees(question: str) -> bool:
    """Whether the answer is a yes; anything else is a no."""
    return ask(f"{question} [y/N]:").lower() in {"y", "yes"}
