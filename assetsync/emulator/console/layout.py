"""What every page has: the frame, and the small parts that pages are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from assetsync.emulator.console import links
from assetsync.emulator.console.markup import Child, Html, element, joined
from assetsync.emulator.console.static import ICON, SCRIPT, STYLE
from assetsync.emulator.moments import iso

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS: Final = ("KiB", "MiB", "GiB", "TiB")


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way from the Services to the page."""

    text: str
    href: str


SERVICES: Final = Crumb("Services", links.HOME)


def page(title: str, *content: Child, crumbs: Iterable[Crumb] = (), here: str = "") -> Html:
    """A whole document. here: the path of the entry of the main navigation that the page is."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} · assetsync local service"),
        element("link", rel="icon", href=ICON.url, type="image/svg+xml"),
        element("link", rel="stylesheet", href=STYLE.url),
        element("script", src=SCRIPT.url, defer=True),
    )
    body = element(
        "body",
        element("a", "Skip to content", class_="skip", href="#content"),
        _header(here),
        element("main", _way(crumbs), *content, id="content", tabindex=-1),
    )
    return joined(Html("<!doctype html>"), element("html", head, body, lang="en"))


def _header(here: str) -> Html:
    entries = [
        element("a", text, href=href, aria_current="page" if href == here else None)
        for text, href in (("Services", links.HOME), ("Requests", links.REQUESTS))
    ]
    brand = element("span", "assetsync", element("small", "local service"), class_="brand")
    return element("header", brand, element("nav", *entries, aria_label="Main"))


def _way(crumbs: Iterable[Crumb]) -> Html | None:
    steps = [element("li", element("a", foreign(crumb.text), href=crumb.href)) for crumb in crumbs]
    return element("nav", element("ol", *steps), class_="way", aria_label="Where this is") if steps else None


def foreign(text: str) -> Html:
    """Text from outside, kept from reordering what stands round it."""
    return element("bdi", text)


def heading(kind: str, name: str) -> Html:
    return element("h1", element("small", kind), foreign(name))


def facts(*pairs: tuple[str, Child]) -> Html:
    """Names and values; those without a value are left out."""
    entries = [element("div", element("dt", name), element("dd", value)) for name, value in pairs if value is not None]
    return element("dl", *entries, class_="facts")


def section(title: str, *content: Child, aside: Child = None, id_: str | None = None) -> Html:
    return element("section", element("div", element("h2", title), aside, class_="title"), *content, id=id_)


def table(columns: tuple[str, ...], rows: Iterable[Html], kind: str = "") -> Html:
    """Rows are `tr` elements. On a narrow screen each row becomes a card, so columns have to speak for themselves."""
    head = element("tr", *(element("th", column, scope="col") for column in columns))
    return element("table", element("thead", head), element("tbody", *rows), class_=kind or None)


def row(*cells: Child | tuple[str, Child]) -> Html:
    """A cell may come with its class."""
    return element(
        "tr",
        *(element("td", cell[1], class_=cell[0]) if isinstance(cell, tuple) else element("td", cell) for cell in cells),
    )


def nothing(text: str) -> Html:
    return element("p", text, class_="nothing")


def badge(text: str, kind: str = "") -> Html:
    return element("span", text, class_=f"badge {kind}".strip())


def code(text: str) -> Html:
    return element("code", text)


def short(sid: str) -> Html:
    """A SID that fits in a table; the whole one is its title."""
    return element("code", f"{sid[:6]}…{sid[-4:]}", title=sid)


def moment(micros: int) -> Html:
    text = iso(micros)
    return element("time", text.replace("T", " ").replace("Z", " UTC"), datetime=text)


def size(count: int) -> str:
    """Bytes as people read them: `10 KiB`, `1.5 MiB`."""
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in _UNITS:
        value /= 1024
        if value < 1000 or unit == _UNITS[-1]:
            break
    return f"{value:.1f}".removesuffix(".0") + f" {unit}" if value < 10 else f"{value:.0f} {unit}"


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def pager(path: str, page_number: int, size_: int, found: int, **query: str) -> Html | None:
    """Links to the neighbours of a page of a list, where there are any."""
    last = max((found + size_ - 1) // size_, 1)
    if last == 1 and page_number == 1:
        return None
    before, after = min(page_number - 1, last), page_number + 1
    newer = element("a", "Previous", rel="prev", href=links.with_query(path, **query, page=before)) if before else None
    older = (
        element("a", "Next", rel="next", href=links.with_query(path, **query, page=after)) if after <= last else None
    )
    return element("nav", newer, element("span", f"Page {page_number:,} of {last:,}"), older, class_="pager")
