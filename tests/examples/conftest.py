"""The examples are run as they stand, from a copy, against the local service on a real socket."""

from tests.cli.fixtures import emulator, home, live, stage

__all__ = ["emulator", "home", "live", "stage"]
