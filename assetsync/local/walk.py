"""The walk: from a folder mapping to the files that it selects, never entering what is excluded.

`visit` says what becomes of one entry. `walk` asks it about every entry, `explain` about those on the way to one path,
so the two cannot disagree.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assetsync.local.excludes import IGNORE_FILE
from assetsync.local.mapping import is_inside
from assetsync.local.names import in_file, shown
from assetsync.local.selection import Judgement, Standing, with_ignore_file
from assetsync.local.state import FileState
from assetsync.manifest.patterns import Patterns, ignore_file_lines, parse_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assetsync.errors import Problem
    from assetsync.local.mapping import Mapping
    from assetsync.manifest.patterns import Pattern

_IGNORE_FILE_BYTES: Final = 2**20
_IGNORE_FILE_PATTERNS: Final = 1000
_LINK_HINT: Final = "Point the link at something inside the source folder, put the file in its place, or exclude it."
_FEWER_PATTERNS_HINT: Final = "Use fewer and wider patterns."
CHANGED_HINT: Final = "Run again when whatever writes the folder has finished."
_KINDS: Final = {
    stat.S_IFIFO: "a fifo",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A selected file: `relative` to the source, `file` without any link on its way, `rules` as in a Judgement."""

    relative: str
    file: str
    state: FileState
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Entered:
    """A folder that is walked.

    relative: to the source, empty or with a `/` at its end; real: without any link on its way
    linked_from: the folders in which links were followed to get here
    status: of the folder when it was met; None for the source itself
    """

    relative: str
    real: str
    linked_from: tuple[str, ...]
    standing: Standing
    judgement: Judgement | None = None
    status: os.stat_result | None = None


@dataclass(frozen=True, slots=True)
class PassedOver:
    """An entry that is excluded, or a file that nothing includes."""

    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Faulty:
    """An entry that is selected and cannot be served."""

    problem: Problem
    judgement: Judgement


Visit = Found | Entered | PassedOver | Faulty


@dataclass(frozen=True, slots=True)
class Walked:
    """All that a source holds; `hopeless` when the walk was given up because there is far too much.

    met: how many files, folders or problems, whichever are the most
    """

    files: tuple[Found, ...]
    problems: tuple[Problem, ...]
    met: int
    hopeless: bool = False


def walk(mapping: Mapping, most: int) -> Walked:
    """Every selected file, in no order; gives up where more than `most` files, folders or problems are known of.

    Folders count when they are met, not when they are entered: by links to each other they are met again and again.
    """
    files: list[Found] = []
    problems: list[Problem] = []
    waiting = [top(mapping)]
    entered = met = 0
    while waiting:
        met = max(len(files), entered + len(waiting), len(problems))
        if met > most:
            return Walked(tuple(files), tuple(problems), met, hopeless=True)
        entered += 1
        visits, wrong = _visited(mapping, waiting.pop())
        problems += wrong
        for visited in visits:
            if isinstance(visited, Found):
                files.append(visited)
            elif isinstance(visited, Entered):
                waiting.append(visited)
            elif isinstance(visited, Faulty):
                problems.append(visited.problem)
    return Walked(tuple(files), tuple(problems), max(met, len(files), len(problems)))


def _visited(mapping: Mapping, folder: Entered) -> tuple[Sequence[Visit], tuple[Problem, ...]]:
    """What becomes of each entry of a folder, and what is wrong with the folder itself.

    A link that took the folder's place meanwhile led each look at an entry elsewhere; so none of them counts.
    """
    opened = read_folder(mapping, folder)
    visits = [visit(mapping, opened.folder, entry) for entry in opened.entries]
    if visits and not _holds(folder):
        return (), (_changed(mapping, folder),)
    return visits, opened.problems


def top(mapping: Mapping) -> Entered:
    return Entered("", mapping.real, (), mapping.selection.top())


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder's entries, and the folder with its own ignore file counting."""

    folder: Entered
    entries: Sequence[os.DirEntry[str]]
    problems: tuple[Problem, ...] = ()


def read_folder(mapping: Mapping, folder: Entered) -> Opened:
    """The entries of a folder; none, and why, where it or its ignore file cannot be read."""
    try:
        with os.scandir(folder.real) as scan:
            entries = list(scan)
    except OSError as error:
        source = mapping.source_of(folder.relative) or "."
        return Opened(folder, (), (unreadable(source, "folder", error),))
    if not _holds(folder):
        return Opened(folder, (), (_changed(mapping, folder),))
    ignore = next((entry for entry in entries if entry.name == IGNORE_FILE), None)
    if ignore is None:
        return Opened(folder, entries)
    source = mapping.source_of(folder.relative + IGNORE_FILE)
    patterns = _read_ignore_file(ignore, source)
    if not isinstance(patterns, Patterns):
        return Opened(folder, (), patterns)
    return Opened(replace(folder, standing=with_ignore_file(folder.standing, patterns)), entries)


