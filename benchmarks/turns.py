"""Whole processes timed in turns, so that a machine whose speed drifts treats all of them alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


_WEIGHED = """
import os, sys
_, status, usage = os.wait4(os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ), 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A small process in between: Linux counts the peak of whoever started a process as its own."""


@dataclass(frozen=True, slots=True)
class Ran:
    """seconds of wall time; said: what it printed."""

    seconds: float
    said: str


@dataclass(frozen=True, slots=True)
class Series:
    """The same thing several times, in seconds."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        return f"{spoken(self.median)} ({spoken(min(self.seconds))} to {spoken(max(self.seconds))})"


def spoken(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def run(
    command: Sequence[str | Path], folder: Path, variables: Mapping[str, str] | None = None, *, expected: int = 0
) -> Ran:
    """Run a command to its end. What it prints is shown only where it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(
        list(map(str, command)),
        cwd=folder,
        env=os.environ | (variables or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said = process.communicate()[0].decode(errors="replace")
    seconds = time.perf_counter() - began
    if process.returncode != expected:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{said}")
    return Ran(seconds, said)


def memory(command: Sequence[str | Path], folder: Path, variables: Mapping[str, str] | None = None) -> int:
    """Peak bytes in RAM of a command."""
    return int(run([sys.executable, "-S", "-c", _WEIGHED, *command], folder, variables).said.split()[-1]) * 1024


def in_turns(runs: int, *contenders: Callable[[], float]) -> list[Series]:
    """Each one once uncounted, then all in turns; each gives its seconds."""
    for contender in contenders:
        contender()
    seen: list[list[float]] = [[] for _ in contenders]
    for _ in range(runs):
        for place, contender in enumerate(contenders):
            seen[place].append(contender())
    return [Series(tuple(each)) for each in seen]
