"""One folder mapping of the manifest, made ready for walking: where its source is and what its patterns say."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.errors import Problem
from assetsync.local.excludes import DEFAULT_EXCLUDES
from assetsync.local.names import name_fault, shown
from assetsync.local.rules import rule_counts
from assetsync.local.selection import Selection
from assetsync.manifest.globs import escape
from assetsync.manifest.patterns import Pattern, Patterns, parse_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assetsync.manifest.model import Folder, Manifest


@dataclass(frozen=True, slots=True)
class Mapping:
    """A folder mapping whose source exists.

    index: its place in the manifest; real: the source as an absolute path without links
    shown: the source relative to the project root, empty for the root itself
    """

    index: int
    folder: Folder
    real: str
    shown: str
    selection: Selection

    def source_of(self, relative: str) -> str:
        """A path below the source, relative to the project root."""
        return f"{self.shown}/{relative}" if self.shown and relative else self.shown or relative


def open_mapping(manifest: Manifest, index: int) -> Mapping | tuple[Problem, ...]:
    """The mapping, or all that is wrong with its source and its patterns."""
    folder = manifest.folders[index]
    root = str(manifest.root)
    named, real = source_paths(manifest, folder)
    inside = named if is_inside(named, root) else real
    problems: list[Problem] = []
    fault = _source_fault(real, root)
    if fault is not None:
        problems.append(in_manifest(manifest, f"/folders/{index}/source", fault[0], hint=fault[1], text=folder.source))
    selection = _selection(manifest, index, real)
    if problems:
        return tuple(problems)
    return Mapping(index, folder, real, inside[len(root.rstrip("/")) + 1 :], selection)


def source_paths(manifest: Manifest, folder: Folder) -> tuple[str, str]:
    """The source as an absolute path, as written and without links; it need not exist."""
    above = "" if folder.source.startswith("/") else os.path.realpath(manifest.path.parent)
    written = f"{above}/{folder.source}"
    return os.path.normpath(written).replace("//", "/"), os.path.realpath(written)


def in_manifest(manifest: Manifest, pointer: str, message: str, *, hint: str, text: str | None = None) -> Problem:
    """A Problem at a place of the manifest."""
    mark = manifest.mark(pointer)
    return Problem(str(manifest.path), mark.line, mark.column, message, None if text is None else shown(text), hint)


def is_inside(path: str, folder: str) -> bool:
    """Whether an absolute path is `folder` or below it; both without `..` and of the same kind, links or not."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _source_fault(real: str, root: str) -> tuple[str, str] | None:
    """What is wrong with a source, and the way out."""
    if not is_inside(real, root):
        return (
            f"the source folder is {shown(real)}, outside the project root {shown(root)}",
            "Name a folder inside the project; the project root is the nearest folder above the manifest with .git.",
        )
    name_is_wrong = name_fault(real[len(root) :])
    if name_is_wrong is not None:
        return f"the source folder cannot be used: {name_is_wrong}", "Rename the folder."
    try:
        os.scandir(real).close()
    except FileNotFoundError:
        return "the source folder does not exist", "Build the site first, or correct the name."
    except NotADirectoryError:
        return "the source is not a folder", "Name the folder that the file is in."
    except OSError as error:
        return f"the source folder cannot be read ({error.strerror})", "Check the name and its permissions."
    return None


def _selection(manifest: Manifest, index: int, real: str) -> Selection:
    folder = manifest.folders[index]
    pointer = f"/folders/{index}"
    defaults = [*DEFAULT_EXCLUDES, *_the_manifest_itself(manifest, real)]
    exclude = [parse_pattern(text, f'default exclude "{shown(text)}"') for text in defaults]
    exclude += _parsed(manifest, f"{pointer}/exclude", "exclude", folder.exclude)
    include = _parsed(manifest, f"{pointer}/include", "include", folder.include)
    matches = [
        _parsed(manifest, f"{pointer}/rules/{number}/match", f"rule {number + 1}", (rule.match,))
        for number, rule in enumerate(folder.rules)
    ]
    environment = manifest.environment.name
    counting = [
        Patterns(match if rule_counts(rule, environment) else ())
        for rule, match in zip(folder.rules, matches, strict=True)
    ]
    return Selection(Patterns([p for p in exclude if p is not None]), Patterns(include), counting)


def _the_manifest_itself(manifest: Manifest, real: str) -> Iterator[str]:
    """The pattern for the manifest, where it lies in the source."""
    file = os.path.realpath(manifest.path)
    if is_inside(file, real):
        yield "/" + escape(file[len(real.rstrip("/")) + 1 :])


def _parsed(manifest: Manifest, pointer: str, key: str, lines: Sequence[str]) -> list[Pattern]:
    """The patterns of a list in the manifest, which has seen to it that each of them matches something."""
    places = [pointer if pointer.endswith("/match") else f"{pointer}/{number}" for number in range(len(lines))]
    parsed = [
        parse_pattern(line, _origin(manifest, place, key, line)) for line, place in zip(lines, places, strict=True)
    ]
    return [pattern for pattern in parsed if pattern is not None]


def _origin(manifest: Manifest, pointer: str, key: str, line: str) -> str:
    section = pointer.rpartition("/")[0]
    if key == "include" and section not in manifest.marks and pointer not in manifest.marks:
        return f'default include "{shown(line)}"'
    mark = manifest.mark(pointer)
    return f'{key} "{shown(line)}" ({manifest.path}:{mark.line}:{mark.column})'
