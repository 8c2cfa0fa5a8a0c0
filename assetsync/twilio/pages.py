"""Lists, page by page (F4.1-4.5): whole, or an error; half a list would be taken for deletions."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Protocol, TypeVar

from assetsync.errors import MalformedAnswer
from assetsync.twilio.call import Call
from assetsync.twilio.lean_httpx import httpx
from assetsync.twilio.printable import printable
from assetsync.twilio.wire import Fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from assetsync.twilio.transport import Transport

PAGE_SIZE = 1000  # the most that the API gives (F4.1)
MAX_PAGES = 2000
MAX_RESOURCES = 300_000
MAX_STALE_PAGES = 5
"""Pages in a row that bring nothing new, an end never coming into sight."""


class HasSid(Protocol):
    @property
    def sid(self) -> str: ...


R = TypeVar("R", bound=HasSid)


def read_list(
    transport: Transport,
    operation: str,
    url: str,
    parse: Callable[[Fields], R],
    *,
    about: Mapping[str, str] | None = None,
    page_size: int = PAGE_SIZE,
    limit: int | None = None,
) -> tuple[R, ...]:
    """Every resource of the list at `url`, as `each_of_list` gives them; at most `limit` of them."""
    return tuple(islice(each_of_list(transport, operation, url, parse, about=about, page_size=page_size), limit))


def each_of_list(
    transport: Transport,
    operation: str,
    url: str,
    parse: Callable[[Fields], R],
    *,
    about: Mapping[str, str] | None = None,
    page_size: int = PAGE_SIZE,
) -> Iterator[R]:
    """Every resource of the list at `url`, in the order of the service, each SID once; no more than a page is held.

    `about` is what each of them must say of itself where it says it.
    `meta.next_page_url` is followed as given (F4.2), but never to another host. Raises what `Transport.exchange`
    raises for any page, and MalformedAnswer for a page that is not one, leads elsewhere, or leads round in a circle.
    """
    found: set[str] = set()
    following: str | None = f"{url}?PageSize={page_size}"
    seen: set[str] = set()
    stale = 0
    while following is not None:
        endless = len(seen) >= MAX_PAGES or len(found) >= MAX_RESOURCES or stale >= MAX_STALE_PAGES
        if following in seen or endless:
            raise MalformedAnswer(f"{operation}: the pages of the list never end")
        seen.add(following)
        known = len(found)
        page = Fields.of(transport.exchange(Call(operation, "GET", following)), operation)
        meta = Fields.of(page.values.get("meta"), operation, "meta.")
        for item in page.each(meta.text("key"), lambda fields: parse(fields.about(**about or {}))):
            if item.sid not in found:
                found.add(item.sid)
                yield item
        stale = stale + 1 if len(found) == known else 0
        following = meta.text_or_none("next_page_url")
        if following is not None:
            _check_origin(operation, following, url)


def _check_origin(operation: str, following: str, url: str) -> None:
    # The credentials go along with the request: a strange host must never see them.
    try:
        origin = _origin(httpx.URL(following))
    except (httpx.InvalidURL, ValueError):
        origin = None
    if origin != _origin(httpx.URL(url)):
        where = "no URL" if origin is None else f"{origin[0]}://{printable(origin[1])}"
        raise MalformedAnswer(
            f"{operation}: the next page is at {where}, which is another host",
            hint="Check TWILIO_REGION, TWILIO_EDGE and ASSETSYNC_API_URL.",
        )


def _origin(url: httpx.URL) -> tuple[str, str, int | None, bytes]:
    port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.host, port, url.userinfo
