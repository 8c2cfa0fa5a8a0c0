"""A command in a process of its own that waits for nothing, and how much memory it took at most.

`ru_maxrss` would count what the process was before it became this one, so the process itself tells the VmHWM of what
it became: the same figure without that.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.cli.stage import PATIENCE, REPOSITORY, Ran

_PEAK = re.compile(r"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Measured:
    """A finished command; `peak` in MiB."""

    ran: Ran
    peak: float


def measured(file: Path, *arguments: str, **variables: str) -> Measured:
    """Run the command; `file` is where the process writes its figure."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.reliability.peak", str(file), *arguments],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=2 * PATIENCE,
        env={**os.environ, **variables, "PYTHONPATH": str(REPOSITORY)},
    )
    return Measured(Ran(done.returncode, done.stdout, done.stderr), int(file.read_text()) / 1024)


def _main() -> None:
    from assetsync.cli.invocation import invoke
    from assetsync.cli.main import group
    from tests.fakes.clock import HastyClock

    file, *arguments = sys.argv[1:]
    code = invoke(group(), arguments, HastyClock())
    found = _PEAK.search(Path("/proc/self/status").read_text())
    assert found is not None
    Path(file).write_text(found[1])
    sys.exit(code)


if __name__ == "__main__":
    _main()
