"""The documentation is held to what the command line does."""

from tests.cli.fixtures import home

__all__ = ["home"]
