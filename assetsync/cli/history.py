"""`assetsync history`: the Deployments of an Environment, and what changed with each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import Common, option, place_options, service_options, voice_options
from assetsync.cli.run import command_run
from assetsync.report.line import Line, Style
from assetsync.report.units import plural
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from assetsync.cli.session import Session
    from assetsync.manifest.model import Manifest
    from assetsync.model import Build, Deployment

_PATHS = 6


@click.command(
    "history",
    short_help="Show the Deployments, and what changed with each.",
    help=(
        "Show the newest Deployments of an Environment: when, which Build, and what changed with it, ours and what is "
        "not ours. Builds that Twilio keeps no longer are marked: there is no way back to them.\n\n"
        "`assetsync rollback --to BUILD` makes one of them live again."
    ),
)
@option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many Deployments.")
@place_options
@service_options
@voice_options
def command(*, limit: int, **flags: Any) -> int:
    """Look and tell."""
    from assetsync.cli.session import open_session, read_manifest

    common = Common(**flags)
    with command_run(**common.voice) as run:
        manifest = read_manifest(common, find=True)
        with run.progress(), open_session(common, run.emit) as session:
            run.output.document |= _look(manifest, session, limit)
        run.output.result(_lines(run.output.document))
        run.output.close()
    return 0


def _look(manifest: Manifest, session: Session, limit: int) -> dict[str, Any]:
    from assetsync.apply.switch import read_builds
    from assetsync.cli.environment_view import environment_document
    from assetsync.meant import existing_environment
    from assetsync.twilio.survey import own_sids, read_holdings

    holdings = read_holdings(session.client, manifest.service)
    environment = existing_environment(manifest, holdings.environments)
    service = environment.service_sid
    found = session.client.list_deployments(service, environment.sid, limit=limit + 1)
    builds = read_builds(session.client, service, (each.build_sid for each in found if each.build_sid))
    own = own_sids(holdings, manifest.name)
    return {
        "account_sid": environment.account_sid,
        "service": {"sid": service, "unique_name": manifest.service},
        "environment": environment_document(environment, session),
        "deployments": _documents(found, limit, builds, own),
        "errors": [],
    }


def _documents(
    found: tuple[Deployment, ...], limit: int, builds: dict[str, Build | None], own: Collection[str]
) -> list[dict[str, Any]]:
    """One for each of the newest `limit`; the one before them is there to compare with."""
    from assetsync.plan.difference import difference
    from assetsync.report.difference import difference_document

    documents = []
    for number, newer in enumerate(found[:limit]):
        older = found[number + 1] if number + 1 < len(found) else None
        after = builds[newer.build_sid] if newer.build_sid else None
        before = builds[older.build_sid] if older and older.build_sid else None
        known = _is_known(newer, builds) and (older is None or _is_known(older, builds))
        documents.append(
            {
                "sid": newer.sid,
                "created": newer.date_created.isoformat() if newer.date_created else None,
                "build_sid": newer.build_sid,
                "build_exists": None if newer.build_sid is None else after is not None,
                "live": number == 0,
                "assets": len(after.asset_versions) if after else None,
                "functions": len(after.function_versions) if after else None,
                "difference": difference_document(difference(before, after), own) if known else None,
            }
        )
    return documents


def _is_known(deployment: Deployment, builds: dict[str, Build | None]) -> bool:
    return deployment.build_sid is None or builds[deployment.build_sid] is not None


def _lines(found: dict[str, Any]) -> Iterator[Line]:
    environment = found["environment"]
    where = f"{printable(environment['name'])} of {printable(found['service']['unique_name'])}"
    yield Line(f"{where}, {printable(environment['url'])}/", Style.BOLD)
    if not found["deployments"]:
        yield Line("  nothing was ever deployed")
    for each in found["deployments"]:
        yield Line(f"{'*' if each['live'] else ' '} {_heading(each)}", Style.GOOD if each["live"] else Style.PLAIN)
        yield from _changes(each["difference"])


def _heading(each: dict[str, Any]) -> str:
    when = each["created"].replace("T", " ").removesuffix("+00:00") if each["created"] else "at an unknown time"
    if each["build_sid"] is None:
        return f"{when}  everything was taken off line"
    if not each["build_exists"]:
        return f"{when}  Build {each['build_sid']} is not there any more"
    holds = plural(each["assets"], "asset")
    holds += f", {plural(each['functions'], 'Function')}" if each["functions"] else ""
    return f"{when}  Build {each['build_sid']}  {holds}"


def _changes(difference: dict[str, Any] | None) -> Iterator[Line]:
    if difference is None:
        yield Line("      what changed cannot be told: a Build of the two is not there any more", Style.DIM)
        return
    ours = [_word(change) for change in difference["changes"] if change["ours"]]
    theirs = [_word(change) for change in difference["changes"] if not change["ours"]]
    theirs += [f"~ npm {printable(name)}" for name in difference["dependencies"]]
    theirs += ["~ runtime"] if difference["runtimes"] else []
    for what, words in (("", ours), ("not ours: ", theirs)):
        if words:
            more = f" and {len(words) - _PATHS} more" if len(words) > _PATHS else ""
            yield Line(f"      {what}{', '.join(words[:_PATHS])}{more}", Style.DIM)
    if not ours and not theirs:
        yield Line("      no change", Style.DIM)


def _word(change: dict[str, Any]) -> str:
    sign = {"added": "+", "removed": "-"}.get(change["change"], "~")
    return f"{sign} {'Function ' if change['kind'] == 'function' else ''}{printable(change['path'])}"
