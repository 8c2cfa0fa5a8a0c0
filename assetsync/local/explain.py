"""Why a path is served or not: the scan's own functions, asked about one path, with what decided each answer."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assetsync.errors import Problem
from assetsync.local.cache import HashCache
from assetsync.local.candidates import Candidate
from assetsync.local.describe import Described, Describer
from assetsync.local.limits import TWILIO_LIMITS, Limits
from assetsync.local.mapping import Mapping, is_inside, open_mapping, source_paths
from assetsync.local.names import base_name, shown
from assetsync.local.reader import Reader
from assetsync.local.reasons import (
    content_type_reason,
    folder_visibility_reason,
    selection_reasons,
    visibility_reason,
)
from assetsync.local.trace import Kind, Trace, trace

if TYPE_CHECKING:
    from assetsync.manifest.model import Manifest


@dataclass(frozen=True, slots=True)
class Answer:
    """A property and what decided it, such as `protected` and `rule 2 (assetsync.yaml:20:9)`."""

    value: str
    because: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one folder mapping makes of the path.

    source, target: of the mapping, as written
    served: a file becomes an asset as far as it alone shows; a folder is entered
    entry: what was decided about: the path, or the folder above it that already settles the matter
    decided_by: the patterns that decided, each with its place; never empty but where a problem did
    paths: URL paths, `/` among them for an index file; a folder's ends with `/`
    visibility: None where nothing is served; content_type: also None for a folder
    secret: why the file looks like a secret and would be refused
    problems: what the scan would say about this entry
    """

    source: str
    target: str
    served: bool
    entry: str
    decided_by: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    visibility: Answer | None = None
    content_type: Answer | None = None
    secret: str | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """`path` relative to the project root where it is inside; one Coverage for each mapping that covers it."""

    path: str
    kind: Kind
    coverages: tuple[Coverage, ...]

    @property
    def served(self) -> bool:
        return any(coverage.served for coverage in self.coverages)


def explain(manifest: Manifest, path: Path, *, limits: Limits = TWILIO_LIMITS) -> Explanation:
    """What becomes of a file, a folder or a path that does not exist yet; `path` is relative to the working folder.

    Problems that only show among all files (collisions, counts) are the scan's.
    """
    absolute = Path(os.path.normpath(path.absolute()))
    spellings = (str(absolute), f"{os.path.realpath(absolute.parent)}/{absolute.name}")
    root = str(manifest.root)
    inside = next((spelling for spelling in spellings if is_inside(spelling, root)), spellings[0])
    coverages = []
    for index, folder in enumerate(manifest.folders):
        relative = _below(spellings, source_paths(manifest, folder))
        if relative is not None:
            coverages.append(_cover(manifest, index, relative, limits))
    return Explanation(shown(inside.removeprefix(f"{root}/")), _kind_of(absolute), tuple(coverages))


def _below(spellings: tuple[str, ...], sources: tuple[str, ...]) -> str | None:
    """The path relative to a source, empty for the source itself; None where it is elsewhere."""
    for source in sources:
        for spelling in spellings:
            if is_inside(spelling, source):
                return spelling[len(source.rstrip("/")) + 1 :]
    return None


def _kind_of(path: Path) -> Kind:
    try:
        path.lstat()
        return Kind.FOLDER if path.is_dir() else Kind.FILE
    except OSError:
        return Kind.MISSING


def _cover(manifest: Manifest, index: int, relative: str, limits: Limits) -> Coverage:
    folder = manifest.folders[index]
    mapping = open_mapping(manifest, index)
    if isinstance(mapping, tuple):
        return Coverage(folder.source, folder.target, served=False, entry=shown(folder.source), problems=mapping)
    traced = trace(mapping, relative.split("/") if relative else ())
    coverage = Coverage(
        folder.source,
        folder.target,
        served=False,
        entry=shown(mapping.source_of(traced.relative)) or ".",
        decided_by=selection_reasons(manifest, index, traced),
        problems=traced.problems,
    )
    if not traced.selected:
        return coverage
    if traced.kind is Kind.FOLDER:
        return _cover_folder(coverage, manifest, mapping, Describer(mapping, limits), traced)
    return _cover_file(coverage, manifest, mapping, limits, traced)


def _cover_folder(
    coverage: Coverage, manifest: Manifest, mapping: Mapping, describer: Describer, traced: Trace
) -> Coverage:
    path = describer.folder_path(traced.relative)
    if path is None:
        return replace(coverage, problems=tuple(describer.folder_problems))
    said = describer.properties(0 if traced.judgement is None else traced.judgement.rules)
    because = folder_visibility_reason(manifest, mapping.index, said)
    return replace(coverage, served=True, paths=(path,), visibility=Answer(said.visibility, because))


def _cover_file(coverage: Coverage, manifest: Manifest, mapping: Mapping, limits: Limits, traced: Trace) -> Coverage:
    assert traced.judgement is not None
    describer = Describer(mapping, limits)
    described = describer.describe(traced.relative, traced.judgement.rules)
    if not isinstance(described, Described):
        own = () if described is None else (described,)
        return replace(coverage, problems=(*describer.folder_problems, *own))
    secret = _secret(mapping, limits, traced, described)
    if isinstance(secret, Problem):
        return replace(coverage, problems=(secret,))
    content_type_because = content_type_reason(manifest, mapping.index, described, base_name(traced.relative))
    return replace(
        coverage,
        served=True,
        paths=(described.path, "/") if traced.relative == mapping.folder.index else (described.path,),
        visibility=Answer(described.visibility, visibility_reason(manifest, mapping.index, described)),
        content_type=Answer(described.content_type, content_type_because),
        secret=secret,
    )


def _secret(mapping: Mapping, limits: Limits, traced: Trace, described: Described) -> Problem | str | None:
    """What only the file itself can say: why it looks like a secret, or what keeps it from being read."""
    if traced.found is None:
        return described.secret((base_name(traced.relative),), None)
    candidate = Candidate(mapping.source_of(traced.relative), traced.found, described)
    read = Reader(HashCache.cold(), limits).asset(candidate)
    return read if isinstance(read, Problem) else read.secret
