"""What two Builds serve differently, and how much of it is not ours: for history, going back and promoting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.model import AssetVersion, FunctionVersion
from assetsync.plan.safety import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from assetsync.model import Build

ALLOW_FOREIGN = "--allow-foreign"
_NAMED = 3

Version = AssetVersion | FunctionVersion


@dataclass(frozen=True, slots=True)
class Change:
    """One path that two Builds serve differently; a side is None where that Build does not serve it."""

    path: str
    before: Version | None
    after: Version | None

    @property
    def sides(self) -> tuple[Version, ...]:
        return tuple(side for side in (self.before, self.after) if side is not None)

    @property
    def is_function(self) -> bool:
        return isinstance(self.sides[0], FunctionVersion)

    @property
    def kind(self) -> str:
        """`added`, `removed`, `visibility` or `content`, where the bytes or the type may be others."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "content" if self.before.visibility == self.after.visibility else "visibility"

    def is_of(self, own: Collection[str]) -> bool:
        """Whether both sides are of these Assets."""
        return all(isinstance(side, AssetVersion) and side.asset_sid in own for side in self.sides)


@dataclass(frozen=True, slots=True)
class Difference:
    """From one Build to another: paths in order, assets before Functions; names of npm packages; the runtimes."""

    changes: tuple[Change, ...] = ()
    dependencies: tuple[str, ...] = ()
    runtimes: tuple[str | None, str | None] | None = None

    def foreign(self, own: Collection[str]) -> tuple[str, ...]:
        """What in it is not of these Assets, each thing in a few words."""
        words = [_named(change) for change in self.changes if not change.is_of(own)]
        words += [f"the npm package {name}" for name in self.dependencies]
        if self.runtimes is not None:
            words.append("the runtime of the Functions")
        return tuple(words)


def difference(before: Build | None, after: Build | None) -> Difference:
    """What is served differently when `after` takes the place of `before`; None serves nothing."""
    packages = [{each.name: each.version for each in build.dependencies} if build else {} for build in (before, after)]
    runtimes = (before.runtime if before else None, after.runtime if after else None)
    has_functions = bool(before and before.function_versions) and bool(after and after.function_versions)
    return Difference(
        (
            *_changes(before.asset_versions if before else (), after.asset_versions if after else ()),
            *_changes(before.function_versions if before else (), after.function_versions if after else ()),
        ),
        tuple(sorted({name for name, _version in packages[0].items() ^ packages[1].items()})) if has_functions else (),
        runtimes if has_functions and runtimes[0] != runtimes[1] else None,
    )


def foreign_refusal(found: Difference, own: Collection[str]) -> Iterator[Refusal]:
    """What is not ours would change with a whole Build: that takes a consent."""
    foreign = found.foreign(own)
    if foreign:
        rest = f" and {len(foreign) - _NAMED} more" if len(foreign) > _NAMED else ""
        what = "1 thing that is not ours" if len(foreign) == 1 else f"{len(foreign)} things that are not ours"
        message = f"{what} would change with it: {', '.join(foreign[:_NAMED])}{rest}"
        yield Refusal("foreign", message, len(foreign), "0", ALLOW_FOREIGN)


def _named(change: Change) -> str:
    return f"the Function {change.path}" if change.is_function else f"the asset {change.path}"


def _changes(before: Iterable[Version], after: Iterable[Version]) -> Iterator[Change]:
    left, right = {each.path: each for each in before}, {each.path: each for each in after}
    for path in sorted(left.keys() | right.keys()):
        change = Change(path, left.get(path), right.get(path))
        if change.before is None or change.after is None or change.before.sid != change.after.sid:
            yield change
