"""`--events FILE`: what happens in a run, one JSON document a line, whatever the form of the result.

A thread of its own writes, so that no upload waits for whoever reads the lines, and no signal meets half of one.
"""

from __future__ import annotations

import json
import os
import re
import stat
import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from assetsync import __version__
from assetsync.errors import UsageError
from assetsync.report.retelling import FORMAT_VERSION, Retelling

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from assetsync.cli.output import Output
    from assetsync.events import Event

LEFT_TO_READERS = 5.0
"""Seconds at the end of a run for a pipe that is read slowly."""

_DESCRIPTOR = re.compile(r"/dev/(?:(?P<name>stdout|stderr)|fd/(?P<number>[0-9]{1,6}))")


class Trail:
    """Lines into a descriptor, which it closes; `warn` is told once where they cannot be written any more.

    cut: whether half a line stands there already
    """

    def __init__(self, descriptor: int, warn: Callable[[str], None], *, cut: bool = False) -> None:
        self._descriptor, self._warn = descriptor, warn
        self._lines: SimpleQueue[bytes | None] = SimpleQueue()  # unlike a lock, a signal's handler may put into it
        if cut:
            self._lines.put(b"\n")
        self._thread = threading.Thread(target=self._write_all, name="events", daemon=True)
        self._thread.start()

    def put(self, document: dict[str, Any]) -> None:
        self._lines.put(json.dumps(document, ensure_ascii=True).encode() + b"\n")

    def close(self) -> None:
        """Wait until all is written, but not for ever."""
        self._lines.put(None)
        self._thread.join(LEFT_TO_READERS)
        if self._thread.is_alive():
            self._warn("the rest of the events is lost: nobody reads them")

    def _write_all(self) -> None:
        try:
            while (line := self._lines.get()) is not None:
                while line:
                    line = line[os.write(self._descriptor, line) :]
        except OSError as error:
            self._warn(f"the rest of the events is lost: {error.strerror}")
        finally:
            os.close(self._descriptor)


def follow(output: Output, file: Path, command: str, began: float) -> None:
    """Have the run told to `file` from now to its end. `began` is monotonic seconds. Raises UsageError."""
    descriptor = _open(file)
    trail = Trail(descriptor, lambda warning: output.warn([warning]), cut=_is_cut(file, descriptor))
    retelling = Retelling()

    def put(document: dict[str, Any]) -> None:
        trail.put(output.told({"event": document["event"], "time": round(time.time(), 3)} | document))

    def hear(event: Event) -> None:
        document = retelling(event)
        if document is not None:
            put(document)

    def end(code: int) -> None:
        errors, seconds = output.document.get("errors", []), round(time.monotonic() - began, 3)
        put({"event": "ended", "exit_code": code, "errors": errors, "seconds": seconds})
        trail.close()

    put({"event": "started", "command": command, "version": __version__, "format_version": FORMAT_VERSION})
    output.hear, output.put = hear, put
    output.at_end(end)


def _open(file: Path) -> int:
    """A descriptor at the end of the file; a copy of the one that `/dev/stderr` and the like stand for.

    Those are not opened anew: a file behind them would be written from its beginning, and a socket cannot be.
    """
    if str(file) == "-":
        raise UsageError(
            "--events: standard output is for the result", hint="name a file or a pipe, /dev/stderr or /dev/fd/3"
        )
    try:
        if (match := _DESCRIPTOR.fullmatch(str(file))) is not None:
            return os.dup(int(match["number"] or {"stdout": 1, "stderr": 2}[match["name"]]))
        return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise UsageError(f"--events: {file} cannot be written: {error.strerror}", hint="name another file") from error


def _is_cut(file: Path, descriptor: int) -> bool:
    """Whether a file ends within a line, as a run leaves it whose disk was full.

    Raises UsageError for one of something else than events, such as the manifest. What `/dev/stderr` and the like stand
    for is a log of others, too, and nobody's concern.
    """
    if _DESCRIPTOR.fullmatch(str(file)):
        return False
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size == 0:
            return False
        with file.open("rb") as stream:
            begins, _ = stream.read(2), stream.seek(-1, os.SEEK_END)
            ends = stream.read()
    except OSError:
        return False
    if not b'{"'.startswith(begins):
        os.close(descriptor)
        raise UsageError(f"--events: {file} holds something else than events", hint="name another file")
    return ends != b"\n"
