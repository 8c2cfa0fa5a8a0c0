"""Other people's clients from npm, sent to a local service of this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import Settings, Synchronous
from tests.emulator.described import inspected, official_contract
from tests.fakes.npm import installed, missing, program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.emulator.openapi import Contract


@pytest.fixture(scope="session")
def node() -> str:
    return program("node")


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
    """The official description, without which these tests say little."""
    return official_contract() or missing("there is no description")


@pytest.fixture
def emulator(tmp_path: Path, contract: Contract) -> Iterator[RunningEmulator]:
    """A local service with nothing in it, each of whose answers is held against the description."""
    settings = Settings(synchronous=Synchronous.OFF)
    with inspected(contract) as inspector, RunningEmulator(tmp_path / "state", settings) as running:
        yield running
        assert inspector.judged
