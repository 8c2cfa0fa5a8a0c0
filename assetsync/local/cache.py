"""What the last runs found in files, so that this one need not read them.

An entry counts for a file of the same device, inode, size, mtime and ctime. Like git's index it never trusts a file
that was touched in the very moment it was hashed: a later write in the same tick of the clock would not show.

The file is a line of header and a line of JSON, replaced as a whole. Whatever is wrong with it, it is a cold cache; a
folder that cannot be written to is one sentence of warning and no cache.
"""

from __future__ import annotations

import json
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import xxhash

from assetsync.local.private import make_private
from assetsync.local.secrets import SNIFF_VERSION
from assetsync.local.whole_file import write_whole

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from assetsync.local.digest import Contents
    from assetsync.local.state import FileState

_FORMAT: Final = f"assetsync-hash-cache 1.{SNIFF_VERSION}"
_DAY_NS: Final = 24 * 60 * 60 * 10**9
_KEPT_DAYS: Final = 30
_MOST_ENTRIES: Final = 250_000

# How far apart two writes must be to bear different times: a kernel tick, or FAT's and HFS+'s whole seconds.
_TICK_NS: Final = 20_000_000
_COARSE_NS: Final = 2_000_000_000


class Known(NamedTuple):
    """What is known of the content of one file; `seen` is the day it was last used, counted from 1970.

    digest: xxh3_128 in hex; sha256: hex or None; secret: why the content looks like a secret, or None
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    digest: str
    sha256: str | None
    secret: str | None
    seen: int


def settled(state: FileState, hashed_at_ns: int) -> bool:
    """Whether every write after `hashed_at_ns` shows in the file's times (git's racy-clean rule)."""
    for stamp in (state.mtime_ns, state.ctime_ns):
        grain = _TICK_NS if stamp % 10**9 else _COARSE_NS
        if stamp + grain > hashed_at_ns:
            return False
    return True


class HashCache:
    """The cache of one project root; loaded once, asked a lot, saved once."""

    __slots__ = ("_changed", "_entries", "_file", "_most", "_now_ns", "_today")

    def __init__(self, file: Path | None, entries: dict[str, Known], now_ns: int, most: int = _MOST_ENTRIES) -> None:
        self._file = file
        self._entries = entries
        self._most = most
        self._now_ns = now_ns
        self._today = now_ns // _DAY_NS
        self._changed = False

    @classmethod
    def cold(cls) -> Self:
        """One that knows nothing and is not kept."""
        return cls(None, {}, 0)

    @classmethod
    def load(cls, folder: Path | None, root: Path, now_ns: int, most: int = _MOST_ENTRIES) -> Self:
        """Of the project at `root`; no folder, no cache.

        `now_ns` must not be later than the first read of a file that will be remembered; `most` entries are kept,
        but all that this run uses.
        """
        if folder is None:
            return cls.cold()
        file = _file_of(folder, root)
        try:
            entries = _parsed(file)
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            entries = {}
        return cls(file, entries, now_ns, most)

    @staticmethod
    def forget(folder: Path, root: Path) -> None:
        """Let the next run of the project at `root` read every file: what the cache said of one was not true."""
        with suppress(OSError):
            _file_of(folder, root).unlink()

    def recall(self, state: FileState, *, want_sha256: bool) -> Known | None:
        """What is known of the file that `state` is of; None where it must be read."""
        key = f"{state.device}:{state.inode}"
        known = self._entries.get(key)
        if known is None or known[:3] != state.stamps:
            return None
        if want_sha256 and known.sha256 is None:
            return None
        if known.seen != self._today:
            self._entries[key] = known._replace(seen=self._today)
            self._changed = True
        return known

    def remember(self, contents: Contents) -> Known:
        """For the next run; nothing is kept of a file that was touched too lately for its times to be believed."""
        state = contents.state
        known = Known(*state.stamps, contents.digest, contents.sha256, contents.secret, self._today)
        if settled(state, self._now_ns):
            self._entries[f"{state.device}:{state.inode}"] = known
            self._changed = True
        return known

    def save(self) -> str | None:
        """Write what changed; a sentence of warning where that failed."""
        if self._file is None or not self._changed:
            return None
        try:
            make_private(self._file.parent)
            write_whole(self._file, _render(self._kept()), 0o600)
        except OSError as error:
            return (
                f"The hash cache cannot be written to {self._file.parent} ({error.strerror}); "
                "every run will read all files."
            )
        return None

    def _kept(self) -> dict[str, Known]:
        """Entries seen lately; of too many, the latest."""
        kept = {key: known for key, known in self._entries.items() if self._today - known.seen <= _KEPT_DAYS}
        if len(kept) <= self._most:
            return kept
        today = {key: known for key, known in kept.items() if known.seen >= self._today}
        older = sorted(kept.items() - today.items(), key=lambda item: -item[1].seen)
        return today | dict(older[: max(0, self._most - len(today))])


def _file_of(folder: Path, root: Path) -> Path:
    return folder / f"hashes-{xxhash.xxh3_64_hexdigest(os.fsencode(root))}.json"


def _parsed(file: Path) -> dict[str, Known]:
    """Raises OSError, and ValueError or TypeError where this is not what `_render` wrote; a pipe is not waited for."""
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise ValueError("not a file")
        header, body = stream.readline(), stream.read()
    if header.decode("ascii") != _header(body):
        raise ValueError("foreign, older or damaged")
    rows = json.loads(body)
    del body
    for key, row in rows.items():  # one after the other: of many files, both together are a lot of memory
        rows[key] = Known._make(row)
    return cast("dict[str, Known]", rows)


def _render(entries: dict[str, Known]) -> bytes:
    body = json.dumps(entries, separators=(",", ":")).encode("ascii")
    return _header(body).encode("ascii") + body


def _header(body: bytes) -> str:
    return f"{_FORMAT} {xxhash.xxh3_128_hexdigest(body)}\n"
