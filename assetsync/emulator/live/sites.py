"""The sites that somebody watches, in memory only."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Final

from assetsync.emulator.live.site import LiveSite
from assetsync.emulator.refusals import invalid

if TYPE_CHECKING:
    from assetsync.emulator.live.document import News

MOST_SITES: Final = 100
MOST_WATCHES: Final = 100
_DOMAIN: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9-]+(?:\.[a-z0-9-]+)*", re.IGNORECASE)


class LiveSites:
    """By domain, in any case; a site is watched until the last of those who watch it leaves. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sites: dict[str, LiveSite] = {}
        self._watches: dict[str, set[str]] = {}

    def get(self, domain: str) -> LiveSite | None:
        return self._sites.get(domain.lower())

    def put(self, domain: str, news: News, watch: str = "") -> LiveSite:
        """Watched from now on, by `watch`, whether or not there is such an Environment yet. Raises Refusal."""
        if _DOMAIN.fullmatch(domain) is None:
            raise invalid("The path must end in the domain of a site")
        with self._lock:
            if domain.lower() not in self._sites and len(self._sites) >= MOST_SITES:
                raise invalid(f"{MOST_SITES} sites are watched already, and no more can be")
            site = self._sites.setdefault(domain.lower(), LiveSite())
            watches = self._watches.setdefault(domain.lower(), set())
            if watch not in watches and len(watches) >= MOST_WATCHES:
                raise invalid(f"{MOST_WATCHES} watches follow this site already, and no more can")
            watches.add(watch)
            site.put(news)
        return site

    def end(self, domain: str, watch: str = "") -> None:
        """That one watches it no more."""
        with self._lock:
            watches = self._watches.get(domain.lower(), set())
            watches.discard(watch)
            if watches:
                return
            self._watches.pop(domain.lower(), None)
            site = self._sites.pop(domain.lower(), None)
        if site is not None:
            site.end()
