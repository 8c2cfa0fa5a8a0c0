"""Conditional and partial requests (RFC 9110), as pure functions."""

from __future__ import annotations

import re
from typing import Final

_RANGE: Final = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE)
_TAG: Final = re.compile(r'(?:W/)?("[^"]*")')
_TAGS: Final = re.compile(r'(?:W/)?"[^"]*"(?:[ \t]*,[ \t,]*(?:W/)?"[^"]*")*')


def matches_etag(if_none_match: str | None, etag: str) -> bool:
    """Weak comparison, as `If-None-Match` asks for; `*` fits anything, and what is no list of tags fits nothing."""
    wanted = (if_none_match or "").strip(" \t,")
    return wanted == "*" or (_TAGS.fullmatch(wanted) is not None and etag in _TAG.findall(wanted))


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
