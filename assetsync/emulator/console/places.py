"""Services and Environments, as the console shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assetsync.emulator.store import Row, Transaction


@dataclass(frozen=True, slots=True)
class Environment:
    """build_sid: the live Build; held: how many Versions it has; deployed: when, in microseconds, None for never."""

    sid: str
    service_sid: str
    unique_name: str
    suffix: str | None
    domain: str
    build_sid: str | None
    held: int
    deployed: int | None


@dataclass(frozen=True, slots=True)
class Service:
    sid: str
    unique_name: str
    friendly_name: str
    created: int
    assets: int
    functions: int
    builds: int


_SERVICES = (
    "SELECT *,"
    " (SELECT COUNT(*) FROM items WHERE service_sid = services.sid AND kind = 'asset') AS assets,"
    " (SELECT COUNT(*) FROM items WHERE service_sid = services.sid AND kind = 'function') AS functions,"
    " (SELECT COUNT(*) FROM builds WHERE service_sid = services.sid) AS builds"
    " FROM services"
)
_ENVIRONMENTS = (
    "SELECT *,"
    " (SELECT COUNT(*) FROM build_versions WHERE build_versions.build_sid = environments.build_sid) AS held,"
    " (SELECT MAX(created) FROM deployments WHERE environment_sid = environments.sid) AS deployed"
    " FROM environments"
)


def services(tx: Transaction, limit: int, offset: int) -> tuple[Service, ...]:
    """Newest first."""
    return tuple(_service(row) for row in tx.all(f"{_SERVICES} ORDER BY seq DESC LIMIT ? OFFSET ?", limit, offset))


def count_services(tx: Transaction) -> int:
    return tx.number("SELECT COUNT(*) FROM services")


def service(tx: Transaction, sid: str) -> Service | None:
    row = tx.one(f"{_SERVICES} WHERE sid = ?", sid)
    return None if row is None else _service(row)


def environments(tx: Transaction, service_sid: str) -> tuple[Environment, ...]:
    """Oldest first: production mostly comes before what was added later."""
    return tuple(
        _environment(row) for row in tx.all(f"{_ENVIRONMENTS} WHERE service_sid = ? ORDER BY seq", service_sid)
    )


def environment(tx: Transaction, sid: str) -> Environment | None:
    row = tx.one(f"{_ENVIRONMENTS} WHERE sid = ?", sid)
    return None if row is None else _environment(row)


def serving(tx: Transaction, build_sid: str) -> tuple[Environment, ...]:
    """The Environments whose live Build it is."""
    return tuple(_environment(row) for row in tx.all(f"{_ENVIRONMENTS} WHERE build_sid = ? ORDER BY seq", build_sid))


def variable_keys(tx: Transaction, environment_sid: str) -> tuple[str, ...]:
    """The names only: values are often secrets."""
    rows = tx.all("SELECT key FROM variables WHERE environment_sid = ? ORDER BY key", environment_sid)
    return tuple(row["key"] for row in rows)


def _service(row: Row) -> Service:
    return Service(
        sid=row["sid"],
        unique_name=row["unique_name"],
        friendly_name=row["friendly_name"],
        created=row["created"],
        assets=row["assets"],
        functions=row["functions"],
        builds=row["builds"],
    )


def _environment(row: Row) -> Environment:
    return Environment(
        sid=row["sid"],
        service_sid=row["service_sid"],
        unique_name=row["unique_name"],
        suffix=row["domain_suffix"],
        domain=row["domain_name"],
        build_sid=row["build_sid"],
        held=row["held"],
        deployed=row["deployed"],
    )
