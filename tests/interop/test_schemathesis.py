"""schemathesis, a fuzzer for OpenAPI descriptions, finds nothing to object to in the local service.

It is a process of its own, since its interface for programs takes one operation at a time: neither chains of requests
nor SIDs that are handed on. With ASSETSYNC_LONG=1 it tries thirty times as much, from a seed that is new each time and
told at the end: give `-s --timeout 0`, and an hour.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import Settings, Synchronous
from assetsync.emulator.witness import WITNESSES
from tests.emulator.driver import Api, make_client
from tests.fakes.npm import missing
from tests.interop.attack.description import METHODS, attackable
from tests.interop.attack.grounds import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.emulator.messages import Answer, Request
    from tests.emulator.openapi import Contract

ROOT = Path(__file__).parents[2]
CONFIGURATION = Path(__file__).parent / "attack/schemathesis.toml"
HOOKS = "tests.interop.attack.checks"
LONG = os.environ.get("ASSETSYNC_LONG") == "1"
SEED = random.randrange(1 << 32) if LONG else 1
TIMES, MINUTES = (30, 120) if LONG else (1, 4)
LOG_ENTRY = "GET /v1/Services/{ServiceSid}/Environments/{EnvironmentSid}/Logs/{Sid}"


class Tally:
    """Counts what succeeded, by operation, on the side of the local service."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._operations = [
            (method.upper(), path, re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)))
            for path, operations in description["paths"].items()
            for method in METHODS
            if method in operations
        ]
        self.successes = Counter({f"{method} {path}": 0 for method, path, _ in self._operations})

    def __call__(self, request: Request, answer: Answer) -> None:
        if 200 <= answer.status < 300:
            for method, path, pattern in self._operations:
                if method == request.method and pattern.fullmatch(request.path):
                    self.successes[f"{method} {path}"] += 1


@dataclass(frozen=True, slots=True)
class Target:
    """A local service with a state worth attacking, and the description of it."""

    emulator: RunningEmulator
    description: dict[str, Any]
    tally: Tally
    folder: Path

    def attack(self, phases: str, examples: int) -> str:
        """What schemathesis has to say; an AssertionError with it where it finds something."""
        program = Path(sys.executable).with_name("schemathesis")
        if not program.exists():
            missing("schemathesis is not installed")
        file = self.folder / "description.json"
        file.write_text(json.dumps(self.description), encoding="utf-8")
        account = self.emulator.core.account
        command = [str(program), "--config-file", str(CONFIGURATION), "--no-color", "run", str(file)]
        where = ["--url", self.emulator.url, "--auth", f"{account.sid}:{account.auth_token}"]
        amount = ["--phases", phases, "--seed", str(SEED), "--max-examples", str(examples * TIMES)]
        done = subprocess.run(
            [*command, *where, *amount],
            cwd=self.folder,
            env={**os.environ, "SCHEMATHESIS_HOOKS": HOOKS, "PYTHONPATH": str(ROOT), "NO_PROXY": "*"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60 * MINUTES,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        sys.stdout.write(f"{done.stdout}\nsuccesses by operation: {json.dumps(self.tally.successes, indent=1)}\n")
        return done.stdout


@pytest.fixture
def target(tmp_path: Path, contract: Contract) -> Iterator[Target]:
    settings = Settings(synchronous=Synchronous.OFF, services=1_000_000, environments=1_000_000, seed=SEED)
    with RunningEmulator(tmp_path / "state", settings) as emulator:
        with make_client(emulator.core, emulator.url) as client:
            grounds = prepare(Api(client, emulator.core, emulator.url))
        description = attackable(contract._description, grounds, emulator.url)
        tally = Tally(description)
        WITNESSES.append(tally)
        try:
            yield Target(emulator, description, tally, tmp_path)
        finally:
            WITNESSES.remove(tally)


def test_every_operation_stands_right_and_wrong_requests(target: Target, record_property: Any) -> None:
    said = target.attack("examples,coverage,fuzzing", 30)
    successes = target.tally.successes
    for operation, count in successes.items():
        record_property(operation, count)
    assert f"{len(successes)} selected / {len(successes)} total" in said
    # Functions are stored and not run, so there is no entry to fetch.
    assert {operation for operation, count in successes.items() if not count} == {LOG_ENTRY}


def test_chains_of_requests_lead_where_they_should(target: Target) -> None:
    said = target.attack("stateful", 80)
    # Where a chain does not go as before, schemathesis stops without a word; how far it gets also depends on its clock.
    assert _number(r"Scenarios:\s+(\d+)", said) >= 20
    assert _number(r"API Links:\s+(\d+) covered", said) >= 20


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    assert found is not None
    return int(found[1])
