"""What a file's bytes are: a digest, on request a SHA-256, and whether they look like a secret, in one pass.

Memory is constant. A file that changes while it is read is read again, and after a few times given up.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import xxhash

from assetsync.errors import FileChanged
from assetsync.local.names import shown
from assetsync.local.secrets import OVERLAP, SAYS_PRIVATE_KEY, SNIFFED_BYTES, says_private_key, secret_content
from assetsync.local.state import FileState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# O_NONBLOCK, lest a fifo that took the file's place holds us; O_NOFOLLOW, because links were resolved before.
_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
_CHUNK: Final = 2**19
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Contents:
    """What was read of a file.

    digest: xxh3_128, 32 lower-case hex digits; sha256: 64, None where it was not asked for
    secret: why the content looks like a secret, None where it does not
    state: of the open file, the same before and after it was read
    """

    digest: str
    sha256: str | None
    secret: str | None
    state: FileState


def read_contents(file: str, *, want_sha256: bool = False, after_read: Callable[[], None] | None = None) -> Contents:
    """Read a regular file that is not a link.

    `after_read` is called between the last byte and the look whether the file changed.
    Raises OSError as the file system has it, FileChanged where the file would not hold still or is no file any more.
    """
    descriptor = os.open(file, _FLAGS)
    try:
        for _ in range(_TRIES):
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                break
            state = FileState.of(status)
            found = _read(descriptor, state, want_sha256=want_sha256)
            if after_read is not None:
                after_read()
            if found is not None and FileState.of(os.fstat(descriptor)) == state:
                return found
            os.lseek(descriptor, 0, os.SEEK_SET)
    finally:
        os.close(descriptor)
    raise FileChanged(
        f"{shown(file)} changed while it was read.", hint="Run again when whatever writes the file has finished."
    )


def sha256_of(file: str | Path) -> str:
    """64 lower-case hex digits; raises as `read_contents` does."""
    contents = read_contents(str(file), want_sha256=True)
    assert contents.sha256 is not None
    return contents.sha256


def _read(descriptor: int, state: FileState, *, want_sha256: bool) -> Contents | None:
    """None where the file ended elsewhere than its size says."""
    chunk = os.read(descriptor, SNIFFED_BYTES)
    secret = secret_content(chunk)
    size = len(chunk)
    if size < SNIFFED_BYTES:  # all there was
        sha = hashlib.sha256(chunk).hexdigest() if want_sha256 else None
        return Contents(xxhash.xxh3_128_hexdigest(chunk), sha, secret, state) if size == state.size else None
    digest, sha256 = xxhash.xxh3_128(chunk), hashlib.sha256(chunk) if want_sha256 else None
    seen = chunk[-OVERLAP:]
    while size <= state.size and (chunk := os.read(descriptor, _CHUNK)):
        size += len(chunk)
        if secret is None and (says_private_key(chunk) or says_private_key(seen + chunk[:OVERLAP])):
            secret = SAYS_PRIVATE_KEY
        seen = chunk[-OVERLAP:]
        digest.update(chunk)
        if sha256 is not None:
            sha256.update(chunk)
    if size != state.size:
        return None
    return Contents(digest.hexdigest(), None if sha256 is None else sha256.hexdigest(), secret, state)
