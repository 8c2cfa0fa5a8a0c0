"""One Environment: what it serves now, and how that came to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.emulator.console import history, links, places
from assetsync.emulator.console.layout import (
    SERVICES,
    Crumb,
    badge,
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
from assetsync.emulator.console.markup import Html, element, joined
from assetsync.emulator.console.pages.changes import STATUS, summary
from assetsync.emulator.console.pages.listing import files_section, functions_section

if TYPE_CHECKING:
    from assetsync.emulator.console.visit import Visit

_LATEST = 5


def show(visit: Visit) -> Html | None:
    found = _found(visit)
    if found is None:
        return None
    service, environment = found
    sid = environment.build_sid
    site = visit.sites.served(environment.domain, "/")
    return page(
        f"{environment.unique_name} of {service.unique_name}",
        heading("Environment", environment.unique_name),
        facts(
            ("SID", code(environment.sid)),
            ("Domain", element("a", environment.domain, href=site, target="_blank", rel="noopener noreferrer")),
            ("Suffix", code(environment.suffix) if environment.suffix else None),
            ("Live Build", _live(visit, sid)),
            ("Deployed", moment(environment.deployed) if environment.deployed is not None else "never"),
            ("Variables", _variables(visit, environment.sid)),
        ),
        files_section(visit, sid, environment.domain) if sid else nothing("This Environment serves nothing."),
        functions_section(visit, sid) if sid else None,
        section("Deployments", _latest(visit, environment), aside=_all(visit, environment.sid)),
        crumbs=(SERVICES, Crumb(service.unique_name, links.service(service.sid))),
    )


def show_deployments(visit: Visit) -> Html | None:
    found = _found(visit)
    if found is None:
        return None
    service, environment = found
    count, size = history.count_deployments(visit.tx, environment.sid), history.PAGE_SIZE
    return page(
        f"Deployments to {environment.unique_name} of {service.unique_name}",
        heading(counted(count, "Deployment"), environment.unique_name),
        _deployments(visit, environment, size, (visit.page - 1) * size) or nothing("None here."),
        pager(visit.path, visit.page, size, count),
        crumbs=(
            SERVICES,
            Crumb(service.unique_name, links.service(service.sid)),
            Crumb(environment.unique_name, links.environment(environment.sid)),
        ),
    )


def _found(visit: Visit) -> tuple[places.Service, places.Environment] | None:
    environment = places.environment(visit.tx, visit.keys["environment"])
    service = None if environment is None else places.service(visit.tx, environment.service_sid)
    return None if environment is None or service is None else (service, environment)


def _live(visit: Visit, sid: str | None) -> Html | str:
    build = None if sid is None else history.build(visit.tx, sid, visit.now)
    if build is None:
        return "none"
    status = badge(build.status, STATUS.get(build.status, ""))
    return joined(element("a", code(build.sid), href=links.build(build.sid)), " ", status)


def _variables(visit: Visit, environment_sid: str) -> Html | None:
    keys = places.variable_keys(visit.tx, environment_sid)
    return element("span", *(badge(key) for key in keys), class_="badges") if keys else None


def _latest(visit: Visit, environment: places.Environment) -> Html:
    return _deployments(visit, environment, _LATEST, 0) or nothing("None yet.")


def _all(visit: Visit, environment_sid: str) -> Html | None:
    count = history.count_deployments(visit.tx, environment_sid)
    if count <= _LATEST:
        return None
    return element("a", f"All {count:,}", href=links.environment(environment_sid, "/deployments"))


def _deployments(visit: Visit, environment: places.Environment, limit: int, offset: int) -> Html | None:
    found = history.deployments(visit.tx, environment.sid, limit, offset)
    rows = [_deployment(visit, environment, each) for each in found]
    return table(("Deployed", "Build", "Changes", "Deployment"), rows) if rows else None


def _deployment(visit: Visit, environment: places.Environment, each: history.Deployment) -> Html:
    changes = (
        summary(visit, environment.service_sid, each.previous, each.build_sid)
        if each.exists
        else element("span", "a Build of it was deleted", class_="quiet")
    )
    return row(("path", moment(each.created)), _build(visit, each.build_sid), changes, ("quiet", short(each.sid)))


def _build(visit: Visit, sid: str | None) -> Html:
    if sid is None:
        return foreign("nothing")
    deleted = history.build(visit.tx, sid, visit.now) is None
    return short(sid) if deleted else element("a", short(sid), href=links.build(sid))
