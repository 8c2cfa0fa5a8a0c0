"""Whether git is changing the working tree: half a branch is not what anybody wants to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LOCK = "index.lock"


class Checkout:
    """The repository that holds `folder`, if any."""

    def __init__(self, folder: Path) -> None:
        self._lock = next(
            (found / _LOCK for each in (folder, *folder.parents) if (found := _git_folder(each / ".git"))), None
        )

    @property
    def is_under_way(self) -> bool:
        """Git holds its index locked while it checks out, merges or stashes."""
        return self._lock is not None and self._lock.exists()


def _git_folder(place: Path) -> Path | None:
    """The folder that `.git` is, or, in a linked working tree, that it names."""
    try:
        if place.is_dir():
            return place
        words = place.read_text(encoding="utf-8").split(maxsplit=1)
    except (OSError, ValueError):
        return None
    return (place.parent / words[1].strip()).resolve() if len(words) == 2 and words[0] == "gitdir:" else None
