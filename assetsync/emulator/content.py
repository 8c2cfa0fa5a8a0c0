"""Content-addressed files: `content/ab/abcdef...`, named by SHA-256, written beside and renamed into place.

A spool is one upload on its way in. It becomes content only by `Contents.keep`, called under the store's lock right
before its row is written, so that a clean-up at the same moment cannot take the file away.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_SPOOL: Final = re.compile(r"[0-9a-f]{32}")
_FOLDER: Final = re.compile(r"[0-9a-f]{2}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class Spool:
    """One upload's bytes: hashed and counted as they arrive, stored up to `limit` bytes.

    Bytes beyond the limit are counted and dropped, so that a too large upload can be read to its end and answered.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self.size = 0
        self._limit = limit
        self._hash = hashlib.sha256()
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size <= self._limit:
            self._hash.update(data)
            view = memoryview(data)
            while view:
                view = view[os.write(self._fd, view) :]

    def close(self, *, flush: bool = False) -> None:
        """End the writing, with the bytes on the disk if `flush`. Doing it twice does no harm."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            try:
                if flush:
                    os.fsync(fd)
            finally:
                os.close(fd)

    def discard(self) -> None:
        """Forget the bytes, unless they were kept."""
        self.close()
        self.path.unlink(missing_ok=True)


class Contents:
    """All the content of one state folder. Files whose names are not of its making are neither seen nor touched."""

    def __init__(self, folder: Path, *, flush: bool, flush_folders: bool) -> None:
        self._files = folder / "content"
        self._incoming = folder / "incoming"
        self._flush = flush
        self._flush_folders = flush_folders
        self._files.mkdir(exist_ok=True)
        self._incoming.mkdir(exist_ok=True)
        for name in _names(self._incoming, _SPOOL, folders=False):
            (self._incoming / name).unlink()

    def spool(self, limit: int) -> Spool:
        return Spool(self._incoming / secrets.token_hex(16), limit)

    def settle(self, spool: Spool) -> None:
        """Close the spool and flush it where the settings ask for that: the slow part, needs no lock."""
        spool.close(flush=self._flush)

    def keep(self, spool: Spool) -> str:
        """Make the spool content; its digest. Content that is there already is left alone."""
        spool.close(flush=self._flush)
        target = self.path(spool.digest)
        if target.exists():
            spool.discard()
            return spool.digest
        try:
            spool.path.replace(target)
        except FileNotFoundError:
            target.parent.mkdir(exist_ok=True)
            spool.path.replace(target)
        if self._flush_folders:
            _flush_folder(target.parent)
        return spool.digest

    def path(self, digest: str) -> Path:
        return self._files / digest[:2] / digest

    def forget(self, digests: Iterable[str]) -> None:
        for digest in digests:
            with contextlib.suppress(FileNotFoundError):
                self.path(digest).unlink()

    def digests(self) -> Iterator[str]:
        for folder in _names(self._files, _FOLDER, folders=True):
            for name in _names(self._files / folder, _DIGEST, folders=False):
                if name.startswith(folder):
                    yield name


def _names(folder: Path, form: re.Pattern[str], *, folders: bool) -> Iterator[str]:
    """What is named in that form, either the folders or the files; links are neither."""
    with os.scandir(folder) as entries:
        for entry in entries:
            is_kind = entry.is_dir(follow_symlinks=False) if folders else entry.is_file(follow_symlinks=False)
            if is_kind and form.fullmatch(entry.name):
                yield entry.name


def _flush_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
