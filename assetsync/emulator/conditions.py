"""Conditional and partial requests (RFC 9110), as pure functions."""

from __future__ import annotations

import re
from typing import Final

_RANGE: Final = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*")
_TAG: Final = re.compile(r'(?:W/)?("[^"]*")')


def matches_etag(if_none_match: str | None, etag: str) -> bool:
    """Weak comparison, as `If-None-Match` asks for; `*` fits anything."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or etag in _TAG.findall(if_none_match)


def byte_range(header: str | None, size: int) -> range | None:
    """The bytes that a `Range` header asks for: None for all of them, empty where there are none such.

    Anything but one well-formed range of bytes is ignored, as RFC 9110 allows.
    """
    found = _RANGE.fullmatch(header or "")
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return range(max(size - int(last), 0), size)
    start = int(first)
    if last and int(last) < start:
        return None
    return range(start, min(int(last) + 1, size) if last else size)
