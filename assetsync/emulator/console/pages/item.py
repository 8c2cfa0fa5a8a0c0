"""One Asset or Function: its Versions, and what assetsync remembers of them in its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assetsync.emulator.console import places
from assetsync.emulator.console.items import Item, item, versions_of
from assetsync.emulator.console.layout import (
    badge,
    code,
    facts,
    foreign,
    heading,
    moment,
    nothing,
    page,
    row,
    section,
    size,
    table,
)
from assetsync.emulator.console.markup import Html, element
from assetsync.emulator.console.pages.listing import thumbnail
from assetsync.emulator.console.pages.service import way_to
from assetsync.emulator.console.remembered import Remembered, remembered

if TYPE_CHECKING:
    from assetsync.emulator.console.files import File
    from assetsync.emulator.console.visit import Visit

_SHOWN: Final = 50


def show(visit: Visit) -> Html | None:
    found = item(visit.tx, visit.keys["item"])
    service = None if found is None else places.service(visit.tx, found.service_sid)
    if found is None or service is None:
        return None
    known = remembered(found.friendly_name)
    return page(
        known.label if known else found.friendly_name,
        heading(found.kind.capitalize(), known.label if known else found.friendly_name),
        _facts(found, known),
        section(f"Versions ({found.versions:,})", _versions(visit, found, known)),
        crumbs=way_to(service),
    )


def _facts(found: Item, known: Remembered | None) -> Html:
    return facts(
        ("SID", code(found.sid)),
        ("Owner", foreign(known.owner) if known else "not from assetsync"),
        ("Entries remembered", str(len(known.versions)) if known else None),
        ("In Builds", f"{found.builds:,}"),
        ("Created", moment(found.created)),
        ("Updated", moment(found.updated)),
        ("Friendly name", element("code", foreign(found.friendly_name), class_="long")),
    )


def _versions(visit: Visit, found: Item, known: Remembered | None) -> Html:
    rows = [_version(file, known) for file in versions_of(visit.tx, found.sid, _SHOWN)]
    if not rows:
        return nothing("None: nothing was uploaded to it.")
    columns = ("", "Path", "Visibility", "Type", "Size", "Uploaded", "Version")
    rest = nothing(f"and {found.versions - _SHOWN:,} older ones") if found.versions > _SHOWN else None
    return element("div", table(columns, rows, "files"), rest)


def _version(file: File, known: Remembered | None) -> Html:
    is_known = known is not None and file.version_sid in known.versions
    return row(
        ("thumb", thumbnail(file)),
        ("path", foreign(file.path)),
        ("visibility", badge(file.visibility, file.visibility)),
        ("type", file.content_type),
        ("size", size(file.size)),
        ("quiet", moment(file.created)),
        ("memory", element("span", code(file.version_sid), badge("remembered", "good") if is_known else None)),
    )
