"""Where the manifest is, and where the project around it ends."""

from __future__ import annotations

import os.path
from pathlib import Path

from assetsync.errors import NoManifest, UsageError

NAMES = ("assetsync.yaml", "assetsync.yml")


def find_manifest(start: Path) -> Path:
    """The manifest of `start` or of the nearest folder above, relative where `start` is.

    Raises NoManifest, and UsageError where there are two in one folder.
    """
    here = start.absolute()
    for folder in (here, *here.parents):
        found = [folder / name for name in NAMES if os.path.isfile(folder / name)]  # noqa: PTH113 - never raises
        if len(found) > 1:
            hint = "keep one, or name one with --manifest"
            raise UsageError(f"there are both {' and '.join(NAMES)} in {folder}", hint=hint)
        if found:
            return found[0] if start.is_absolute() else Path(os.path.relpath(found[0]))
    hint = "run `assetsync init` to write one, or name one with --manifest"
    raise NoManifest(f"there is no {NAMES[0]} in {here} or a folder above it", hint=hint)


def manifest_folder(manifest: Path) -> Path:
    """The folder that the manifest's sources are relative to, absolute and resolved."""
    return manifest.absolute().parent.resolve()


def project_root(manifest: Path) -> Path:
    """The nearest folder above the manifest that holds `.git` (a folder, or a file in a worktree), else its own."""
    folder = manifest_folder(manifest)
    for above in (folder, *folder.parents):
        if os.path.lexists(above / ".git"):
            return above
    return folder
