"""One Build: everything that it holds, where it is live, and how it differs from the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.emulator.console import history, links, places
from assetsync.emulator.console.layout import badge, code, facts, foreign, heading, moment, page
from assetsync.emulator.console.markup import Html, element, joined
from assetsync.emulator.console.pages.changes import STATUS, summary
from assetsync.emulator.console.pages.listing import files_section, functions_section
from assetsync.emulator.console.pages.service import way_to

if TYPE_CHECKING:
    from assetsync.emulator.console.visit import Visit


def show(visit: Visit) -> Html | None:
    build = history.build(visit.tx, visit.keys["build"], visit.now)
    service = None if build is None else places.service(visit.tx, build.service_sid)
    if build is None or service is None:
        return None
    environments = places.serving(visit.tx, build.sid)
    live = [element("a", foreign(each.unique_name), href=links.environment(each.sid)) for each in environments]
    return page(
        f"Build of {service.unique_name}",
        heading("Build", build.sid),
        facts(
            ("Status", badge(build.status, STATUS.get(build.status, ""))),
            ("Created", moment(build.created)),
            ("Live in", joined(*live) if live else "no Environment"),
            ("Since the Build before", summary(visit, service.sid, build.previous, build.sid)),
            ("Runtime", code(build.runtime)),
            ("Dependencies", _dependencies(build)),
        ),
        files_section(visit, build.sid, environments[0].domain if environments else None),
        functions_section(visit, build.sid),
        crumbs=way_to(service),
    )


def _dependencies(build: history.Build) -> Html | None:
    if not build.dependencies:
        return None
    return element("span", *(badge(f"{name} {version}") for name, version in build.dependencies), class_="badges")
