"""From saving a file to its being served, with `watch --local`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.table import Counted
from benchmarks.watch import measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.table import Row


def rows(_runs: int) -> Iterator[Row]:
    seen = measure(saves=200, files=1000)
    yield Counted("200 saves in a folder of 1,000 files, save to served: median", seen.median * 1000, "ms", 250)
    yield Counted("the same: 99th percentile", seen.nearly_all * 1000, "ms", 600)
    yield Counted("processor time of an idle watch", seen.idle * 100, "% of a core", 0.5)
