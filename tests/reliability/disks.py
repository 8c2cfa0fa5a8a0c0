"""Disks that come and go, and that are full: real mounts where they are allowed."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Detachable:
    """A folder with something mounted on it that can be taken away: then it is empty.

    Where mounting is not allowed the content is moved aside, which a command cannot tell from it. `real` says which.
    """

    def __init__(self, folder: Path, store: Path) -> None:
        self._folder, self._store = folder, store
        store.mkdir()
        folder.mkdir()
        self.real = _mount("--bind", str(store), str(folder))
        if not self.real:
            folder.rmdir()
            store.rename(folder)

    def detach(self) -> None:
        if self.real:
            _unmount(self._folder)
        else:
            self._folder.rename(self._store)
            self._folder.mkdir()

    def attach(self) -> None:
        if self.real:
            assert _mount("--bind", str(self._store), str(self._folder))
        else:
            self._folder.rmdir()
            self._store.rename(self._folder)

    def close(self) -> None:
        if self.real:
            subprocess.run(["umount", "--lazy", self._folder], check=False, capture_output=True)


@contextmanager
def small_disk(folder: Path, size: str = "256k") -> Iterator[Path]:
    """A disk of that size mounted on a new folder. Skips the test where mounting is not allowed."""
    folder.mkdir()
    if not _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)):
        pytest.skip("no disk may be mounted here")
    try:
        yield folder
    finally:
        _unmount(folder)


def fill(disk: Path) -> Path:
    """The file that takes all that is left of the disk."""
    file = disk / "filler"
    with suppress(OSError), file.open("ab", buffering=0) as stream:
        while stream.write(b"x" * 4096):
            pass
    return file


def until_old(folder: Path) -> None:
    """Until what is in the folder is old enough for a cache to believe in it: some ticks of the clock of files."""
    newest = max(file.stat().st_ctime_ns for file in folder.rglob("*"))
    while time.time_ns() < newest + 50_000_000:
        pass


def _mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], check=False, capture_output=True).returncode == 0


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", folder], check=True, capture_output=True)
