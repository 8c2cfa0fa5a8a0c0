"""The sites that somebody watches, in memory only."""

from __future__ import annotations

import math
import re
import threading
import time
from typing import TYPE_CHECKING, Final

from assetsync.emulator.live.site import LiveSite
from assetsync.emulator.refusals import invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.emulator.live.document import News

MOST_SITES: Final = 100
MOST_WATCHES: Final = 100
LEASE: Final = 900.0
_DOMAIN: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9-]+(?:\.[a-z0-9-]+)*", re.IGNORECASE)


class LiveSites:
    """By domain, in any case; a site is watched until the last of those who watch it leaves. Safe for many threads.

    One who has given itself a name, and is not heard of for LEASE seconds, was killed and has left.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._lock = now, threading.Lock()
        self._sites: dict[str, LiveSite] = {}
        self._watches: dict[str, dict[str, float]] = {}
        """Of each site, until when each one that watches it is believed to."""

    def get(self, domain: str) -> LiveSite | None:
        with self._lock:
            site, gone = self._sites.get(domain.lower()), self._expired(domain.lower())
        if gone and site is not None:
            site.end()
            return None
        return site

    def renew(self, domain: str, watch: str) -> LiveSite | None:
        """The site, where this one is among those who watch it, and stays so."""
        with self._lock:
            watches = self._watches.get(domain.lower(), {})
            if watch not in watches:
                return None
            watches[watch] = self._until(watch)
            return self._sites[domain.lower()]

    def put(self, domain: str, news: News, watch: str = "") -> LiveSite:
        """Watched from now on, by `watch`, whether or not there is such an Environment yet. Raises Refusal."""
        if _DOMAIN.fullmatch(domain) is None:
            raise invalid("The path must end in the domain of a site")
        with self._lock:
            if domain.lower() not in self._sites and len(self._sites) >= MOST_SITES:
                raise invalid(f"{MOST_SITES} sites are watched already, and no more can be")
            site = self._sites.setdefault(domain.lower(), LiveSite())
            watches = self._watches.setdefault(domain.lower(), {})
            for each in [name for name, until in watches.items() if until < self._now()]:
                del watches[each]
            if watch not in watches and len(watches) >= MOST_WATCHES:
                raise invalid(f"{MOST_WATCHES} watches follow this site already, and no more can")
            watches[watch] = self._until(watch)
            site.put(news)
        return site

    def end(self, domain: str, watch: str = "") -> None:
        """That one watches it no more."""
        with self._lock:
            watches = self._watches.get(domain.lower(), {})
            watches.pop(watch, None)
            site = self._sites.get(domain.lower())
            gone = self._expired(domain.lower())
        if gone and site is not None:
            site.end()

    def _until(self, watch: str) -> float:
        return self._now() + LEASE if watch else math.inf

    def _expired(self, domain: str) -> bool:
        """Forget the site where nobody watches it any more."""
        if any(until >= self._now() for until in self._watches.get(domain, {}).values()):
            return False
        self._watches.pop(domain, None)
        return self._sites.pop(domain, None) is not None
