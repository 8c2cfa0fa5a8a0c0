"""The request log: what was asked lately, and, with the script, what is asked now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assetsync.emulator.console import links
from assetsync.emulator.console.layout import badge, foreign, moment, nothing, page, table
from assetsync.emulator.console.markup import Html, element, joined

if TYPE_CHECKING:
    from assetsync.emulator.request_log import Logged

SHOWN: Final = 200


def show(entries: tuple[Logged, ...], last: str) -> Html:
    """The entries, oldest first, are shown newest first. last: the id of the newest one, where the stream goes on."""
    controls = element(
        "div",
        element("span", "not live without JavaScript", id="live", role="status", class_="badge"),
        element("button", "Pause", id="pause", type="button", hidden=True, aria_pressed="false"),
        class_="controls",
    )
    log = table(("Time", "Method", "Path", "Status", "Host"), rows_of(entries), "log")
    return page(
        "Requests",
        element("div", element("h1", element("small", "Newest first"), "Requests"), controls, class_="title"),
        element("div", log, id="log", data_events=links.EVENTS, data_after=last),
        None if entries else nothing("Nothing was asked yet. The console's own pages are not listed."),
        here=links.REQUESTS,
    )


def rows_of(entries: tuple[Logged, ...]) -> list[Html]:
    return [_row(entry) for entry in reversed(entries)]


def _row(entry: Logged) -> Html:
    query = element("span", f"?{entry.query}", class_="quiet") if entry.query else None
    return element(
        "tr",
        element("td", moment(entry.at), class_="quiet"),
        element("td", entry.method, class_="method"),
        element("td", foreign(entry.path), query, class_="path"),
        element("td", _status(entry.status)),
        element("td", "site" if entry.site else "API", class_="quiet"),
    )


def _status(status: int) -> Html:
    if status == 0:
        return badge("cut", "bad")
    return badge(str(status), "bad" if status >= 500 else "busy" if status >= 400 else "good")


def left_out(count: int) -> Html:
    text = f"{count:,} requests in between are not shown" if count != 1 else "1 request in between is not shown"
    return joined(element("tr", element("td", text, colspan=5, class_="quiet")))