def visit(mapping: Mapping, parent: Entered, entry: os.DirEntry[str]) -> Visit:
    """What becomes of one entry of a folder that was read."""
    name = os.fsencode(entry.name)
    is_folder = leads_to_folder(entry)
    judgement = mapping.selection.judge(parent.standing, name, folder=is_folder)
    if judgement.excluded or not (is_folder or judgement.included):
        return PassedOver(judgement)
    relative = parent.relative + entry.name
    source = mapping.source_of(relative)
    real = f"{parent.real}/{entry.name}"
    is_link = entry.is_symlink()
    try:
        status = entry.stat()
    except OSError as error:
        return Faulty(_unreachable(source, entry, error), judgement)
    if is_link:
        real = os.path.realpath(real)
        fault = _link_fault(mapping, parent, real)
        if fault is not None:
            return Faulty(in_file(source, fault, hint=_LINK_HINT), judgement)
    if is_folder:
        linked_from = (*parent.linked_from, parent.real) if is_link else parent.linked_from
        standing = mapping.selection.enter(parent.standing, name, judgement)
        return Entered(f"{relative}/", real, linked_from, standing, judgement, status)
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        return Faulty(in_file(source, f"is {kind}, not a file", hint="Remove or exclude it."), judgement)
    return Found(relative, real, FileState.of(status), judgement)


def leads_to_folder(entry: os.DirEntry[str]) -> bool:
    """A link to a folder is one here, so that `drafts/` excludes it; a link that leads nowhere is not."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _unreachable(source: str, entry: os.DirEntry[str], error: OSError) -> Problem:
    """An entry without a status: a dangling link, a loop of links, or one that is gone or out of reach."""
    if not entry.is_symlink():
        return unreadable(source, "file", error)
    if error.errno == errno.ELOOP:
        return in_file(source, "is a link that leads back to itself", hint=_LINK_HINT)
    target = _target(entry)
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return in_file(source, f"is a link to {target}, which does not exist", hint=_LINK_HINT)
    return in_file(source, f"is a link to {target}, which cannot be reached ({error.strerror})", hint=_LINK_HINT)


def _link_fault(mapping: Mapping, parent: Entered, target: str) -> str | None:
    if not is_inside(target, mapping.real):
        return f"is a link to {shown(target)}, outside the source folder {mapping.shown or '.'}"
    if any(is_inside(folder, target) for folder in (parent.real, *parent.linked_from)):
        return "is a link to a folder that holds it, a loop"
    return None


def _target(entry: os.DirEntry[str]) -> str:
    try:
        return shown(str(Path(entry.path).readlink()))
    except OSError:
        return "something"


def _changed(mapping: Mapping, folder: Entered) -> Problem:
    source = mapping.source_of(folder.relative) or "."
    return in_file(source, "the folder changed while it was scanned", hint=CHANGED_HINT)


def _holds(folder: Entered) -> bool:
    """Whether a path below the folder leads to where it led when the folder was met, or to what has taken its place."""
    return _is_still(folder) or is_in_place(folder.real)


def _is_still(folder: Entered) -> bool:
    """Whether the folder is the one that was met; a link may bear the number that a removed folder had."""
    try:
        now = os.lstat(folder.real)
    except OSError:
        return False
    return folder.status is not None and stat.S_ISDIR(now.st_mode) and os.path.samestat(now, folder.status)


def is_in_place(real: str) -> bool:
    """Whether a path that had no link on its way still has none: by one that came since, we would leave the source."""
    return os.path.realpath(real) == real


def unreadable(source: str, what: str, error: OSError) -> Problem:
    """A file or folder, as `what` says, that was there when the folder above it was read."""
    if isinstance(error, FileNotFoundError):
        return in_file(source, f"the {what} vanished while it was scanned", hint=CHANGED_HINT)
    return in_file(
        source, f"the {what} cannot be read ({error.strerror})", hint="Check its permissions, or exclude it."
    )


def _read_ignore_file(entry: os.DirEntry[str], source: str) -> Patterns | tuple[Problem, ...]:
    """Whatever keeps its patterns from counting is a Problem: files that it excludes must not become public."""
    try:
        if not entry.is_file(follow_symlinks=False):
            hint = "Put a regular file in its place; links are not followed here, as in git."
            return (in_file(source, "is not a regular file", hint=hint),)
        content = _beginning(entry.path, _IGNORE_FILE_BYTES + 1)
    except OSError as error:
        return (unreadable(source, "file", error),)
    if len(content) > _IGNORE_FILE_BYTES:
        return (in_file(source, "is larger than 1 MiB", hint=_FEWER_PATTERNS_HINT),)
    parsed: list[Pattern] = []
    problems: list[Problem] = []
    for number, line in ignore_file_lines(content):
        place = f"{shown(source)}:{number}"
        pattern = parse_pattern(line, f'{place} "{shown(line)}"')
        if pattern is not None and pattern.regex is None:
            hint = 'Write \\[ for a "[" that opens no class, and no "/" alone.'
            problem = in_file(source, f'the pattern "{shown(line)}" can match nothing', hint=hint, text=line)
            problems.append(replace(problem, line=number, column=1))
        elif pattern is not None:
            parsed.append(pattern)
        if len(parsed) + len(problems) > _IGNORE_FILE_PATTERNS:
            problem = in_file(source, f"has more than {_IGNORE_FILE_PATTERNS} patterns", hint=_FEWER_PATTERNS_HINT)
            return (*problems, replace(problem, line=number, column=1))
    return tuple(problems) or Patterns(parsed)


def _beginning(file: str, size: int) -> bytes:
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        chunks = []
        while size and (chunk := os.read(descriptor, size)):
            chunks.append(chunk)
            size -= len(chunk)
    finally:
        os.close(descriptor)
    return b"".join(chunks)
