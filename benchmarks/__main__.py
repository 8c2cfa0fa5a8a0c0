"""Measure assetsync beside what people use today, and write the results.

    python -m benchmarks [SUITE ...] [--runs 5] [--out benchmarks/results.md]

Suites: startup, deploy, upload, reading, watching; all of them by default, in half an hour on two cores. Needed
beside Python: git, curl, Node with npm (twilio-run is fetched once), xxhsum, rclone. Keep the machine quiet meanwhile.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.sites import twilio_run
from benchmarks.table import markdown, picture

if TYPE_CHECKING:
    from benchmarks.table import Row

SUITES = ("startup", "deploy", "upload", "reading", "watching")
_TOOLS = {
    "git": ("git", "--version"),
    "curl": ("curl", "--version"),
    "xxhsum": ("xxhsum", "--version"),
    "rclone": ("rclone", "version"),
    "Node": ("node", "--version"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES))
    parser.add_argument("--runs", type=int, default=5, help="how often each is run, in turns")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("results.md"))
    given = parser.parse_args()
    if unknown := set(given.suites) - set(SUITES):
        parser.error(f"there is no suite {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # pip leaves compiled modules, and so do we
    parts = [_heading(given.runs)]
    every: list[Row] = []
    for name in given.suites or SUITES:
        found = list(importlib.import_module(f"benchmarks.suites.{name}").rows(given.runs))
        text = f"## {name.capitalize()}\n\n{markdown(found)}"
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
        parts.append(text)
        every += found
    drawing = given.out.with_suffix(".svg")
    drawing.write_text(picture(every))
    given.out.write_text("\n".join([*parts, f"![Ratios]({drawing.name})\n"]))


def _heading(runs: int) -> str:
    """The machine and the versions."""
    tools = [f"{name} {_version(*command)}" for name, command in _TOOLS.items()]
    tools.append(f"twilio-run {json.loads((twilio_run().parents[1] / 'package.json').read_text())['version']}")
    libraries = [f"{name} {metadata.version(name)}" for name in ("assetsync", "httpx", "click", "xxhash", "watchdog")]
    return (
        "# Measured\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}; {', '.join(libraries)}; {', '.join(tools)}.\n"
        f"Medians of {runs} runs in turns (smallest to largest); a ratio or figure in bold misses its goal. "
        "Made by `python -m benchmarks`.\n"
    )


def _version(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    words = (done.stdout or done.stderr).split()
    return next((word.strip("v,") for word in words if word.strip("v")[:1].isdigit()), "of unknown version")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
