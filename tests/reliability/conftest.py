"""The command line against the local service on a real socket, as in `tests/cli`."""

from tests.cli.fixtures import emulator, home, live, stage
from tests.reliability.lied_to import scene

__all__ = ["emulator", "home", "live", "scene", "stage"]
