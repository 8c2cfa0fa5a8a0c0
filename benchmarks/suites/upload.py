"""How fast files are sent, beside `curl --parallel`: from the first answer to the last one, by the service's log."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.service import running
from benchmarks.sites import Site
from benchmarks.table import Compared
from benchmarks.turns import in_turns, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.service import Service
    from benchmarks.table import Row

APPLY = ("apply", "--yes", "--create-service", "--quiet")


def rows(runs: int) -> Iterator[Row]:
    yield _compared(runs, 999, 10 * 1024, at_once=50, latency=0.1, goal=1.10)
    yield _compared(runs, 100, 5 * 2**20, at_once=10, latency=0.0, goal=1.25)


def _compared(runs: int, files: int, size: int, *, at_once: int, latency: float, goal: float) -> Compared:
    """Every file changed, to Assets that exist: nothing but uploads goes on between the first and the last of them."""
    with tempfile.TemporaryDirectory() as folder, running(latency=latency) as service:
        site = Site.made(Path(folder), files, size)
        site.assetsync(service, *APPLY)
        assets = {each["friendly_name"].split(" ")[0]: each["sid"] for each in _assets(service)}

        def edited() -> int:
            """All files anew, and all of it written to the disk; how many requests there were until then."""
            for number in range(files):
                site.edit(number)
            os.sync()
            return len(service.requests())

        def ours() -> float:
            before = edited()
            site.assetsync(service, *APPLY, "--concurrency", str(at_once))
            return _span(service, before, latency)

        def theirs() -> float:
            before = edited()
            _curl(site, service, assets, at_once)
            return _span(service, before, latency)

        seen = in_turns(runs, ours, theirs)
    told = f"{files} files of {size >> 10} KiB sent, {at_once} at once, {latency * 1000:.0f} ms a request"
    return Compared(told, seen[0], "`curl --parallel`", seen[1], goal)


def _assets(service: Service) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    page = "/Services/ours/Assets?PageSize=100"
    while page:
        document = service.get(page)
        found += document["assets"]
        page = (document["meta"]["next_page_url"] or "").partition("/v1")[2]
    return found


def _curl(site: Site, service: Service, assets: dict[str, str], at_once: int) -> None:
    sid = service.get("/Services/ours")["sid"]
    config = site.root / "curl.txt"
    lines = []
    for file in site.files:
        path = f"/{file.relative_to(site.root / 'assets')}"
        lines += [
            "next",
            f'url = "{service.url}/v1/Services/{sid}/Assets/{assets[path]}/Versions"',
            f'user = "{service.account}:{service.token}"',
            f'form-string = "Path={path}"',
            'form-string = "Visibility=public"',
            f'form = "Content=@{file};type=text/plain"',
            'output = "/dev/null"',
        ]
    config.write_text("\n".join(lines[1:]))
    run(["curl", "--silent", "--fail", "--parallel", "--parallel-max", str(at_once), "--config", config], site.root)


def _span(service: Service, before: int, latency: float) -> float:
    sent: list[int] = [each["at"] for each in service.requests()[before:] if each["path"].endswith("/Versions")]
    return (max(sent) - min(sent)) / 1e6 + latency
