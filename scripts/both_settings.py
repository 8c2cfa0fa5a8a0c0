"""Run assetsync's own tests in the other setting of every switch of the local service that touches data.

    python scripts/both_settings.py              each switch alone, some minutes
    python scripts/both_settings.py NAME...      only these
    python scripts/both_settings.py --together   all of them in one run

What nobody knows of Twilio is a switch, with the stricter reading as its default. assetsync must be right whatever the
answer is: plans, applies and the command line are tried in the default setting by the test suite, and here in the other
one. Exits 1 when a test fails in any.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITES = (
    "tests/pipeline",
    "tests/cli",
    "tests/examples/test_examples.py",
    "tests/unit/apply",
    "tests/laws/test_histories.py",
)
OF_NO_DATA = (
    *("credentials", "doctor", "events", "imports", "large_upload", "main_job", "options", "output", "python_api"),
    *("saved_plans", "signals", "step_files", "wrong_input"),
)
"""What is about the command line alone, whatever the service holds: files of `tests/cli`."""

ALONE = ("tests/pipeline", "tests/unit/apply", "tests/laws/test_histories.py")
"""For each switch alone: what reads and writes the service's data. All suites run with all switches together."""

OTHER = {
    "public_bytes": "26214400",
    "private_bytes": "10485760",
    "build_limit_reading": "each",
    "functions_per_build": "none",
    "dependencies": "twilio@5.0.3",
    "runtime": "node20",
    "retired_runtimes": "node8,node10,node12,node14,node16",
    "refuse_path_clashes": "false",
    "deploy_needs_completed": "false",
    "flex_guard": "false",
    "strict_paths": "false",
    "refuse_empty_files": "false",
    "upload_touches_asset": "true",
    "oldest_first": "true",
    "cache_control": "none",
    "retention": "3d",
    "build_retention": "none",
}
"""The other setting of each switch whose default is a reading of facts that are not sure."""

SURE_OR_NO_DATA = {
    "account": "credentials: every command is tried with those of the state folder and with given ones",
    "api_keys": "credentials",
    "seed": "drawn at random by default, fixed in the tests",
    "synchronous": "for power failures; every level stores the same, which a test of its own holds",
    "domain_root": "where sites are served",
    "services": "a documented limit",
    "environments": "a documented limit",
    "public_per_build": "a documented limit",
    "private_per_build": "a documented limit",
    "latency_seconds": "time only",
    "build_seconds": "time only; tests of polling set it",
    "propagation_seconds": "time only; tests look at a site right after its Deployment",
    "retention_interval": "time only",
    "log_entries": "our own request log",
}


def main(arguments: list[str]) -> int:
    if arguments == ["--together"]:
        return 0 if _passes(SUITES, OTHER) else 1
    unknown = [name for name in arguments if name not in OTHER]
    if unknown:
        print(f"no such switch: {', '.join(unknown)}; there are {', '.join(OTHER)}", file=sys.stderr)
        return 64
    failed = [name for name in arguments or OTHER if not _passes(ALONE, {name: OTHER[name]})]
    print(f"\nin the other setting of {', '.join(failed)} tests failed" if failed else "\nall passed in every setting")
    return 1 if failed else 0


def _passes(suites: tuple[str, ...], switches: dict[str, str]) -> bool:
    given = " ".join(f"{name}={value}" for name, value in switches.items())
    print(f"== {given}", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-n", "auto", *suites]
    command += [f"--ignore=tests/cli/test_{name}.py" for name in OF_NO_DATA]
    return (
        subprocess.run(command, cwd=ROOT, env=os.environ | {"ASSETSYNC_SWITCHES": given}, check=False).returncode == 0
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
