"""Whether a file is at rest where no event tells: it has to look the same for a moment, rights and owner included."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assetsync.local.state import FileState

AT_REST = 1.0
"""Seconds for which it has to."""


class Rest:
    """Compares what it is shown with what it was shown before; None is a file that is not there.

    What was there at first is at rest.
    """

    def __init__(self, first: Mapping[str, FileState | None] | None = None) -> None:
        self._seen = None if first is None else {file: (stamp, -math.inf) for file, stamp in first.items()}

    def restless(self, stamps: Mapping[str, FileState | None], now: float) -> frozenset[str]:
        """Those that were different, or not there, less than a moment ago."""
        before = self._seen
        self._seen = {}
        for file, stamp in stamps.items():
            known = None if before is None else before.get(file)
            since = -math.inf if before is None else now
            self._seen[file] = known if known is not None and known[0] == stamp else (stamp, since)
        return frozenset(file for file, (_, since) in self._seen.items() if now - since < AT_REST)
