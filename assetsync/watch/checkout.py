"""Whether git is changing the working tree: half a branch is not what anybody wants to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LOCK = "index.lock"


def is_under_way(folder: Path) -> bool:
    """Git holds the index of the repository around `folder` locked while it checks out, merges or stashes."""
    found = next((git for each in (folder, *folder.parents) if (git := _git_folder(each / ".git"))), None)
    return found is not None and (found / _LOCK).exists()


def _git_folder(place: Path) -> Path | None:
    """The folder that `.git` is, or, in a linked working tree, that it names."""
    try:
        if place.is_dir():
            return place
        words = place.read_text(encoding="utf-8").split(maxsplit=1)
    except (OSError, ValueError):
        return None
    return (place.parent / words[1].strip()).resolve() if len(words) == 2 and words[0] == "gitdir:" else None
