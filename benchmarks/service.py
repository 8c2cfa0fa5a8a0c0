"""The local service in a process of its own, and what its log tells: requests, and when what happened."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
_SERVE = """
import pathlib, sys
from assetsync.emulator.faults.rule import Faults
from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import Settings, Synchronous
folder, latency, allowed, build = pathlib.Path(sys.argv[1]), *map(float, sys.argv[2:5])
settings = Settings(
    latency_seconds=latency, build_seconds=build, synchronous=Synchronous.OFF, log_entries=1_000_000
)
with RunningEmulator(folder, settings) as emulator:
    if allowed:
        emulator.core.bend(Faults(concurrency=int(allowed)))
    print(emulator.url, emulator.core.account.sid, emulator.core.account.auth_token, flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True, slots=True)
class Service:
    """A running service with nothing in it at first."""

    url: str
    account: str
    token: str

    @property
    def variables(self) -> dict[str, str]:
        """What assetsync needs to find it."""
        return {
            "PYTHONPATH": str(ROOT),
            "ASSETSYNC_API_URL": self.url,
            "TWILIO_ACCOUNT_SID": self.account,
            "TWILIO_AUTH_TOKEN": self.token,
        }

    def requests(self) -> list[dict[str, Any]]:
        """Each with `method`, `path`, `status` and `at` (microseconds since the epoch, when it was answered)."""
        answer = httpx.get(f"{self.url}/_emulator/requests", auth=(self.account, self.token), trust_env=False)
        found: list[dict[str, Any]] = answer.raise_for_status().json()["requests"]
        return found

    def get(self, path: str) -> Any:
        answer = httpx.get(f"{self.url}/v1{path}", auth=(self.account, self.token), trust_env=False)
        return answer.raise_for_status().json()


@contextmanager
def running(*, latency: float = 0.0, allowed: int = 0, build: float = 0.0) -> Iterator[Service]:
    """latency, build: seconds that a request and a Build take; allowed: requests at once, more get a 429."""
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-c", _SERVE, folder, str(latency), str(allowed), str(build)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        ) as process,
    ):
        try:
            assert process.stdout is not None
            yield Service(*process.stdout.readline().split())
        finally:
            process.kill()
