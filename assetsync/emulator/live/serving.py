"""What a watched site answers: its documents with a script in them, and nothing for a browser to keep."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from assetsync.emulator.live.injection import is_html, with_tag
from assetsync.emulator.messages import Answer, FileSlice
from assetsync.emulator.settings import MIB

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.emulator.hosting import Site
    from assetsync.emulator.messages import Request

SCRIPT: Final = "/.assetsync/live.js"
EVENTS: Final = "/.assetsync/events"
LARGEST_DOCUMENT: Final = 8 * MIB
"""A larger one is served as it is."""

_NO_STORE: Final = ("Cache-Control", "no-store")
_CONDITIONS: Final = frozenset({"if-none-match", "if-range", "range"})
_HTML: Final = "text/html; charset=utf-8"
_OWN: Final = (_NO_STORE, ("X-Content-Type-Options", "nosniff"), ("Cross-Origin-Resource-Policy", "same-origin"))
OWN_HEADERS: Final = tuple((name.lower().encode(), value.encode()) for name, value in _OWN[1:])
"""As ASGI has them, for the events, which bring their own `Cache-Control`."""

_CLIENT: Final = Answer(
    200,
    (files("assetsync.emulator.live") / "client.js").read_bytes(),
    (("Content-Type", "text/javascript; charset=utf-8"), *_OWN),
)
_MISSING: Final = (
    b"<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n<title>Not found</title>\n"
    b"<style>:root { color-scheme: light dark; font-family: system-ui }</style>\n<body>\n<p>Not found</p>\n"
    b"<p>This page shows by itself as soon as it is there.</p>\n</body>\n</html>\n"
)


_WHOLE: Final = re.compile(rb"<(?:!doctype|html|head|body)[\s>]", re.IGNORECASE)
"""What a script fetches is a page, as for a service worker's cache, where it says so; else a part of one."""


def is_script(request: Request, site: Site) -> bool:
    return request.method == "GET" and site.path == SCRIPT


def script() -> Answer:
    """The client: what runs in each page."""
    return _CLIENT


def serve_live(serve: Callable[[Request], Answer], request: Request, site: Site, after: str) -> Answer:
    """A watched site's answer, made of what it would answer otherwise. `after`: the newest event before it was asked.

    A document is sent whole, whatever part or news of it was asked for: no part, and no tag, is the stored one's.
    """
    if request.method == "GET":
        whole = serve(replace(request, headers=_unconditional(request)))
        document = _document(whole, request, _tag(request, site, after))
        if document is not None:
            return document
    return _fresh(serve(request))


def _unconditional(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name not in _CONDITIONS}


def _tag(request: Request, site: Site, after: str) -> bytes:
    prefix = "" if request.path == site.path else f"/sites/{site.domain}"
    return f'<script src="{prefix}{SCRIPT}" defer data-after="{after}"></script>'.encode()


def _document(answer: Answer, request: Request, tag: bytes) -> Answer | None:
    """The answer as a page that follows what happens; None where it is no HTML document."""
    content_type = _content_type(answer)
    if answer.status == 404 and "text/html" in request.headers.get("accept", "").lower():
        return _page(404, with_tag(_MISSING, _HTML, tag), _HTML)
    if answer.status != 200 or not is_html(content_type):
        return None
    content = _content(answer)
    if content is not None and request.headers.get("sec-fetch-dest") == "empty" and _WHOLE.search(content) is None:
        return None
    return None if content is None else _page(200, with_tag(content, content_type, tag), content_type)


def _page(status: int, content: bytes | None, content_type: str) -> Answer | None:
    return None if content is None else Answer(status, content, (("Content-Type", content_type), _NO_STORE))


def _content(answer: Answer) -> bytes | None:
    """None where it is too large, or somebody took it away."""
    if isinstance(answer.body, FileSlice):
        try:
            return answer.body.path.read_bytes() if answer.body.length <= LARGEST_DOCUMENT else None
        except FileNotFoundError:
            return None
    return answer.body


def _content_type(answer: Answer) -> str:
    return next((value for name, value in answer.headers if name.lower() == "content-type"), "")


def _fresh(answer: Answer) -> Answer:
    others = tuple(pair for pair in answer.headers if pair[0].lower() != "cache-control")
    return replace(answer, headers=(*others, _NO_STORE))
