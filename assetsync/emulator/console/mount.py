"""The console as an ASGI application: whose request it is, which page, and the headers that keep the page alone."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

import anyio
from starlette.datastructures import Headers
from starlette.responses import Response

from assetsync.emulator.console import links
from assetsync.emulator.console.files import file_by_version
from assetsync.emulator.console.layout import nothing, page
from assetsync.emulator.console.markup import Html, element
from assetsync.emulator.console.origin import is_served_here
from assetsync.emulator.console.pages import build, changes, environment, item, requests, service, services
from assetsync.emulator.console.static import STATIC
from assetsync.emulator.console.stream import Stream
from assetsync.emulator.console.visit import Page, Visit
from assetsync.emulator.event_stream import LEAVING, send_events
from assetsync.emulator.moments import to_micros
from assetsync.emulator.signature import without_port

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

    from assetsync.emulator.core import Core

_PAGES: Final[dict[str, Page]] = {
    "/": services.show,
    "/console/services/{service}": service.show,
    "/console/services/{service}/assets": service.show_assets,
    "/console/services/{service}/functions": service.show_functions,
    "/console/services/{service}/builds": service.show_builds,
    "/console/services/{service}/changes": changes.show,
    "/console/environments/{environment}": environment.show,
    "/console/environments/{environment}/deployments": environment.show_deployments,
    "/console/builds/{build}": build.show,
    "/console/items/{item}": item.show,
}
_TEMPLATES: Final = {tuple(path.split("/")): page for path, page in _PAGES.items()}
_THUMBNAILS: Final = links.thumbnail("")

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_KEPT: Final = {"Cache-Control": "private, max-age=31536000, immutable"}
_FRESH: Final = {"Cache-Control": "no-store"}
_CAGED: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
"""For thumbnails: an uploaded SVG that is opened by itself must not run what is in it."""


class Console:
    """The pages of one core, read-only and open to whoever reaches the address that is served."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._stream = Stream(core.requests, secrets.token_hex(4))

    def takes(self, scope: Scope) -> bool:
        """Whether a request is the console's: `/` and below `/console`, on any host that is not a site's."""
        if scope["path"] != "/" and not f"{scope['path']}/".startswith("/console/"):
            return False
        host = without_port(Headers(scope=scope).get("host", "")).lower()
        return not host.endswith(f".{self._core.settings.domain_root}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        refusal = _refusal(scope, headers.get("host", ""))
        if refusal is None and scope["path"] == links.EVENTS and scope["method"] == "GET":
            await self._send_events(scope, headers, receive, send)
            return
        response = refusal
        if response is None:
            response = await anyio.to_thread.run_sync(self._answer, scope, headers.get("host", ""))
        await response(scope, receive, send)

    async def _send_events(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        if self._stream.is_full:
            await _text(503, "Too many pages follow the log already.", {"Retry-After": "5"})(scope, receive, send)
            return
        after = headers.get("last-event-id") or _query(scope).get("after", "")
        fixed = tuple((name.lower().encode(), value.encode()) for name, value in _HEADERS.items())
        await send_events(self._stream, after, fixed, receive, send, scope["state"][LEAVING])

    def _answer(self, scope: Scope, host: str) -> Response:
        path = scope["path"]
        if path in STATIC:
            file = STATIC[path]
            return Response(file.content, headers={**_HEADERS, **_KEPT}, media_type=file.content_type)
        if path.startswith(_THUMBNAILS):
            return self._thumbnail(path.removeprefix(_THUMBNAILS)) or _text(404, "Not found")
        if path == links.REQUESTS:
            last = self._stream.last()
            return _document(200, requests.show(self._core.requests.after(0, requests.SHOWN), last))
        found = self._page(scope, host)
        return _document(404, _missing()) if found is None else _document(200, found)

    def _page(self, scope: Scope, host: str) -> Html | None:
        match = _match(scope["path"])
        if match is None:
            return None
        show, keys = match
        with self._core.store.transaction() as tx:
            return show(
                Visit(
                    tx=tx,
                    path=scope["path"],
                    keys=keys,
                    query=_query(scope),
                    now=to_micros(self._core.clock()),
                    sites=links.SiteLinks(scope["scheme"], host),
                )
            )

    def _thumbnail(self, version_sid: str) -> Response | None:
        """The bytes of an image, whatever its visibility: the console shows its owner what is there."""
        with self._core.store.transaction() as tx:
            file = file_by_version(tx, version_sid)
        if file is None or not file.is_image:
            return None
        try:
            content = self._core.store.contents.path(file.digest).read_bytes()
        except FileNotFoundError:
            return None
        return Response(content, headers={**_HEADERS, **_KEPT, **_CAGED}, media_type=file.media_type)


def _refusal(scope: Scope, host: str) -> Response | None:
    if not is_served_here(host, scope.get("server")):
        return _text(
            403, "The console answers at the address that it is served on, and at localhost, and nowhere else."
        )
    if scope["method"] not in {"GET", "HEAD"}:
        return _text(405, "The console is for reading.", {"Allow": "GET, HEAD"})
    return None


def _match(path: str) -> tuple[Page, Mapping[str, str]] | None:
    segments = tuple(path.split("/"))
    for template, show in _TEMPLATES.items():
        if len(template) == len(segments):
            pairs = list(zip(template, segments, strict=True))
            if all(want.startswith("{") or want == got for want, got in pairs):
                return show, {want[1:-1]: got for want, got in pairs if want.startswith("{")}
    return None


def _query(scope: Scope) -> dict[str, str]:
    """The last value of each name, of the first 50."""
    text = "&".join(scope["query_string"].decode("latin-1").split("&", 50)[:50])
    return {name: values[-1] for name, values in parse_qs(text).items()}


def _document(status: int, markup: Html) -> Response:
    return Response(markup.encode(), status, {**_HEADERS, **_FRESH}, "text/html; charset=utf-8")


def _text(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(f"{text}\n", status, {**_HEADERS, **_FRESH, **(headers or {})}, "text/plain; charset=utf-8")


def _missing() -> Html:
    title = element("h1", element("small", "404"), "Nothing here")
    back = element("p", element("a", "To the Services", href=links.HOME))
    return page("Nothing here", title, nothing("It may have been deleted, or never was."), back)
