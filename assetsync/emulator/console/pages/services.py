"""`/`: the Services of the account, with what each Environment serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.emulator.console import links, places
from assetsync.emulator.console.layout import badge, counted, foreign, moment, nothing, page, pager
from assetsync.emulator.console.markup import Html, element

if TYPE_CHECKING:
    from assetsync.emulator.console.visit import Visit

_PAGE_SIZE = 25


def show(visit: Visit) -> Html:
    count = places.count_services(visit.tx)
    cards = [
        _card(service, places.environments(visit.tx, service.sid))
        for service in places.services(visit.tx, _PAGE_SIZE, (visit.page - 1) * _PAGE_SIZE)
    ]
    content = element("div", *cards, class_="cards") if cards else _empty()
    return page(
        "Services",
        element("h1", "Services"),
        content,
        pager(visit.path, visit.page, _PAGE_SIZE, count),
        here=links.HOME,
    )


def _empty() -> Html:
    return element(
        "div",
        nothing("No Service here yet. The first deploy makes one:"),
        element("pre", element("code", "assetsync apply --local")),
    )


def _card(service: places.Service, environments: tuple[places.Environment, ...]) -> Html:
    numbers = (
        f"{counted(service.assets, 'Asset')}, {counted(service.functions, 'Function')}, "
        f"{counted(service.builds, 'Build')}"
    )
    return element(
        "article",
        element("h2", element("a", foreign(service.unique_name), href=links.service(service.sid))),
        element("p", numbers, class_="quiet"),
        element("ul", *map(_environment, environments), class_="environments") if environments else None,
        class_="card",
    )


def _environment(environment: places.Environment) -> Html:
    live = environment.build_sid is not None
    state = badge("live", "good") if live else badge("empty")
    details = [
        element("span", counted(environment.held, "path") if live else "serves nothing", class_="quiet"),
        element("span", moment(environment.deployed), class_="quiet") if environment.deployed is not None else None,
    ]
    name = element("a", foreign(environment.unique_name), href=links.environment(environment.sid))
    return element("li", name, state, *details)
