"""Which entries of a folder mapping are selected, and what said so.

What decides about a file, the last match of all winning: the default excludes, the mapping's `exclude`, then each
folder's `.assetsyncignore`, deeper ones later. `include` must match as well. `.gitignore` is never read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assetsync.manifest.patterns import Pattern, Patterns


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the patterns say about one entry.

    exclude: what decided about leaving it out, a `!pattern` where it was brought back; None: nothing spoke of it
    include: what decided about `include`, perhaps for a folder above; None: nothing includes it
    rules: bit n is set where rule n matches the entry or a folder above it
    """

    exclude: Pattern | None
    include: Pattern | None
    rules: int

    @property
    def excluded(self) -> bool:
        return self.exclude is not None and not self.exclude.negated

    @property
    def included(self) -> bool:
        return self.include is not None and not self.include.negated


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a folder stands: all that its entries inherit.

    path: the folder relative to the source, empty or with a `/` at its end
    ignores: each with the number of bytes of `path` that it is relative to, the deepest first
    """

    path: bytes
    ignores: tuple[tuple[int, Patterns], ...]
    include: Pattern | None
    rules: int


@dataclass(frozen=True, slots=True)
class Selection:
    """The patterns of one folder mapping; `rules` has one entry a rule, empty where the rule does not count here."""

    exclude: Patterns
    include: Patterns
    rules: Sequence[Patterns]
    _judgements: dict[tuple[int, int, int], Judgement] = field(default_factory=dict, repr=False, compare=False)
    """Each once, by what is in it (patterns by their identity): a tree has a few, however many files."""

    def top(self) -> Standing:
        """The source folder itself; no pattern speaks about that one."""
        return Standing(b"", ((0, self.exclude),), None, 0)

    def judge(self, parent: Standing, name: bytes, *, folder: bool) -> Judgement:
        """About the entry `name` in a folder that was entered."""
        path = parent.path + name
        exclude = None
        for base, patterns in parent.ignores:
            exclude = patterns.last_match(path[base:], folder=folder)
            if exclude is not None:
                break
        rules = parent.rules
        for bit, patterns in enumerate(self.rules):
            if not rules >> bit & 1 and patterns.last_match(path, folder=folder) is not None:
                rules |= 1 << bit
        include = self.include.last_match(path, folder=folder) or parent.include
        key = id(exclude), id(include), rules
        if key not in self._judgements:
            self._judgements[key] = Judgement(exclude, include, rules)
        return self._judgements[key]

    def enter(self, parent: Standing, name: bytes, judgement: Judgement) -> Standing:
        """Where a folder that `judgement` does not exclude stands, before its own ignore file."""
        return Standing(parent.path + name + b"/", parent.ignores, judgement.include, judgement.rules)


def with_ignore_file(standing: Standing, patterns: Patterns) -> Standing:
    """The same folder, its own ignore file counting for its entries."""
    ignores = ((len(standing.path), patterns), *standing.ignores)
    return Standing(standing.path, ignores, standing.include, standing.rules)
