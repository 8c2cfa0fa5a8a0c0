"""Where things are: the console's own pages, and the files that the asset host serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from assetsync.emulator.console.origin import is_loopback
from assetsync.emulator.signature import without_port

HOME: Final = "/"
REQUESTS: Final = "/console/requests"
EVENTS: Final = "/console/events"

_SAFE: Final = "/%!*=~'()@:+,;$&"


def service(sid: str, part: str = "") -> str:
    return f"/console/services/{sid}{part}"


def environment(sid: str, part: str = "") -> str:
    return f"/console/environments/{sid}{part}"


def build(sid: str) -> str:
    return f"/console/builds/{sid}"


def item(sid: str) -> str:
    return f"/console/items/{sid}"


def thumbnail(version_sid: str) -> str:
    return f"/console/thumbnails/{version_sid}"


def changes(service_sid: str, before: str | None, after: str | None) -> str:
    return with_query(service(service_sid, "/changes"), before=before or "", after=after or "")


def with_query(path: str, **values: str | int) -> str:
    """The path with those values that are not empty."""
    query = urlencode({name: value for name, value in values.items() if value not in {"", 0}})
    return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True)
class SiteLinks:
    """The asset host as the visitor reaches it; `host` is what the browser addressed, with its port.

    Browsers resolve `*.localhost` to their own machine only, so that from another one it is `/sites/<domain>/`.
    """

    scheme: str
    host: str

    def served(self, domain: str, path: str) -> str:
        name = without_port(self.host)
        where = quote(path, safe=_SAFE)
        if not is_loopback(name):
            return f"/sites/{domain}{where}"
        return f"{self.scheme}://{domain}{self.host.removeprefix(name)}{where}"
