"""Progress on stderr: a bar on a terminal, a line every few seconds without one, nothing with `-q`."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol, Self

from assetsync.events import (
    BuildPolled,
    BuildStarted,
    BytesSent,
    Deployed,
    Event,
    Fetched,
    NamesWritten,
    Note,
    RequestRetried,
    Scanned,
    UploadDone,
    UploadFailed,
    UploadsStarted,
)
from assetsync.report.line import on_screen
from assetsync.report.units import duration, plural, size
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from rich.console import Console
    from rich.progress import TaskID

LINE_EVERY = 2.0
"""Seconds between two lines where there is no terminal."""


class Renderer(Protocol):
    """Shows events; entered before the first and left after the last. Called from any thread."""

    def __call__(self, event: Event, /) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None, /
    ) -> None: ...


class Lines:
    """Plain lines, few enough for a CI log: `write` gets each, `clock` tells seconds."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float], *, verbose: bool = False) -> None:
        self._write, self._clock, self._verbose = write, clock, verbose
        self._lock = threading.Lock()
        self._next = 0.0
        self._files = self._bytes = self._done = self._sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._count(event)
            line = self._line(event)
            if line is not None:
                self._write(line)

    def _count(self, event: Event) -> None:
        match event:
            case UploadsStarted():
                self._files, self._bytes = event.files, event.size
                self._next = self._clock() + LINE_EVERY
            case BuildStarted():
                self._next = self._clock() + LINE_EVERY
            case BytesSent():
                self._sent += event.count
            case UploadDone():
                self._done += 1
            case _:
                pass

    def _line(self, event: Event) -> str | None:
        match event:
            case UploadsStarted():
                return f"uploading {plural(event.files, 'file')}, {size(event.size)}"
            case UploadDone() | BytesSent():
                return self._now_and_then(
                    f"uploaded {self._done} of {self._files} files, {size(self._sent)} of {size(self._bytes)}"
                )
            case BuildPolled():
                return self._now_and_then(
                    f"Build {event.build_sid} is {printable(event.status)} ({duration(event.seconds)})"
                )
            case Fetched():
                return self._now_and_then(f"fetched {event.done} of {plural(event.total, 'file')}")
            case _:
                return described(event, verbose=self._verbose)

    def _now_and_then(self, line: str) -> str | None:
        now = self._clock()
        if now < self._next:
            return None
        self._next = now + LINE_EVERY
        return line


class Silence(Lines):
    """Nothing at all."""

    def __init__(self) -> None:
        super().__init__(lambda _line: None, time.monotonic)

    def __call__(self, event: Event) -> None:
        pass


class Bar:
    """A bar of files and bytes with the rate, then what is being built. Every other line scrolls above it."""

    def __init__(self, console: Console, *, verbose: bool = False, shown: Callable[[str], str] = on_screen) -> None:
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TransferSpeedColumn,
        )

        self._verbose, self._shown = verbose, shown
        self._lock = threading.Lock()
        self._files = self._done = 0
        self._task: TaskID | None = None
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            console=console,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._show(event)

    def _show(self, event: Event) -> None:
        match event:
            case UploadsStarted():
                self._files = event.files
                self._task = self._progress.add_task(f"uploading 0/{event.files}", total=event.size)
            case BytesSent() if self._task is not None:
                self._progress.advance(self._task, event.count)
            case UploadDone() if self._task is not None:
                self._done += 1
                self._progress.update(self._task, description=f"uploading {self._done}/{self._files}")
            case BuildStarted():
                self._replace_task(f"building {plural(event.assets, 'asset')}")
            case BuildPolled() if self._task is not None:
                said = f"Build {printable(event.status)}, {duration(event.seconds)}"
                self._progress.update(self._task, description=self._shown(said))
            case Fetched():
                self._count_fetched(event)
            case _:
                line = described(event, verbose=self._verbose)
                if line is not None:
                    self._progress.console.print(self._shown(line), markup=False, highlight=False)

    def _count_fetched(self, event: Fetched) -> None:
        if event.done == 1:
            self._replace_task("fetching")
        if self._task is not None:
            said = f"fetching {event.done}/{event.total}"
            self._progress.update(self._task, total=event.total, completed=event.done, description=said)

    def _replace_task(self, description: str) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(description, total=None)


def described(event: Event, *, verbose: bool) -> str | None:
    """The line for an event that is worth one of its own, None for the others."""
    match event:
        case UploadFailed():
            return f"failed: {event.path}: {printable(event.message)}"
        case BuildStarted():
            functions = f" and {plural(event.functions, 'Function')}" if event.functions else ""
            return f"building {plural(event.assets, 'asset')}{functions} ({event.build_sid})"
        case Deployed():
            return f"deployed to {printable(event.domain)}"
        case Note():
            return printable(event.message)
        case RequestRetried() if verbose:
            reason = printable(event.reason.removeprefix(f"{event.operation}: "))
            return f"again in {event.delay:.1f} s: {event.operation}: {reason} (try {event.attempt})"
        case Scanned() if verbose:
            return f"{plural(event.files, 'file')}, {size(event.size)}"
        case NamesWritten() if verbose:
            return f"remembered {event.done} of {event.total}"
        case _:
            return None
