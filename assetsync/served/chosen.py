"""`--only GLOB`: choosing among paths, with the patterns of the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from assetsync.errors import UsageError
from assetsync.manifest.patterns import Patterns, parse_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


T = TypeVar("T")


class Chosen:
    """Which paths are meant: all of them where no glob is given, the root by `/`.

    Raises UsageError for one that can match nothing.
    """

    def __init__(self, globs: Sequence[str]) -> None:
        self._root = "/" in globs
        globs = [glob for glob in globs if glob != "/"]
        parsed = [parse_pattern(glob, f'--only "{glob}"') for glob in globs]
        useless = next((glob for glob, each in zip(globs, parsed, strict=True) if each is None or not each.regex), None)
        if useless is not None:
            raise UsageError(
                f"--only '{useless}' matches nothing", hint="write it as in .gitignore: css/, *.html, /a/**"
            )
        self._patterns = Patterns([each for each in parsed if each is not None])
        self._all = not globs and not self._root

    def of(self, things: Iterable[T], path: Callable[[T], str]) -> list[T]:
        """Those that are meant. Raises UsageError where there are some and none of them is: nothing would be done."""
        every = list(things)
        chosen = [each for each in every if path(each) in self]
        if every and not chosen:
            raise UsageError(f"--only chose none of {len(every)} paths", hint="they begin like /css/a.css")
        return chosen

    def __contains__(self, path: str) -> bool:
        """A glob that matches a folder chooses all below it, unless a later one takes a part out again."""
        if self._all or (path == "/" and self._root):
            return True
        parts = path.removeprefix("/").split("/")
        chosen = False
        for end in range(1, len(parts) + 1):
            entry = "/".join(parts[:end]).encode("utf-8", "surrogateescape")
            decided = self._patterns.last_match(entry, folder=end < len(parts))
            chosen = chosen if decided is None else not decided.negated
        return chosen
