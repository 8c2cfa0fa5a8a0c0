"""The local side of a watch: the manifest in force, the files that it selects, and whether they are at rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assetsync.errors import UsageError
from assetsync.local.excludes import IGNORE_FILE
from assetsync.local.mapping import source_paths
from assetsync.local.scan import select
from assetsync.watch.checkout import is_under_way
from assetsync.watch.settling import MOST_WRITING, Kind, Touch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from assetsync.local.candidates import Candidate
    from assetsync.local.scan import Selected
    from assetsync.manifest.model import Manifest

EMPTY_PATIENCE = 2.0
"""Seconds that a file which has just become empty is given to get content again: many editors truncate, then write."""

CHECKOUT_PATIENCE = 30.0
"""Seconds that git is given to finish; a lock that a killed git left behind is not waited for longer."""


class LocalSide:
    """What is on this machine. `load` reads the manifest afresh."""

    def __init__(self, load: Callable[[], Manifest]) -> None:
        self._load = load
        self.manifest = load()
        self._stamp = _stamp(self.manifest.path)
        self._is_broken = False
        self._sizes: dict[str, int] | None = None
        """Of each file, at the last look."""
        self._held: tuple[Candidate, ...] = ()
        self._unfinished: tuple[Candidate, ...] = ()
        self._served: frozenset[str] = frozenset()
        self._written: set[str] = set()
        self._passed_over: set[str] = set()
        self._waiting: dict[str, float] = {}

    @property
    def is_other(self) -> bool:
        """Whether the manifest's file is not the one that was read last."""
        return _stamp(self.manifest.path) != self._stamp

    @property
    def is_broken(self) -> bool:
        """Whether the manifest's file cannot be read, so that an older one is in force."""
        return self._is_broken

    def reread(self) -> bool:
        """Whether another manifest is in force now, or the same again after a broken one.

        Raises what is wrong with it, once; the old one stays in force.
        """
        if not self.is_other:
            return False
        stamp = _stamp(self.manifest.path)
        was_broken, self._is_broken, self._stamp = self._is_broken, True, stamp
        manifest = self._load()
        if _target(manifest) != _target(self.manifest):
            raise UsageError(
                f"{manifest.path} names another Service, Environment or owner now; this watch stays with the old one",
                hint="end it with Ctrl-C and start it again to deploy there",
            )
        self._is_broken = False
        self._passed_over.clear()
        changed = replace(manifest, marks={}) != replace(self.manifest, marks={})
        self.manifest = manifest
        return changed or was_broken

    def select(self, writing: Collection[str] = ()) -> Selected:
        """The files as they are now, without those being written, and new ones that have no content yet.

        Raises InvalidInput.
        """
        selected = select(self.manifest)
        self._held = tuple(one for one in selected.candidates if one.found.file in writing)
        self._unfinished = tuple(one for one in selected.candidates if self._is_unfinished(one))
        left_out = {one.source for one in (*self._held, *self._unfinished)}
        return replace(selected, candidates=tuple(one for one in selected.candidates if one.source not in left_out))

    def waiting_for(self, writing: Mapping[str, float], now: float) -> tuple[str, ...]:
        """What the last selection leaves out, and may do for long, in a sentence each."""
        stuck = [one.source for one in self._held if now - writing.get(one.found.file, now) >= MOST_WRITING]
        return (
            *(f"{each} is being written all the time; it is served once it was left alone for 3 s" for each in stuck),
            *(f"{one.source} is empty; it is served as soon as it has content" for one in self._unfinished),
        )

    @property
    def held(self) -> tuple[str, ...]:
        """The files that the last selection leaves out because somebody writes into them."""
        return tuple(one.source for one in self._held)

    def _is_unfinished(self, candidate: Candidate) -> bool:
        is_new = self._sizes is not None and candidate.source not in self._sizes
        return is_new and candidate.found.status.st_size == 0

    def is_at_rest(self, selection: Selected, now: float) -> bool:
        """False while git changes the tree, or a file that had content is empty for a moment."""
        held = {
            one.source: EMPTY_PATIENCE
            for one in selection.candidates
            if one.found.status.st_size == 0 and (self._sizes or {}).get(one.source, 1)
        }
        if is_under_way(self.manifest.root):
            held[""] = CHECKOUT_PATIENCE
        self._waiting = {name: self._waiting.get(name, now) for name in held}
        return all(now - since >= held[name] for name, since in self._waiting.items())

    def took(self, selection: Selected) -> None:
        """These files are what was last looked at."""
        before = self._sizes or {}
        self._sizes = {source: before[source] for source in self.held if source in before}
        self._sizes |= {one.source: one.found.status.st_size for one in selection.candidates}
        files = {one.found.file for one in (*selection.candidates, *self._held)}
        self._passed_over |= {file for file in self._written - files if Path(file).exists()}
        self._written.clear()
        self._served = frozenset(_with_folders(files))

    def judged(self, touch: Touch) -> Touch:
        """What counts only where it is served: editors make and delete files of their own, servers write logs."""
        if touch.path.endswith(IGNORE_FILE):
            self._passed_over.clear()
        is_draft = touch.kind is Kind.GONE and touch.path not in self._served
        is_passed_over = touch.kind is Kind.WRITING and touch.path in self._passed_over
        if touch.kind is Kind.WRITING:
            self._written.add(touch.path)
        if is_draft:
            return Touch(touch.path, Kind.DROPPED, touch.at)
        return Touch(touch.path, Kind.TOUCHED, touch.at) if is_passed_over else touch

    @property
    def roots(self) -> tuple[Path, ...]:
        """The sources as they are written, links and all; they need not exist."""
        return tuple(Path(source_paths(self.manifest, folder)[0]) for folder in self.manifest.folders)


def state_of(selection: Selected) -> tuple[object, ...]:
    """What a look without a reason compares: names, kinds and times of all that would be served."""
    return tuple(
        (one.described, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        for one in selection.candidates
        for status in (one.found.status,)
    )


def _with_folders(files: set[str]) -> set[str]:
    """The paths, and every folder above them."""
    found = set(files)
    level = {file.rpartition("/")[0] for file in files}
    while level - found:
        level -= found
        found |= level
        level = {folder.rpartition("/")[0] for folder in level}
    return found


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _target(manifest: Manifest) -> tuple[object, ...]:
    return manifest.service, manifest.environment, manifest.name
