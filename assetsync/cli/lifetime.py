"""`--ttl`: how long a preview lives, and to which Environments that may be said."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from assetsync.errors import UsageError
from assetsync.manifest.environments import declared_as
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from assetsync.cli.session import Session
    from assetsync.manifest.model import Manifest
    from assetsync.prepare import Prepared

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=365)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LIFETIME = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>[mhdw])")


def lifetime(text: str) -> timedelta:
    """`90m`, `12h`, `7d` or `2w`. Raises UsageError."""
    match = _LIFETIME.fullmatch(text)
    if match is None:
        hint = "write a number and m, h, d or w (minutes, hours, days, weeks), such as 90m, 12h, 7d or 2w"
        raise UsageError(f"--ttl: '{printable(text, limit=40)}' is not a time to live", hint=hint)
    found = timedelta(**{_UNITS[match["unit"]]: int(match["count"])})
    if not SHORTEST <= found <= LONGEST:
        raise UsageError(f"--ttl: {text} is not between 1 minute and 365 days", hint="such as 12h, 7d or 2w")
    return found


def asked_lifetime(text: str | None, *, create_environment: bool) -> timedelta | None:
    """What `--ttl` asks for; None where it is not given. Raises UsageError."""
    if text is None:
        return None
    found = lifetime(text)
    if not create_environment:
        raise UsageError(
            "--ttl is for a preview, and that takes --create-environment",
            hint="add --create-environment, or leave --ttl out",
        )
    return found


def check_undeclared(manifest: Manifest) -> None:
    """Raise UsageError where the manifest declares the Environment: what is declared is here to stay."""
    name = manifest.environment.name
    written = declared_as(name, manifest.environments, os.environ)
    if written is not None:
        raise UsageError(
            f"--ttl is for a preview, and {name} is declared in the manifest, as `{written}`", hint="leave --ttl out"
        )


def check_prepared(prepared: Prepared, session: Session) -> None:
    """Raise UsageError where the Environment is there already and is none that may become a preview of ours."""
    from assetsync.apply.preview import check_markable

    environment = prepared.snapshot.environment
    if environment is not None:
        check_markable(session.client, environment, prepared.plan.owner)
