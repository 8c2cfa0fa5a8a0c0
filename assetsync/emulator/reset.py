"""Which folders are state folders: what may be opened as one, and what may be made empty again."""

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
_LOCKS: Final = frozenset({"lock", "guests"})
_FILES: Final = re.compile(
    rf"lock|guests|server\.json|server\.[0-9a-f]{{16}}\.tmp|{re.escape(_DATABASE)}(-wal|-shm|-journal)?"
)


def has_state(folder: Path) -> bool:
    """Whether there is anything to reset. Raises UsageError for a folder that is not a state folder of ours."""
    if not folder.exists():
        return False
    entries = [entry for entry in sorted(folder.iterdir()) if entry.name not in _LOCKS] if folder.is_dir() else [folder]
    for entry in entries:
        if not _is_ours(entry):
            raise _refusal(folder, f"`{entry.name}` in it is none of its files")
    if entries and not _is_our_database(folder / _DATABASE):
        raise _refusal(folder, f"there is no database of it in `{_DATABASE}`")
    return bool(entries)


def check_openable(folder: Path) -> None:
    """Raise UsageError unless the folder is a state folder of ours, or will be one without harm to anything in it.

    A start that was killed before it made its tables leaves a beginning, which is as good as nothing.
    """
    if not folder.is_dir() or _is_our_database(folder / _DATABASE):
        return
    strange = next((entry.name for entry in sorted(folder.iterdir()) if not _is_beginning(entry)), None)
    if strange is not None:
        found = "is not its database" if strange == _DATABASE else "is there without its database"
        raise UsageError(
            f"{folder} is not a state folder of the local service: `{strange}` {found}. Nothing was removed.",
            hint="Name a new folder, an empty one, or one that the local service made.",
        )


def empty(folder: Path) -> None:
    """Remove the state, but not the folder and its locks, the first of which the caller holds.

    The database goes last: what a kill leaves behind can be reset again. Raises UsageError as `has_state`.
    """
    if not has_state(folder):
        return
    entries = [entry for entry in folder.iterdir() if entry.name not in _LOCKS]
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


def _is_beginning(entry: Path) -> bool:
    if not _is_ours(entry):
        return False
    if entry.name == _DATABASE:
        return _tables(entry) == set()
    return entry.is_file() or not any(entry.iterdir())


def _is_our_database(file: Path) -> bool:
    tables = _tables(file)
    return tables is not None and tables >= _TABLES


def _tables(file: Path) -> set[str] | None:
    """None where it is no database."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except (sqlite3.Error, UnicodeDecodeError):
        return None


def _refusal(folder: Path, reason: str) -> UsageError:
    return UsageError(
        f"{folder} is not a state folder of the local service: {reason}. Nothing was removed.",
        hint="Name the folder that the local service was started with.",
    )
