"""Other people's clients from npm, installed once into a cache folder and sent to a local service of this process.

Without npm or its registry these tests are skipped with the reason; ASSETSYNC_REQUIRE_INTEROP=1 makes that a failure.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import platformdirs
import pytest

from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import Settings, Synchronous
from tests.emulator.described import inspected
from tests.emulator.openapi import VARIABLE, Contract, contract_from_environment, read_contract

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUIRED = "ASSETSYNC_REQUIRE_INTEROP"
CACHE = "ASSETSYNC_INTEROP_CACHE"
DESCRIPTION = "node_modules/@twilio/cli-core/src/services/twilio-api/twilio_serverless_v1.json"


@pytest.fixture(scope="session")
def node() -> str:
    return _program("node")


@pytest.fixture(scope="session")
def twilio_run(node: str) -> Path:
    """The script that `twilio-run` is."""
    return installed("twilio-run@5") / "node_modules/twilio-run/bin/twilio-run.js"


@pytest.fixture(scope="session")
def serverless_api() -> Path:
    """The folder of the library that the Serverless Toolkit's programs make their requests with."""
    return installed("@twilio-labs/serverless-api@5") / "node_modules/@twilio-labs/serverless-api"


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The official description: where ASSETSYNC_OPENAPI says, else the one that the Twilio CLI ships."""
    if VARIABLE in os.environ:
        described = contract_from_environment()
        assert described is not None
        return described
    return read_contract(installed("@twilio/cli-core@8") / DESCRIPTION)


@pytest.fixture
def emulator(tmp_path: Path, contract: Contract) -> Iterator[RunningEmulator]:
    """A local service with nothing in it, each of whose answers is held against the description."""
    settings = Settings(synchronous=Synchronous.OFF)
    with inspected(contract) as inspector, RunningEmulator(tmp_path / "state", settings) as running:
        yield running
        assert inspector.judged


def installed(package: str) -> Path:
    """The folder that holds an npm package's `node_modules`, whole or not at all."""
    npm = _program("npm")
    cache = Path(os.environ.get(CACHE) or platformdirs.user_cache_path("assetsync-tests")) / "npm"
    folder = cache / package.replace("/", "+")
    cache.mkdir(parents=True, exist_ok=True)
    with _alone(cache / "lock"):
        if not folder.exists():
            draft = folder.with_name(f"{folder.name}.draft")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            _install(npm, package, draft)
            draft.rename(folder)
    return folder


def _install(npm: str, package: str, folder: Path) -> None:
    options = ["--prefix", str(folder), "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--loglevel=error"]
    command = [npm, "install", *options, package]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    except subprocess.TimeoutExpired:
        missing(f"npm did not install {package} within four minutes")
    if done.returncode:
        missing(f"npm could not install {package}: {done.stderr.strip().splitlines()[-1:]}")


def _program(name: str) -> str:
    return shutil.which(name) or missing(f"{name} is not installed")


def missing(reason: str) -> NoReturn:
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason}, and {REQUIRED} is set")
    pytest.skip(reason)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """One test process installs, the others wait for it."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
