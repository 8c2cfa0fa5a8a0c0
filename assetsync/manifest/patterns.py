"""gitignore patterns: parse a line, match an entry, and say which pattern decided.

A pattern speaks about one entry (a file or a folder), never about what lies below it: whoever walks goes from the top
and does not enter an excluded folder, which is git's rule that nothing below one can be brought back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from assetsync.manifest.globs import translate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One parsed line.

    text: as written; origin: where it stands, for people, such as `exclude "*.map" (assetsync.yaml:14:17)`
    negated: it begins with `!`; folders_only: it ends with `/`
    by_name: it has no other slash and is matched against base names, at any depth
    regex: what it matches, None where that is nothing at all (`[a`, `/`, a lone `!`)
    """

    text: str
    origin: str
    negated: bool
    folders_only: bool
    by_name: bool
    regex: bytes | None


def parse_pattern(text: str, origin: str) -> Pattern | None:
    """The pattern in one line without its line end; None for a blank line and for a comment."""
    line = _without_trailing_spaces(text.encode("utf-8", "surrogateescape").partition(b"\0")[0])
    if not line or line.startswith(b"#"):
        return None
    negated = line.startswith(b"!")
    glob = line[1:] if negated else line
    folders_only = glob.endswith(b"/")
    if folders_only:
        glob = glob[:-1]
    by_name = b"/" not in glob
    regex = translate(glob.removeprefix(b"/"), pathname=not by_name) if glob else None
    return Pattern(text, origin, negated, folders_only, by_name, regex)


def ignore_file_lines(content: bytes) -> Iterable[tuple[int, str]]:
    """The lines of an ignore file, counted from 1, as git splits them: at line feeds, a carriage return dropped."""
    for number, line in enumerate(content.removeprefix(_BOM).split(b"\n"), start=1):
        yield number, line.removesuffix(b"\r").decode("utf-8", "surrogateescape")


def _without_trailing_spaces(line: bytes) -> bytes:
    """Blanks at the end go unless a backslash keeps them; tabs stay, as in git."""
    end = len(line.rstrip(b" "))
    backslashes = end - len(line[:end].rstrip(b"\\"))
    return line[: end + 1] if backslashes % 2 else line[:end]


class Patterns:
    """An ordered list of patterns; the last one that matches an entry decides."""

    __slots__ = ("_by_name", "_by_path", "_patterns")

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = tuple(patterns)
        ranked = list(enumerate(patterns))
        self._by_name = _Alternatives([(rank, pattern) for rank, pattern in ranked if pattern.by_name])
        self._by_path = _Alternatives([(rank, pattern) for rank, pattern in ranked if not pattern.by_name])

    def last_match(self, path: bytes, *, folder: bool) -> Pattern | None:
        """The pattern that decides about the entry at `path`, relative to where the patterns stand; None: none does."""
        subject = path + b"\0" if folder else path
        rank = max(self._by_name.rank(subject[path.rfind(b"/") + 1 :]), self._by_path.rank(subject))
        return self._patterns[rank] if rank >= 0 else None


class _Alternatives:
    """Many patterns in one regular expression, last one first, so that the first fit is the one that decides.

    A folder's subject ends with NUL, which no name can hold: a pattern for folders only demands it.
    """

    __slots__ = ("_fullmatch", "_ranks")

    def __init__(self, ranked: Sequence[tuple[int, Pattern]]) -> None:
        self._ranks: list[int] = []
        arms: list[bytes] = []
        for rank, pattern in reversed(ranked):
            if pattern.regex is not None:
                self._ranks.append(rank)
                arms.append(b"(%b%b)" % (pattern.regex, rb"\0" if pattern.folders_only else rb"\0?"))
        self._fullmatch = re.compile(b"|".join(arms), re.DOTALL).fullmatch if arms else None

    def rank(self, subject: bytes) -> int:
        """The place of the deciding pattern in the whole list, -1 where none matches."""
        if self._fullmatch is None:
            return -1
        found = self._fullmatch(subject)
        return self._ranks[found.lastindex - 1] if found and found.lastindex else -1
