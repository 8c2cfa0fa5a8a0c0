"""One look at the console: what a page needs to be made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.emulator.console.markup import Html

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assetsync.emulator.console.links import SiteLinks
    from assetsync.emulator.store import Transaction

_LARGEST_PAGE = 1_000_000


@dataclass(frozen=True, slots=True)
class Visit:
    """path: decoded; keys: the path parameters of the page; query: the last one of each name; now: microseconds."""

    tx: Transaction
    path: str
    keys: Mapping[str, str]
    query: Mapping[str, str]
    now: int
    sites: SiteLinks

    @property
    def page(self) -> int:
        """The page of the list that is asked for, from 1."""
        text = self.query.get("page", "")
        return min(max(int(text), 1), _LARGEST_PAGE) if text.isascii() and text.isdigit() and len(text) < 10 else 1

    @property
    def words(self) -> tuple[str, ...]:
        """What the list is searched for, lowered as SQLite's `lower` does: ASCII only."""
        text = self.query.get("q", "")[:200]
        return tuple("".join(char.lower() if char.isascii() else char for char in text).split())[:8]


Page = Callable[[Visit], Html | None]
"""The whole page, None where there is no such thing."""
