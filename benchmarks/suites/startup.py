"""What it costs to start, before anything is done."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.service import running
from benchmarks.sites import Site, twilio_run
from benchmarks.table import Compared
from benchmarks.turns import in_turns, run
from tests.fakes.npm import program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.table import Row


def rows(runs: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder, running() as service:
        site = Site.made(Path(folder), 100, 1000)
        site.assetsync(service, "apply", "--yes", "--create-service", "--quiet")

        def nothing() -> float:
            return run([sys.executable, "-c", "pass"], site.root).seconds

        def theirs() -> float:
            return run([program("node"), twilio_run(), "--version"], site.root).seconds

        bare, version, validate, plan, node = in_turns(
            max(runs, 9),
            nothing,
            lambda: site.assetsync(None, "--version").seconds,
            lambda: site.assetsync(None, "validate").seconds,
            lambda: site.assetsync(service, "plan").seconds,
            theirs,
        )
    yield Compared("`--version`", version, "`python -c pass`", bare, 4.5, 1.5)
    yield Compared("`validate`, 100 files", validate, "`python -c pass`", bare, 15)
    yield Compared("`plan` without a change, 100 files, loopback", plan, "`twilio-run --version`", node, 1.0, 0.8)
