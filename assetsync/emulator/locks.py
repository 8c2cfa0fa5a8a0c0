"""The locks of a state folder: `lock` is held by the process that serves it, `guests` shared by those who use it.

They go with their process however it ends, so a stale file deceives nobody.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from assetsync.emulator.address import read_address
from assetsync.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

LOCK, GUESTS = "lock", "guests"


def open_lock(folder: Path, name: str) -> int:
    """The descriptor of a lock file, made with its folder where it is missing. Raises UsageError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise unusable(folder, problem) from problem


def takes_lock(descriptor: int, kind: int) -> bool:
    """Take the lock if it can be had at once; whether it was."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def try_lock(folder: Path) -> int | None:
    """The locked file's descriptor, None while another holds it."""
    lock = open_lock(folder, LOCK)
    if takes_lock(lock, fcntl.LOCK_EX):
        return lock
    os.close(lock)
    return None


def only_lock(folder: Path) -> int:
    """The lock of a folder that nobody serves."""
    lock = try_lock(folder)
    if lock is None:
        address = read_address(folder)
        place = f" at {address.url}" if address is not None else ""
        raise UsageError(
            f"A local service runs on the state folder {folder} already{place}.",
            hint="Use that one, or name another folder.",
        )
    return lock


def unusable(folder: Path, problem: OSError) -> UsageError:
    return UsageError(
        f"The state folder {folder} of the local service cannot be used: {problem.strerror}.",
        hint="Name another folder.",
    )
