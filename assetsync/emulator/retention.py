"""What Twilio's own clean-up takes (F1.7, F1.8), on demand and by a clock that tests can move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.emulator.hosting import served_builds
from assetsync.emulator.moments import span

if TYPE_CHECKING:
    from assetsync.emulator.settings import Settings
    from assetsync.emulator.store import Transaction


@dataclass(frozen=True, slots=True)
class Collected:
    """How many vanished; `items` are Assets and Functions."""

    builds: int
    versions: int
    items: int


_OLD_BUILDS = "SELECT sid FROM builds WHERE created < ?"
_OLD_VERSIONS = (
    "SELECT sid, digest FROM versions WHERE created < ?"
    " AND NOT EXISTS (SELECT 1 FROM build_versions WHERE version_sid = versions.sid)"
)
_OLD_ITEMS = (
    "SELECT sid FROM items WHERE created < ? AND NOT EXISTS (SELECT 1 FROM versions WHERE item_sid = items.sid)"
)


def collect(tx: Transaction, settings: Settings, now: int) -> Collected:
    """Builds first (where the settings say so at all), then Versions in no Build, then Assets without Versions."""
    builds = []
    if settings.build_retention is not None:
        served = served_builds(tx, settings, now)
        old = tx.all(_OLD_BUILDS, now - span(settings.build_retention))
        builds = [row for row in old if row["sid"] not in served]
        tx.run_many("DELETE FROM builds WHERE sid = ?", [(row["sid"],) for row in builds])
    limit = now - span(settings.retention)
    versions = tx.all(_OLD_VERSIONS, limit)
    tx.unref(versions)
    tx.run_many("DELETE FROM versions WHERE sid = ?", [(row["sid"],) for row in versions])
    items = tx.all(_OLD_ITEMS, limit)
    tx.run_many("DELETE FROM items WHERE sid = ?", [(row["sid"],) for row in items])
    return Collected(len(builds), len(versions), len(items))
