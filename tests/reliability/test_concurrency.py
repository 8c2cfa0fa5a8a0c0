"""429: as many requests are on their way as the service allows, and it is seldom asked for more.

Twilio's 429 is about how much is at work at once (F3.7). The local service allows so many and refuses any more; what is
at work is counted on its side, where a request takes as long as a far service's would.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.faults.document import parse_faults
from assetsync.emulator.faults.rule import Faults
from tests.fakes.clock import HastyClock
from tests.reliability.figures import LONG, note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.emulator.core import Core
    from assetsync.emulator.messages import Answer, Outcome, Request
    from tests.cli.stage import Stage

SUITE = "429"
pytestmark = pytest.mark.timeout(240)


class Gauge:
    """A fault plan that lets each request take `latency` seconds, and sees how many are at work.

    busy: how many were at work on average, over the time from the first upload's arrival to the last one's
    """

    def __init__(self, core: Core, latency: float) -> None:
        self._core, self._latency = core, latency
        self._lock = threading.Lock()
        self._changed_at = self._area = 0.0
        self._first: tuple[float, float] | None = None
        self._last = (0.0, 0.0)
        self.at_work = self.most = 0

    def before(self, request: Request) -> Outcome | None:
        with self._lock:
            now = self._change(1)
            if request.path.endswith("/Versions"):
                self._last = (now, self._area)
                self._first = self._first or self._last
            self.most = max(self.most, self.at_work)
        self._core.pause(self._latency)
        return None

    def after(self, request: Request, answer: Answer) -> Outcome | None:
        with self._lock:
            self._change(-1)
        return None

    def _change(self, by: int) -> float:
        now = time.monotonic()
        self._area += self.at_work * (now - self._changed_at)
        self._changed_at = now
        self.at_work += by
        return now

    @property
    def busy(self) -> float:
        assert self._first is not None
        (began, area), (ended, more) = self._first, self._last
        return (more - area) / (ended - began)


@pytest.fixture
def core(stage: Stage) -> Iterator[Core]:
    stage.clock = HastyClock()
    yield stage.emulator.core
    stage.emulator.core.bend(None)


def allow(core: Core, at_once: int | None, latency: float) -> Gauge:
    core.bend(Faults(concurrency=at_once))
    core.faults = gauge = Gauge(core, latency)
    return gauge


def refusals(core: Core) -> int:
    return sum(each.status == 429 for each in core.requests.api())


def write_files(stage: Stage, count: int) -> None:
    stage.write({f"{number:04}.txt": f"file {number}" for number in range(count)})


def check_served(stage: Stage, count: int) -> None:
    assert stage.outside.paths().keys() == {f"/{number:04}.txt" for number in range(count)}


@pytest.mark.parametrize("allowed", [1, 2, 4, 8] if LONG else [4])
def test_a_service_that_allows_few_is_kept_busy_and_nothing_fails(stage: Stage, core: Core, allowed: int) -> None:
    """Refused is one request in ten at most. The long suite holds how many are at work: on average 1 / 1.3 of them."""
    files = 60 * allowed if LONG else 80
    write_files(stage, files)
    gauge = allow(core, allowed, latency=0.15)
    stage.apply()
    refused, asked = refusals(core), core.requests.count
    core.bend(None)
    check_served(stage, files)
    assert gauge.most == allowed
    if LONG:
        assert gauge.busy >= allowed / 1.3
    assert refused <= 6 + asked / (5 if allowed == 1 else 10)
    note(SUITE, allowed=allowed, busy=round(gauge.busy, 2), refused=refused, requests=asked)


@pytest.mark.parametrize(
    ("allowed", "ceiling", "most"),
    [(40, 50, 40), (40, 25, 25), (None, 50, 50)],
    ids=["to what it allows", "to the ceiling", "to the ceiling of a service that allows any number"],
)
def test_concurrency_grows_to_what_the_service_allows_or_to_the_ceiling(
    stage: Stage, core: Core, allowed: int | None, ceiling: int, most: int
) -> None:
    files = 1000 if LONG else 150
    write_files(stage, files)
    gauge = allow(core, allowed, latency=0.5)
    stage.apply("--concurrency", str(ceiling))
    refused, asked = refusals(core), core.requests.count
    core.bend(None)
    check_served(stage, files)
    assert gauge.most == most
    assert refused == 0 if most == ceiling else refused <= asked / 10
    if LONG:
        assert gauge.busy >= most / 1.5
    note(SUITE, allowed=allowed or 0, ceiling=ceiling, most=gauge.most, busy=round(gauge.busy, 2), refused=refused)


def test_a_service_that_refuses_without_end_is_an_error_and_what_was_live_stays(stage: Stage, core: Core) -> None:
    write_files(stage, 3)
    stage.apply()
    write_files(stage, 6)
    core.bend(parse_faults(b"rules: [{match: POST /v1/**/Versions, answer: 429, retry_after: 2}]", "faults.yaml"))
    ran = stage.run("apply", "--yes", "--format", "json").holds(1)
    core.bend(None)
    errors = {each["path"]: each["message"] for each in ran.document["errors"]}
    assert errors.keys() == {f"/{number:04}.txt" for number in range(3, 6)}
    assert all("HTTP 429" in each and "(after 8 tries)" in each for each in errors.values())
    check_served(stage, 3)
    stage.apply()
    check_served(stage, 6)
