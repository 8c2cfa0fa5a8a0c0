"""Files that are written whole or not at all: a disk that is full must not cost what was there."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path


def regular_target(file: Path) -> Path:
    """Where to write for somebody who named `file`: what a link leads to, for the link is to stay.

    Raises OSError for a device, a pipe or a folder: it would be replaced by a file.
    """
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(file.stat().st_mode):
            raise OSError(errno.EINVAL, "it is not a file", str(file))
    return Path(os.path.realpath(file))


def write_whole(file: Path, content: bytes, mode: int = 0o666) -> None:
    """Put `content` in the file's place; `mode` is what the umask takes from.

    Raises OSError, the file being as it was.
    """
    draft = file.with_name(f".{file.name}.{os.urandom(8).hex()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        draft.replace(file)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
