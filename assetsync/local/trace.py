"""The way from a mapping's source down to one path, entry by entry, as the walk takes it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from assetsync.local.names import in_file
from assetsync.local.walk import Entered, Faulty, Found, PassedOver, leads_to_folder, read_folder, top, visit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assetsync.errors import Problem
    from assetsync.local.mapping import Mapping
    from assetsync.local.selection import Judgement


class Kind(StrEnum):
    FILE = "file"
    FOLDER = "folder"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Trace:
    """How far the walk gets towards a path, and what it meets there.

    relative: the last entry that was looked at, relative to the source; judgement: about it, None for the source
    kind: what that entry is; MISSING is judged as the file that it may become
    selected: whether the whole way is walked and the path taken
    found: the file, where it is one that exists and is selected
    """

    relative: str
    judgement: Judgement | None
    kind: Kind
    selected: bool
    found: Found | None = None
    problems: tuple[Problem, ...] = ()


def trace(mapping: Mapping, parts: Sequence[str]) -> Trace:
    """Follow `parts` from the source; they need not exist."""
    folder = top(mapping)
    for depth, name in enumerate(parts):
        opened = read_folder(mapping, folder)
        if opened.problems:
            return _trace_folder(folder, opened.problems)
        entry = next((entry for entry in opened.entries if entry.name == name), None)
        if entry is None:
            return _trace_missing(mapping, opened.folder, parts[depth:])
        visited = visit(mapping, opened.folder, entry)
        if not isinstance(visited, Entered):
            return _trace_end(mapping, entry, visited, folder.relative + name, below=depth + 1 < len(parts))
        folder = visited
    return _trace_folder(folder, read_folder(mapping, folder).problems)


def _trace_folder(folder: Entered, problems: tuple[Problem, ...]) -> Trace:
    relative = folder.relative.rstrip("/")
    return Trace(relative, folder.judgement, Kind.FOLDER, selected=not problems, problems=problems)


def _trace_end(
    mapping: Mapping, entry: os.DirEntry[str], visited: Found | PassedOver | Faulty, relative: str, *, below: bool
) -> Trace:
    """At an entry that nobody walks into; `below` tells that the path goes on."""
    match visited:
        case PassedOver(judgement):
            return Trace(relative, judgement, _kind(entry), selected=False)
        case Faulty(problem, judgement):
            return Trace(relative, judgement, _kind(entry), selected=False, problems=(problem,))
        case Found(judgement=judgement) if below:
            fault = in_file(mapping.source_of(relative), "is a file, so that nothing can be below it", hint=None)
            return Trace(relative, judgement, Kind.FILE, selected=False, problems=(fault,))
        case Found(judgement=judgement):
            return Trace(relative, judgement, Kind.FILE, selected=True, found=visited)
        case _:
            assert_never(visited)


def _trace_missing(mapping: Mapping, folder: Entered, parts: Sequence[str]) -> Trace:
    """What would become of a file that is not there, nor perhaps its folders; these have no ignore files."""
    standing, relative = folder.standing, folder.relative
    for name in parts[:-1]:
        judgement = mapping.selection.judge(standing, os.fsencode(name), folder=True)
        if judgement.excluded:
            return Trace(relative + name, judgement, Kind.MISSING, selected=False)
        standing = mapping.selection.enter(standing, os.fsencode(name), judgement)
        relative += f"{name}/"
    judgement = mapping.selection.judge(standing, os.fsencode(parts[-1]), folder=False)
    selected = judgement.included and not judgement.excluded
    return Trace(relative + parts[-1], judgement, Kind.MISSING, selected=selected)


def _kind(entry: os.DirEntry[str]) -> Kind:
    return Kind.FOLDER if leads_to_folder(entry) else Kind.FILE
