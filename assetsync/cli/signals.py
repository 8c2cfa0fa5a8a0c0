"""SIGINT and SIGTERM while something is being written: the first ends cleanly, the second at once."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from assetsync.errors import Interrupted, Terminated
from assetsync.report.line import Line, Style

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from assetsync.cli.output import Output

GRACE = 10.0
"""Seconds that a clean end may take."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def draining(cancelled: threading.Event, output: Output) -> Iterator[threading.Event]:
    """Yield the event that says: begin nothing new. A second signal, or ten seconds, set `cancelled` as well.

    What comes out of the block as Interrupted bears the exit code of the signal that came.
    """
    stop = threading.Event()
    came: list[int] = []
    timer = threading.Timer(GRACE, cancelled.set)
    timer.daemon = True

    def on_signal(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        if len(came) > 1:
            cancelled.set()
            return
        stop.set()
        timer.start()

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield stop
    except Interrupted as error:
        if came and came[0] == signal.SIGTERM:
            raise Terminated(error.message, hint=error.hint) from error
        raise
    finally:
        timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            output.talk([Line("ended by a signal", Style.DIM)])
