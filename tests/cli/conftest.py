"""The command line, in this process and in others, against the local service on a real socket."""

from tests.cli.fixtures import emulator, home, live, stage

__all__ = ["emulator", "home", "live", "stage"]
