"""Folders for the user's eyes alone, whatever the umask."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def make_private(folder: Path) -> None:
    """Make the folder and what is missing above it, each with mode 0700; one that is there stays as it is.

    Raises OSError. `mkdir(parents=True)` would give the ones above what the umask leaves.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
