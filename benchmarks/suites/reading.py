"""Reading a tree: hashing all of it, finding that nothing has changed, and how both grow with the files."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.service import ROOT
from benchmarks.sites import Site
from benchmarks.table import Compared, Counted
from benchmarks.turns import in_turns, memory, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.table import Row

_SCAN = """
import sys, time
from pathlib import Path
from assetsync.local.limits import Limits
from assetsync.local.scan import scan
from assetsync.manifest.load import load_manifest
manifest = load_manifest(Path("assetsync.yaml"), environment=None, variables={})
cache = Path(".cache") if sys.argv[1] == "warm" else None
began = time.perf_counter()
tree = scan(manifest, cache_dir=cache, now_ns=time.time_ns, limits=Limits(per_visibility=10**6, together=10**6))
print(len(tree.assets), time.perf_counter() - began)
"""
"""The program's own scan, for more files than a Build may hold; told are the seconds without its start."""

_XXHSUM = ("sh", "-c", "find assets -type f -print0 | xargs -0 xxhsum -H2")
_GROWING = (1_000, 3_000, 10_000, 30_000, 100_000)
_MEBI = 2**20


def rows(runs: int) -> Iterator[Row]:
    yield from _small(runs)
    yield from _large(runs)
    yield from _growth(runs)


def _small(runs: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        site = Site.made(Path(folder), 20_000, 2048)
        run(["git", "init", "--quiet"], site.root)
        run(["git", "add", "assets"], site.root)
        cold, theirs = in_turns(runs, partial(_seconds, site, "cold"), lambda: run(_XXHSUM, site.root).seconds)
        yield Compared("hashing 20,000 files of 2 KiB", cold, "`find | xargs xxhsum -H2`", theirs, 0.9)
        copy = site.root / "copy"
        run(["cp", "-a", "assets", copy], site.root)
        warm, git, rclone = in_turns(
            runs,
            lambda: run(_scan("warm"), site.root, {"PYTHONPATH": str(ROOT)}).seconds,
            lambda: run(["git", "status", "--porcelain", "--", "assets"], site.root).seconds,
            lambda: run(["rclone", "check", "--quiet", "assets", copy], site.root).seconds,
        )
        yield Compared("warm scan of 20,000 files, start-up included", warm, "`git status`", git, 4)
        yield Compared("warm scan of 20,000 files, start-up included", warm, "`rclone check` of two copies", rclone, 1)


def _large(runs: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        site = Site.made(Path(folder), 400, 25 * _MEBI)
        ours, theirs = in_turns(runs, partial(_seconds, site, "cold"), lambda: run(_XXHSUM, site.root).seconds)
        yield Compared("hashing 400 files of 25 MiB", ours, "`find | xargs xxhsum -H2`", theirs, 1.0)
        peak = memory(_scan("cold"), site.root, {"PYTHONPATH": str(ROOT)})
        yield Counted("peak memory of that", peak / _MEBI, "MiB", 60)


def _growth(runs: int) -> Iterator[Row]:
    """The slope of log(seconds) over log(files); no Build holds so many, and the command says so after how long."""
    most = _GROWING[-1]
    with tempfile.TemporaryDirectory() as folder:
        sites = {files: Site.made(Path(folder, str(files)), files, 100, folders=files // 50) for files in _GROWING}
        times = [(files, statistics.median(_seconds(sites[files], "cold") for _ in range(runs))) for files in _GROWING]
        peak = memory(_scan("cold"), sites[most].root, {"PYTHONPATH": str(ROOT)})
        stopped = sites[most].assetsync(None, "validate", expected=78)
    yield Counted(f"exponent of cold time over files, {_GROWING[0]:,} to {most:,}", _slope(times), "", 1.1)
    yield Counted(f"peak memory of a scan of {most:,} files", peak / _MEBI, "MiB", 60 + most / 1024)
    yield Counted(f"{most:,} files are refused, as no Build can hold them, after", stopped.seconds, "s", 5)


def _scan(mode: str) -> list[str]:
    return [sys.executable, "-c", _SCAN, mode]


def _seconds(site: Site, mode: str) -> float:
    said = subprocess.run(_scan(mode), cwd=site.root, check=True, capture_output=True, text=True).stdout
    return float(said.split()[1])


def _slope(points: Sequence[tuple[float, float]]) -> float:
    fitted = statistics.linear_regression([math.log(x) for x, _ in points], [math.log(y) for _, y in points])
    return fitted.slope
