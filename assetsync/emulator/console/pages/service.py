"""One Service: its Environments, its Builds, its Functions, and the way to all its Assets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.emulator.console import history, links, places
from assetsync.emulator.console.items import PAGE_SIZE, Item, count_items, items
from assetsync.emulator.console.layout import (
    SERVICES,
    Crumb,
    code,
    counted,
    facts,
    foreign,
    heading,
    moment,
    nothing,
    page,
    pager,
    row,
    section,
    short,
    table,
)
from assetsync.emulator.console.markup import Html, element
from assetsync.emulator.console.pages.changes import build_rows
from assetsync.emulator.console.pages.listing import searched
from assetsync.emulator.console.remembered import remembered

if TYPE_CHECKING:
    from assetsync.emulator.console.visit import Visit

_LATEST = 8


def way_to(service: places.Service) -> tuple[Crumb, ...]:
    return (SERVICES, Crumb(service.unique_name, links.service(service.sid)))


def show(visit: Visit) -> Html | None:
    service = places.service(visit.tx, visit.keys["service"])
    if service is None:
        return None
    return page(
        service.unique_name,
        heading("Service", service.unique_name),
        facts(
            ("SID", code(service.sid)),
            ("Friendly name", foreign(service.friendly_name)),
            ("Created", moment(service.created)),
            ("Assets", element("a", f"{service.assets:,}", href=links.service(service.sid, "/assets"))),
            ("Functions", element("a", f"{service.functions:,}", href=links.service(service.sid, "/functions"))),
        ),
        section("Environments", _environments(visit, service.sid)),
        section("Builds", _latest_builds(visit, service.sid), aside=_all_builds(service)),
        crumbs=(SERVICES,),
    )


def _environments(visit: Visit, service_sid: str) -> Html:
    rows = [_environment(visit, each) for each in places.environments(visit.tx, service_sid)]
    return table(("Environment", "Domain", "Live Build", "Deployed"), rows) if rows else nothing("None yet.")


def _environment(visit: Visit, each: places.Environment) -> Html:
    sid = each.build_sid
    site = visit.sites.served(each.domain, "/")
    return row(
        ("path", element("a", foreign(each.unique_name), href=links.environment(each.sid))),
        element("a", each.domain, href=site, target="_blank", rel="noopener noreferrer"),
        element("a", short(sid), href=links.build(sid)) if sid else element("span", "serves nothing", class_="quiet"),
        ("quiet", moment(each.deployed) if each.deployed is not None else "never"),
    )


def _latest_builds(visit: Visit, service_sid: str) -> Html:
    return _build_table(visit, service_sid, _LATEST, 0) or nothing("None yet.")


def _build_table(visit: Visit, service_sid: str, limit: int, offset: int) -> Html | None:
    builds = history.builds(visit.tx, service_sid, visit.now, limit, offset)
    columns = ("Build", "Status", "Created", "Live in", "Changes since the one before")
    return table(columns, build_rows(visit, builds)) if builds else None


def _all_builds(service: places.Service) -> Html | None:
    if service.builds <= _LATEST:
        return None
    return element("a", f"All {service.builds:,}", href=links.service(service.sid, "/builds"))


def show_builds(visit: Visit) -> Html | None:
    service = places.service(visit.tx, visit.keys["service"])
    if service is None:
        return None
    size = history.PAGE_SIZE
    return page(
        f"Builds of {service.unique_name}",
        heading(counted(service.builds, "Build"), service.unique_name),
        _build_table(visit, service.sid, size, (visit.page - 1) * size) or nothing("None here."),
        pager(visit.path, visit.page, size, service.builds),
        crumbs=way_to(service),
    )


def show_assets(visit: Visit) -> Html | None:
    return _show_items(visit, "asset", "Asset")


def show_functions(visit: Visit) -> Html | None:
    return _show_items(visit, "function", "Function")


def _show_items(visit: Visit, kind: str, noun: str) -> Html | None:
    service = places.service(visit.tx, visit.keys["service"])
    if service is None:
        return None
    total, found = (count_items(visit.tx, service.sid, kind, words) for words in ((), visit.words))
    rows = [_item(each) for each in items(visit.tx, service.sid, kind, visit.words, visit.page)]
    all_of_it = counted(total, noun)
    return page(
        f"{noun}s of {service.unique_name}",
        heading(f"{noun}s", service.unique_name),
        searched(
            visit,
            all_of_it if found == total else f"{found:,} of {all_of_it}",
            "Name or SID",
            table(("Name", "Owner", "Versions", "In Builds", "Updated"), rows) if rows else nothing("None."),
            pager(visit.path, visit.page, PAGE_SIZE, found, q=visit.query.get("q", "")),
        ),
        crumbs=way_to(service),
    )


def _item(each: Item) -> Html:
    known = remembered(each.friendly_name)
    return row(
        ("path", element("a", foreign(known.label if known else each.friendly_name), href=links.item(each.sid))),
        foreign(known.owner) if known else element("span", "not from assetsync", class_="quiet"),
        counted(each.versions, "Version"),
        f"in {counted(each.builds, 'Build')}",
        ("quiet", moment(each.updated)),
    )
