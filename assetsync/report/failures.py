"""What went wrong, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.report.line import Line, Style
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.errors import AssetsyncError, FileFailure, Problem

MOST_PROBLEMS = 1000
"""Problems that are shown before the rest is counted: as many as a Build takes files."""

_LONGEST_SENTENCE = 2000
"""Characters of one of our own sentences: several paths of 255 characters have room."""


def error_lines(error: AssetsyncError, most: int = MOST_PROBLEMS) -> Iterator[Line]:
    """One sentence, each problem or file, at most so many problems, and the way out."""
    said = sentence(error.message)
    yield Line(f"Error: {said}", Style.ERROR)
    request_id = getattr(error, "request_id", None)
    if request_id and printable(request_id) not in said:
        yield Line(f"  Twilio's request id: {printable(request_id)}", Style.DIM)
    problems = getattr(error, "problems", ())
    for problem in problems[:most]:
        yield from problem_lines(problem)
    if len(problems) > most:
        yield Line(f"  and {len(problems) - most} more (--format json tells them all)")
    yield from _failure_lines(getattr(error, "failures", ()))
    if error.hint:
        yield Line(f"  {sentence(error.hint)}", Style.DIM)


def _failure_lines(failures: tuple[FileFailure, ...]) -> Iterator[Line]:
    """A line a file; a way out that several share is told after the last of them."""
    last = {failure.hint: number for number, failure in enumerate(failures)}
    for number, failure in enumerate(failures):
        said, request_id = sentence(failure.message), printable(failure.request_id or "")
        suffix = "" if request_id in said else f" (request id {request_id})"
        yield Line(f"  {printable(failure.source)}: {said}{suffix}")
        if failure.hint and last[failure.hint] == number:
            yield Line(f"      {sentence(failure.hint)}", Style.DIM)


def sentence(text: str) -> str:
    """One of our own sentences, fit to be shown."""
    return printable(text, limit=_LONGEST_SENTENCE)


def problem_lines(problem: Problem) -> Iterator[Line]:
    place = problem.file
    if problem.line:
        place = f"{problem.file}:{problem.line}:{problem.column}"
    text = f": {printable(problem.text)}" if problem.text else ""
    yield Line(f"  {printable(place)}: {sentence(problem.message)}{text}")
    if problem.hint:
        yield Line(f"      {sentence(problem.hint)}", Style.DIM)
