"""SIGINT, SIGTERM and SIGHUP (the terminal was closed): they end a run at once while nothing is being written, and
cleanly while something is. SIGTSTP (Ctrl-Z): the terminal is left sane meanwhile.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NoReturn

from assetsync.errors import AssetsyncError, Interrupted, Terminated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

ABANDON_AFTER, CANCEL_AFTER = 6.0, 10.0
"""Seconds after the first signal: uploads on their way are given up, then nothing more is sent.

What lies between is for remembering what was uploaded; runners that send SIGTERM kill some ten seconds later.
"""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NUDGE, _NUDGE_AFTER = signal.SIGURG, 0.05
_SHOW_CURSOR, _HIDE_CURSOR = b"\x1b[?25h\n", b"\x1b[?25l"

ENDED = frozenset({Interrupted.exit_code, Terminated.exit_code})
"""The exit codes of a run that a signal ended."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run is to end: begin nothing new (`stop`), give up uploads (`abandon`), send no more (`cancelled`).

    number: the signal that asked for it, None before it came
    """

    cancelled: threading.Event
    stop: threading.Event = field(default_factory=threading.Event)
    abandon: threading.Event = field(default_factory=threading.Event)
    came: list[int] = field(default_factory=list)

    @property
    def number(self) -> int | None:
        return self.came[0] if self.came else None


@contextmanager
def ending_at_once(standing: Callable[[], str], report: Callable[[Interrupted], int]) -> Iterator[None]:
    """While nothing is being written, a signal is told by `report` and ends the process, whatever its threads wait for.

    `standing` says what was done until now.
    """

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGINT:
            leave(report(Terminated(f"terminated; {standing()}")))
        leave(report(Interrupted(f"interrupted; {standing()}")))

    with _handled(on_signal):
        yield


def leave(code: int) -> NoReturn:
    """End the process now: no thread is waited for, what was written is flushed, the terminal is left sane."""
    for number in _SIGNALS:  # one more would come in between, and a stream refuses to be flushed while it is
        signal.signal(number, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, RuntimeError):
            stream.flush()
    _write_to_terminal(_SHOW_CURSOR)
    os._exit(code)


@contextmanager
def draining(
    cancelled: threading.Event, report: Callable[[AssetsyncError], None], is_writing: Callable[[], bool] = lambda: True
) -> Iterator[Ending]:
    """Yield the events that signals set. The second signal ends the process: the journal has all that arrived.

    While `is_writing` is false there is nothing to finish: the first one cancels whatever is asked at once.
    What comes out of the block as Interrupted bears the exit code of the signal that came.
    """
    ending = Ending(cancelled)
    timers = [threading.Timer(ABANDON_AFTER, ending.abandon.set), threading.Timer(CANCEL_AFTER, cancelled.set)]

    def on_signal(number: int, _frame: FrameType | None) -> None:
        ending.came.append(number)
        if len(ending.came) > 1:
            kind = Interrupted if number == signal.SIGINT else Terminated
            report(kind("interrupted twice; the next run finishes what was begun"))
            leave(kind.exit_code)
        ending.stop.set()
        if not is_writing():
            cancelled.set()
        for timer in timers:
            timer.daemon = True
            timer.start()

    try:
        with _handled(on_signal):
            yield ending
    except Interrupted as error:
        if ending.number not in {None, signal.SIGINT}:
            raise Terminated(error.message, hint=error.hint) from error
        raise
    finally:
        for timer in timers:
            timer.cancel()


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Signals go to `handler`; one that the process was started to ignore stays ignored."""
    heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heeded}
    _heed_soon()
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


@cache
def _heed_soon() -> None:
    """From now on the main thread is called out of whatever it waits in, a moment after a signal came.

    Python runs a handler when that wait ends, and a signal that comes right before the wait begins does not end it.
    Once for the process (hence the cache): there is one main thread, and one descriptor that Python tells of signals.
    """
    main = threading.get_ident()

    def nudge() -> None:
        while number := os.read(told, 1):
            if number[0] != _NUDGE:  # that one tells of itself too
                time.sleep(_NUDGE_AFTER)
                signal.pthread_kill(main, _NUDGE)

    with suppress(OSError, RuntimeError):  # no descriptor or no thread is left: then without
        told, telling = os.pipe()
        os.set_blocking(telling, False)
        threading.Thread(target=nudge, name="signals", daemon=True).start()
        signal.signal(_NUDGE, lambda _number, _frame: None)
        signal.set_wakeup_fd(telling, warn_on_full_buffer=False)


@contextmanager
def stepping_aside() -> Iterator[None]:
    """Whenever Ctrl-Z stops the process, the terminal has its cursor meanwhile.

    Nothing but bytes is written: whoever draws on the terminal may be in the middle of it.
    """

    def on_stop(_number: int, _frame: FrameType | None) -> None:
        _write_to_terminal(_SHOW_CURSOR)
        os.kill(os.getpid(), signal.SIGSTOP)
        _write_to_terminal(_HIDE_CURSOR)

    if signal.getsignal(signal.SIGTSTP) is signal.SIG_IGN:
        yield
        return
    before = signal.signal(signal.SIGTSTP, on_stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, before)


def _write_to_terminal(text: bytes) -> None:
    with suppress(OSError, ValueError):
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), text)
