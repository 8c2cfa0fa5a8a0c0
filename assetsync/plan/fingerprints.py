"""Fingerprints in file names, so that `app-3f9c1b2a.js` giving way to `app-9d8e7f6a.js` is not the loss of a file.

What bundlers put between a name and its extension: 6 to 64 hex digits (webpack, Parcel, Next.js, Rails, Hugo), 8
characters of base32 (esbuild, Angular) or of base64url (Rollup, Vite, SvelteKit, Astro). A date, a number, a size or
a word has the same shape now and then: a pair of names counts only where one of the two is marked beyond doubt.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MARK = re.compile(r"(?<=[.\-_])(?:[0-9a-f]{6,64}|[0-9A-Za-z_-]{8})(?=\.)")
_HEX = re.compile(r"[0-9a-f]+")
_BASE32 = re.compile(r"[A-Z2-7]+")


@dataclass(slots=True)
class _Family:
    """Names that are equal but for their mark: those that go, those that come, how many marks are beyond doubt."""

    gone: list[str] = field(default_factory=list)
    brought: int = 0
    certain: int = 0

    @property
    def renewed(self) -> int:
        """Pairs of one that goes and one that comes, with a certain mark in each pair."""
        return min(len(self.gone), self.brought, self.certain)


def without_renewed(gone: Iterable[str], brought: Iterable[str]) -> tuple[str, ...]:
    """The paths of `gone`, in order, but for those that one of `brought` stands in for, one for one."""
    families: dict[str, _Family] = defaultdict(_Family)
    lost = []
    for path in sorted(gone):
        plain, certain = _without_mark(path)
        if plain is None:
            lost.append(path)
            continue
        families[plain].gone.append(path)
        families[plain].certain += certain
    for path in brought:
        plain, certain = _without_mark(path)
        if plain is not None:
            families[plain].brought += 1
            families[plain].certain += certain
    for family in families.values():
        lost += family.gone[family.renewed :]
    return tuple(sorted(lost))


def _without_mark(path: str) -> tuple[str | None, bool]:
    """The path with the length of its mark in the mark's place (None: it has none), and whether the mark is certain."""
    folder, slash, name = path.rpartition("/")
    marks = sorted(_MARK.finditer(name), key=lambda each: (_is_certain(each[0]), each.start()))
    if not marks:
        return None, False
    mark = marks[-1]
    return f"{folder}{slash}{name[: mark.start()]}#{len(mark[0])}{name[mark.end() :]}", _is_certain(mark[0])


def _is_certain(mark: str) -> bool:
    """Words, numbers, `Chapter1` and `1280x720` change between letters and digits, or large and small, rarely."""
    if _HEX.fullmatch(mark) or _BASE32.fullmatch(mark):
        return _changes(mark) >= 2
    return mark != mark.lower() and _changes(mark) >= 3


def _changes(mark: str) -> int:
    """How often neighbours are of different kinds: small letters, capitals, digits; `-` and `_` are none."""
    kinds = [(each.isdigit(), each.isupper()) for each in mark if each.isalnum()]
    return sum(1 for _ in groupby(kinds)) - 1
