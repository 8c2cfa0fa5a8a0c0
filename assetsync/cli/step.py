"""GITHUB_STEP_SUMMARY and GITHUB_OUTPUT: a job hears of a plan or an apply without a word in its workflow."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from assetsync.report.step import output_lines, step_outputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assetsync.cli.output import Output

TELLING_STEPS = frozenset({"plan", "apply"})
SUMMARY, OUTPUTS = "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"

MOST_SUMMARY = 2**20
"""Bytes. GitHub drops the summary of a step that has more."""


def follow_step(output: Output, environ: Mapping[str, str]) -> None:
    """At the end of the run, append to the files that GitHub names. One that cannot be written is a warning."""
    summary, outputs = environ.get(SUMMARY), environ.get(OUTPUTS)
    if summary:
        output.keeps_markdown = True
        output.at_end(lambda _code: _append_summary(output, summary))
    if outputs:
        output.at_end(lambda code: _append_outputs(output, outputs, code))


def _append_summary(output: Output, file: str) -> None:
    text = "".join(output.markdown_lines()).encode(errors="backslashreplace")
    if text:
        _append(output, SUMMARY, file, text, MOST_SUMMARY)


def _append_outputs(output: Output, file: str, code: int) -> None:
    values = output.told(step_outputs(output.document, code))
    text = output_lines(values, f"assetsync_{secrets.token_hex(16)}")
    _append(output, OUTPUTS, file, text.encode(errors="backslashreplace"))


def _append(output: Output, name: str, file: str, text: bytes, most: int | None = None) -> None:
    """After what is there, on a line of its own, and not at all where there would be more than `most` bytes then."""
    try:
        with open(file, "ab+") as stream:  # noqa: PTH123 - the name is GitHub's
            size = stream.seek(0, os.SEEK_END)
            if size:
                stream.seek(-1, os.SEEK_END)
                text = text if stream.read(1) == b"\n" else b"\n" + text
            if most is not None and size + len(text) > most:
                output.warn([f"{name} is full; the plan is not in it"])
                return
            stream.write(text)
    except (OSError, ValueError) as error:
        output.warn([f"{name} cannot be written: {getattr(error, 'strerror', None) or error}"])
