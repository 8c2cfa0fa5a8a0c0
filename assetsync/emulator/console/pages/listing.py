"""Lists that are searched: the box, the count, the page of results; and the table of a Build's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.emulator.console import links
from assetsync.emulator.console.files import PAGE_SIZE, File, Listing, files_of_build, functions_of_build
from assetsync.emulator.console.layout import badge, code, counted, foreign, nothing, pager, row, section, size, table
from assetsync.emulator.console.markup import Html, element, joined
from assetsync.emulator.console.remembered import remembered

if TYPE_CHECKING:
    from assetsync.emulator.console.visit import Visit

FUNCTIONS_SHOWN = 200


def searched(visit: Visit, count: str, hint: str, *results: Html | None) -> Html:
    """A box that searches the page's list: with the script while one types, without it on Enter."""
    box = element(
        "form",
        element("label", "Filter", for_="filter"),
        element(
            "input",
            id="filter",
            name="q",
            type="search",
            value=visit.query.get("q", ""),
            placeholder=hint,
            autocomplete="off",
            spellcheck="false",
            maxlength=200,
            aria_keyshortcuts="/",
        ),
        element("kbd", "/", aria_hidden="true"),
        element("span", count, id="count", role="status"),
        action=visit.path,
        role="search",
        class_="search",
    )
    return joined(box, element("div", *results, id="results"))


def files_section(visit: Visit, build_sid: str, domain: str | None) -> Html:
    """The Assets of a Build. domain: of an Environment that serves it, to which the files' links lead."""
    listing = files_of_build(visit.tx, build_sid, visit.words, visit.page)
    if listing.total == 0:
        return section("Files", nothing("No Assets in this Build."))
    rows = [_file(visit, file, domain) for file in listing.files]
    results = (
        table(("", "Path", "Visibility", "Type", "Size", "assetsync remembers"), rows, "files")
        if rows
        else nothing("No file has all of that in its path, visibility, type or name.")
    )
    more = pager(visit.path, listing.page, PAGE_SIZE, listing.found, q=visit.query.get("q", ""))
    return section("Files", searched(visit, _count(listing), "Path, visibility or type", results, more), id_="files")


def _count(listing: Listing) -> str:
    all_of_it = counted(listing.total, "file")
    return (
        f"{all_of_it if listing.found == listing.total else f'{listing.found:,} of {all_of_it}'}, {size(listing.size)}"
    )


def _file(visit: Visit, file: File, domain: str | None) -> Html:
    return row(
        ("thumb", thumbnail(file)),
        ("path", served(visit, file, domain)),
        ("visibility", badge(file.visibility, file.visibility)),
        ("type", file.content_type),
        ("size", size(file.size)),
        ("memory", memory(file)),
    )


def thumbnail(file: File) -> Html | None:
    if not file.is_image:
        return None
    source = links.thumbnail(file.version_sid)
    return element("img", src=source, alt="", loading="lazy", decoding="async", width=40, height=40)


def served(visit: Visit, file: File, domain: str | None) -> Html:
    """The path, as a link to the file where the asset host gives it to everyone."""
    if domain is None or file.visibility != "public":
        return foreign(file.path)
    url = visit.sites.served(domain, file.path)
    return element("a", foreign(file.path), href=url, target="_blank", rel="noopener noreferrer")


def memory(file: File) -> Html:
    """What the Asset's name says, and whether it speaks of this very Version; leads to all of it."""
    known = remembered(file.friendly_name)
    if known is None:
        return element("a", element("span", "not from assetsync", class_="quiet"), href=links.item(file.item_sid))
    this = "this Version" if file.version_sid in known.versions else "not this Version"
    quiet = element("span", f"{_entries(len(known.versions))}, {this}", class_="quiet")
    return joined(element("a", foreign(known.owner), href=links.item(file.item_sid)), " ", quiet)


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def functions_section(visit: Visit, build_sid: str) -> Html | None:
    functions = functions_of_build(visit.tx, build_sid, FUNCTIONS_SHOWN + 1)
    if not functions:
        return None
    rows = [
        row(
            ("path", element("a", foreign(file.path), href=links.item(file.item_sid))),
            ("visibility", badge(file.visibility, file.visibility)),
            ("size", size(file.size)),
            ("quiet", code(file.version_sid)),
        )
        for file in functions[:FUNCTIONS_SHOWN]
    ]
    rest = nothing(f"Only the first {FUNCTIONS_SHOWN} are shown.") if len(functions) > FUNCTIONS_SHOWN else None
    return section("Functions", table(("Path", "Visibility", "Size", "Version"), rows), rest)
