"""Assets and Functions: `/Services/{S}/Assets`, `/Services/{S}/Functions`. All they have is a friendly name (F2.8)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from assetsync.emulator.api.kinds import ASSET, FUNCTION, Kind
from assetsync.emulator.call import Call, Route
from assetsync.emulator.messages import NO_CONTENT, json_answer
from assetsync.emulator.moments import iso
from assetsync.emulator.paging import Listing, page_of
from assetsync.emulator.refusals import invalid

if TYPE_CHECKING:
    from assetsync.emulator.messages import Answer
    from assetsync.emulator.store import Row


def represent(kind: Kind, call: Call, row: Row) -> dict[str, Any]:
    place = ("Services", row["service_sid"], kind.collection, row["sid"])
    return {
        "sid": row["sid"],
        "account_sid": call.account_sid,
        "service_sid": row["service_sid"],
        "friendly_name": row["friendly_name"],
        "date_created": iso(row["created"]),
        "date_updated": iso(row["updated"]),
        "url": call.url(*place),
        "links": {f"{kind.word}_versions": call.url(*place, "Versions")},
    }


def item_of(kind: Kind, call: Call) -> Row:
    """The Asset or Function that the path names."""
    return call.found(
        call.tx.one(
            "SELECT * FROM items WHERE sid = ? AND kind = ? AND service_sid = ?",
            call.keys["item"],
            kind.word,
            call.service()["sid"],
        )
    )


def create(kind: Kind, call: Call) -> Answer:
    service = call.service()
    friendly_name = call.required("FriendlyName", 255)
    sid = call.new_sid("ZH")
    call.tx.run(
        "INSERT INTO items (sid, kind, service_sid, friendly_name, created, updated) VALUES (?, ?, ?, ?, ?, ?)",
        sid,
        kind.word,
        service["sid"],
        friendly_name,
        call.now,
        call.now,
    )
    return json_answer(201, represent(kind, call, _by_sid(call, sid)))


def fetch(kind: Kind, call: Call) -> Answer:
    return json_answer(200, represent(kind, call, item_of(kind, call)))


def read(kind: Kind, call: Call) -> Answer:
    service = call.service()
    return page_of(
        call,
        Listing(
            key=f"{kind.word}s",
            path=("Services", service["sid"], kind.collection),
            select="SELECT * FROM items WHERE service_sid = ? AND kind = ?",
            values=(service["sid"], kind.word),
            represent=lambda row: represent(kind, call, row),
            newest_first=not call.settings.oldest_first,
        ),
    )


def update(kind: Kind, call: Call) -> Answer:
    """Only the name can change (F5.8)."""
    row = item_of(kind, call)
    friendly_name = call.required("FriendlyName", 255)
    call.tx.run("UPDATE items SET friendly_name = ?, updated = ? WHERE sid = ?", friendly_name, call.now, row["sid"])
    return json_answer(200, represent(kind, call, _by_sid(call, row["sid"])))


def delete(kind: Kind, call: Call) -> Answer:
    """Its Versions go with it (F5.3); refused while any Build holds one of them (F5.2)."""
    row = item_of(kind, call)
    held = call.tx.one(
        "SELECT 1 FROM build_versions JOIN versions ON versions.sid = version_sid WHERE item_sid = ? LIMIT 1",
        row["sid"],
    )
    if held is not None:
        raise invalid(f"Cannot delete {kind.noun} because it's part of a Build.")
    call.tx.unref(call.tx.all("SELECT digest FROM versions WHERE item_sid = ?", row["sid"]))
    call.tx.run("DELETE FROM items WHERE sid = ?", row["sid"])
    return NO_CONTENT


def _by_sid(call: Call, sid: str) -> Row:
    return call.found(call.tx.one("SELECT * FROM items WHERE sid = ?", sid))


def _routes(kind: Kind) -> tuple[Route, ...]:
    many = f"/Services/{{service}}/{kind.collection}"
    one = f"{many}/{{item}}"
    return (
        Route("POST", many, partial(create, kind)),
        Route("GET", many, partial(read, kind)),
        Route("GET", one, partial(fetch, kind)),
        Route("POST", one, partial(update, kind)),
        Route("DELETE", one, partial(delete, kind)),
    )


ROUTES = (*_routes(ASSET), *_routes(FUNCTION))
