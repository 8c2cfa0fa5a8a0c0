"""The frame of a command: its voice, known to the error handling from the first moment."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Unpack

import click

from assetsync.cli.output import Output
from assetsync.cli.step import TELLING_STEPS, follow_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assetsync.cli.options import Voice
    from assetsync.events import Event


class Run:
    """A running command. `began` is monotonic seconds."""

    def __init__(self, output: Output, began: float) -> None:
        self.output = output
        self._began = began
        self._renderer: Callable[[Event], None] | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def emit(self, event: Event) -> None:
        """Events are shown while `progress` is open, so that no question is written over; `--events` has them all."""
        self.output.hear(event)
        renderer = self._renderer
        if renderer is not None:
            renderer(event)

    @contextmanager
    def progress(self) -> Iterator[None]:
        with self.output.renderer() as renderer:
            self._renderer = renderer
            try:
                yield
            finally:
                self._renderer = None

    @contextmanager
    def shown_by(self, renderer: Callable[[Event], None]) -> Iterator[None]:
        """Events go to `renderer` meanwhile."""
        before, self._renderer = self._renderer, renderer
        try:
            yield
        finally:
            self._renderer = before


@contextmanager
def command_run(**voice: Unpack[Voice]) -> Iterator[Run]:
    """Begin a command. Errors raised inside are told by `invoke`, through the same output."""
    began = time.monotonic()
    output = Output(form=voice["form"], color=voice["color"], verbose=voice["verbose"], quiet=voice["quiet"])
    context = click.get_current_context()
    context.find_root().obj["output"] = output
    if context.info_name in TELLING_STEPS:
        follow_step(output, os.environ)
    if voice["events"] is not None:
        from assetsync.cli.trail import follow

        follow(output, voice["events"], context.info_name or "", began)
    yield Run(output, began)
