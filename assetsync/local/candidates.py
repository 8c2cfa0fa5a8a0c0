"""One folder mapping's files, named and described, before any of them is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assetsync.local.describe import Described, Describer
from assetsync.local.mapping import in_manifest, open_mapping
from assetsync.local.walk import walk
from assetsync.model import FolderTally

if TYPE_CHECKING:
    from assetsync.errors import Problem
    from assetsync.local.limits import Limits
    from assetsync.local.mapping import Mapping
    from assetsync.local.walk import Found
    from assetsync.manifest.model import Manifest


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that will be an asset if all is well; `source` is relative to the project root."""

    source: str
    found: Found
    described: Described


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one mapping brings; `hopeless` when its source was too large to walk to the end.

    met: how many files, folders or problems the walk met, whichever are the most
    """

    candidates: tuple[Candidate, ...]
    problems: tuple[Problem, ...]
    tally: FolderTally
    met: int = 0
    hopeless: bool = False


def gather(manifest: Manifest, index: int, limits: Limits, room: int) -> Gathered:
    """Walk the mapping and describe what it selects; `room` is how many files and how many folders are enough."""
    folder = manifest.folders[index]
    mapping = open_mapping(manifest, index)
    if isinstance(mapping, tuple):
        return Gathered((), mapping, FolderTally(folder.source, folder.target, 0))
    walked = walk(mapping, room)
    problems = list(walked.problems)
    candidates = []
    describer = Describer(mapping, limits)
    for found in walked.files:
        described = describer.describe(found.relative, found.judgement.rules)
        if isinstance(described, Described):
            candidates.append(Candidate(mapping.source_of(found.relative), found, described))
        elif described is not None:
            problems.append(described)
    problems += describer.folder_problems
    tally = FolderTally(folder.source, folder.target, len(walked.files))
    if walked.hopeless:
        problems.append(_too_many(manifest, mapping, limits))
    else:
        problems += _missing_index(manifest, mapping, walked.files)
    candidates += _root_page(mapping, candidates)
    return Gathered(tuple(candidates), tuple(problems), tally, walked.met, walked.hopeless)


def _root_page(mapping: Mapping, candidates: list[Candidate]) -> tuple[Candidate, ...]:
    """The index file once more, at `/` (F2.6)."""
    return tuple(
        replace(candidate, described=replace(candidate.described, path="/"))
        for candidate in candidates
        if candidate.found.relative == mapping.folder.index
    )


def _missing_index(manifest: Manifest, mapping: Mapping, files: tuple[Found, ...]) -> tuple[Problem, ...]:
    index = mapping.folder.index
    if index is None or any(found.relative == index for found in files):
        return ()
    message = f"the index file {mapping.source_of(index)} is not among the files that the folder selects"
    hint = "Create it, correct the name, or see with `assetsync explain` what excludes it."
    return (in_manifest(manifest, f"/folders/{mapping.index}/index", message, hint=hint, text=index),)


def _too_many(manifest: Manifest, mapping: Mapping, limits: Limits) -> Problem:
    return in_manifest(
        manifest,
        f"/folders/{mapping.index}/source",
        f"the sources hold more than {limits.hopeless} files or folders, and a Build takes {limits.per_visibility} "
        "of a visibility",
        hint="Name the folder that the site is built into, or `exclude` what is not to be served.",
        text=mapping.folder.source,
    )
