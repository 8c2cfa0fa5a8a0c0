"""What a person, a program and a page see of a watch."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import click

from assetsync.cli.output import error_documents
from assetsync.emulator.preview import Preview
from assetsync.errors import ConnectionFailed
from assetsync.events import BuildPolled, BuildStarted, RequestRetried, UploadDone, UploadsStarted
from assetsync.plan.safety import unanswered
from assetsync.report.failures import error_lines
from assetsync.report.line import Line, Style
from assetsync.report.progress import described
from assetsync.report.standing import Standing, standing
from assetsync.report.text import refusal_lines
from assetsync.report.units import duration, plural
from assetsync.report.watching import Telling, happening_document, happening_lines
from assetsync.watch.happenings import AsItIs, Failed, Live, ManifestRead, Paused, Recovered, Resumed, Watching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from rich.live import Live as Screen

    from assetsync.cli.output import Output
    from assetsync.emulator.address import Address
    from assetsync.events import Event
    from assetsync.watch.happenings import Happening

_EVERY = 0.1
"""Seconds between two changes of the status line at the least."""

_GONE = "Start it again with `assetsync emulator`, or end this watch with Ctrl-C and start it anew."

_KNOWN = 15.0
"""Seconds between two questions whether the service still knows what is watched."""

_TRIES_TOLD = 3
"""From so many tries of one request on it is told where there is no status line: some seconds have passed."""


class View:
    """Tells happenings: as lines, with a status line below them on a terminal, or as JSON lines; and to open pages.

    Called by the thread that watches; `progress` by any.
    """

    def __init__(
        self,
        output: Output,
        site: Callable[[str], str],
        local: Address | None,
        *,
        opens: bool,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._output, self._site, self._opens, self._now = output, site, opens, now
        self._preview = None if local is None else Preview(local)
        self._screen: Screen | None = None
        self._domain: str | None = None
        self._told_at = 0.0
        self._files = self._sent = 0
        self._known_until = 0.0
        self._standing = Standing()
        self._wrong: str | None = None
        """What is wrong with the manifest."""
        self._lock, self._is_retrying = threading.RLock(), False
        self._page: dict[str, object] = {"state": "live", "changed": []}

    @property
    def takes_answers(self) -> bool:
        return self._output.is_text and sys.stdin.isatty()

    @property
    def has_screen(self) -> bool:
        """Whether there is a status line."""
        return self._screen is not None

    def __enter__(self) -> Self:
        if self._output.is_text and not self._output.quiet and sys.stdout.isatty() and sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live as Screen
            from rich.text import Text

            console = Console(stderr=True, no_color=self._output.color is False)
            self._screen = Screen(Text(), console=console, auto_refresh=False, transient=True)
            self._screen.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        screen, self._screen = self._screen, None
        if screen is not None:
            screen.stop()
        if self._preview is not None and self._domain is not None:
            self._preview.leave(self._domain)

    def __call__(self, happening: Happening) -> None:
        if isinstance(happening, Failed):
            happening = self._explained(happening)
        output, how = self._output, Telling(self._site, verbose=self._output.verbose, answers=self.takes_answers)
        if output.is_text:
            with self._lock, self._aside():
                output.result(map(self._dated, happening_lines(happening, how)))
        document = happening_document(happening, how) | {"time": round(time.time(), 3)}
        if isinstance(happening, Failed):
            document["errors"] = error_documents(happening.error)
        output.event(document)
        self._follow(happening)

    def glance(self) -> None:
        """Called often: a service that was started anew is told again what is watched."""
        if self._preview is not None and self._domain is not None and self._now() >= self._known_until:
            self._known_until = self._now() + _KNOWN
            is_live = self._page["state"] == "live"
            self._preview.keep(self._domain, {"state": "live", "changed": []} if is_live else self._page)

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """The status line off the screen, so that something else can be where it was."""
        screen = self._screen
        if screen is None:
            yield
            return
        screen.stop()
        try:
            yield
        finally:
            screen.start()

    def progress(self, event: Event) -> None:
        """What goes on between a change and its being live, on the status line."""
        match event:
            case UploadsStarted():
                self._files, self._sent = event.files, 0
                self._status(f"uploading {plural(event.files, 'file')}")
            case UploadDone():
                with self._lock:
                    self._sent += 1
                self._status(f"uploading {self._sent}/{self._files}", is_due=self._sent == self._files)
            case BuildStarted():
                self._status(f"building {plural(event.assets, 'asset')}")
            case BuildPolled():
                self._status(f"Build {event.status}, {duration(event.seconds)}")
            case RequestRetried():
                self._tried_again(event)
            case _:
                pass

    def _tried_again(self, event: RequestRetried) -> None:
        """On the status line; once as a line, where there is none or it is known why, if it takes longer."""
        line = described(event, verbose=True) or ""
        self._status(line)
        with self._lock:
            if event.attempt < _TRIES_TOLD or self._is_retrying or not self._output.is_text:
                return
            self._is_retrying = True
        gone = self._gone()
        with self._lock:
            if gone is not None:
                with self._aside():
                    self._output.result(map(self._dated, error_lines(gone)))
            elif self._screen is None:
                self._output.talk([self._dated(Line(f"  {line}", Style.DIM))])

    def _explained(self, failed: Failed) -> Failed:
        """With the way out, where the local service that another process ran has gone: nobody starts it again."""
        gone = self._gone() if isinstance(failed.error, ConnectionFailed) else None
        return failed if gone is None else replace(failed, error=gone)

    def _gone(self) -> ConnectionFailed | None:
        if self._preview is None or self._preview.is_there:
            return None
        message = f"the local service at {self._preview.url}, which another command started, does not answer"
        return ConnectionFailed(message, hint=_GONE)

    def _follow(self, happening: Happening) -> None:
        """The pages, the browser and the status line."""
        match happening:
            case Watching() if happening.domain is not None:
                self._turn_to(happening.domain)
            case Live():
                self._turn_to(happening.domain)
                self._pages({"state": "live", "changed": [action.path for action in happening.plan.changes]})
                if self._wrong is not None:
                    self._pages_of_now()
            case Failed():
                message = self._told(error_lines(happening.error))
                self._wrong = message if happening.manifest else self._wrong
                self._pages({"state": "failed", "message": message})
            case Paused():
                self._pages({"state": "failed", "message": self._told(refusal_lines(unanswered(happening.refusals)))})
            case ManifestRead():
                self._wrong = None
                self._pages_of_now()
            case Recovered() | Resumed() | AsItIs():
                self._pages_of_now()
            case _:
                pass
        self._standing = standing(happening, self._standing)
        self._is_retrying = False
        self._status("")

    def _pages_of_now(self) -> None:
        """All that is left to say to the pages: that the manifest is broken, or that all is well."""
        if self._wrong is not None:
            self._pages({"state": "failed", "message": self._wrong})
        else:
            self._pages({"state": "live", "changed": []})

    def _turn_to(self, domain: str) -> None:
        """It is known now what is watched; a browser is opened once."""
        if self._preview is not None and self._domain not in {None, domain}:
            self._preview.leave(self._domain or "")
        first, self._domain = self._domain is None, domain
        if first:
            self._pages(self._page)
        if first and self._opens:
            click.launch(f"{self._site(domain)}/")

    def _told(self, lines: Iterable[Line]) -> str:
        return "\n".join(self._output.shown(line.text) for line in lines)

    def _pages(self, state: dict[str, object]) -> None:
        """What open pages show; it waits until it is known whose pages."""
        self._page = state
        if self._preview is not None and self._domain is not None:
            self._preview.tell(self._domain, state)

    def _dated(self, line: Line) -> Line:
        return Line(f"{time.strftime('%H:%M:%S')}  {line.text}", line.style)

    def _status(self, text: str, *, is_due: bool = False) -> None:
        """What goes on, or, where nothing does, how things stand; not more often than anybody can read, or if due."""
        now = self._now()
        with self._lock:
            if self._screen is None or (text and not is_due and now - self._told_at < _EVERY):
                return
            from rich.text import Text

            self._told_at = now
            site = f" \u00b7 {self._site(self._domain)}" if self._domain else ""
            line = self._output.shown(text or f"{self._standing}{site}")
            style = "" if self._output.color is False else "dim"
            self._screen.update(Text(line, style=style, no_wrap=True, overflow="ellipsis"), refresh=True)
