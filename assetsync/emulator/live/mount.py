"""A watched site's events as an ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request as WebRequest
from starlette.responses import PlainTextResponse

from assetsync.emulator.event_stream import LEAVING, send_events
from assetsync.emulator.live.serving import EVENTS, OWN_HEADERS

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from assetsync.emulator.live.site import LiveSite
    from assetsync.emulator.messages import Request


def may_be_events(request: Request) -> bool:
    """Whether a request is for a site's events, if it is for a site that is watched."""
    return request.method == "GET" and request.path.endswith(EVENTS)


async def send_live(live: LiveSite, scope: Scope, receive: Receive, send: Send) -> None:
    web = WebRequest(scope)
    if live.is_full:
        text = "Too many pages follow this site already.\n"
        headers = {"Retry-After": "5", "Cache-Control": "no-store"}
        await PlainTextResponse(text, 503, headers)(scope, receive, send)
        return
    after = web.headers.get("last-event-id") or web.query_params.get("after", "")
    await send_events(live, after, OWN_HEADERS, receive, send, scope["state"][LEAVING])
