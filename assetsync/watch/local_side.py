"""The local side of a watch: the manifest in force, the files that it selects, and whether they are at rest."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assetsync.errors import UsageError
from assetsync.local.excludes import IGNORE_FILE
from assetsync.local.mapping import source_paths
from assetsync.local.scan import select
from assetsync.local.state import FileState
from assetsync.watch.checkout import is_under_way
from assetsync.watch.rest import Rest
from assetsync.watch.settling import Kind, Touch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from assetsync.local.candidates import Candidate
    from assetsync.local.scan import Selected
    from assetsync.manifest.model import Manifest

EMPTY_PATIENCE = 2.0
"""Seconds that a file which has just become empty is given to get content again: many editors truncate, then write."""

UNFINISHED = 60.0
"""Seconds for which a new file without content is taken to be about to get some; one that is older is meant so."""

CHECKOUT_PATIENCE = 30.0
"""Seconds that git is given to finish; a lock that a killed git left behind is not waited for longer."""

LONG = 10.0
"""Seconds of being written after which it is told that a file is waited for."""


class LocalSide:
    """What is on this machine. `load` reads the manifest afresh; `wall` tells seconds since 1970."""

    def __init__(self, load: Callable[[], Manifest], wall: Callable[[], float] = time.time) -> None:
        self._load, self._wall = load, wall
        self.manifest = load()
        self._manifest_file = str(self.manifest.path.resolve())
        self._stamp = _stamp(self.manifest.path)
        self._manifest_rest = Rest({self._manifest_file: self._stamp})
        self._is_broken = self._is_manifest_told = False
        self._rest = Rest()
        self._sizes: dict[str, int] | None = None
        """Of each file, at the last look; None before the first."""
        self._held: tuple[Candidate, ...] = ()
        self._unfinished: tuple[Candidate, ...] = ()
        self._selected: frozenset[str] = frozenset()
        self._written: set[str] = set()
        self._passed_over: set[str] = set()
        self._waiting: dict[str, float] = {}

    @property
    def is_other(self) -> bool:
        """Whether the manifest's file is not the one that was read last."""
        return _stamp(self.manifest.path) != self._stamp

    def reread(self, writing: Collection[str], now: float) -> bool:
        """Whether another manifest is in force now, or the same again after a broken one.

        One that somebody is writing, or that no event told of and that has just changed, is left for later. Raises
        what is wrong with it, once; the old one stays in force.
        """
        stamp = _stamp(self.manifest.path)
        if stamp == self._stamp or self._manifest_file in writing:
            return False
        restless = self._manifest_rest.restless({self._manifest_file: stamp}, now)
        if restless and not self._is_manifest_told:
            return False
        was_broken, self._is_broken, self._stamp, self._is_manifest_told = self._is_broken, True, stamp, False
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

    def select(self, writing: Collection[str], now: float, *, is_told: bool) -> Selected:
        """The files as they are now, without those being written, and new ones that have no content yet.

        is_told: whether events tell of writing; else a file has to look the same for a moment. Raises InvalidInput.
        """
        selected = select(self.manifest)
        if not is_told:
            stamps = {one.found.file: one.found.state for one in selected.candidates}
            writing = {*writing, *self._rest.restless(stamps, now)}
        self._held = tuple(one for one in selected.candidates if one.found.file in writing)
        self._unfinished = tuple(one for one in selected.candidates if self._is_unfinished(one))
        left_out = {one.source for one in (*self._held, *self._unfinished)}
        return replace(selected, candidates=tuple(one for one in selected.candidates if one.source not in left_out))

    @property
    def held(self) -> tuple[Candidate, ...]:
        """What the last selection leaves out because somebody writes it."""
        return self._held

    def waiting_for(self, writing: Mapping[str, float], now: float) -> tuple[str, ...]:
        """What the last selection leaves out, and may do for long, in a sentence each."""
        stuck = {one.source for one in self._held if now - writing.get(one.found.file, now) >= LONG}
        empty = {one.source for one in self._unfinished}
        return (
            *(f"{each} is being written all the time; it is served once it was left alone for 3 s" for each in stuck),
            *(f"{each} is empty; it is served as soon as it has content" for each in empty),
        )

    def _is_unfinished(self, candidate: Candidate) -> bool:
        state = candidate.found.state
        is_new = self._sizes is not None and candidate.source not in self._sizes
        return is_new and state.size == 0 and self._wall() - state.mtime_ns / 1e9 < UNFINISHED

    def is_at_rest(self, selection: Selected, writing: Collection[str], now: float) -> bool:
        """False while git changes the tree, a file that had content is empty, or somebody writes what is left out."""
        waited = {
            one.source: EMPTY_PATIENCE
            for one in selection.candidates
            if one.found.state.size == 0 and (self._sizes or {}).get(one.source, 1)
        }
        git, was_under_way = is_under_way(self.manifest.root), "" in self._waiting
        if git:
            waited[""] = CHECKOUT_PATIENCE
        self._waiting = {name: self._waiting.get(name, now) for name in waited}
        is_done = all(now - since >= waited[name] for name, since in self._waiting.items())
        if was_under_way and not git:  # that its last files are complete may not have been told yet
            return False
        return is_done and not any(each.endswith(IGNORE_FILE) for each in writing)

    def took(self, selection: Selected) -> None:
        """These files are what was last looked at."""
        before = self._sizes or {}
        self._sizes = {one.source: before[one.source] for one in self._held if one.source in before}
        self._sizes |= {one.source: one.found.state.size for one in selection.candidates}
        files = {one.found.file for one in (*selection.candidates, *self._held, *self._unfinished)}
        self._passed_over |= {file for file in self._written - files if Path(file).exists()}
        self._written.clear()
        self._selected = frozenset(_with_folders(files))

    def judged(self, touch: Touch) -> Touch:
        """What counts only where it is selected: editors make and delete files of their own, servers write logs."""
        if touch.path == self._manifest_file:
            self._is_manifest_told = touch.kind is not Kind.WRITING
            return touch
        if touch.path.endswith(IGNORE_FILE):
            self._passed_over.clear()
            return touch
        if touch.kind is Kind.GONE and touch.path not in self._selected:
            return Touch(touch.path, Kind.DROPPED, touch.at)
        if touch.kind is Kind.WRITING:
            self._written.add(touch.path)
            if touch.path in self._passed_over:
                return Touch(touch.path, Kind.TOUCHED, touch.at)
        return touch

    @property
    def roots(self) -> tuple[Path, ...]:
        """The sources as they are written, links and all; they need not exist."""
        return tuple(Path(source_paths(self.manifest, folder)[0]) for folder in self.manifest.folders)


def state_of(selection: Selected) -> tuple[object, ...]:
    """What a look without a reason compares: names, kinds and times of all that would be served."""
    return tuple((one.described, one.found.state) for one in selection.candidates)


def _with_folders(files: set[str]) -> set[str]:
    """The paths, and every folder above them."""
    found = set(files)
    level = {file.rpartition("/")[0] for file in files}
    while level - found:
        level -= found
        found |= level
        level = {folder.rpartition("/")[0] for folder in level}
    return found


def _stamp(file: Path) -> FileState | None:
    try:
        return FileState.of(file.stat())
    except OSError:
        return None


def _target(manifest: Manifest) -> tuple[object, ...]:
    return manifest.service, manifest.environment, manifest.name
