"""Asset and Function Versions: `.../Versions`, and the upload that makes them (F9)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from assetsync.emulator.api.items import item_of
from assetsync.emulator.api.kinds import ASSET, FUNCTION, Kind
from assetsync.emulator.call import Call, Route
from assetsync.emulator.messages import json_answer
from assetsync.emulator.moments import iso
from assetsync.emulator.paging import Listing, page_of
from assetsync.emulator.paths import is_valid, with_slash
from assetsync.emulator.refusals import TOO_LARGE, invalid_upload

if TYPE_CHECKING:
    from assetsync.emulator.messages import Answer, FilePart
    from assetsync.emulator.store import Row

_VISIBILITIES = frozenset({"public", "protected", "private"})


def represent(kind: Kind, call: Call, row: Row) -> dict[str, Any]:
    """`visibility` is in lower case here, in upper case inside a Build (F6.4)."""
    place = ("Services", row["service_sid"], kind.collection, row["item_sid"], "Versions", row["sid"])
    body = {
        "sid": row["sid"],
        "account_sid": call.account_sid,
        "service_sid": row["service_sid"],
        f"{kind.word}_sid": row["item_sid"],
        "path": row["path"],
        "visibility": row["visibility"],
        "date_created": iso(row["created"]),
        "url": call.url(*place),
    }
    if kind is FUNCTION:
        body["links"] = {"function_version_content": call.url(*place, "Content")}
    return body


def create(kind: Kind, call: Call) -> Answer:
    item = item_of(kind, call)
    path, visibility = _path(call), _visibility(call)
    part = _content(call)
    content_type = part.content_type or kind.default_type
    if not (content_type.isascii() and content_type.isprintable()):
        raise invalid_upload("The Content-Type of Content is invalid.")
    largest = call.settings.private_bytes if visibility == "private" else call.settings.public_bytes
    if part.spool.size > largest:
        return TOO_LARGE
    sid = call.new_sid("ZN")
    call.tx.run(
        "INSERT INTO versions (sid, kind, item_sid, service_sid, path, plain_path, visibility, content_type, digest,"
        " size, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        sid,
        kind.word,
        item["sid"],
        item["service_sid"],
        path,
        unquote(path),
        visibility,
        content_type,
        call.contents.keep(part.spool),
        part.spool.size,
        call.now,
    )
    if call.settings.upload_touches_asset:
        call.tx.run("UPDATE items SET updated = ? WHERE sid = ?", call.now, item["sid"])
    row = call.found(call.tx.one("SELECT * FROM versions WHERE sid = ?", sid))
    return json_answer(201, represent(kind, call, row))


def _path(call: Call) -> str:
    paths = call.texts("Path")
    if not paths or not paths[-1]:
        raise invalid_upload("Path is required.")
    path = with_slash(paths[-1])
    if not is_valid(path, strict=call.settings.strict_paths):
        raise invalid_upload("Path provided is invalid.")
    return path


def _visibility(call: Call) -> str:
    """Any case is taken (F9.2)."""
    visibility = (call.texts("Visibility") or ("",))[-1].lower()
    if visibility not in _VISIBILITIES:
        raise invalid_upload("Visibility provided is invalid.")
    return visibility


def _content(call: Call) -> FilePart:
    parts = [file for file in call.request.body.files if file.name == "Content"]
    if len(parts) != 1:
        raise invalid_upload("Content is required.")
    if call.settings.refuse_empty_files and not parts[0].spool.size:
        raise invalid_upload("Content provided is empty.")
    return parts[0]


def read(kind: Kind, call: Call) -> Answer:
    """Newest first, always (F4.3)."""
    item = item_of(kind, call)
    return page_of(
        call,
        Listing(
            key=f"{kind.word}_versions",
            path=("Services", item["service_sid"], kind.collection, item["sid"], "Versions"),
            select="SELECT * FROM versions WHERE item_sid = ?",
            values=(item["sid"],),
            represent=lambda row: represent(kind, call, row),
            newest_first=True,
        ),
    )


def fetch(kind: Kind, call: Call) -> Answer:
    return json_answer(200, represent(kind, call, _version_of(kind, call)))


def fetch_content(call: Call) -> Answer:
    """There is no such thing for Assets (F8.9). A file that somebody took away is not found."""
    row = _version_of(FUNCTION, call)
    body = represent(FUNCTION, call, row)
    try:
        content = call.contents.path(row["digest"]).read_bytes().decode("utf-8", errors="replace")
    except FileNotFoundError as problem:
        raise call.not_found() from problem
    shown = {key: body[key] for key in ("sid", "account_sid", "service_sid", "function_sid")}
    return json_answer(200, {**shown, "content": content, "url": f"{body['url']}/Content"})


def _version_of(kind: Kind, call: Call) -> Row:
    item = item_of(kind, call)
    return call.found(
        call.tx.one("SELECT * FROM versions WHERE sid = ? AND item_sid = ?", call.keys["version"], item["sid"])
    )


def _routes(kind: Kind) -> tuple[Route, ...]:
    many = f"/Services/{{service}}/{kind.collection}/{{item}}/Versions"
    return (
        Route("POST", many, partial(create, kind)),
        Route("GET", many, partial(read, kind)),
        Route("GET", f"{many}/{{version}}", partial(fetch, kind)),
    )


ROUTES = (
    *_routes(ASSET),
    *_routes(FUNCTION),
    Route("GET", "/Services/{service}/Functions/{item}/Versions/{version}/Content", fetch_content),
)
