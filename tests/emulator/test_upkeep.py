"""The clean-up that runs by itself, by the service's clock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from assetsync.emulator.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from tests.emulator.driver import Api


class Turns:
    """A wait that ends when the test says so; by then the round before it is done."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._arrived = threading.Semaphore(0)
        self._go = threading.Semaphore(0)
        self.stop = False

    def __call__(self, seconds: float) -> bool:
        self.asked.append(seconds)
        self._arrived.release()
        assert self._go.acquire(timeout=30)
        return self.stop

    def round_done(self) -> None:
        assert self._arrived.acquire(timeout=30)

    def next(self, *, stop: bool = False) -> None:
        self.stop = stop
        self._go.release()


def test_it_collects_at_once_and_after_every_interval(make_api: Callable[..., Api]) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    api = make_api(clock=lambda: now, retention=timedelta(days=7), retention_interval=timedelta(minutes=3))
    service = api.service()
    place = f"/Services/{service['sid']}/Assets"
    api.upload(service)
    now += timedelta(days=8)
    turns = Turns()
    upkeep = Upkeep(api.core, turns)
    turns.round_done()
    assert api.get(place).json()["assets"] == []
    api.upload(service)
    turns.next()
    turns.round_done()
    assert len(api.get(place).json()["assets"]) == 1
    now += timedelta(days=8)
    turns.next()
    turns.round_done()
    assert api.get(place).json()["assets"] == []
    turns.next(stop=True)
    upkeep.stop()
    upkeep.stop()
    assert turns.asked == [180.0] * 3


def test_it_survives_what_goes_wrong_says_so_once_and_tries_again(
    make_api: Callable[..., Api], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    api = make_api(clock=lambda: now, retention=timedelta(days=7))
    service = api.service()
    api.upload(service)
    content, away = tmp_path / "state" / "content", tmp_path / "away"
    content.rename(away)
    turns = Turns()
    upkeep = Upkeep(api.core, turns)
    turns.round_done()
    (line,) = (record.getMessage() for record in caplog.records if record.name == "assetsync.emulator")
    assert line.startswith("the clean-up of the local service failed and will be tried again: [Errno 2]")
    assert "\n" not in line
    away.rename(content)
    now += timedelta(days=8)
    turns.next()
    turns.round_done()
    assert api.get(f"/Services/{service['sid']}/Assets").json()["assets"] == []
    assert not list(content.glob("*/*"))
    turns.next(stop=True)
    upkeep.stop()


def test_it_stops_while_it_waits(make_api: Callable[..., Api]) -> None:
    upkeep = Upkeep(make_api(retention_interval=timedelta(days=1)).core)
    upkeep.stop()
    assert not upkeep._thread.is_alive()
