"""999 files of 10 KiB deployed at 50 ms a request: nothing changed, one file, all of them."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.service import running
from benchmarks.sites import Site
from benchmarks.table import Compared, Counted
from benchmarks.turns import Series, in_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.service import Service
    from benchmarks.table import Row

FILES, SIZE, LATENCY = 999, 10 * 1024, 0.05
APPLY = ("apply", "--yes", "--create-service", "--quiet")


def rows(runs: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        site = Site.made(Path(folder), FILES, SIZE)
        yield from _unchanged_and_one(site, runs)
        for build in (0.0, 10.0):
            yield from _first(site, runs, build)
        yield from _first_with_defaults(site, runs)


def _unchanged_and_one(site: Site, runs: int) -> Iterator[Row]:
    with running(latency=LATENCY) as service:
        site.assetsync(service, *APPLY)
        site.twilio_run(service)

        def cold() -> float:
            site.forget()
            return site.assetsync(service, "plan").seconds

        asked = _during(service, lambda: site.assetsync(service, "plan"))
        theirs_asked = _during(service, lambda: site.twilio_run(service))
        warm, empty, theirs = in_turns(
            runs, lambda: site.assetsync(service, "plan").seconds, cold, lambda: site.twilio_run(service).seconds
        )
        yield Counted(f"requests of a `plan` without a change, {FILES} files", len(asked), "requests", 3)
        yield Counted("the same of `twilio-run deploy`", len(theirs_asked), "requests")
        peak = site.memory_of(service, "plan") / 2**20
        yield Counted(f"peak memory of that `plan`, {FILES} files", peak, "MiB", 60 + FILES / 1024)
        yield Compared("`plan` without a change", warm, "`twilio-run deploy`", theirs, 0.10)
        yield Compared("`plan` without a change, nothing cached", empty, "`twilio-run deploy`", theirs, 0.15)

        def one(deploy: Callable[[], Any]) -> float:
            site.edit()
            began = time.perf_counter()
            deploy()
            return time.perf_counter() - began

        ours, theirs = in_turns(
            runs,
            lambda: one(lambda: site.assetsync(service, *APPLY)),
            lambda: one(lambda: site.twilio_run(service)),
        )
        site.edit()
        asked = _during(service, lambda: site.assetsync(service, *APPLY))
        written = [each for each in asked if each["method"] == "POST"]
        yield Counted("requests that write for one changed file", len(written), "requests", 4)
        yield Compared(f"`apply` of one changed file of {FILES}", ours, "`twilio-run deploy`", theirs, 0.20)


def _first(site: Site, runs: int, build: float) -> Iterator[Row]:
    """At 10 requests at once, each run against a service with nothing in it."""
    ours, theirs = _fresh_in_turns(
        runs,
        partial(_fresh, site, build, lambda service: site.assetsync(service, *APPLY, "--concurrency", "10")),
        partial(_fresh, site, build, lambda service: site.twilio_run(service, concurrency=10)),
    )
    told = f"first deploy of {FILES} files, 10 at once, Build of {build:.0f} s"
    if build == 0:
        yield Compared(f"{told}: start to live", ours.live, "`twilio-run`", theirs.live, 0.95)
    yield Compared(f"{told}: start to exit", ours.whole, "`twilio-run`", theirs.whole, 1.25 if build == 0 else 1.0)
    most = 3 * FILES + 15 if build == 0 else None  # a Build that takes its time is asked for every second
    yield Counted(f"{told}: requests", ours.requests, "requests", most)
    yield Counted("the same of `twilio-run`", theirs.requests, "requests")


def _first_with_defaults(site: Site, runs: int) -> Iterator[Row]:
    """Each with its own number of requests at once, against a service that allows 50."""
    ours, theirs = _fresh_in_turns(
        runs,
        partial(_fresh, site, 0, lambda service: site.assetsync(service, *APPLY), allowed=50),
        partial(_fresh, site, 0, site.twilio_run, allowed=50),
    )
    told = f"first deploy of {FILES} files, defaults, 50 allowed at once"
    yield Compared(told, ours.whole, "`twilio-run`", theirs.whole, 0.75)


@dataclass(frozen=True, slots=True)
class Deploys:
    """Several deploys alike: seconds from start to live and from start to exit, and the requests of one."""

    live: Series
    whole: Series
    requests: int


def _fresh_in_turns(runs: int, *contenders: Callable[[], tuple[float, float, int]]) -> list[Deploys]:
    seen: list[list[tuple[float, float, int]]] = [[] for _ in contenders]
    for _ in range(runs):
        for place, contender in enumerate(contenders):
            seen[place].append(contender())
    return [
        Deploys(Series(tuple(live for live, _, _ in each)), Series(tuple(whole for _, whole, _ in each)), each[0][2])
        for each in seen
    ]


def _fresh(site: Site, build: float, deploy: Callable[[Service], Any], allowed: int = 0) -> tuple[float, float, int]:
    """Seconds from start to live and from start to exit, and how many requests it took."""
    site.forget()
    with running(latency=LATENCY, build=build, allowed=allowed) as service:
        began, start = time.time(), time.perf_counter()
        deploy(service)
        exits = time.perf_counter() - start
        log = service.requests()
    (deployed,) = [each for each in log if each["method"] == "POST" and each["path"].endswith("/Deployments")]
    return deployed["at"] / 1e6 - began, exits, len(log)


def _during(service: Service, act: Callable[[], Any]) -> list[dict[str, Any]]:
    """The requests of the API that were made meanwhile."""
    before = len(service.requests())
    act()
    return [each for each in service.requests()[before:] if each["path"].startswith("/v1/")]
