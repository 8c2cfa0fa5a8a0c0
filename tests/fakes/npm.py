"""Packages from npm, fetched once into a cache folder.

Without npm or its registry `missing` skips the test with the reason; ASSETSYNC_REQUIRE_INTEROP=1 makes that a failure.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tarfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import platformdirs
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REQUIRED: Final = "ASSETSYNC_REQUIRE_INTEROP"
CACHE: Final = "ASSETSYNC_INTEROP_CACHE"
_QUIET: Final = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
_SECONDS: Final = 240


def installed(package: str) -> Path:
    """The folder that holds the `node_modules` of a package and of all that it needs, whole or not at all."""
    return _once(f"{package}", lambda folder: _npm("install", "--prefix", str(folder), "--no-save", package))


def unpacked(package: str) -> Path:
    """The package alone, without what it needs: a folder as its authors published it."""

    def fetch(folder: Path) -> None:
        _npm("pack", "--pack-destination", str(folder), package)
        (archive,) = folder.glob("*.tgz")
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")

    return _once(f"{package}.alone", fetch) / "package"


def program(name: str) -> str:
    return shutil.which(name) or missing(f"{name} is not installed")


def missing(reason: str) -> NoReturn:
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason}, and {REQUIRED} is set")
    pytest.skip(reason)


def _once(name: str, fill: Callable[[Path], None]) -> Path:
    cache = Path(os.environ.get(CACHE) or platformdirs.user_cache_path("assetsync-tests")) / "npm"
    folder = cache / name.replace("/", "+")
    cache.mkdir(parents=True, exist_ok=True)
    with _alone(cache / "lock"):
        if not folder.exists():
            draft = folder.with_name(f"{folder.name}.draft")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            fill(draft)
            draft.rename(folder)
    return folder


def _npm(*arguments: str) -> None:
    command = [program("npm"), *arguments[:-1], *_QUIET, arguments[-1]]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        missing(f"npm did not fetch {arguments[-1]} within {_SECONDS} seconds")
    if done.returncode:
        missing(f"npm could not fetch {arguments[-1]}: {done.stderr.strip().splitlines()[-1:]}")


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """One test process fetches, the others wait for it."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
