"""The asset host: what an Environment serves (F8).

A site is addressed by its domain in the `Host` header, or by `/sites/<domain>/...` on any other host.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from assetsync.emulator.conditions import byte_range, matches_etag
from assetsync.emulator.messages import Answer, FileSlice, text_answer
from assetsync.emulator.moments import seconds
from assetsync.emulator.signature import is_signed, without_port

if TYPE_CHECKING:
    from assetsync.emulator.content import Contents
    from assetsync.emulator.messages import Request
    from assetsync.emulator.settings import Settings
    from assetsync.emulator.store import Row, Transaction

_METHODS: Final = ("GET", "POST", "OPTIONS")
"""What the toolkit's development server says that a site takes, whatever lies at a path. Only Functions take a POST."""

_PREFLIGHT: Final = Answer(
    204,
    headers=(
        ("Access-Control-Allow-Origin", "*"),
        (
            "Access-Control-Allow-Headers",
            "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match",
        ),
        ("Access-Control-Allow-Methods", ", ".join(_METHODS)),
        ("Access-Control-Expose-Headers", "ETag"),
        ("Access-Control-Max-Age", "86400"),
        ("Access-Control-Allow-Credentials", "true"),
    ),
)
_NOT_FOUND: Final = text_answer(404, "Not found\n")
_FORBIDDEN: Final = text_answer(403, "Forbidden\n")
_NOT_RUN: Final = text_answer(501, "The local service stores Functions and does not run them\n")

_AT_PATH = (
    "SELECT versions.* FROM build_versions JOIN versions ON versions.sid = version_sid"
    " WHERE build_sid = ?1 AND (path = ?2 OR plain_path = ?3) ORDER BY path = ?2 DESC LIMIT 1"
)


_SERVED_BUILDS: Final = (
    "SELECT made.build_sid FROM deployments AS made WHERE NOT EXISTS (SELECT 1 FROM deployments AS later"
    " WHERE later.environment_sid = made.environment_sid AND later.seq > made.seq AND later.created <= ?)"
)


def served_builds(tx: Transaction, settings: Settings, now: int) -> frozenset[str]:
    """The Builds that sites serve or will: of the newest Deployments that have spread, and of newer ones."""
    return frozenset(row["build_sid"] for row in tx.all(_SERVED_BUILDS, _spread_since(settings, now)))


def _spread_since(settings: Settings, now: int) -> int:
    """Deployments of that moment and before have spread to the sites (F8.7)."""
    return now - seconds(settings.propagation_seconds)


@dataclass(frozen=True, slots=True)
class Site:
    """A request to the asset host: the Environment's domain and the percent-encoded path below it."""

    domain: str
    path: str


def site_of(request: Request, domain_root: str) -> Site | None:
    """The site that a request is for, None where it is for the API."""
    host = without_port(request.host).lower()
    if host.endswith(f".{domain_root}"):
        return Site(host, request.path)
    if request.path.startswith("/sites/"):
        domain, _, path = request.path.removeprefix("/sites/").partition("/")
        return Site(domain.lower(), f"/{path}")
    return None


class AssetHost:
    def __init__(self, contents: Contents, settings: Settings, auth_token: str) -> None:
        self._contents = contents
        self._settings = settings
        self._auth_token = auth_token

    def serve(self, request: Request, site: Site, tx: Transaction, now: int) -> Answer:
        environment = tx.one("SELECT * FROM environments WHERE domain_name = ?", site.domain)
        if environment is None:
            return _NOT_FOUND
        if request.method == "OPTIONS":
            return _PREFLIGHT
        if request.method not in _METHODS:
            return _not_allowed(request.method)
        row = _at(tx, self._live_build(tx, environment, now), site.path)
        if request.method == "POST" and (row is None or row["kind"] != "function"):
            return _not_allowed(request.method)
        return _NOT_FOUND if row is None else self._answer(row, request, site)

    def _answer(self, row: Row, request: Request, site: Site) -> Answer:
        if row["kind"] == "function":
            return _NOT_RUN
        return self._deliver(row, request) if self._may_read(row, request, site) else _FORBIDDEN

    def _live_build(self, tx: Transaction, environment: Row, now: int) -> str | None:
        """The Build of the newest Deployment that has spread already (F8.7)."""
        row = tx.one(
            "SELECT build_sid FROM deployments WHERE environment_sid = ? AND created <= ? ORDER BY seq DESC LIMIT 1",
            environment["sid"],
            _spread_since(self._settings, now),
        )
        return None if row is None else row["build_sid"]

    def _may_read(self, row: Row, request: Request, site: Site) -> bool:
        """F8.8, F8.10. Signers sign the site's own URL, whatever host the request came by."""
        if row["visibility"] != "protected":
            return bool(row["visibility"] == "public")
        signature = request.headers.get("x-twilio-signature", "")
        query = f"?{request.query}" if request.query else ""
        port = request.host.removeprefix(without_port(request.host))
        asked = is_signed(signature, request.host, request.path + query, self._auth_token)
        own = is_signed(signature, site.domain + port, site.path + query, self._auth_token)
        return asked or own

    def _deliver(self, row: Row, request: Request) -> Answer:
        """The bytes with the type that they were uploaded with (F8.2). A file that somebody took away is not found."""
        path = self._contents.path(row["digest"])
        if not path.is_file():
            return _NOT_FOUND
        etag, size = f'"{row["digest"][:32]}"', row["size"]
        headers = [("Content-Type", row["content_type"]), ("ETag", etag), ("Accept-Ranges", "bytes")]
        if self._settings.cache_control is not None:
            headers.append(("Cache-Control", self._settings.cache_control))
        if matches_etag(request.headers.get("if-none-match"), etag):
            return Answer(304, headers=tuple(headers[1:]))
        wanted = request.headers.get("range") if request.headers.get("if-range", etag) == etag else None
        part = byte_range(wanted, size)
        if part is None:
            return Answer(200, FileSlice(path, 0, size), tuple(headers))
        if not part:
            return text_answer(416, "Range not satisfiable\n", (("Content-Range", f"bytes */{size}"),))
        headers.append(("Content-Range", f"bytes {part.start}-{part.stop - 1}/{size}"))
        return Answer(206, FileSlice(path, part.start, len(part)), tuple(headers))


def _not_allowed(method: str) -> Answer:
    allowed = ", ".join(each for each in _METHODS if each != method)
    return text_answer(405, "Method not allowed\n", (("Allow", allowed),))


def _at(tx: Transaction, build_sid: str | None, path: str) -> Row | None:
    """The Version at a path of a Build; `/` falls back to an HTML Asset at `/assets/index.html` (F2.6)."""
    if build_sid is None:
        return None
    row = tx.one(_AT_PATH, build_sid, path, unquote(path))
    if row is None and path == "/":
        row = tx.one(_AT_PATH, build_sid, "/assets/index.html", "/assets/index.html")
        if row is not None and not row["content_type"].lower().startswith("text/html"):
            return None
    return row
