"""Where results and talk go: the result to stdout, talk to stderr, JSON whole even when something fails."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any, cast

import click

from assetsync.cli.streams import Unfailing, give_up
from assetsync.errors import ApiError, AssetsyncError, FilesFailed, InvalidInput, Refused
from assetsync.events import silent
from assetsync.report.failures import error_lines
from assetsync.report.line import Line, Style, on_screen
from assetsync.twilio.hidden import Veil, of_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TextIO

    from assetsync.events import Emit
    from assetsync.report.progress import Renderer

Document = dict[str, Any]

_LOOKS: dict[Style, dict[str, Any]] = {
    Style.PLAIN: {},
    Style.BOLD: {"bold": True},
    Style.DIM: {"dim": True},
    Style.ADD: {"fg": "green"},
    Style.CHANGE: {"fg": "yellow"},
    Style.MOVE: {"fg": "cyan"},
    Style.REMOVE: {"fg": "red"},
    Style.WARNING: {"fg": "yellow"},
    Style.ERROR: {"fg": "red", "bold": True},
    Style.GOOD: {"fg": "green", "bold": True},
}


NOTHING_WRITTEN = "nothing was written"


class Output:
    """One command's voice. `document` is what JSON output prints at the end, with the errors in it."""

    def __init__(self, *, form: str, color: str, verbose: bool, quiet: bool) -> None:
        self.form, self.verbose, self.quiet = form, verbose, quiet
        self.color = {"always": True, "never": False}.get(color, False if os.environ.get("NO_COLOR") else None)
        """None: where there is a terminal. https://no-color.org"""
        self.document: dict[str, Any] = {"format_version": 1}
        self.markdown: str | None = None
        self.keeps_markdown = form == "markdown"
        """Whether somebody reads `markdown`, so that errors have to be in it."""
        self._failing = False
        self._veil = Veil(of_environment(os.environ))
        self.is_stream = False
        """Whether JSON comes as one document a line while things happen, instead of one at the end."""
        self.standing = NOTHING_WRITTEN
        """What a signal that ends the run says of what was done."""
        self.is_unread = False
        """Whether stdout has failed, so that nobody gets what is written there any more."""
        self.hear: Emit = silent
        """Gets every event, shown or not."""
        self.put: Callable[[Document], None] = _nowhere
        """Gets what else is worth a line of `--events`."""
        self._endings: list[Callable[[int], None]] = []

    @property
    def is_text(self) -> bool:
        return self.form == "text"

    def hide(self, secrets: Iterable[str]) -> None:
        """Never tell these, whatever they are found in; those in the variables are hidden from the first moment."""
        self._veil = self._veil.over(secrets)

    def shown(self, text: str) -> str:
        """A line as a person may see it."""
        return on_screen(self._veil.text(text))

    def told(self, document: Document) -> Document:
        """A document as it may be printed or saved."""
        safe: Document = self._veil.document(document)
        return safe

    def result(self, lines: Iterable[Line]) -> None:
        """What the command is for: stdout, in text form only."""
        if self.is_text:
            for line in lines:
                self._echo(line, err=False)

    def talk(self, lines: Iterable[Line]) -> None:
        """What a person may want to know meanwhile: stderr."""
        for line in lines:
            self._echo(line, err=True)

    def warn(self, warnings: Iterable[str]) -> None:
        self.talk(Line(f"Warning: {warning}", Style.WARNING) for warning in warnings)

    def ask(self, *lines: str) -> None:
        """Put a question, and leave the cursor behind it. Raises AssetsyncError where nobody can read it."""
        fault = self._write("\n".join(map(self.shown, lines)) + " ", err=True)
        if fault is not None:
            raise AssetsyncError(f"standard error: {_reason(fault)}; {self.standing}") from fault

    def fail(self, error: AssetsyncError) -> None:
        """Tell an error, and close the document with it. Raises nothing, whatever becomes of the streams."""
        self._failing = True
        self.document.setdefault("errors", []).extend(error_documents(error))
        if self.keeps_markdown and (self.markdown is None or not isinstance(error, Refused)):
            from assetsync.report.markdown import failure_markdown

            self.markdown = failure_markdown(error, self.markdown)
        for line in error_lines(error):
            self._secho(line)
        self.close()
        self.end(error.exit_code)

    def at_end(self, tell: Callable[[int], None]) -> None:
        """Have `tell` called with the exit code once that is known; it raises nothing."""
        self._endings.append(tell)

    def end(self, code: int) -> None:
        """The run is over, and leaves with `code`: told once."""
        endings, self._endings = self._endings, []
        for tell in endings:
            tell(code)

    def close(self) -> None:
        """Print the document or the Markdown, where that is the form. Raises as `_print` does."""
        if self.is_stream:
            errors = self.document.get("errors")
            self.event({"event": "ended", **({"errors": errors} if errors else {}), "time": round(time.time(), 3)})
        elif self.form == "json":
            self._print(json.dumps(self.told(self.document), indent=2, ensure_ascii=True) + "\n")
        elif self.form == "markdown" and self.markdown is not None:
            self._print("".join(self.markdown_lines()))

    def markdown_lines(self) -> Iterator[str]:
        """The Markdown as it may be seen."""
        return (f"{self.shown(line)}\n" for line in (self.markdown or "").splitlines())

    def event(self, document: Document) -> None:
        """A document of a stream, at once, on a line of its own."""
        if self.form == "json":
            self._print(json.dumps(self.told(document), ensure_ascii=True) + "\n")

    def renderer(self) -> Renderer:
        """How progress is shown: a bar on a terminal, lines without one, nothing with `-q`."""
        from assetsync.report.progress import Bar, Lines, Silence

        if self.quiet:
            return Silence()
        if sys.stderr.isatty():
            from rich.console import Console

            stream = cast("TextIO", Unfailing(sys.stderr))
            return Bar(Console(file=stream, no_color=self.color is False), verbose=self.verbose, shown=self.shown)
        return Lines(lambda line: self._secho(Line(line)), time.monotonic, verbose=self.verbose)

    def _echo(self, line: Line, *, err: bool) -> None:
        if not err:
            self._print(click.style(self.shown(line.text), **_LOOKS[line.style]) + "\n")
        elif not self.quiet or line.style in {Style.ERROR, Style.PLAIN}:
            self._secho(line)

    def _secho(self, line: Line) -> None:
        self._write(click.style(self.shown(line.text), **_LOOKS[line.style]) + "\n", err=True)

    def _print(self, text: str) -> None:
        """Write to stdout. A reader that has gone, as `head` does, stops the printing and nothing else.

        Raises AssetsyncError where stdout fails otherwise before anything was done, and nothing worse is to be told.
        """
        fault = self._write(text, err=False)
        if fault is None:
            return
        said = f"standard output: {_reason(fault)}"
        if self._failing:
            self._echo(Line(f"Warning: {said}", Style.WARNING), err=True)
        elif isinstance(fault, BrokenPipeError) or self.standing != NOTHING_WRITTEN:
            self._echo(Line(f"Warning: {said}; {self.standing}", Style.WARNING), err=True)
        else:
            raise AssetsyncError(f"{said}; {self.standing}") from fault

    def _write(self, text: str, *, err: bool) -> OSError | None:
        """What is wrong with a stream, told once: it is given up for good then."""
        try:
            click.echo(text, nl=False, err=err, color=self.color)
        except OSError as fault:
            give_up(sys.stderr if err else sys.stdout)
            self.is_unread |= not err
            return fault
        return None


def _nowhere(_document: Document) -> None:
    """For nobody."""


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def error_documents(error: AssetsyncError) -> list[dict[str, Any]]:
    """One document a problem, a file, or the error itself."""
    common = {"kind": type(error).__name__, "exit_code": error.exit_code}
    if isinstance(error, InvalidInput):
        return [
            common
            | {"message": p.message, "file": p.file, "line": p.line, "column": p.column, "text": p.text, "hint": p.hint}
            for p in error.problems
        ]
    if isinstance(error, FilesFailed):
        return [
            common
            | {"message": f.message, "path": f.path, "file": f.source, "request_id": f.request_id}
            | {"hint": f.hint or error.hint}
            for f in error.failures
        ]
    document = common | {"message": error.message, "hint": error.hint}
    if isinstance(error, ApiError):
        document |= {"status": error.status, "code": error.code, "request_id": error.request_id}
    return [document]
