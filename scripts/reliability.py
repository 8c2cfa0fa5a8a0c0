"""Run the reliability suites at their full size and write what they counted into docs/reliability.md.

    python scripts/reliability.py                          some forty minutes on two cores
    python scripts/reliability.py PYTEST-ARGUMENT...       a part of it; nothing is written, what it counted is printed

Each line of the table is a test that passed and how often its law was tried; a test that fails adds nothing, and the
table is written only when all pass. CI runs a part of each suite, chosen so that each kind of case is in it.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reliability.md"
SUITES = "tests/reliability"
LABELS = ("allowed", "ceiling", "of", "environments", "files", "share", "busy", "most")
"""What tells one kind of case from another; everything else is counted together, and of `most_...` the most is told."""

Row = tuple[str, str, tuple[tuple[str, float], ...]]


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures"
        began = time.monotonic()
        environment = os.environ | {"ASSETSYNC_LONG": "1", "ASSETSYNC_FIGURES": str(file)}
        command = [sys.executable, "-m", "pytest", "-q", "--timeout", "0", "-n", "2", *(arguments or [SUITES])]
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if code:
            return code
        minutes = (time.monotonic() - began) / 60
        page = rendered(collected(file.read_text(encoding="utf-8") if file.exists() else ""), minutes)
    if arguments:
        print(page)
        return 0
    PAGE.write_text(page, encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")
    return 0


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


def rendered(rows: dict[Row, dict[str, float]], minutes: float) -> str:
    lines = [
        "# Reliability: what was tried, and how often it held",
        "",
        f"Written by `python scripts/reliability.py` on {datetime.now(UTC):%Y-%m-%d}, in {minutes:.0f} minutes:",
        f"{_machine()}.",
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
