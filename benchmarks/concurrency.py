"""How near a first apply comes to what a service allows that works on a few requests at once and refuses all others.

    python -m benchmarks.concurrency [--files 200] [--latency 0.2] [--allowed 4 40]

The local service runs in a process of its own, each request takes `latency` seconds, and any beyond `allowed` at once
is answered with 429 right away. The ideal is what `allowed` requests at a time would need for every request that was
worked on. Told are the ratio of the uploads (from the first request that creates an Asset to the last upload's answer)
and that of the whole command, with start-up, Build and Deployment. Leaves with 1 when the first is above 1.3 for 4.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.service import running

LIMIT = 1.3
MANIFEST = """
version: 1
name: benchmark
service: benchmark
environments: [{name: production}]
folders: [{source: public, target: /, visibility: public}]
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """requests: those that were worked on; seconds of the uploads and of the whole, each with its ideal."""

    requests: int
    refused: int
    uploads: float
    uploads_ideal: float
    whole: float
    whole_ideal: float


def measure(files: int, latency: float, allowed: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder, running(latency=latency, allowed=allowed) as service:
        project = Path(folder, "project")
        (project / "public").mkdir(parents=True)
        (project / "assetsync.yaml").write_text(MANIFEST)
        for number in range(files):
            (project / "public" / f"{number}.bin").write_bytes(os.urandom(10 * 1024))
        variables = service.variables | {"ASSETSYNC_CACHE_DIR": str(Path(folder, "cache"))}
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "assetsync", "apply", "--yes", "--create-service", "--quiet"],
            check=True,
            cwd=project,
            env=os.environ | variables,
            stdout=subprocess.DEVNULL,
        )
        whole = time.perf_counter() - began
        log = service.requests()
    return judged(log, whole, latency, allowed)


def judged(log: list[dict[str, Any]], whole: float, latency: float, allowed: int) -> Measured:
    worked = [each for each in log if each["status"] != 429]
    sending = [each for each in worked if each["method"] == "POST" and each["path"].endswith(("/Assets", "/Versions"))]
    uploads = (sending[-1]["at"] - sending[0]["at"]) / 1e6 + latency
    return Measured(
        len(worked),
        len(log) - len(worked),
        uploads,
        len(sending) * latency / allowed,
        whole,
        len(worked) * latency / allowed,
    )


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--files", type=int, default=200)
    arguments.add_argument("--latency", type=float, default=0.2)
    arguments.add_argument("--allowed", type=int, nargs="+", default=[4, 40])
    given = arguments.parse_args()
    worst = 0.0
    for allowed in given.allowed:
        seen = measure(given.files, given.latency, allowed)
        ratio = seen.uploads / seen.uploads_ideal
        worst = max(worst, ratio) if allowed == 4 else worst
        sys.stdout.write(
            f"allowed {allowed:3}  requests {seen.requests:5}  refused {seen.refused:4}"
            f"  uploads {seen.uploads:6.2f} s ({ratio:.2f} of the ideal)"
            f"  whole {seen.whole:6.2f} s ({seen.whole / seen.whole_ideal:.2f})\n"
        )
    return 0 if worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
