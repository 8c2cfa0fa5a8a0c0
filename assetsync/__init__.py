"""Declarative directory sync for Twilio Serverless Assets: `assetsync/api.py` says how it is scripted."""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from assetsync.api import Connection, Planned, connect, load_manifest
    from assetsync.apply.applier import Outcome
    from assetsync.errors import ApplyFailed, AssetsyncError, Conflict, InvalidInput, Refused
    from assetsync.plan.safety import Consent
    from assetsync.served.verify import Verified

__all__ = [
    "ApplyFailed",
    "AssetsyncError",
    "Conflict",
    "Connection",
    "Consent",
    "InvalidInput",
    "Outcome",
    "Planned",
    "Refused",
    "Verified",
    "connect",
    "load_manifest",
]

_ERRORS = dict.fromkeys(("ApplyFailed", "AssetsyncError", "Conflict", "InvalidInput", "Refused"), "assetsync.errors")
_HOMES = _ERRORS | {
    "Consent": "assetsync.plan.safety",
    "Outcome": "assetsync.apply.applier",
    "Verified": "assetsync.served.verify",
}


def __getattr__(name: str) -> object:
    """What is asked for is imported then: `assetsync --version` needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module 'assetsync' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES.get(name, "assetsync.api")), name)
