"""The command line against the local service on a real socket, as in `tests/cli`."""

from tests.cli.fixtures import emulator, home, live, stage

__all__ = ["emulator", "home", "live", "stage"]
