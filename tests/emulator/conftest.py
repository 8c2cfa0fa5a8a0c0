"""The local service twice: behind a real socket, and called directly. Most tests run on both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.core import Core
from assetsync.emulator.direct import DirectTransport
from assetsync.emulator.moments import Clock, system_clock
from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import Settings, Synchronous
from tests.emulator.described import answers_are_as_described
from tests.emulator.driver import Api, make_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["answers_are_as_described"]


@pytest.fixture(scope="session")
def socket_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    settings = Settings(synchronous=Synchronous.OFF, services=10_000, functions_per_build=None)
    with (
        RunningEmulator(tmp_path_factory.mktemp("socket"), settings) as emulator,
        make_client(emulator.core, emulator.url) as client,
    ):
        yield Api(client, emulator.core, emulator.url)


@pytest.fixture(scope="session")
def direct_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    settings = Settings(synchronous=Synchronous.OFF, services=10_000, functions_per_build=None)
    base = "http://local.test:4080"
    with (
        Core(tmp_path_factory.mktemp("direct"), settings) as core,
        make_client(core, base, DirectTransport(core)) as client,
    ):
        yield Api(client, core, base)


@pytest.fixture(params=["socket", "direct"])
def api(request: pytest.FixtureRequest) -> Api:
    """The contract suite's subject: one core for all tests of a kind, so each makes a Service of its own."""
    chosen: Api = request.getfixturevalue(f"{request.param}_api")
    return chosen


@pytest.fixture
def make_api(tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """A core of the test's own, called directly, with the settings given by keyword."""
    opened: list[Api] = []

    def make(*, clock: Clock = system_clock, folder: str = "state", **switches: object) -> Api:
        settings = Settings(**{"synchronous": Synchronous.OFF, **switches})  # type: ignore[arg-type]
        core = Core(tmp_path / folder, settings, clock=clock)
        base = "http://local.test:4080"
        opened.append(Api(make_client(core, base, DirectTransport(core)), core, base))
        return opened[-1]

    yield make
    for api in opened:
        api.client.close()
        api.core.close()
