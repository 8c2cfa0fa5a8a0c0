"""Lists in pages, as the API gives them (F4.1, F4.2): items under `meta.key`, absolute links, opaque tokens.

A token points behind (`PA`) or before (`PB`) one item of the list, so that pages neither repeat nor skip items while
others are created or deleted. It is for its own list only.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode

from assetsync.emulator.messages import json_answer
from assetsync.emulator.refusals import invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.emulator.call import Call
    from assetsync.emulator.messages import Answer
    from assetsync.emulator.store import Row

_DEFAULT_SIZE: Final = 50
_MAX_SIZE: Final = 1000
_LARGEST_SEQ: Final = 2**62
_MOST_DIGITS: Final = 1000
"""`Page` is the client's own, and the description knows no largest one; Python reads no more than 4300 digits."""

_OLDER: Final = " AND seq < ? ORDER BY seq DESC LIMIT ?"
_NEWER: Final = " AND seq > ? ORDER BY seq ASC LIMIT ?"


@dataclass(frozen=True, slots=True)
class Listing:
    """key: what the items are called; path: of the list, below `/v1`; select: SQL that ends in a WHERE clause."""

    key: str
    path: tuple[str, ...]
    select: str
    values: tuple[Any, ...]
    represent: Callable[[Row], dict[str, Any]]
    newest_first: bool

    @property
    def mark(self) -> str:
        """What tells this list's tokens from others'."""
        return hashlib.sha256("/".join(self.path).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Token:
    mark: str
    seq: int
    backwards: bool

    def __str__(self) -> str:
        text = json.dumps({"list": self.mark, "seq": self.seq, "index": True}).encode()
        return ("PB" if self.backwards else "PA") + base64.urlsafe_b64encode(text).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class _Wanted:
    size: int
    page: int
    token: _Token | None


def page_of(call: Call, listing: Listing) -> Answer:
    """The page that the query asks for. Refuses a PageSize outside 1 to 1000, and tokens that it did not make."""
    wanted = _wanted(call.request.query, listing.mark)
    rows, before, after = _rows(call, listing, wanted)
    here = (wanted.page, wanted.token)
    meta = {
        "first_page_url": _url(call, listing, wanted.size, 0, None),
        "key": listing.key,
        "next_page_url": _url(
            call, listing, wanted.size, wanted.page + 1, _Token(listing.mark, rows[-1]["seq"], backwards=False)
        )
        if after
        else None,
        "page": wanted.page,
        "page_size": wanted.size,
        "previous_page_url": _url(
            call, listing, wanted.size, max(wanted.page - 1, 0), _Token(listing.mark, rows[0]["seq"], backwards=True)
        )
        if before
        else None,
        "url": _url(call, listing, wanted.size, *here),
    }
    return json_answer(200, {listing.key: [listing.represent(row) for row in rows], "meta": meta})


def _rows(call: Call, listing: Listing, wanted: _Wanted) -> tuple[list[Row], bool, bool]:
    """The rows of the page, whether some come before it, whether some come after it."""
    token = wanted.token
    backwards = token is not None and token.backwards
    older = listing.newest_first != backwards
    start = token.seq if token is not None else (_LARGEST_SEQ if older else -1)
    sql = listing.select + (_OLDER if older else _NEWER)
    rows = call.tx.all(sql, *listing.values, start, wanted.size + 1)
    more = len(rows) > wanted.size
    rows = rows[: wanted.size]
    if backwards:
        return rows[::-1], more, bool(rows)
    return rows, token is not None and bool(rows), more


def _wanted(query: str, mark: str) -> _Wanted:
    values = parse_qs(query, keep_blank_values=True)
    size = _number(values, "PageSize", _DEFAULT_SIZE)
    if not 1 <= size <= _MAX_SIZE:
        raise invalid(f"PageSize must be between 1 and {_MAX_SIZE}")
    token = values.get("PageToken", [""])[-1]
    return _Wanted(size, _number(values, "Page", 0), _token(token, mark) if token else None)


def _number(values: dict[str, list[str]], name: str, default: int) -> int:
    text = values.get(name, [""])[-1]
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise invalid(f"{name} must be a number")
    return int(text)


def _token(text: str, mark: str) -> _Token:
    try:
        value = json.loads(base64.urlsafe_b64decode(text[2:] + "=" * (-len(text[2:]) % 4)))
        token = _Token(mark, int(value["seq"]), backwards=text.startswith("PB"))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as problem:
        raise invalid("PageToken is invalid") from problem
    if str(token) != text or not 0 <= token.seq <= _LARGEST_SEQ:
        raise invalid("PageToken is invalid")
    return token


def _url(call: Call, listing: Listing, size: int, page: int, token: _Token | None) -> str:
    query: dict[str, str] = {"PageSize": str(size), "Page": str(page)}
    if token is not None:
        query["PageToken"] = str(token)
    return f"{call.url(*listing.path)}?{urlencode(query)}"
