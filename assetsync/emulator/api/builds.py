"""Builds: `/Services/{S}/Builds` (F6). A Build is a full snapshot of what an Environment will serve."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from assetsync.emulator.api.build_contents import check_runtime, check_versions, parse_dependencies
from assetsync.emulator.api.kinds import ASSET, FUNCTION, Kind
from assetsync.emulator.call import Call, Route
from assetsync.emulator.hosting import served_builds
from assetsync.emulator.messages import NO_CONTENT, json_answer
from assetsync.emulator.moments import iso, seconds
from assetsync.emulator.paging import Listing, page_of
from assetsync.emulator.refusals import invalid

if TYPE_CHECKING:
    from assetsync.emulator.messages import Answer
    from assetsync.emulator.store import Row

_DEPENDENCIES_LIMIT = 1 << 20


def status_of(row: Row, now: int) -> str:
    status: str = row["outcome"] if now >= row["ready"] else "building"
    return status


def _represent(call: Call, row: Row, status: str) -> dict[str, Any]:
    place = ("Services", row["service_sid"], "Builds", row["sid"])
    versions = call.tx.all(
        "SELECT versions.* FROM build_versions JOIN versions ON versions.sid = version_sid"
        " WHERE build_sid = ? ORDER BY position",
        row["sid"],
    )
    return {
        "sid": row["sid"],
        "account_sid": call.account_sid,
        "service_sid": row["service_sid"],
        "asset_versions": _held(ASSET, call, versions),
        "function_versions": _held(FUNCTION, call, versions),
        "dependencies": json.loads(row["dependencies"]),
        "runtime": row["runtime"],
        "status": status,
        "date_created": iso(row["created"]),
        "date_updated": iso(row["created"] if status == "building" else row["ready"]),
        "url": call.url(*place),
        "links": {"build_status": call.url(*place, "Status")},
    }


def _held(kind: Kind, call: Call, versions: list[Row]) -> list[dict[str, Any]]:
    """Versions as a Build shows them: visibility in upper case, no URL (F6.4)."""
    return [
        {
            "sid": row["sid"],
            "account_sid": call.account_sid,
            "service_sid": row["service_sid"],
            f"{kind.word}_sid": row["item_sid"],
            "date_created": iso(row["created"]),
            "path": row["path"],
            "visibility": row["visibility"].upper(),
        }
        for row in versions
        if row["kind"] == kind.word
    ]


def create(call: Call) -> Answer:
    """Shown as `building` always, even where it is ready by the next request. The Versions' order is arbitrary."""
    service = call.service()
    rows = [*_named(ASSET, call, service), *_named(FUNCTION, call, service)]
    dependencies, runtime = _dependencies(call), call.text("Runtime", 50) or call.settings.runtime
    check_runtime(runtime, call.settings)
    check_versions(rows, call.settings)
    sid = call.new_sid("ZB")
    call.tx.run(
        "INSERT INTO builds (sid, service_sid, runtime, dependencies, outcome, ready, created)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        sid,
        service["sid"],
        runtime,
        json.dumps(dependencies),
        call.outcome(),
        call.now + seconds(call.settings.build_seconds),
        call.now,
    )
    call.random.shuffle(rows)
    call.tx.run_many(
        "INSERT INTO build_versions (build_sid, position, version_sid) VALUES (?, ?, ?)",
        [(sid, position, row["sid"]) for position, row in enumerate(rows)],
    )
    row = call.found(call.tx.one("SELECT * FROM builds WHERE sid = ?", sid))
    return json_answer(201, _represent(call, row, "building"))


def _named(kind: Kind, call: Call, service: Row) -> list[Row]:
    """The Versions that the request names, each once."""
    sids = list(dict.fromkeys(call.texts(f"{kind.noun}Versions")))
    found = call.tx.all(
        "SELECT * FROM versions WHERE sid IN (SELECT value FROM json_each(?)) AND kind = ? AND service_sid = ?",
        json.dumps(sids),
        kind.word,
        service["sid"],
    )
    rows = {row["sid"]: row for row in found}
    for sid in sids:
        if sid not in rows:
            raise invalid(f"{kind.noun} Version {sid} was not found")
    return [rows[sid] for sid in sids]


def _dependencies(call: Call) -> list[dict[str, str]]:
    text = call.text("Dependencies", _DEPENDENCIES_LIMIT)
    if text:
        return parse_dependencies(text)
    return [{"name": name, "version": version} for name, version in call.settings.dependencies]


def fetch(call: Call) -> Answer:
    row = _build_of(call)
    return json_answer(200, _represent(call, row, status_of(row, call.now)))


def fetch_status(call: Call) -> Answer:
    row = _build_of(call)
    return json_answer(
        200,
        {
            "sid": row["sid"],
            "account_sid": call.account_sid,
            "service_sid": row["service_sid"],
            "status": status_of(row, call.now),
            "url": call.url("Services", row["service_sid"], "Builds", row["sid"], "Status"),
        },
    )


def read(call: Call) -> Answer:
    service = call.service()
    return page_of(
        call,
        Listing(
            key="builds",
            path=("Services", service["sid"], "Builds"),
            select="SELECT * FROM builds WHERE service_sid = ?",
            values=(service["sid"],),
            represent=lambda row: _represent(call, row, status_of(row, call.now)),
            newest_first=not call.settings.oldest_first,
        ),
    )


def delete(call: Call) -> Answer:
    """Refused while an Environment serves it (F5.4), also where that is only until the newest Deployment has spread."""
    row = _build_of(call)
    if row["sid"] in served_builds(call.tx, call.settings, call.now):
        raise invalid("Cannot delete Build because it's part of an active Deployment.")
    call.tx.run("DELETE FROM builds WHERE sid = ?", row["sid"])
    return NO_CONTENT


def _build_of(call: Call) -> Row:
    return call.found(
        call.tx.one("SELECT * FROM builds WHERE sid = ? AND service_sid = ?", call.keys["build"], call.service()["sid"])
    )


ROUTES = (
    Route("POST", "/Services/{service}/Builds", create),
    Route("GET", "/Services/{service}/Builds", read),
    Route("GET", "/Services/{service}/Builds/{build}", fetch),
    Route("DELETE", "/Services/{service}/Builds/{build}", delete),
    Route("GET", "/Services/{service}/Builds/{build}/Status", fetch_status),
)
