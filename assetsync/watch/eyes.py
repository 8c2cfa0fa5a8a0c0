"""Seeing that something happened in the folders: `watchdog`, and what to do where it cannot see everything."""

from __future__ import annotations

import errno
import logging
import os
import re
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchdog.events import (
    EVENT_TYPE_ATTRIB,
    EVENT_TYPE_CLOSED,
    EVENT_TYPE_CREATED,
    EVENT_TYPE_DELETED,
    EVENT_TYPE_MODIFIED,
    EVENT_TYPE_MOVED,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from assetsync.watch.settling import Kind, Touch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_KINDS = {
    EVENT_TYPE_CREATED: Kind.TOUCHED,
    EVENT_TYPE_ATTRIB: Kind.TOUCHED,
    EVENT_TYPE_CLOSED: Kind.WRITTEN,
    EVENT_TYPE_DELETED: Kind.GONE,
    # Only inotify tells when a file that was written to is closed.
    EVENT_TYPE_MODIFIED: Kind.WRITING if sys.platform == "linux" else Kind.TOUCHED,
}
_TOO_MANY = {
    errno.ENOSPC: "the system's limit of watched folders is reached (fs.inotify.max_user_watches)",
    errno.EMFILE: "the system's limit of watchers is reached (fs.inotify.max_user_instances)",
}
_WATCH_LINE = re.compile(rb"^inotify wd:", re.MULTILINE)
_LOST = "overflow"
_NOWHERE = logging.NullHandler()
"""What `watchdog` says while it ends is of no use to anybody."""


def touches(event: FileSystemEvent, at: float) -> Iterator[Touch]:
    """What an event means. That a file was opened or read, and that a folder's list changed, means nothing."""
    source, target = os.fsdecode(event.src_path), os.fsdecode(event.dest_path)
    if event.event_type == EVENT_TYPE_MOVED:
        yield Touch(source, Kind.GONE, at)
        yield Touch(target, Kind.WRITTEN, at)
    elif event.event_type in _KINDS and not (event.is_directory and event.event_type == EVENT_TYPE_MODIFIED):
        yield Touch(source, _KINDS[event.event_type], at)


class Eyes:
    """Watches all below `roots`, and one file; `on_touch` is called from a thread of its own.

    `blind` says why it cannot see everything, None where it can: then somebody has to look every so often.
    """

    def __init__(self, roots: Iterable[Path], file: Path, on_touch: Callable[[Touch], None]) -> None:
        self._roots, self._file = tuple(roots), file.resolve()
        self._on_touch = on_touch
        self._observer: Any = None
        self._seen: dict[Path, tuple[int, int] | None] = {}
        self._log = _Overflows(self._lost)
        self.blind: str | None = None

    def open(self) -> None:
        """Begin, or begin anew: folders that were deleted and made again are other folders."""
        self.close()
        self.blind = None
        logging.getLogger("watchdog").addHandler(self._log)
        logging.getLogger("watchdog").propagate = False
        # A folder that appears while its parent is being registered is registered twice, which does no harm.
        warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
        self._seen = {root: _identity(root) for root in self._roots}
        try:
            self._observer = Observer()
            for root in self._real_roots():
                self._observer.schedule(_Handler(self._on_event), str(root), recursive=True)
            self._observer.schedule(_Handler(self._on_file_event), str(self._file.parent), recursive=False)
            self._observer.start()
            self.blind = self._overlooked()
        except OSError as error:
            self.blind = _TOO_MANY.get(error.errno or 0, error.strerror or str(error))
            self.close()

    def close(self) -> None:
        """End the thread. Doing it twice does no harm."""
        logging.getLogger("watchdog").removeHandler(self._log)
        logging.getLogger("watchdog").addHandler(_NOWHERE)
        observer, self._observer = self._observer, None
        if observer is not None:
            observer.stop()
            if observer.is_alive():
                observer.join()

    def check(self) -> bool:
        """Begin anew where a folder is another one than it was; whether what can be seen has changed by that."""
        if all(_identity(root) == seen for root, seen in self._seen.items()) and not self._is_dead():
            return False
        before = self.blind
        self.open()
        self._lost()
        return self.blind != before

    def turn_to(self, roots: Iterable[Path]) -> bool:
        """Watch these from now on; whether what can be seen has changed by that."""
        wanted, before = tuple(roots), self.blind
        if wanted != self._roots:
            self._roots = wanted
            self.open()
        return self.blind != before

    def _is_dead(self) -> bool:
        """Whether nobody looks at some root any more: it was deleted, and another has its inode now."""
        return self._observer is not None and not all(emitter.is_alive() for emitter in self._observer.emitters)

    def _real_roots(self) -> list[Path]:
        """Those that exist, without links: events tell real paths."""
        return _outermost(root.resolve() for root in self._roots if self._seen[root])

    def _on_event(self, event: FileSystemEvent) -> None:
        for touch in touches(event, time.monotonic()):
            self._on_touch(touch)

    def _on_file_event(self, event: FileSystemEvent) -> None:
        for touch in touches(event, time.monotonic()):
            if touch.path == str(self._file):
                self._on_touch(touch)

    def _lost(self) -> None:
        self._on_touch(Touch("", Kind.TOUCHED, time.monotonic()))

    def _overlooked(self) -> str | None:
        """Why some folder is not watched: below the first one `watchdog` passes over those that cannot be."""
        if sys.platform != "linux":
            return None
        roots = self._real_roots()
        folders = sum(map(_folders, roots))
        if not any(self._file.parent.is_relative_to(root) for root in roots):
            folders += 1
        return _TOO_MANY[errno.ENOSPC] if _watches() < folders else None


class _Handler(FileSystemEventHandler):
    def __init__(self, on_event: Callable[[FileSystemEvent], None]) -> None:
        self.on_any_event = on_event  # type: ignore[method-assign,assignment]


class _Overflows(logging.Handler):
    """`watchdog` tells nobody but the log when the system has dropped events."""

    def __init__(self, on_overflow: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._on_overflow = on_overflow

    def emit(self, record: logging.LogRecord) -> None:
        if _LOST in record.getMessage():
            self._on_overflow()


def _identity(root: Path) -> tuple[int, int] | None:
    try:
        status = root.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _outermost(roots: Iterable[Path]) -> list[Path]:
    """Without those inside others, which are watched with them."""
    found: list[Path] = []
    for root in sorted(set(roots)):
        if not any(root.is_relative_to(outer) for outer in found):
            found.append(root)
    return found


def _folders(root: Path) -> int:
    return sum(1 for _ in os.walk(root))


def _watches() -> int:
    """The inotify watches of this process (Linux's /proc)."""
    count = 0
    for file in Path("/proc/self/fdinfo").iterdir():
        try:
            count += len(_WATCH_LINE.findall(file.read_bytes()))
        except OSError:
            continue
    return count
