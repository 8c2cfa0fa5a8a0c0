"""The user's folders: what may be lost without harm, and what may not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """ASSETSYNC_CACHE_DIR, else the user's cache folder: hashes and the journal. None where there is no home."""
    return _folder(environ, "ASSETSYNC_CACHE_DIR", "user_cache_path")


def data_folder(environ: Mapping[str, str]) -> Path | None:
    """ASSETSYNC_DATA_DIR, else the user's data folder. None where there is no home."""
    return _folder(environ, "ASSETSYNC_DATA_DIR", "user_data_path")


def home_folder() -> Path | None:
    """The user's; None for a user without any."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def _folder(environ: Mapping[str, str], variable: str, platform_folder: str) -> Path | None:
    given = environ.get(variable)
    if given:
        return Path(given)
    import platformdirs

    try:
        folder: Path = getattr(platformdirs, platform_folder)("assetsync")
    except RuntimeError:
        return None
    return folder
