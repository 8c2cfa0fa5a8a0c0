"""One Environment at the root of a port of its own, so that absolute links work for programs that resolve no domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.emulator.hosting import Site
from assetsync.emulator.messages import text_answer

if TYPE_CHECKING:
    from assetsync.emulator.core import Core
    from assetsync.emulator.messages import Outcome, Request


@dataclass(frozen=True, slots=True)
class SitePort:
    """Which port, and which Environment by its domain; None is the only one that there is."""

    port: int
    domain: str | None = None


class OneSite:
    """Everything that is asked of this port is asked of that Environment, as its own domain would be."""

    def __init__(self, core: Core, domain: str | None) -> None:
        self._core = core
        self._domain = domain and domain.lower()

    def site(self, request: Request) -> Site | None:
        """The site that a request is for, None where there is none or more than one."""
        domain = self._domain or self._only()
        return None if domain is None else Site(domain, request.path)

    def handle(self, request: Request) -> Outcome:
        site = self.site(request)
        if site is not None:
            return self._core.handle(request, site)
        domains = self._core.domains()
        if not domains:
            return text_answer(404, "There is no Environment yet.\n")
        names = "".join(f"  {each}\n" for each in domains)
        text = f"There are {len(domains)} Environments. Start the service with --site and one of:\n{names}"
        return text_answer(404, text)

    def _only(self) -> str | None:
        domains = self._core.domains()
        return domains[0] if len(domains) == 1 else None
