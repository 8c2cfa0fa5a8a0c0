"""The scan: from the manifest's folders to everything that an Environment should serve, or all that is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.errors import InvalidInput, Problem
from assetsync.events import Emit, Scanned, silent
from assetsync.local.cache import HashCache
from assetsync.local.candidates import gather
from assetsync.local.checks import count_problems, count_warnings, root_warnings, size_problem, size_warnings
from assetsync.local.limits import TWILIO_LIMITS, Limits
from assetsync.local.paths import collisions
from assetsync.local.reader import Reader
from assetsync.manifest.model import DigestKind
from assetsync.model import DesiredAsset, DesiredTree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from assetsync.local.candidates import Candidate, Gathered
    from assetsync.manifest.model import Manifest
    from assetsync.model import FolderTally


@dataclass(frozen=True, slots=True)
class Selected:
    """The files that will be served, before one of them is read."""

    manifest: Manifest
    limits: Limits
    candidates: tuple[Candidate, ...]
    tallies: tuple[FolderTally, ...]


def select(manifest: Manifest, limits: Limits = TWILIO_LIMITS) -> Selected:
    """Walk every folder and decide about every file; nothing is read but names and states.

    Raises InvalidInput with every problem that names, kinds, sizes and counts show.
    """
    gathered = _gathered(manifest, limits)
    candidates = sorted(
        (candidate for one in gathered for candidate in one.candidates),
        key=lambda one: (one.described.path, one.source),
    )
    problems = [problem for one in gathered for problem in one.problems]
    problems += count_problems((candidate.described.visibility for candidate in candidates), manifest, limits)
    problems += collisions([(candidate.described.path, candidate.source) for candidate in candidates])
    problems += _too_large(candidates, limits)
    if problems:
        raise InvalidInput(tuple(problems))
    return Selected(manifest, limits, tuple(candidates), tuple(one.tally for one in gathered))


def digest_files(
    selection: Selected, *, cache_dir: Path | None, now_ns: Callable[[], int], emit: Emit = silent
) -> DesiredTree:
    """Read what the hash cache does not know.

    cache_dir: where hashes are remembered, None for nowhere; now_ns: the wall clock that file times are set by,
    nanoseconds since 1970.
    Raises InvalidInput with every file that cannot be read, or that changed meanwhile.
    """
    manifest, limits = selection.manifest, selection.limits
    cache = HashCache.load(cache_dir, manifest.root, now_ns())
    reader = Reader(cache, limits, want_sha256=manifest.digest is DigestKind.SHA256)
    with reader.reading_ahead(selection.candidates):
        read = [reader.asset(candidate) for candidate in selection.candidates]
    unsaved = cache.save()
    problems = tuple(one for one in read if isinstance(one, Problem))
    if problems:
        raise InvalidInput(problems)

    assets = tuple(one for one in read if isinstance(one, DesiredAsset))
    emit(Scanned(len(assets), sum(asset.size for asset in assets)))
    return DesiredTree(
        assets,
        selection.tallies,
        (
            *size_warnings(((asset.source, asset.size) for asset in assets), limits),
            *count_warnings((asset.visibility for asset in assets), limits),
            *root_warnings(asset.path for asset in assets),
            *([unsaved] if unsaved else []),
        ),
    )


def scan(
    manifest: Manifest,
    *,
    cache_dir: Path | None,
    now_ns: Callable[[], int],
    emit: Emit = silent,
    limits: Limits = TWILIO_LIMITS,
) -> DesiredTree:
    """What the selected Environment should serve: `select`, then `digest_files`. Raises InvalidInput."""
    return digest_files(select(manifest, limits), cache_dir=cache_dir, now_ns=now_ns, emit=emit)


def _gathered(manifest: Manifest, limits: Limits) -> list[Gathered]:
    """Mapping by mapping, no further than where all of them together hold far too much."""
    gathered: list[Gathered] = []
    room = limits.hopeless
    for index in range(len(manifest.folders)):
        one = gather(manifest, index, limits, room)
        gathered.append(one)
        room -= one.met
        if one.hopeless:
            break
    return gathered


def _too_large(candidates: Sequence[Candidate], limits: Limits) -> list[Problem]:
    found = (size_problem(one.source, one.found.state.size, one.described.visibility, limits) for one in candidates)
    return [problem for problem in found if problem is not None]
