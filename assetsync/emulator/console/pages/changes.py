"""What changed between two Builds: in a few words inside a history, and in full on a page of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.emulator.console import history, links, places
from assetsync.emulator.console.layout import (
    SERVICES,
    Crumb,
    badge,
    foreign,
    heading,
    moment,
    nothing,
    page,
    row,
    section,
    short,
    size,
    table,
)
from assetsync.emulator.console.markup import Html, element, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assetsync.emulator.console.files import File
    from assetsync.emulator.console.visit import Visit

_SHOWN = 200
_CHOICES = 100

STATUS = {"completed": "good", "building": "busy", "failed": "bad"}


def build_rows(visit: Visit, builds: tuple[history.Build, ...]) -> list[Html]:
    return [_build_row(visit, build) for build in builds]


def _build_row(visit: Visit, build: history.Build) -> Html:
    environments = [
        element("a", foreign(each.unique_name), href=links.environment(each.sid))
        for each in places.serving(visit.tx, build.sid)
    ]
    return row(
        ("path", element("a", short(build.sid), href=links.build(build.sid))),
        badge(build.status, STATUS.get(build.status, "")),
        ("quiet", moment(build.created)),
        joined(*environments) if environments else element("span", "not live", class_="quiet"),
        summary(visit, build.service_sid, build.previous, build.sid),
    )


def summary(visit: Visit, service_sid: str, before: str | None, after: str | None) -> Html:
    """`3 added, 1 changed`, leading to all of it."""
    counts = history.count_changes(visit.tx, before, after)
    parts = [
        element("span", f"{sign}{count:,} {word}", class_=word)
        for sign, word, count in (
            ("+", "added", counts.added),
            ("~", "changed", counts.changed),
            ("−", "removed", counts.removed),  # noqa: RUF001 the sign, not the hyphen
        )
        if count
    ]
    if not parts:
        return element("span", "no change", class_="quiet")
    return element("a", *parts, href=links.changes(service_sid, before, after), class_="changes")


def show(visit: Visit) -> Html | None:
    """`?before=ZB...&after=ZB...`; either may be missing, which is a Build of nothing."""
    service = places.service(visit.tx, visit.keys["service"])
    before, after = visit.query.get("before") or None, visit.query.get("after") or None
    if service is None or not all(_belongs(visit, sid, service.sid) for sid in (before, after)):
        return None
    found = history.changes_between(visit.tx, before, after)
    return page(
        f"What changed in {service.unique_name}",
        heading("What changed", service.unique_name),
        _chooser(visit, service.sid, before, after),
        nothing("Nothing: both hold the same Versions.") if found.is_empty else None,
        _list("Added", found.added),
        _changed(found.changed),
        _list("Removed", found.removed),
        crumbs=(SERVICES, Crumb(service.unique_name, links.service(service.sid))),
    )


def _belongs(visit: Visit, sid: str | None, service_sid: str) -> bool:
    if sid is None:
        return True
    build = history.build(visit.tx, sid, visit.now)
    return build is not None and build.service_sid == service_sid


def _chooser(visit: Visit, service_sid: str, before: str | None, after: str | None) -> Html:
    """Any two Builds of the Service, the newest ones to choose from, and those that are shown."""
    newest = [build.sid for build in history.builds(visit.tx, service_sid, visit.now, _CHOICES)]
    sids = [*newest, *(sid for sid in (before, after) if sid is not None and sid not in newest)]
    return element(
        "form",
        _choice("From", "before", sids, before),
        _choice("to", "after", sids, after),
        element("button", "Compare"),
        action=visit.path,
        class_="compare",
    )


def _choice(label: str, name: str, sids: list[str], chosen: str | None) -> Html:
    options = [
        element("option", "nothing", value="", selected=chosen is None),
        *(element("option", sid, value=sid, selected=sid == chosen) for sid in sids),
    ]
    return element("label", label, element("select", *options, name=name))


def _list(title: str, files: tuple[File, ...]) -> Html | None:
    if not files:
        return None
    rows = [
        row(
            ("path", _name(file)), badge(file.visibility, file.visibility), ("type", file.content_type), size(file.size)
        )
        for file in files[:_SHOWN]
    ]
    return section(f"{title} ({len(files):,})", table(("Path", "Visibility", "Type", "Size"), rows), _rest(files))


def _changed(pairs: tuple[tuple[File, File], ...]) -> Html | None:
    if not pairs:
        return None
    rows = [row(("path", _name(new)), _difference(old, new)) for old, new in pairs[:_SHOWN]]
    return section(f"Changed ({len(pairs):,})", table(("Path", "What"), rows), _rest(pairs))


def _difference(old: File, new: File) -> Html:
    """Content first: it is what mostly changes."""
    sizes = size(new.size) if old.size == new.size else f"{size(old.size)} → {size(new.size)}"
    parts = [
        f"content ({sizes})" if old.digest != new.digest else None,
        f"visibility {old.visibility} → {new.visibility}" if old.visibility != new.visibility else None,
        f"type {old.content_type} → {new.content_type}" if old.content_type != new.content_type else None,
        f"{old.kind} → {new.kind}" if old.kind != new.kind else None,
        "another Asset" if old.kind == new.kind == "asset" and old.item_sid != new.item_sid else None,
    ]
    said = [part for part in parts if part is not None]
    return foreign("; ".join(said) or "a new Version of the same bytes")


def _name(file: File) -> Html:
    return element("a", foreign(file.path), href=links.item(file.item_sid))


def _rest(entries: Sequence[object]) -> Html | None:
    return nothing(f"and {len(entries) - _SHOWN:,} more") if len(entries) > _SHOWN else None
