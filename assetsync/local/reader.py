"""From a candidate to an asset: the one place where the bytes of files are looked at."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from assetsync.errors import FileChanged, Problem
from assetsync.local.checks import size_problem
from assetsync.local.digest import read_contents
from assetsync.local.names import base_name, in_file, shown
from assetsync.local.walk import CHANGED_HINT, is_in_place, unreadable
from assetsync.model import DesiredAsset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from assetsync.local.cache import HashCache, Known
    from assetsync.local.candidates import Candidate
    from assetsync.local.digest import Contents
    from assetsync.local.limits import Limits
    from assetsync.local.walk import Found


_LARGE: Final = 2**20
_AT_ONCE: Final = 2
"""How many large files are read at the same time: while one is read or hashed, another can be searched."""


class Reader:
    """Turns candidates into assets, reading what the cache does not know, and each file once."""

    __slots__ = ("_ahead", "_cache", "_limits", "_read", "_want_sha256")

    def __init__(self, cache: HashCache, limits: Limits, *, want_sha256: bool = False) -> None:
        self._cache = cache
        self._limits = limits
        self._want_sha256 = want_sha256
        self._read: dict[str, Known] = {}
        self._ahead: dict[str, Callable[[], Contents]] = {}

    @contextmanager
    def reading_ahead(self, candidates: Iterable[Candidate]) -> Iterator[None]:
        """Inside, the large ones among these are read by threads before anybody asks for them."""
        large: dict[tuple[int, int], Found] = {}  # hard links are one file
        for one in candidates:
            if self._is_worth_a_thread(one):
                large.setdefault((one.found.state.device, one.found.state.inode), one.found)
        if len(large) < _AT_ONCE:
            yield
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_AT_ONCE, "reader") as pool:
            with suppress(RuntimeError):  # no thread is left: then without
                for found in large.values():
                    self._ahead[found.file] = pool.submit(self._read_in_place, found).result
            try:
                yield
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _is_worth_a_thread(self, candidate: Candidate) -> bool:
        state = candidate.found.state
        largest = self._limits.largest(candidate.described.visibility)
        return _LARGE <= state.size <= largest and self._cache.recall(state, want_sha256=self._want_sha256) is None

    def asset(self, candidate: Candidate) -> DesiredAsset | Problem:
        """The asset, or why there can be none."""
        found, described, source = candidate.found, candidate.described, candidate.source
        problem = size_problem(source, found.state.size, described.visibility, self._limits)
        if problem is not None:
            return problem
        try:
            known = self._known(found)
        except FileChanged as error:
            return in_file(source, "the file changed while it was read", hint=error.hint)
        except OSError as error:
            return unreadable(source, "file", error)
        return size_problem(source, known.size, described.visibility, self._limits) or DesiredAsset(
            path=described.path,
            visibility=described.visibility,
            content_type=described.content_type,
            size=known.size,
            digest=known.digest,
            source=source,
            file=found.file,
            sha256=known.sha256 if self._want_sha256 else None,
            secret=described.secret(dict.fromkeys(map(base_name, (found.relative, found.file))), known.secret),
        )

    def _known(self, found: Found) -> Known:
        known = self._read.get(found.file) or self._cache.recall(found.state, want_sha256=self._want_sha256)
        if known is None:
            read = self._ahead.get(found.file) or partial(self._read_in_place, found)
            known = self._cache.remember(read())
        self._read[found.file] = known
        return known

    def _read_in_place(self, found: Found) -> Contents:
        """What the walk found, or a file that has taken its place; never one that a newer link leads to."""
        contents = read_contents(found.file, want_sha256=self._want_sha256)
        if not contents.state.is_of(found.state) and not is_in_place(found.file):
            raise FileChanged(f"{shown(found.file)} is elsewhere now", hint=CHANGED_HINT)
        return contents
