"""Variables: `.../Environments/{E}/Variables` (F1.12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assetsync.emulator.call import Call, Route
from assetsync.emulator.messages import NO_CONTENT, json_answer
from assetsync.emulator.moments import iso
from assetsync.emulator.paging import Listing, page_of
from assetsync.emulator.refusals import invalid

if TYPE_CHECKING:
    from assetsync.emulator.messages import Answer
    from assetsync.emulator.store import Row

_KEY_LIMIT = 128
_VALUE_BYTES = 450


def _represent(call: Call, environment: Row, row: Row) -> dict[str, Any]:
    service_sid = environment["service_sid"]
    return {
        "sid": row["sid"],
        "account_sid": call.account_sid,
        "service_sid": service_sid,
        "environment_sid": environment["sid"],
        "key": row["key"],
        "value": row["value"],
        "date_created": iso(row["created"]),
        "date_updated": iso(row["updated"]),
        "url": call.url("Services", service_sid, "Environments", environment["sid"], "Variables", row["sid"]),
    }


def create(call: Call) -> Answer:
    environment = call.environment()
    key, value = call.required("Key", _KEY_LIMIT), _value(call)
    if value is None:
        raise invalid("Missing required parameter Value in the post body")
    _check_key_is_free(call, environment, key, None)
    sid = call.new_sid("ZV")
    call.tx.run(
        "INSERT INTO variables (sid, environment_sid, key, value, created, updated) VALUES (?, ?, ?, ?, ?, ?)",
        sid,
        environment["sid"],
        key,
        value,
        call.now,
        call.now,
    )
    return json_answer(201, _represent(call, environment, _by_sid(call, environment, sid)))


def update(call: Call) -> Answer:
    environment = call.environment()
    row = _by_sid(call, environment, call.keys["variable"])
    key, value = call.text("Key", _KEY_LIMIT) or row["key"], _value(call)
    _check_key_is_free(call, environment, key, row["sid"])
    call.tx.run(
        "UPDATE variables SET key = ?, value = ?, updated = ? WHERE sid = ?",
        key,
        row["value"] if value is None else value,
        call.now,
        row["sid"],
    )
    return json_answer(200, _represent(call, environment, _by_sid(call, environment, row["sid"])))


def fetch(call: Call) -> Answer:
    environment = call.environment()
    return json_answer(200, _represent(call, environment, _by_sid(call, environment, call.keys["variable"])))


def read(call: Call) -> Answer:
    environment = call.environment()
    return page_of(
        call,
        Listing(
            key="variables",
            path=("Services", environment["service_sid"], "Environments", environment["sid"], "Variables"),
            select="SELECT * FROM variables WHERE environment_sid = ?",
            values=(environment["sid"],),
            represent=lambda row: _represent(call, environment, row),
            newest_first=not call.settings.oldest_first,
        ),
    )


def delete(call: Call) -> Answer:
    environment = call.environment()
    row = _by_sid(call, environment, call.keys["variable"])
    call.tx.run("DELETE FROM variables WHERE sid = ?", row["sid"])
    return NO_CONTENT


def _value(call: Call) -> str | None:
    value = call.text("Value", _VALUE_BYTES)
    if value is not None and len(value.encode()) > _VALUE_BYTES:
        raise invalid(f"Value is longer than {_VALUE_BYTES} bytes")
    return value


def _check_key_is_free(call: Call, environment: Row, key: str, own_sid: str | None) -> None:
    other = call.tx.one("SELECT sid FROM variables WHERE environment_sid = ? AND key = ?", environment["sid"], key)
    if other is not None and other["sid"] != own_sid:
        raise invalid(f"A Variable with the Key {key} exists already")


def _by_sid(call: Call, environment: Row, sid: str) -> Row:
    return call.found(
        call.tx.one("SELECT * FROM variables WHERE sid = ? AND environment_sid = ?", sid, environment["sid"])
    )


ROUTES = (
    Route("POST", "/Services/{service}/Environments/{environment}/Variables", create),
    Route("GET", "/Services/{service}/Environments/{environment}/Variables", read),
    Route("GET", "/Services/{service}/Environments/{environment}/Variables/{variable}", fetch),
    Route("POST", "/Services/{service}/Environments/{environment}/Variables/{variable}", update),
    Route("DELETE", "/Services/{service}/Environments/{environment}/Variables/{variable}", delete),
)
