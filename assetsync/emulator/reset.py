"""A state folder made empty again, and nothing else ever."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from assetsync.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

_DATABASE: Final = "state.sqlite3"
_TABLES: Final = frozenset({"facts", "services", "build_versions"})
_FOLDERS: Final = frozenset({"content", "incoming"})
_FILES: Final = re.compile(
    rf"lock|server\.json|server\.[0-9a-f]{{16}}\.tmp|{re.escape(_DATABASE)}(-wal|-shm|-journal)?"
)


def has_state(folder: Path) -> bool:
    """Whether there is anything to reset. Raises UsageError for a folder that is not a state folder of ours."""
    if not folder.exists():
        return False
    entries = [entry for entry in sorted(folder.iterdir()) if entry.name != "lock"] if folder.is_dir() else [folder]
    for entry in entries:
        if not _is_ours(entry):
            raise _refusal(folder, f"`{entry.name}` in it is none of its files")
    if entries and not _is_our_database(folder / _DATABASE):
        raise _refusal(folder, f"there is no database of it in `{_DATABASE}`")
    return bool(entries)


def empty(folder: Path) -> None:
    """Remove the state, but not the folder and its lock, which the caller holds. Raises UsageError as `has_state`.

    The database goes last: what a kill leaves behind can be reset again.
    """
    if not has_state(folder):
        return
    entries = [entry for entry in folder.iterdir() if entry.name != "lock"]
    for entry in sorted(entries, key=lambda each: each.name.startswith(_DATABASE)):
        if entry.name in _FOLDERS:
            shutil.rmtree(entry)
        elif entry.name != _DATABASE:
            entry.unlink(missing_ok=True)
    (folder / _DATABASE).unlink()


def _is_ours(entry: Path) -> bool:
    if entry.is_symlink():
        return False
    return entry.is_dir() if entry.name in _FOLDERS else entry.is_file() and _FILES.fullmatch(entry.name) is not None


def _is_our_database(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except (sqlite3.Error, UnicodeDecodeError):
        return False
    return tables >= _TABLES


def _refusal(folder: Path, reason: str) -> UsageError:
    return UsageError(
        f"{folder} is not a state folder of the local service: {reason}. Nothing was removed.",
        hint="Name the folder that the local service was started with.",
    )
