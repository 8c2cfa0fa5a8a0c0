"""One gitignore glob as a regular expression, byte for byte what git's `wildmatch.c` and `dir.c` make of it.

Over bytes, because git compares bytes: `?` is one byte of a UTF-8 name, and so is a member of `[...]`. The text of a
third-party translation is nobody's contract, while this decides what becomes public; it is proved against
`git check-ignore` in `tests/laws/test_gitignore.py`.
"""

from __future__ import annotations

import re
import string
from typing import Final

_SPECIAL: Final = frozenset(b"*?[\\")

# NUL marks the end of a folder's subject (see `patterns.py`): nothing but that mark may match it.
_ONE: Final = rb"[^/\0]"
_STAR: Final = rb"[^/\0]*"
_ANYTHING: Final = rb"[^\0]*"
_SLASH: Final = ord("/")

# git's own ctype table: ASCII only, and no vertical tab or form feed among the spaces.
_PRINTABLE: Final = frozenset(range(0x20, 0x7F))
_SPACES: Final = frozenset(b" \t\n\r")
_CLASSES: Final[dict[bytes, frozenset[int]]] = {
    b"alnum": frozenset((string.ascii_letters + string.digits).encode()),
    b"alpha": frozenset(string.ascii_letters.encode()),
    b"blank": frozenset(b" \t"),
    b"cntrl": frozenset({*range(0x20), 0x7F}),
    b"digit": frozenset(string.digits.encode()),
    b"graph": _PRINTABLE - _SPACES,
    b"lower": frozenset(string.ascii_lowercase.encode()),
    b"print": _PRINTABLE,
    b"punct": frozenset(string.punctuation.encode()),
    b"space": _SPACES,
    b"upper": frozenset(string.ascii_uppercase.encode()),
    b"xdigit": frozenset(string.hexdigits.encode()),
}


def translate(glob: bytes, *, pathname: bool) -> bytes | None:
    """The regular expression that `fullmatch`es what `glob` names; None where git lets the glob match nothing.

    `pathname` is for globs with a slash in them, matched against a whole path; without it `**` is no more than `*`
    and the subject is a base name. The result has no capturing groups.
    """
    head = _literal_head(glob)
    at = head
    parts = [re.escape(glob[:head])]
    while at < len(glob):
        match glob[at : at + 1]:
            case b"*":
                part, at = _stars(glob, head, at, pathname=pathname)
            case b"?":
                part, at = _ONE, at + 1
            case b"[":
                bracket = _bracket(glob, at)
                if bracket is None:
                    return None
                part, at = bracket
            case b"\\":
                if at + 1 == len(glob):
                    return None
                part, at = re.escape(glob[at + 1 : at + 2]), at + 2
            case literal:
                part, at = re.escape(literal), at + 1
        parts.append(part)
    return b"".join(_without_backtracking(parts))


def escape(path: str) -> str:
    """`path` as a glob that means just this path."""
    return "".join("\\" + char if char in "*?[\\!# " else char for char in path)


def _literal_head(glob: bytes) -> int:
    """How many bytes come before the first special one; git compares these by themselves.

    What follows is a glob of its own, which is why git takes the stars of `a**/b` for a whole folder name.
    """
    return next((at for at, byte in enumerate(glob) if byte in _SPECIAL), len(glob))


def _stars(glob: bytes, head: int, at: int, *, pathname: bool) -> tuple[bytes, int]:
    end = at
    while glob[end : end + 1] == b"*":
        end += 1
    begins_segment = at == head or glob[at - 1] == _SLASH
    ends_segment = end == len(glob) or glob[end] == _SLASH or glob[end : end + 2] == b"\\/"
    if not pathname or end - at < 2 or not (begins_segment and ends_segment):
        return _STAR, end
    if glob[end : end + 1] == b"/":
        return b"(?:.*/)?", end + 1
    return _ANYTHING, end


def _bracket(glob: bytes, at: int) -> tuple[bytes, int] | None:
    """The class that begins at `at` and the index behind it; None where it is malformed or holds nothing."""
    at += 1
    negated = glob[at : at + 1] in {b"!", b"^"}
    at += negated
    members: set[int] = set()
    previous: int | None = None  # what a range may begin with
    first = at
    while at == first or glob[at : at + 1] != b"]":
        taken = _member(glob, at, previous)
        if taken is None:
            return None
        more, previous, at = taken
        members |= more
    if negated:
        return b"[^" + _escaped(members | {0, _SLASH}) + b"]", at + 1
    members.discard(_SLASH)
    return (b"[" + _escaped(members) + b"]", at + 1) if members else None


def _member(glob: bytes, at: int, previous: int | None) -> tuple[frozenset[int], int | None, int] | None:
    """One character, range or `[:class:]` of a bracket: its bytes, what may begin a range now, where to go on."""
    char = glob[at : at + 1]
    if char == b"-" and previous is not None and glob[at + 1 : at + 2] not in {b"", b"]"}:
        last = _unescaped(glob, at + 1)
        return None if last is None else (frozenset(range(previous, last[0] + 1)), None, last[1])
    if glob[at : at + 2] == b"[:":
        close = glob.find(b"]", at + 2)
        if close < 0:
            return None
        if close > at + 2 and glob[close - 1] == ord(":"):
            named = _CLASSES.get(glob[at + 2 : close - 1])
            return None if named is None else (named, None, close + 1)
        return frozenset(b"["), ord("["), at + 1
    one = _unescaped(glob, at)
    return None if one is None else (frozenset({one[0]}), one[0], one[1])


def _unescaped(glob: bytes, at: int) -> tuple[int, int] | None:
    """The byte at `at`, or behind the backslash there, and where to go on; None at the end of the glob."""
    at += glob[at : at + 1] == b"\\"
    return (glob[at], at + 1) if at < len(glob) else None


def _escaped(members: set[int]) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in sorted(members))


def _without_backtracking(parts: list[bytes]) -> list[bytes]:
    """Make every star that another star of the same segment follows take its first fit for good.

    The first fit of what lies between two stars is as good as any later one, and `*a*a*a*a*a*b` would try them all.
    """
    out: list[bytes] = []
    open_star: int | None = None
    for part in parts:
        if part == _STAR:
            if open_star is not None:
                out[open_star:] = [b"(?>" + _STAR + b"?" + b"".join(out[open_star + 1 :]) + b")"]
            open_star = len(out)
        elif part == _ANYTHING or (b"/" in part and not part.startswith(b"[")):
            open_star = None
        out.append(part)
    return out
