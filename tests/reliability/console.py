"""A command at a terminal of its own, as a person has one: what is typed goes through it, Ctrl-C too."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

from tests.cli.stage import Terminal

if TYPE_CHECKING:
    from pathlib import Path

_OWN = "import os, sys; os.login_tty(0); os.execv(sys.executable, [sys.executable, '-m', 'assetsync', *sys.argv[1:]])"
_SET = re.compile(r"\x1b\[\?([0-9;]+)([hl])")
_LOOKS = re.compile(r"\x1b\[([0-9;]*)m")
CURSOR = "25"


class Console(Terminal):
    """The terminal is the one that controls the process: Ctrl-C at its keyboard becomes a SIGINT."""

    def __init__(self, *arguments: str, cwd: Path | None = None) -> None:
        self._master, slave = pty.openpty()
        self._modes = termios.tcgetattr(self._master)
        self._held = slave  # the terminal outlives the process, as a person's does
        self.process = subprocess.Popen(
            [sys.executable, "-c", _OWN, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
        )
        self.seen = ""

    def ctrl_c(self) -> None:
        os.write(self._master, b"\x03")

    def close(self) -> None:
        """Nobody holds the terminal any more: its output has an end."""
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    def is_sane(self) -> None:
        """Fail unless the terminal is left as it was found: echo, lines, cursor, screen, colours."""
        assert termios.tcgetattr(self._master) == self._modes
        switched = {number: state for numbers, state in _SET.findall(self.seen) for number in numbers.split(";")}
        assert switched.pop(CURSOR, "h") == "h", "the cursor is not to be seen"
        assert set(switched.values()) <= {"l"}, switched
        assert next(reversed(_LOOKS.findall(self.seen)), "0") in {"", "0"}, "a colour goes on"
        left = re.sub(r"(\^C)+$", "", self.seen)  # a Ctrl-C that came after the end is echoed by the terminal
        assert left.endswith("\n"), repr(self.seen[-200:])
