"""The fixtures that tests of the command line and of the examples share."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from assetsync.emulator.faults import NoFaults
from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import ApiKey
from tests.cli.stage import Outside, Stage, clean_environment, connect
from tests.fakes.switched import switched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

KEY = ApiKey("SK" + "ab" * 16, "a-secret-that-nobody-should-read-1")
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """One local service for all tests, each of which has a Service of its own in it."""
    settings = switched(services=10_000, api_keys=(KEY,), flex_guard=False)
    with RunningEmulator(tmp_path_factory.mktemp("service"), settings) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with nothing in it, in a clean environment that knows of no service."""
    folder = tmp_path / "home"
    folder.mkdir()
    clean_environment(monkeypatch, folder)
    return folder


@pytest.fixture
def stage(
    home: Path,
    tmp_path: Path,
    emulator: RunningEmulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Stage]:
    """A project folder with a manifest for `public`, and the service by its variables."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    connect(monkeypatch, emulator)
    outside = Outside(emulator, f"site-{next(_NUMBERS)}")
    stage = Stage(root, emulator, outside, capsys)
    stage.manifest()
    yield stage
    emulator.core.faults = NoFaults()
    outside.close()


@contextmanager
def stage_of_its_own(
    tmp_path: Path,
    clock: Callable[[], datetime],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    **settings: Any,
) -> Iterator[Stage]:
    """A project folder with a manifest, and a service of its own that goes by `clock`."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    with RunningEmulator(tmp_path / "service", switched(**settings), clock=clock) as running:
        connect(monkeypatch, running)
        outside = Outside(running, "my-site")
        stage = Stage(root, running, outside, capsys)
        stage.manifest()
        yield stage
        outside.close()


@pytest.fixture
def live(stage: Stage) -> Stage:
    """The stage with ten files that are live."""
    stage.write({f"page-{number}.html": f"page {number}" for number in range(10)})
    stage.apply()
    return stage
