"""What tells whether a file is still the one that was looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import os


class FileState(NamedTuple):
    """What cannot all stay the same when a file's bytes change, but for the clock's grain (see `cache.py`).

    size: bytes; mtime_ns, ctime_ns: nanoseconds since 1970
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileState:
        """Less than half of the memory of a whole `stat_result`; there is one for each file."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    @property
    def stamps(self) -> tuple[int, int, int]:
        """Size and times: what is compared of a file that is known to be the same."""
        return self.size, self.mtime_ns, self.ctime_ns

    def is_of(self, other: FileState) -> bool:
        """Whether both are of the same file, whatever became of its bytes."""
        return self.inode == other.inode and self.device == other.device
