"""Lines that a person types while a command goes on."""

from __future__ import annotations

import os
import select
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_GLANCE = 1.0
"""Seconds between two looks whether the terminal is ours."""


def read_lines(take: Callable[[str], None]) -> None:
    """For ever, or until standard input cannot be read; to be run by a thread that ends with the process.

    A job in the background does not read: the system would stop it. The end of a file (Ctrl-D) is no end.
    """
    terminal, pause = sys.stdin.fileno(), threading.Event()
    held = b""
    with suppress(OSError, ValueError):
        while True:
            ready = select.select([terminal], [], [], _GLANCE)[0]
            if not ready:
                continue
            if _is_in_background(terminal):
                pause.wait(_GLANCE)
                continue
            chunk = os.read(terminal, 4096)
            if not chunk:
                pause.wait(_GLANCE)
            *lines, held = (held + chunk).split(b"\n")
            for line in lines:
                take(line.decode(errors="replace"))


def _is_in_background(terminal: int) -> bool:
    """False as well where the terminal controls nobody, and so stops nobody."""
    try:
        return os.tcgetpgrp(terminal) != os.getpgrp()
    except OSError:
        return False
