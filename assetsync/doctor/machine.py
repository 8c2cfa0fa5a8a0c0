"""What runs leave on a machine and need of it. Nothing but the cache folder is made, where it is missing."""

from __future__ import annotations

import fcntl
import os
import platform
import sqlite3
import tempfile
from importlib.util import find_spec
from typing import TYPE_CHECKING

from assetsync import __version__
from assetsync.apply.journal import LOCKS, remembered
from assetsync.doctor.check import ok, warning
from assetsync.local.private import make_private
from assetsync.report.units import plural
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from assetsync.doctor.check import Check

LEAST_WATCHES = 8192
LEAST_FILES = 256
"""A file and a connection for each of the 50 uploads at once, and what a process has open besides."""

_EXTRA = ("starlette", "uvicorn", "python_multipart")


def kept(folder: Path | None) -> Iterator[Check]:
    """The cache folder and what is in it; None where there is no home folder."""
    if folder is None:
        hint = "set ASSETSYNC_CACHE_DIR to a folder"
        yield warning("cache", "there is no home folder: no run will remember what it read and uploaded", hint)
        return
    yield _cache(folder)
    yield _journal(folder)
    yield _locks(folder)


def is_held(file: Path) -> bool:
    """Whether a live process holds the lock of a file: locks go with their process, however it ends.

    The lock is had for a moment where it is free, shared with whoever else looks.
    """
    try:
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks: nobody holds one
        return False
    finally:
        os.close(handle)
    return False


def watches(file: Path) -> Check:
    """How many folders `watch` can follow at once; `file` is where Linux says so."""
    try:
        most = int(file.read_text())
    except (OSError, ValueError):
        return ok("watches", "the system names no limit of watched folders")
    if most >= LEAST_WATCHES:
        return ok("watches", f"{most} folders can be watched at once by all programs together")
    return warning(
        "watches",
        f"only {most} folders can be watched at once by all programs together",
        "`sysctl fs.inotify.max_user_watches=524288`, else `watch` looks at the folders every so often",
    )


def open_files(most: int) -> Check:
    """How many files this process may have open at once; -1 is no limit, as `resource` has it."""
    if most < 0 or most >= LEAST_FILES:
        return ok("open files", "as many as are needed" if most < 0 else f"{most} at once")
    return warning("open files", f"only {most} at once", "`ulimit -n 1024`, or a lower --concurrency")


def versions() -> Iterator[Check]:
    yield ok("versions", f"assetsync {__version__}, Python {platform.python_version()}, {platform.system()}")
    missing = [name for name in _EXTRA if find_spec(name) is None]
    if missing:
        hint = "pip install 'assetsync[local]'"
        yield ok("local extra", f"not installed ({', '.join(missing)}): `--local` and `emulator` need it", hint)
    else:
        yield ok("local extra", "installed")


def _cache(folder: Path) -> Check:
    shown = printable(str(folder))
    try:
        make_private(folder)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return warning(
            "cache",
            f"{shown} cannot be written to ({error.strerror}): every run will read all files and resume nothing",
            "make it writable, or set ASSETSYNC_CACHE_DIR to another folder",
        )
    return ok("cache", f"{shown} can be written to")


def _journal(folder: Path) -> Check:
    try:
        count = remembered(folder)
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        return warning(
            "journal",
            f"it cannot be read ({printable(str(error))}): what this machine uploaded is forgotten",
            "the next run begins a new one; it costs uploads at most",
        )
    return ok("journal", "nothing is remembered yet" if count is None else f"{plural(count, 'upload')} remembered")


def _locks(folder: Path) -> Check:
    try:
        files = sorted(folder.glob(LOCKS))
    except OSError:
        files = []
    held = sum(map(is_held, files))
    if held:
        hint = "wait until it has finished: it is no leftover, a live process holds the lock"
        return warning("locks", f"{plural(held, 'run')} on this machine at work on a Service now", hint)
    left = f"; {plural(len(files), 'lock file')} of earlier runs do no harm" if files else ""
    return ok("locks", f"nobody on this machine is applying{left}")
