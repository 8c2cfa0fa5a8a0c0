"""What `status` found, as text."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from assetsync.report.line import Line, Style
from assetsync.report.units import plural, short_sid
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NAMED = 5


def status_lines(found: dict[str, Any]) -> Iterator[Line]:
    """What is live first, then what the rest of the Service has to do with it."""
    service, environment = found["service"], found["environment"]
    service_name, name = printable(service["unique_name"]), printable(environment["name"] if environment else "")
    if service["sid"] is None:
        yield Line(f"The Service {service_name} does not exist yet.")
        return
    if environment["sid"] is None:
        yield Line(f"The Environment {name} of {service_name} does not exist yet.")
    else:
        yield Line(f"{name} of {service_name}, account {short_sid(found['account_sid'])}", Style.BOLD)
        yield Line(f"  {printable(environment['url'])}/")
        yield from _live(found)
    if "environments" in found:
        yield from _environments(found)
    if "drift" in found:
        yield from _drift(found["drift"])
        yield from _limits(found["limits"])
        yield from _retention(found["retention"])


def _live(found: dict[str, Any]) -> Iterator[Line]:
    environment, assets = found["environment"], found["assets"]
    if environment["build_sid"] is None:
        yield Line("  nothing is deployed")
        return
    yield Line(f"  Build {environment['build_sid']}, deployed {_moment(environment['deployed_at'])}")
    counts = f"{plural(assets['ours'], 'asset')} of ours, {assets['foreign']} foreign"
    open_to = ", ".join(f"{count} {name}" for name, count in assets["visibilities"].items() if count)
    yield Line(f"  {counts}, {plural(found['functions'], 'Function')}{f'; {open_to}' if open_to else ''}")
    if assets["unknown"]:
        yield Line(
            f"  {len(assets['unknown'])} of ours with a version that nobody remembers: {_named(assets['unknown'])}",
            Style.WARNING,
        )
    if assets["owners"]:
        yield Line(f"  other manifests here: {printable(', '.join(assets['owners']))}")


def _environments(found: dict[str, Any]) -> Iterator[Line]:
    """All of them; the chosen one is marked."""
    if found["environments"]:
        yield Line("Environments of the Service:")
    for each in found["environments"]:
        mark = "*" if each["sid"] == found["environment"]["sid"] else " "
        live = f"Build {each['build_sid']}" if each["build_sid"] else "nothing is deployed"
        yield Line(f"  {mark} {printable(each['name'])}  {printable(each['domain'])}  {live}")


def _moment(told: str | None) -> str:
    return f"{datetime.fromisoformat(told):%Y-%m-%d %H:%M} UTC" if told else "at an unknown time"


def _drift(drift: dict[str, Any]) -> Iterator[Line]:
    for each in drift["deployments"]:
        what = [
            f"{len(each[key])} {words}: {_named(each[key])}"
            for key, words in (
                ("unknown", "of ours with a version that nobody remembers"),
                ("dropped", "of ours taken off line"),
                ("foreign", "not ours brought"),
            )
            if each[key]
        ]
        when = _moment(each["created"]).removeprefix("at ")
        yield Line(f"Not by an apply of this manifest, Deployment of {when}: {'; '.join(what)}", Style.WARNING)


def _limits(limits: Sequence[dict[str, Any]]) -> Iterator[Line]:
    yield Line(f"Limits: {', '.join(map(_limit, limits))}")
    short = [each for each in limits if each["short"]]
    if short:
        yield Line(f"  nearly used up: {', '.join(map(_limit, short))}", Style.WARNING)


def _limit(each: dict[str, Any]) -> str:
    return f"{'at least ' if each['at_least'] else ''}{each['used']} of {each['limit']} {each['what']}"


def _retention(retention: dict[str, Any] | None) -> Iterator[Line]:
    if retention is None:
        yield Line("There are too many Builds to tell whether each of our Assets is in one.", Style.DIM)
    elif retention["unheld"]:
        count = retention["unheld"]
        yield Line(f"{plural(count, 'Asset')} of ours in no Build: {_named(retention['paths'], count)}", Style.WARNING)
        yield Line(
            "  Twilio deletes such within 7 days; what they hold is uploaded again then, not restored.", Style.DIM
        )


def _named(paths: Sequence[str], count: int | None = None) -> str:
    more = (len(paths) if count is None else count) - len(paths[:_NAMED])
    return printable(", ".join(paths[:_NAMED])) + (f" and {more} more" if more else "")
