"""What `gc` shows: what would go, what went, and how much stays for which reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assetsync.plan.collection import Stay, age_in_words
from assetsync.report.line import Line, Style
from assetsync.report.units import plural
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from assetsync.apply.expiry import Expired
    from assetsync.apply.gc import Swept
    from assetsync.plan.collection import Sweep, Terms
    from assetsync.plan.previews import Preview

_MOST = 40
_WORDS = {
    Stay.OTHER_MANIFESTS: "of other manifests",
    Stay.FOREIGN: "foreign",
    Stay.LIVE: "live",
    Stay.NOT_ASKED_FOR: "for rollbacks (--builds-keep deletes old ones)",
    Stay.ROLLBACK: "for the next rollback",
    Stay.HELD: "held by a Build",
}


def lines(previews: tuple[Preview, ...] | None, decided: Sweep, terms: Terms) -> Iterator[Line]:
    """`previews`: those that are to be deleted; None where that was not asked for."""
    going = [f"preview {printable(each.name)}" for each in previews or ()]
    going += [f"Build {sid}" for sid in decided.builds]
    for each in (*going[:_MOST], *(f"{each.label}  {each.sid}" for each in decided.assets[:_MOST])):
        yield Line(f"  - {each}", Style.REMOVE)
    more = max(0, len(going) - _MOST) + max(0, len(decided.assets) - _MOST)
    if more:
        yield Line(f"    and {more} more", Style.DIM)
    if going or decided.assets:
        yield Line(f"To delete: {counts(previews, decided.builds, decided.assets)}.", Style.BOLD)
    else:
        yield Line("Nothing to delete.", Style.GOOD)
    for noun, stays in (("Builds", decided.builds_stay), ("Assets", decided.assets_stay)):
        if stays:
            said = ", ".join(f"{count} {_words(why, terms)}" for why, count in _in_order(stays))
            yield Line(f"{noun} that stay: {said}.", Style.DIM)


def counts(previews: Collection[object] | None, builds: Collection[object], assets: Collection[object]) -> str:
    found = [] if previews is None else [plural(len(previews), "preview")]
    return ", ".join((*found, plural(len(builds), "Build"), plural(len(assets), "Asset")))


def document(
    previews: tuple[Preview, ...] | None, held: tuple[str, ...], decided: Sweep, terms: Terms
) -> dict[str, Any]:
    return {
        "builds": list(decided.builds),
        "assets": [{"sid": each.sid, "path": each.label} for each in decided.assets],
        "young": decided.young,
        "young_builds": decided.young_builds,
        "previews": {"to_delete": [each.name for each in previews or ()], "held": list(held)},
        "stays": {
            "builds": {why.value: count for why, count in _in_order(decided.builds_stay)},
            "assets": {why.value: count for why, count in _in_order(decided.assets_stay)},
        },
        "terms": {"builds_keep": terms.builds_keep, "older_than_seconds": int(terms.older_than.total_seconds())},
        "errors": [],
    }


def result(ended: Expired, swept: Swept) -> dict[str, Any]:
    return {
        "builds": list(swept.builds),
        "assets": [each.sid for each in swept.assets],
        "previews": [each.name for each in ended.deleted],
        "deleted": {"previews": len(ended.deleted), "builds": len(swept.builds), "assets": len(swept.assets)},
        "kept": [*ended.kept, *swept.kept],
        "refused": [*ended.refused, *swept.refused],
        "errors": [],
    }


def _in_order(stays: Mapping[Stay, int]) -> list[tuple[Stay, int]]:
    return [(why, stays[why]) for why in Stay if why in stays]


def _words(why: Stay, terms: Terms) -> str:
    if why is Stay.YOUNG:
        return f"younger than {age_in_words(terms.older_than)}"
    return f"among the newest {terms.builds_keep}" if why is Stay.NEWEST else _WORDS[why]
