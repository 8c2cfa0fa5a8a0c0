"""Whatever a page asks a reader to do works, in the page's order, and prints what the page shows.

`ASSETSYNC_WRITE_DOCS=1` writes what was printed into the pages instead: read the difference before you keep it.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import Settings
from tests.cli.stage import REPOSITORY, connect
from tests.docs.pages import Command, Elsewhere, File, Later, Script, steps
from tests.docs.session import Session, agree

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PAGES = [
    page
    for page in (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md")))
    if any(not isinstance(step, Elsewhere) for step in steps(page.read_text()))
]
WRITING = os.environ.get("ASSETSYNC_WRITE_DOCS") == "1"


class Clock:
    """What time the service says it is."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_what_a_page_says_is_what_happens(
    page: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "my-site"
    root.mkdir()
    clock = Clock()
    with RunningEmulator(tmp_path / "service", Settings(build_seconds=0.1), clock=clock) as running:
        monkeypatch.setenv("REPOSITORY", str(REPOSITORY))
        monkeypatch.setenv("ASSETSYNC_PORT", "0")  # several pages at once
        connect(monkeypatch, running)
        with Session(root, os.environ, running.url) as session:
            wrong = follow(page, session, clock)
    assert not wrong, "\n\n".join(wrong)


def follow(page: Path, session: Session, clock: Clock) -> list[str]:
    """Do what the page says; what it says wrongly."""
    found = steps(page.read_text())
    said: dict[Command, str] = {}
    wrong = []
    for step, after in zip(found, [*found[1:], None], strict=True):
        match step:
            case Script():
                session.script(step)
            case File():
                session.write(step)
            case Command():
                said[step] = session.command(step)
                if not (session.code == 0 or step.is_interrupted or is_about_the_code(after)):
                    wrong.append(f"{page.name}:{step.line}: `{step.text}` left with {session.code}:\n{said[step]}")
                elif not agree(step.output, said[step]):
                    wrong.append(f"{page.name}:{step.line}: `{step.text}` printed:\n{said[step]}\nnot:\n{step.output}")
            case Later():
                clock.ahead += timedelta(days=step.days)
            case Elsewhere():
                pass
    if WRITING and wrong:
        rewrite(page, said)
    return wrong


def is_about_the_code(step: object) -> bool:
    return isinstance(step, Command) and step.text == "echo $?"


def rewrite(page: Path, said: dict[Command, str]) -> None:
    """Put what was printed into the page, all of it, so that it is of one run; but for what leaves something out."""
    rows: Sequence[str] = page.read_text().splitlines()
    for command in sorted(said, key=lambda each: -each.line):
        if leaves_out(command.output):
            continue
        begin, end = (line - 1 for line in command.lines)
        shown = presentable(said[command], at_twilio="--local" not in command.text)
        rows = [*rows[:begin], *shown.splitlines(), *rows[end:]]
    page.write_text("\n".join(rows) + "\n")


def leaves_out(output: str) -> bool:
    return any(row.endswith("...") for row in output.splitlines())


def presentable(said: str, *, at_twilio: bool) -> str:
    """A site of a command that is about Twilio is shown as one of Twilio's."""
    sites = "https://{}.twil.io" if at_twilio else "http://{}.localhost:4080"
    domains = r"\1.twil.io" if at_twilio else r"\1.localhost"
    said = re.sub(r"http://([a-z0-9-]+)\.localhost:\d+", lambda found: sites.format(found[1]), said)
    said = re.sub(r"([a-z0-9-]+)\.localhost(?!:)", domains, said)
    said = re.sub(r"(127\.0\.0\.1|\{domain\}):\d+", r"\1:4080", said).rstrip("\n")
    return "\n".join(map(str.rstrip, said.splitlines()))
