"""A file on its way up: read in constant memory, and checked against the plan before it is complete."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

import xxhash

from assetsync.errors import FileChanged
from assetsync.twilio.multipart import CHUNK
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO
    from pathlib import Path


class FileBody:
    """A `Body` of the file's bytes; the last chunk is withheld until size and digest are the plan's.

    size: bytes; digest: xxh3_128 as 32 lower-case hexadecimal digits
    on_sent: told how many more bytes went out, a negative number when a try is begun again
    """

    def __init__(self, file: str | Path, size: int, digest: str, on_sent: Callable[[int], None]) -> None:
        self.file = file
        self.size = size
        self._digest = digest
        self._on_sent = on_sent
        self._sent = 0
        self._sha256: str | None = None

    @property
    def sha256(self) -> str | None:
        """SHA-256 of the bytes as 64 hexadecimal digits, None until a whole pass found them to be the plan's."""
        return self._sha256

    def chunks(self) -> Iterator[bytes]:
        """The bytes, 256 KiB at a time. Raises FileChanged before the last chunk, naming the file."""
        if self._sent:
            self._report(-self._sent)
        with self._opened() as stream:
            for chunk in self._checked(stream):
                yield chunk
                self._report(len(chunk))

    def _checked(self, stream: FileIO) -> Iterator[bytes]:
        fast, strong, left, chunk = xxhash.xxh3_128(), hashlib.sha256(), self.size, b""
        while left:
            chunk = self._read(stream, min(CHUNK, left))
            if not chunk:
                raise self._changed("became shorter while it was read")
            fast.update(chunk)
            strong.update(chunk)
            left -= len(chunk)
            if left:
                yield chunk
        if self._read(stream, 1):
            raise self._changed("became longer while it was read")
        if fast.hexdigest() != self._digest:
            raise self._changed("has other content than when it was planned")
        self._sha256 = strong.hexdigest()
        if chunk:
            yield chunk

    def _opened(self) -> FileIO:
        with self._readable():
            # Lest a fifo that has taken the file's place blocks for ever, and a link leads elsewhere.
            descriptor = os.open(self.file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode) and found.st_size == self.size:
            return os.fdopen(descriptor, "rb", buffering=0)
        os.close(descriptor)
        if stat.S_ISREG(found.st_mode):
            raise self._changed("has another size than when it was planned")
        raise self._changed("is no longer a regular file")

    def _read(self, stream: FileIO, count: int) -> bytes:
        with self._readable():
            return stream.read(count)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._changed(f"cannot be read: {error.strerror or 'unknown error'}") from None

    def _changed(self, what: str) -> FileChanged:
        return FileChanged(
            f"{printable(str(self.file))} {what}", hint="Run the command again when the file is at rest."
        )

    def _report(self, count: int) -> None:
        self._sent += count
        self._on_sent(count)
