"""File names as people may see them, and names that nobody should have to see."""

from __future__ import annotations

import re
from typing import Final

from assetsync.errors import Problem

# What reorders the text around it: a name with one of these need not be what it looks like.
_BIDI: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNDECODED: Final = re.compile("[\ud800-\udfff]")
_CONTROL: Final = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")
_REORDERING: Final = re.compile(f"[{_BIDI}]")


def shown(name: str) -> str:
    """`name`, or with what is not printable escaped as in a Python literal; bytes that are not UTF-8 by number."""
    return name if name.isprintable() else "".join(map(_escaped, name))


def name_fault(name: str) -> str | None:
    """What is wrong with a name whatever becomes of it later; None where nothing is."""
    if name.isascii() and name.isprintable():
        return None
    if _UNDECODED.search(name):
        return "the name is not UTF-8"
    if _CONTROL.search(name):
        return "the name has a control character"
    if _REORDERING.search(name):
        return "the name has a character that changes the direction of the text around it"
    return None


def base_name(path: str) -> str:
    """The last name in a `/`-separated path."""
    return path.rpartition("/")[2]


def in_file(path: str, message: str, *, hint: str | None, text: str | None = None) -> Problem:
    """A Problem of the tree: `path` relative to the project root, no line, nothing unprintable in it."""
    return Problem(shown(path), 0, 0, message, None if text is None else shown(text), hint)


def _escaped(char: str) -> str:
    if char == "\\":
        return "\\\\"
    if char.isprintable():
        return char
    if "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")
