"""What a suite counted while it ran, for the table that `scripts/reliability.py` writes.

A test that has seen its law hold notes how often. With ASSETSYNC_FIGURES=FILE each note is a line of JSON in that file;
without it nothing is kept. A test that fails notes nothing.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "ASSETSYNC_FIGURES"
# Read at once: the fixtures take the machine's own variables away from the tests.
_FILE = os.environ.get(VARIABLE)
LONG = os.environ.get("ASSETSYNC_LONG") == "1"
"""Whether the whole suite was asked for; by default a part of it runs, chosen so that each kind of case is in it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """suite: the line of the table; test: who counted; counted: what was tried and seen, a number each."""

    suite: str
    test: str
    counted: dict[str, float]


def note(suite: str, **counted: float) -> None:
    """Called once, at the end of a test that passed."""
    if not _FILE:
        return
    test = os.environ.get("PYTEST_CURRENT_TEST", "").removesuffix(" (call)")
    line = json.dumps(asdict(Figure(suite, test, counted))) + "\n"
    with Path(_FILE).open("a", encoding="utf-8") as stream:
        stream.write(line)
