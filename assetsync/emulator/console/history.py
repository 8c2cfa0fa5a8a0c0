"""Builds and Deployments over time, and what changed between two Builds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from assetsync.emulator.api.builds import status_of
from assetsync.emulator.console.files import FILES, File, file_of

if TYPE_CHECKING:
    from assetsync.emulator.store import Row, Transaction

PAGE_SIZE: Final = 20


@dataclass(frozen=True, slots=True)
class Build:
    """previous: the SID of the Build that was made before it in its Service, where that is still there."""

    sid: str
    service_sid: str
    status: str
    runtime: str
    dependencies: tuple[tuple[str, str], ...]
    created: int
    held: int
    previous: str | None


@dataclass(frozen=True, slots=True)
class Deployment:
    """build_sid: None where it ended serving; previous: the Build that was live before, `exists`: both are there."""

    sid: str
    build_sid: str | None
    created: int
    previous: str | None
    exists: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """By path. changed: before and after; a new Version of the same bytes, type and visibility is one, too."""

    added: tuple[File, ...]
    removed: tuple[File, ...]
    changed: tuple[tuple[File, File], ...]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class Counts:
    added: int
    changed: int
    removed: int


_BUILDS: Final = (
    "SELECT *, (SELECT COUNT(*) FROM build_versions WHERE build_sid = builds.sid) AS held,"
    " (SELECT sid FROM builds AS older WHERE older.service_sid = builds.service_sid AND older.seq < builds.seq"
    "  ORDER BY older.seq DESC LIMIT 1) AS previous"
    " FROM builds"
)
_DEPLOYMENTS: Final = (
    "WITH history AS (SELECT *, LAG(build_sid) OVER (ORDER BY seq) AS previous FROM deployments"
    "  WHERE environment_sid = ?)"
    " SELECT *,"
    "  (build_sid IS NULL OR EXISTS (SELECT 1 FROM builds WHERE builds.sid = history.build_sid))"
    "  AND (previous IS NULL OR EXISTS (SELECT 1 FROM builds WHERE builds.sid = previous)) AS complete"
    " FROM history ORDER BY seq DESC LIMIT ? OFFSET ?"
)
_ONLY_IN: Final = (
    " WHERE versions.sid IN (SELECT version_sid FROM build_versions WHERE build_sid = ?"
    " EXCEPT SELECT version_sid FROM build_versions WHERE build_sid = ?)"
)
_FILES_ONLY_IN: Final = FILES + _ONLY_IN + " ORDER BY path, versions.seq"
_PATHS: Final = "SELECT path FROM versions"
_PATHS_ONLY_IN: Final = _PATHS + _ONLY_IN


def builds(tx: Transaction, service_sid: str, now: int, limit: int, offset: int = 0) -> tuple[Build, ...]:
    """Newest first."""
    rows = tx.all(f"{_BUILDS} WHERE service_sid = ? ORDER BY seq DESC LIMIT ? OFFSET ?", service_sid, limit, offset)
    return tuple(_build(row, now) for row in rows)


def build(tx: Transaction, sid: str, now: int) -> Build | None:
    row = tx.one(f"{_BUILDS} WHERE sid = ?", sid)
    return None if row is None else _build(row, now)


def deployments(tx: Transaction, environment_sid: str, limit: int, offset: int = 0) -> tuple[Deployment, ...]:
    """Newest first."""
    rows = tx.all(_DEPLOYMENTS, environment_sid, limit, offset)
    return tuple(_deployment(row) for row in rows)


def count_deployments(tx: Transaction, environment_sid: str) -> int:
    return tx.number("SELECT COUNT(*) FROM deployments WHERE environment_sid = ?", environment_sid)


def changes_between(tx: Transaction, before: str | None, after: str | None) -> Changes:
    """From one Build to another; None is a Build of nothing."""
    gone = {row["path"]: file_of(row) for row in tx.all(_FILES_ONLY_IN, before, after)}
    come = {row["path"]: file_of(row) for row in tx.all(_FILES_ONLY_IN, after, before)}
    return Changes(
        added=tuple(file for path, file in come.items() if path not in gone),
        removed=tuple(file for path, file in gone.items() if path not in come),
        changed=tuple((gone[path], file) for path, file in come.items() if path in gone),
    )


def count_changes(tx: Transaction, before: str | None, after: str | None) -> Counts:
    """How many paths `changes_between` would find, at a fraction of the cost."""
    if before is None or after is None:
        return Counts(added=_held(tx, after), changed=0, removed=_held(tx, before))
    gone = {row["path"] for row in tx.all(_PATHS_ONLY_IN, before, after)}
    come = {row["path"] for row in tx.all(_PATHS_ONLY_IN, after, before)}
    return Counts(added=len(come - gone), changed=len(come & gone), removed=len(gone - come))


def _held(tx: Transaction, build_sid: str | None) -> int:
    return tx.number("SELECT COUNT(*) FROM build_versions WHERE build_sid = ?", build_sid)


def _build(row: Row, now: int) -> Build:
    return Build(
        sid=row["sid"],
        service_sid=row["service_sid"],
        status=status_of(row, now),
        runtime=row["runtime"],
        dependencies=tuple((each["name"], each["version"]) for each in json.loads(row["dependencies"])),
        created=row["created"],
        held=row["held"],
        previous=row["previous"],
    )


def _deployment(row: Row) -> Deployment:
    return Deployment(
        sid=row["sid"],
        build_sid=row["build_sid"],
        created=row["created"],
        previous=row["previous"],
        exists=bool(row["complete"]),
    )
