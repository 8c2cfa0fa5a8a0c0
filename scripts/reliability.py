"""Run the reliability suites at their full size and write what they counted into docs/reliability.md.

    python scripts/reliability.py                          about an hour on two cores
    python scripts/reliability.py --go-on                  only what has not passed yet, after a run that was ended
    python scripts/reliability.py PYTEST-ARGUMENT...       a part of it; nothing is written, what it counted is printed

Each line of the table is a test that passed and how often its law was tried; a test that fails adds nothing, and the
table is written only when all have passed. CI runs a part of each suite, chosen so that each kind of case is in it.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reliability.md"
FIGURES = ROOT / "build" / "reliability-figures"
SUITES = "tests/reliability"
LABELS = ("allowed", "ceiling", "of", "environments", "files", "share", "busy", "most")
"""What tells one kind of case from another; everything else is counted together, and of `most_...` the most is told."""

Row = tuple[str, str, tuple[tuple[str, float], ...]]


def main(arguments: list[str]) -> int:
    goes_on = arguments == ["--go-on"]
    FIGURES.parent.mkdir(exist_ok=True)
    if not goes_on:
        FIGURES.unlink(missing_ok=True)
    chosen = [f"@{_left()}"] if goes_on else arguments or [SUITES]
    began = time.monotonic()
    code = _pytest("--timeout", "0", "-n", "2", *chosen).returncode
    if code:
        return code
    took = "in several runs" if goes_on else f"in {(time.monotonic() - began) / 60:.0f} minutes"
    page = rendered(collected(FIGURES.read_text(encoding="utf-8")), took)
    if arguments and not goes_on:
        print(page)
        return 0
    PAGE.write_text(page, encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")
    return 0


def _left() -> Path:
    """A file of the tests that have counted nothing yet; a few never do, and are run each time."""
    told = _pytest("--collect-only", SUITES, stdout=subprocess.PIPE).stdout
    done = {json.loads(line)["test"] for line in FIGURES.read_text(encoding="utf-8").splitlines()}
    left = FIGURES.with_name("reliability-left")
    left.write_text("".join(f"{line}\n" for line in told.splitlines() if "::" in line and line not in done))
    return left


def _pytest(*arguments: str, **how: Any) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"ASSETSYNC_LONG": "1", "ASSETSYNC_FIGURES": str(FIGURES)}
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, text=True, **how)


def collected(lines: str) -> dict[Row, dict[str, float]]:
    """Sums by suite, test and labels."""
    rows: dict[Row, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for line in lines.splitlines():
        figure = json.loads(line)
        test = figure["test"].partition("[")[0].rpartition("::")[2]
        counted = figure["counted"]
        labels = tuple((name, counted.pop(name)) for name in LABELS if name in counted)
        row = rows[figure["suite"], test, labels]
        for name, value in counted.items():
            row[name] = max(row[name], value) if name.startswith("most_") else row[name] + value
    return rows


def rendered(rows: dict[Row, dict[str, float]], took: str) -> str:
    lines = [
        "# Reliability: what was tried, and how often it held",
        "",
        f"Written by `python scripts/reliability.py` on {datetime.now(UTC):%Y-%m-%d}, {took}: {_machine()}.",
        "Every case runs on real sockets against the local service; each line is a test that passed.",
        "",
        "| suite | test | counted |",
        "| --- | --- | --- |",
    ]
    for (suite, test, labels), counted in sorted(rows.items()):
        shown = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in (*labels, *counted.items()))
        lines.append(f"| {suite} | {test.removeprefix('test_').replace('_', ' ')} | {shown} |")
    return "\n".join(lines) + "\n"


def _machine() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}, Linux {platform.release()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
