"""Services: `/Services` (F7.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assetsync.emulator.call import SERVICE_SID, Call, Route
from assetsync.emulator.messages import NO_CONTENT, json_answer
from assetsync.emulator.moments import iso
from assetsync.emulator.paging import Listing, page_of
from assetsync.emulator.refusals import invalid

if TYPE_CHECKING:
    from assetsync.emulator.messages import Answer
    from assetsync.emulator.store import Row

_UNIQUE_NAME = re.compile(r"[A-Za-z0-9-]{1,50}")


def represent(call: Call, row: Row) -> dict[str, Any]:
    sid = row["sid"]
    return {
        "sid": sid,
        "account_sid": call.account_sid,
        "friendly_name": row["friendly_name"],
        "unique_name": row["unique_name"],
        "include_credentials": bool(row["include_credentials"]),
        "ui_editable": bool(row["ui_editable"]),
        "domain_base": row["domain_base"],
        "date_created": iso(row["created"]),
        "date_updated": iso(row["updated"]),
        "url": call.url("Services", sid),
        "links": {
            "environments": call.url("Services", sid, "Environments"),
            "functions": call.url("Services", sid, "Functions"),
            "assets": call.url("Services", sid, "Assets"),
            "builds": call.url("Services", sid, "Builds"),
        },
    }


def create(call: Call) -> Answer:
    unique_name = call.required("UniqueName", 50)
    friendly_name = call.required("FriendlyName", 255)
    include_credentials = call.flag("IncludeCredentials")
    ui_editable = call.flag("UiEditable")
    if not _UNIQUE_NAME.fullmatch(unique_name):
        raise invalid("UniqueName may have letters, numbers and dashes only")
    if SERVICE_SID.fullmatch(unique_name):
        raise invalid("UniqueName may not have the form of a SID")
    if call.tx.one("SELECT 1 FROM services WHERE unique_name = ?", unique_name):
        raise invalid(f"A Service with the UniqueName {unique_name} exists already")
    if call.tx.number("SELECT COUNT(*) FROM services") >= call.settings.services:
        raise invalid(f"Services are limited to less than or equal to {call.settings.services}")
    sid = call.new_sid("ZS")
    call.tx.run(
        "INSERT INTO services (sid, unique_name, friendly_name, include_credentials, ui_editable, domain_base,"
        " created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        sid,
        unique_name,
        friendly_name,
        include_credentials is not False,
        ui_editable is True,
        _domain_base(call, unique_name),
        call.now,
        call.now,
    )
    return json_answer(201, represent(call, _by_sid(call, sid)))


def fetch(call: Call) -> Answer:
    return json_answer(200, represent(call, call.service()))


def read(call: Call) -> Answer:
    return page_of(
        call,
        Listing(
            key="services",
            path=("Services",),
            select="SELECT * FROM services WHERE TRUE",
            values=(),
            represent=lambda row: represent(call, row),
            newest_first=not call.settings.oldest_first,
        ),
    )


def update(call: Call) -> Answer:
    row = call.service()
    friendly_name = call.text("FriendlyName", 255)
    if friendly_name == "":
        raise invalid("FriendlyName may not be empty")
    include_credentials = call.flag("IncludeCredentials")
    ui_editable = call.flag("UiEditable")
    call.tx.run(
        "UPDATE services SET friendly_name = coalesce(?, friendly_name),"
        " include_credentials = coalesce(?, include_credentials), ui_editable = coalesce(?, ui_editable), updated = ?"
        " WHERE sid = ?",
        friendly_name,
        include_credentials,
        ui_editable,
        call.now,
        row["sid"],
    )
    return json_answer(200, represent(call, _by_sid(call, row["sid"])))


def delete(call: Call) -> Answer:
    """Everything below goes with it (F5.7)."""
    row = call.service()
    call.tx.unref(call.tx.all("SELECT digest FROM versions WHERE service_sid = ?", row["sid"]))
    call.tx.run("DELETE FROM services WHERE sid = ?", row["sid"])
    return NO_CONTENT


def _by_sid(call: Call, sid: str) -> Row:
    return call.found(call.tx.one("SELECT * FROM services WHERE sid = ?", sid))


def _domain_base(call: Call, unique_name: str) -> str:
    """The name and four random digits (F7.3), in lower case as host names are."""
    while True:
        base = f"{unique_name.lower()}-{call.random.randrange(1000, 10_000)}"
        if not call.tx.one("SELECT 1 FROM services WHERE domain_base = ?", base):
            return base


ROUTES = (
    Route("POST", "/Services", create),
    Route("GET", "/Services", read),
    Route("GET", "/Services/{service}", fetch),
    Route("POST", "/Services/{service}", update),
    Route("DELETE", "/Services/{service}", delete),
)
