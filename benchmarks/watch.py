"""From saving a file to its being served, with `assetsync watch --local`: python benchmarks/watch.py [SAVES] [FILES]

A process of its own watches a folder; this one writes a file as an editor does (a new file renamed over the old one, or
written in place, in turns) and asks the site for it until the new content comes. Printed are the median and the 99th
percentile, and the processor time that the watch takes while nothing happens.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

IDLE_SECONDS = 20.0
PATIENCE = 60.0
PAUSE = 0.7
"""Seconds between two saves, so that each one is a change of its own, as with a person."""

MANIFEST = """\
version: 1
name: website
service: my-site
environments:
  - name: production
folders:
  - source: public
    target: /
    visibility: public
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """times: seconds from save to served, in rising order; idle: share of a core while nothing happens."""

    times: tuple[float, ...]
    idle: float

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def nearly_all(self) -> float:
        """The 99th percentile."""
        return self.times[min(len(self.times) - 1, round(len(self.times) * 0.99))]


def measure(saves: int, files: int) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        names = _write_site(root, files)
        with _Watching(root) as watching:
            times = (_save(watching, root / "public" / names[number % len(names)], number) for number in range(saves))
            return Measured(tuple(sorted(times)), watching.idle())


def main(saves: int = 200, files: int = 1000) -> None:
    seen = measure(saves, files)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{saves} saves in a folder of {files} files: median {seen.median * 1000:.0f} ms, ", end="")
    print(f"99th percentile {seen.nearly_all * 1000:.0f} ms, worst {seen.times[-1] * 1000:.0f} ms")
    print(f"idle: {seen.idle:.2%} of a core over {IDLE_SECONDS:.0f} s")


def _write_site(root: Path, files: int) -> list[str]:
    (root / "assetsync.yaml").write_text(MANIFEST)
    names = [f"{number % 20:02}/{number:04}.html" for number in range(files)]
    for name in names:
        file = root / "public" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"<p>{name}</p>\n" * 300)
    return names


class _Watching:
    """The command at work; `site` is where it serves."""

    def __init__(self, root: Path) -> None:
        variables = {"ASSETSYNC_DATA_DIR": str(root / "data"), "ASSETSYNC_CACHE_DIR": str(root / "cache")}
        command = [sys.executable, "-m", "assetsync", "watch", "--local", "--format", "json", "-m", "assetsync.yaml"]
        with (root / "told.jsonl").open("w") as told:  # a pipe that nobody reads would fill and stop it
            self._process = subprocess.Popen(command, cwd=root, env=os.environ | variables, stdout=told)
        self._told = (root / "told.jsonl").open()

    def __enter__(self) -> Self:
        live = self._next("live")
        place = urlsplit(live["url"])
        self.host = place.netloc
        self.connection = http.client.HTTPConnection("127.0.0.1", place.port)
        self._next("watching")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait()
        self._told.close()

    def get(self, path: str) -> bytes:
        self.connection.request("GET", path, headers={"Host": self.host})
        return self.connection.getresponse().read()

    def idle(self) -> float:
        """The share of a core that it takes while nothing happens."""
        time.sleep(2)
        before = self._cpu()
        time.sleep(IDLE_SECONDS)
        return (self._cpu() - before) / IDLE_SECONDS

    def _next(self, event: str) -> dict[str, str]:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            if (line := self._told.readline()).endswith("\n"):
                document: dict[str, str] = json.loads(line)
                if document["event"] == event:
                    return document
            else:
                self._told.seek(self._told.tell() - len(line))
                time.sleep(0.01)
        raise SystemExit(f"the watch did not come to be {event}")

    def _cpu(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _save(watching: _Watching, file: Path, number: int) -> float:
    time.sleep(PAUSE)
    content = f"<p>save {number}</p>\n".encode() * 300
    path = f"/{file.parent.name}/{file.name}"
    began = time.perf_counter()
    if number % 2:
        file.write_bytes(content)
    else:
        draft = file.with_suffix(".tmp~")
        draft.write_bytes(content)
        draft.replace(file)
    while content not in watching.get(path):
        if time.perf_counter() - began > PATIENCE:
            raise SystemExit(f"{path} was not served within {PATIENCE:.0f} s")
        time.sleep(0.01)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
