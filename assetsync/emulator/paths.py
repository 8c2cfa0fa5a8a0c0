"""Which paths the upload host takes (F2.1 to F2.4), as pure functions."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

_LONGEST: Final = 255
_DOCUMENTED: Final = frozenset(";,?:@+&$()' \"#\\")
_STRICT: Final = re.compile(r"(?:[A-Za-z0-9\-_.~!*=/]|%[0-9A-Fa-f]{2})*")


def with_slash(path: str) -> str:
    """The service prepends the slash that is missing (F1.10)."""
    return path if path.startswith("/") else f"/{path}"


def is_valid(path: str, *, strict: bool) -> bool:
    """Whether a path that begins with a slash is accepted.

    Always refused: what F2.1 and F2.2 name, backslashes (F2.3), control characters, more than 255 characters.
    `strict` also refuses what nothing is known about: other characters, stray `%`, empty and dot segments, and
    what would be one of those, or a control character, when it is decoded.
    """
    if len(path) > _LONGEST or any(char in _DOCUMENTED or ord(char) < 33 or ord(char) == 127 for char in path):
        return False
    decoded = unquote(path)
    is_odd = _has_odd_segment(path) or _has_odd_segment(decoded) or any(ord(char) < 32 for char in decoded)
    return not strict or (_STRICT.fullmatch(path) is not None and not is_odd)


def _has_odd_segment(path: str) -> bool:
    """A trailing slash is no empty segment: `/` itself ends in one."""
    segments = path[1:].split("/")
    return "" in segments[:-1] or not {".", ".."}.isdisjoint(segments)
