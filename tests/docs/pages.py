"""What a page of the documentation asks a reader to do, read from its Markdown: commands, scripts and files, in order.

A `console` block is a transcript, `$ ` before each command (`> ` before the lines that continue it) and what it prints
below; one that ends with `^C` is interrupted there. `sh`, `bash` and `python` blocks are scripts. A comment before a
block says what the page's reader sees anyhow, or does not need to:

    <!-- file: NAME -->              the block is the content of a file that the reader writes
    <!-- given: SCRIPT -->           what is there already when the reader gets here; needs no block
    <!-- later: DAYS -->             so many days go by at Twilio
    <!-- meanwhile "TEXT": SCRIPT -->   what is done elsewhere once the command has printed TEXT
    <!-- elsewhere: WHERE -->        the block is run by another check, or by nobody, and why
    <!-- command: NAME -->           the same, by `.ci/run`
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

SCRIPTS = {"sh": "sh", "bash": "sh", "python": "python"}
INTERRUPTED = "^C"

_COMMENT = re.compile(
    r'<!--\s*(file|given|later|meanwhile|elsewhere|command)(?:\s+"([^"]*)")?:\s*(.*?)\s*-->', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Script:
    """To be run to a good end, whatever it prints; `given` stands in a comment."""

    line: int
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class File:
    line: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Later:
    line: int
    days: int


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What is done elsewhere once the command has printed `cue`."""

    cue: str
    script: str


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a transcript; `lines` (from, to) are those of its output in the page."""

    line: int
    text: str
    output: str
    lines: tuple[int, int]
    meanwhile: Meanwhile | None = None

    @property
    def is_interrupted(self) -> bool:
        return self.output.rstrip().endswith(INTERRUPTED)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    line: int
    why: str


Step = Script | File | Later | Command | Elsewhere


def steps(markdown: str) -> tuple[Step, ...]:
    """All that the page asks for, in order. Raises ValueError for a comment without the block that it is about."""
    return tuple(_steps(MarkdownIt("commonmark").parse(markdown)))


def _steps(tokens: list[Token]) -> Iterator[Step]:
    told: re.Match[str] | None = None
    for token in tokens:
        line = token.map[0] + 1 if token.map else 0
        if token.type == "html_block" and (comment := _COMMENT.search(token.content)):
            if comment[1] == "given":
                yield Script(line, "sh", comment[3])
            elif comment[1] == "later":
                yield Later(line, int(comment[3]))
            elif told is not None:
                raise ValueError(f"line {line}: the comment before this one is about no block")
            else:
                told = comment
        elif token.type == "fence":
            yield from _block(token, line, told)
            told = None
        elif told is not None and not token.type.startswith("list_item") and token.type != "html_block":
            raise ValueError(f"line {line}: the comment before this is about no block")


def _block(token: Token, line: int, told: re.Match[str] | None) -> Iterator[Step]:
    language = token.info.split()[0] if token.info else ""
    kind = told[1] if told else ""
    if kind in {"elsewhere", "command"}:
        assert told is not None
        yield Elsewhere(line, told[3])
    elif kind == "file":
        assert told is not None
        yield File(line, told[3], token.content)
    elif language == "console":
        yield from _transcript(token.content, line + 1, Meanwhile(told[2], told[3]) if told else None)
    elif language in SCRIPTS:
        yield Script(line, SCRIPTS[language], token.content)


def _transcript(text: str, first: int, meanwhile: Meanwhile | None) -> Iterator[Command]:
    rows = text.splitlines()
    starts = [place for place, row in enumerate(rows) if row.startswith("$ ")]
    if not starts or starts[0] != 0:
        raise ValueError(f"line {first}: a transcript begins with a command, `$ ...`")
    for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        below = start + 1
        while below < end and rows[below].startswith("> "):
            below += 1
        command = "\n".join(row[2:] for row in rows[start:below])
        output = "\n".join(rows[below:end])
        yield Command(first + start, command, output, (first + below, first + end), meanwhile)
