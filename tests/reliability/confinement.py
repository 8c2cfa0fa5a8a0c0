"""Commands that may use little, and what they may say: for input that was made to hurt.

What needs more processor time is killed, what needs more memory is out of memory: either fails its test.
"""

from __future__ import annotations

import os
import resource
from typing import TYPE_CHECKING

import pytest

from tests.reliability.launcher import Launcher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.stage import Ran, Stage

MIB = 1024 * 1024
MEMORY, SECONDS = 400 * MIB, 30
"""What a command may use: bytes of address space, of which half are Python and its libraries, and processor time."""

FORMS = ("text", "json", "markdown")


@pytest.fixture(scope="module", name="launcher")
def confined_launcher() -> Iterator[Launcher]:
    with Launcher() as launcher:
        for limit, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS)):
            resource.prlimit(launcher._process.pid, limit, (most, most))
        yield launcher


def confined(launcher: Launcher, stage: Stage, *arguments: str) -> Ran:
    variables = {name: value for name, value in os.environ.items() if name.startswith(("ASSETSYNC_", "TWILIO_"))}
    return clean(launcher.run(*arguments, cwd=stage.root, HOME=os.environ["HOME"], **variables))


def clean(ran: Ran) -> Ran:
    """The same, once it is sure that a terminal obeys nothing of it; a JSON document is valid and ASCII."""
    for text in (ran.out, ran.err):
        odd = {character for character in text if not character.isprintable()} - {"\n"}
        assert not odd, f"{odd} in {text[:2000]!r}"
    assert "Traceback" not in ran.said
    assert "internal error" not in ran.said
    if ran.out.startswith("{"):
        assert ran.out.isascii()
        assert ran.plan["errors"]
    return ran
