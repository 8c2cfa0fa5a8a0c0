"""`/_emulator/live/<domain>?watch=<name>`: whoever watches a site says here how it is, under a name of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from assetsync.emulator.live.document import parse_news
from assetsync.emulator.messages import NO_CONTENT, json_answer
from assetsync.emulator.refusals import invalid, method_not_allowed, not_found

if TYPE_CHECKING:
    from assetsync.emulator.live.sites import LiveSites
    from assetsync.emulator.messages import Answer, Request

_METHODS: Final = ("GET", "PUT", "DELETE")
_LONGEST_NAME: Final = 64


def control(sites: LiveSites, request: Request, domain: str) -> Answer:
    """For a request with the account's credentials. Raises Refusal."""
    watch = dict(parse_qsl(request.query)).get("watch", "")[:_LONGEST_NAME]
    match request.method:
        case "DELETE":
            sites.end(domain, watch)
            return NO_CONTENT
        case "PUT":
            if request.body.problem is not None:
                raise invalid(request.body.problem)
            site = sites.put(domain, parse_news(request.body.raw), watch)
        case "GET":
            found = sites.renew(domain, watch) if watch else sites.get(domain)
            if found is None:
                raise not_found(request.path)
            site = found
        case _:
            raise method_not_allowed(_METHODS)
    return json_answer(200, {"domain": domain.lower(), **site.as_json()})
