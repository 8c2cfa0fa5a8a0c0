"""From file names to URL paths (F2.1 to F2.5, F1.10): nothing is renamed silently, nothing collides."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from assetsync.local.names import in_file, name_fault, shown
from assetsync.manifest.model import Names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assetsync.errors import Problem

# What quote() leaves alone besides letters, digits and `-_.~`.
_SAFE: Final = "!*="
_CARRIED: Final = re.compile(r"[A-Za-z0-9\-_.~!*=]+")
_REFUSED: Final = re.compile(r"[^A-Za-z0-9\-_.~!*=]")
_RENAME: Final = "Rename it or exclude it."


def url_segment(name: str, names: Names, source: str) -> str | Problem:
    """One file or folder name as a segment of a URL path; `source` is shown where it cannot be one."""
    if _CARRIED.fullmatch(name):
        return name
    fault = name_fault(name)
    if fault is not None:
        return in_file(source, fault, hint=_RENAME, text=name)
    if names is Names.ENCODE:
        return quote(name, safe=_SAFE)
    refused = list(dict.fromkeys(_REFUSED.findall(name)))
    quoted = " and ".join("a space" if char == " " else f'"{shown(char)}"' for char in refused)
    return in_file(
        source,
        f"the name has {quoted}, which a URL path cannot carry",
        hint="Rename it, exclude it, or write `names: encode` in the folder mapping to percent-encode such names.",
        text=name,
    )


def path_problem(path: str, source: str, longest: int) -> Problem | None:
    """What is wrong with a whole path of well-formed names; `longest` is in bytes."""
    if len(path) > longest:
        return in_file(
            source,
            f"its URL path is {len(path)} bytes long, and Twilio takes {longest}",
            hint="Shorten the names of the file and its folders, or the mapping's `target`.",
            text=path,
        )
    if path != "/" and not {"", ".", ".."}.isdisjoint(path[1:].split("/")):
        return in_file(
            source,
            f'its URL path "{shown(path)}" has an empty segment or one of dots only',
            hint="Correct the mapping's `target`.",
            text=path,
        )
    return None


def collisions(served: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    """Pairs of (path, source) of which a URL, a file system or a person might take one for the other."""
    if len({_folded(path) for path, _ in served}) == len(served):
        return
    alike: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for path, source in served:
        alike[_folded(path)].append((path, source))
    for pairs in alike.values():
        first_path, first_source = pairs[0]
        for path, source in pairs[1:]:
            yield in_file(
                source,
                f'would be served at "{path}", {_likeness(first_path, path)} {shown(first_source)}',
                hint="Rename or exclude one of the two files.",
                text=path,
            )


def _likeness(first: str, second: str) -> str:
    if first == second:
        return "and so would"
    if _decoded(first).casefold() == _decoded(second).casefold():
        return f'which differs only by case from the "{first}" of'
    return f'which differs only by Unicode normalisation or case from the "{first}" of'


def _folded(path: str) -> str:
    """Equal for paths that are the same to a caseless reader (Unicode, D145: canonical caseless matching)."""
    if "%" not in path:
        return path.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", _decoded(path)).casefold())


def _decoded(path: str) -> str:
    return unquote(path) if "%" in path else path
