"""Declarative directory sync for Twilio Serverless Assets: `assetsync/api.py` says how it is scripted."""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from assetsync.api import Connection, Planned, connect, load_manifest
    from assetsync.apply.applier import Outcome
    from assetsync.errors import (
        ApplyFailed,
        AssetsyncError,
        BuildFailed,
        Conflict,
        CredentialsError,
        Interrupted,
        InvalidInput,
        Refused,
        ServiceError,
        UsageError,
    )
    from assetsync.plan.safety import Consent
    from assetsync.served.verify import Verified

__all__ = [
    "ApplyFailed",
    "AssetsyncError",
    "BuildFailed",
    "Conflict",
    "Connection",
    "Consent",
    "CredentialsError",
    "Interrupted",
    "InvalidInput",
    "Outcome",
    "Planned",
    "Refused",
    "ServiceError",
    "UsageError",
    "Verified",
    "connect",
    "load_manifest",
]

_HOMES = {
    "Connection": "assetsync.api",
    "Consent": "assetsync.plan.safety",
    "Outcome": "assetsync.apply.applier",
    "Planned": "assetsync.api",
    "Verified": "assetsync.served.verify",
    "connect": "assetsync.api",
    "load_manifest": "assetsync.api",
}
"""Of what is no error."""


def __dir__() -> list[str]:
    return [*globals(), *__all__]


if not TYPE_CHECKING:  # a type checker is not to take any name for one of ours

    def __getattr__(name: str) -> object:
        """What is asked for is imported then: `assetsync --version` needs none of it."""
        if name not in __all__:
            raise AttributeError(f"module 'assetsync' has no attribute {name!r}")
        import importlib

        return getattr(importlib.import_module(_HOMES.get(name, "assetsync.errors")), name)
