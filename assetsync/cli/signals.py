"""SIGINT and SIGTERM while something is being written: the first ends cleanly, the second at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assetsync.errors import Interrupted, Terminated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

ABANDON_AFTER, CANCEL_AFTER = 6.0, 10.0
"""Seconds after the first signal: uploads on their way are given up, then nothing more is sent.

What lies between is for remembering what was uploaded; runners that send SIGTERM kill some ten seconds later.
"""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = b"\x1b[?25h\n"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run is to end: begin nothing new (`stop`), give up uploads (`abandon`), send no more (`cancelled`)."""

    cancelled: threading.Event
    stop: threading.Event = field(default_factory=threading.Event)
    abandon: threading.Event = field(default_factory=threading.Event)


@contextmanager
def draining(cancelled: threading.Event) -> Iterator[Ending]:
    """Yield the events that signals set. The second signal ends the process: the journal has all that arrived.

    What comes out of the block as Interrupted bears the exit code of the signal that came.
    """
    ending = Ending(cancelled)
    timers = [threading.Timer(ABANDON_AFTER, ending.abandon.set), threading.Timer(CANCEL_AFTER, cancelled.set)]
    came: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        if len(came) > 1:
            _end_now(number)
        ending.stop.set()
        for timer in timers:
            timer.daemon = True
            timer.start()

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield ending
    except Interrupted as error:
        if came and came[0] == signal.SIGTERM:
            raise Terminated(error.message, hint=error.hint) from error
        raise
    finally:
        for timer in timers:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_now(number: int) -> None:
    if sys.stderr.isatty():
        os.write(sys.stderr.fileno(), _SHOW_CURSOR)
    os._exit(128 + number)
