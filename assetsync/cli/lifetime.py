"""Times as people write them: `--ttl`, and to which Environments it may be said; `--older-than`."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from assetsync.errors import UsageError
from assetsync.manifest.environments import declared_as
from assetsync.plan.collection import MIN_AGE
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from assetsync.cli.session import Session
    from assetsync.manifest.model import Manifest
    from assetsync.prepare import Prepared

SHORTEST, LONGEST = timedelta(minutes=15), timedelta(days=365)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_TIME = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>[mhdw])")


def lifetime(text: str) -> timedelta:
    """`90m`, `12h`, `7d` or `2w`. Raises UsageError."""
    found = _time(text, "--ttl", "a time to live", such="90m, 12h, 7d or 2w")
    if not SHORTEST <= found <= LONGEST:
        raise UsageError(f"--ttl: {text} is not between 15 minutes and 365 days", hint="such as 12h, 7d or 2w")
    return found


def age(text: str) -> timedelta:
    """How old at least what `--older-than` lets go is: `36h`, `14d` or `4w`. Raises UsageError."""
    found = _time(text, "--older-than", "an age", such="36h, 14d or 4w")
    if not MIN_AGE <= found <= LONGEST:
        raise UsageError(
            f"--older-than: {text} is not between 1 day and 365 days: what is younger may be in use by a run",
            hint="such as 36h, 14d or 4w",
        )
    return found


def _time(text: str, option: str, what: str, *, such: str) -> timedelta:
    match = _TIME.fullmatch(text)
    if match is None:
        hint = f"write a number and m, h, d or w (minutes, hours, days, weeks), such as {such}"
        raise UsageError(f"{option}: '{printable(text, limit=40)}' is not {what}", hint=hint)
    return timedelta(**{_UNITS[match["unit"]]: int(match["count"])})


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
