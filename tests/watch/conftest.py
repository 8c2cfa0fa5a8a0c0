"""The project and the service of the command line's tests, for those of watching."""

from __future__ import annotations

from tests.cli.fixtures import emulator, home, stage

__all__ = ["emulator", "home", "stage"]
