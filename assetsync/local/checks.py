"""What Twilio would refuse or a user would regret, as far as the tree alone shows it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from assetsync.errors import Problem
from assetsync.local.names import in_file
from assetsync.model import Visibility

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assetsync.local.limits import Limits
    from assetsync.manifest.model import Manifest

_SHOWN: Final = 3


def size_problem(source: str, size: int, visibility: Visibility, limits: Limits) -> Problem | None:
    """A file that the upload host would answer with 413 (F1.1, F1.2)."""
    largest = limits.largest(visibility)
    if size <= largest:
        return None
    return in_file(
        source,
        f"is {size} bytes large, and Twilio takes {largest} bytes ({largest / 2**20:g} MiB) of a {visibility} file",
        hint="Compress or split the file, serve it from elsewhere, or exclude it.",
    )


def count_problems(visibilities: Iterable[Visibility], manifest: Manifest, limits: Limits) -> list[Problem]:
    """More files of one visibility than a Build takes (F1.1)."""
    mark = manifest.mark("/folders")
    return [
        Problem(
            str(manifest.path),
            mark.line,
            mark.column,
            f"the folders hold {count} {visibility} files, and a Build takes {limits.most(visibility)}",
            None,
            "Exclude what need not be served, or divide the files between two Services.",
        )
        for visibility, count in Counter(visibilities).items()
        if count > limits.most(visibility)
    ]


def size_warnings(sizes: Iterable[tuple[str, int]], limits: Limits) -> list[str]:
    """Files that are too large if a megabyte is 10^6 bytes (F1.2), or empty (F2.11); pairs of (source, bytes)."""
    large: list[str] = []
    empty: list[str] = []
    for source, size in sizes:
        if size > limits.warn_bytes:
            large.append(f"{source} is {size} bytes large; Twilio may take no more than {limits.warn_bytes}.")
        elif not size:
            empty.append(source)
    if not empty:
        return large
    shown = ", ".join(empty[:_SHOWN]) + (f" and {len(empty) - _SHOWN} more" if len(empty) > _SHOWN else "")
    return [*large, f"{shown}: {'is' if len(empty) == 1 else 'are'} empty, which Twilio may refuse."]


def count_warnings(visibilities: Iterable[Visibility], limits: Limits) -> list[str]:
    """Public and protected files together, which may share one limit (F1.1)."""
    count = sum(visibility is not Visibility.PRIVATE for visibility in visibilities)
    if count <= limits.together:
        return []
    return [f"The folders hold {count} public and protected files; a Build may take {limits.together} together."]


def root_warnings(paths: Iterable[str]) -> list[str]:
    """A start page that nobody gets at `/` (F2.6): besides `/` itself only `/assets/index.html` is served there."""
    if {"/index.html", "/", "/assets/index.html"}.intersection(paths) != {"/index.html"}:
        return []
    return [
        "/index.html is served, but nothing at /; write `index: index.html` in the folder mapping to serve it there."
    ]
