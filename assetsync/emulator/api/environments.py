"""Environments: `/Services/{S}/Environments` (F7.3 to F7.5). They cannot be updated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assetsync.emulator.call import Call, Route
from assetsync.emulator.messages import NO_CONTENT, json_answer
from assetsync.emulator.moments import iso
from assetsync.emulator.paging import Listing, page_of
from assetsync.emulator.refusals import invalid

if TYPE_CHECKING:
    from assetsync.emulator.messages import Answer
    from assetsync.emulator.store import Row

_SUFFIX = re.compile(r"[A-Za-z0-9-]{1,16}")


def represent(call: Call, row: Row) -> dict[str, Any]:
    place = ("Services", row["service_sid"], "Environments", row["sid"])
    return {
        "sid": row["sid"],
        "account_sid": call.account_sid,
        "service_sid": row["service_sid"],
        "build_sid": row["build_sid"],
        "unique_name": row["unique_name"],
        "domain_suffix": row["domain_suffix"],
        "domain_name": row["domain_name"],
        "date_created": iso(row["created"]),
        "date_updated": iso(row["updated"]),
        "url": call.url(*place),
        "links": {
            "variables": call.url(*place, "Variables"),
            "deployments": call.url(*place, "Deployments"),
            "logs": call.url(*place, "Logs"),
        },
    }


def create(call: Call) -> Answer:
    service = call.service()
    unique_name = call.required("UniqueName", 100)
    suffix = call.text("DomainSuffix", 16) or None
    if suffix is not None and not _SUFFIX.fullmatch(suffix):
        raise invalid("DomainSuffix may have letters, numbers and dashes only")
    siblings = call.tx.all("SELECT * FROM environments WHERE service_sid = ?", service["sid"])
    _check_room(call, siblings, unique_name, suffix)
    sid = call.new_sid("ZE")
    call.tx.run(
        "INSERT INTO environments (sid, service_sid, unique_name, domain_suffix, domain_name, created, updated)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        sid,
        service["sid"],
        unique_name,
        suffix,
        _domain(call, service, suffix),
        call.now,
        call.now,
    )
    row = call.found(call.tx.one("SELECT * FROM environments WHERE sid = ?", sid))
    return json_answer(201, represent(call, row))


def _check_room(call: Call, siblings: list[Row], unique_name: str, suffix: str | None) -> None:
    if any(row["unique_name"] == unique_name for row in siblings):
        raise invalid(f"An Environment with the UniqueName {unique_name} exists already")
    if any((row["domain_suffix"] or "").lower() == (suffix or "").lower() for row in siblings):
        raise invalid(f"An Environment with the DomainSuffix {suffix or ''} exists already")
    if len(siblings) >= call.settings.environments:
        raise invalid(f"Environments are limited to less than or equal to {call.settings.environments}")


def _domain(call: Call, service: Row, suffix: str | None) -> str:
    """Refused when it is taken: `a-1234` with suffix `b` and a Service that draws `a-1234-b`'s digits can meet."""
    label = service["domain_base"] if suffix is None else f"{service['domain_base']}-{suffix.lower()}"
    domain = f"{label}.{call.settings.domain_root}"
    if call.tx.one("SELECT 1 FROM environments WHERE domain_name = ?", domain):
        raise invalid(f"The domain {domain} is taken")
    return domain


def fetch(call: Call) -> Answer:
    return json_answer(200, represent(call, call.environment()))


def read(call: Call) -> Answer:
    service = call.service()
    return page_of(
        call,
        Listing(
            key="environments",
            path=("Services", service["sid"], "Environments"),
            select="SELECT * FROM environments WHERE service_sid = ?",
            values=(service["sid"],),
            represent=lambda row: represent(call, row),
            newest_first=not call.settings.oldest_first,
        ),
    )


def delete(call: Call) -> Answer:
    call.tx.run("DELETE FROM environments WHERE sid = ?", call.environment()["sid"])
    return NO_CONTENT


ROUTES = (
    Route("POST", "/Services/{service}/Environments", create),
    Route("GET", "/Services/{service}/Environments", read),
    Route("GET", "/Services/{service}/Environments/{environment}", fetch),
    Route("DELETE", "/Services/{service}/Environments/{environment}", delete),
)
