"""An Environment as JSON tells it: with the same keys, whichever command does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assetsync.cli.session import Session
    from assetsync.model import Environment


def environment_document(environment: Environment, session: Session) -> dict[str, Any]:
    return {
        "name": environment.unique_name,
        "sid": environment.sid,
        "suffix": environment.domain_suffix,
        "domain": environment.domain_name,
        "url": session.reach.endpoints.site(environment.domain_name),
        "build_sid": environment.build_sid,
    }


def missing_document(name: str) -> dict[str, Any]:
    """The same of one that is not there."""
    return {"name": name, "sid": None, "suffix": None, "domain": None, "url": None, "build_sid": None}
