"""`assetsync gc`: delete what no Build holds any more."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import Common, manifest_options, option, service_options, voice_options
from assetsync.cli.question import agrees
from assetsync.cli.run import command_run
from assetsync.cli.signals import draining
from assetsync.errors import Interrupted, UsageError
from assetsync.report.line import Line, Style
from assetsync.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.apply.gc import Sweep, Swept

_MOST = 40


@click.command(
    "gc",
    short_help="Delete our Assets that no Build holds any more.",
    help=(
        "Delete the Assets of this manifest that no Build of the Service holds and that are older than a day. Twilio "
        "collects most of them by itself within a week; nothing foreign and nothing live is ever touched.\n\n"
        "A Build that is no longer live still holds its Assets, for rollback: --builds-keep N deletes all but the "
        "newest N of those first, and like an Asset none that is younger than a day."
    ),
)
@manifest_options
@service_options
@option("--builds-keep", type=click.IntRange(0), metavar="N", help="Delete older Builds that no Environment uses.")
@option("-n", "--dry-run", is_flag=True, help="Show what would go, delete nothing.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@voice_options
def command(*, builds_keep: int | None, dry_run: bool, yes: bool, **flags: Any) -> int:
    """Look, ask, delete."""
    from assetsync.apply.gc import decide, sweep, take_inventory
    from assetsync.cli.session import open_session, read_manifest
    from assetsync.twilio.survey import check_service, read_holdings

    common = Common(**flags)
    with command_run(**common.voice) as run:
        if not (yes or dry_run or sys.stdin.isatty()):
            raise UsageError("gc asks before it deletes, and there is no terminal", hint="add --yes, or --dry-run")
        manifest = read_manifest(common)
        with open_session(common, run.emit) as session:
            with run.progress():
                service = read_holdings(session.client, manifest.service).service_sid
                if service is None:
                    raise UsageError(
                        f"the Service {manifest.service} does not exist", hint="check `service` and the account"
                    )
                check_service(manifest.service, session.client.fetch_service(service))
                decided = decide(take_inventory(session.client, service, manifest.name), builds_keep=builds_keep)
            run.output.document |= _document(decided)
            run.output.result(_lines(decided))
            if not dry_run and (decided.assets or decided.builds):
                if not yes and not agrees(run.output, "Delete these?"):
                    raise Interrupted("nothing was deleted")
                with run.progress(), draining(session.cancelled, run.output.fail) as ending:
                    swept = sweep(session.client, service, manifest.name, decided, ending.stop)
                run.output.standing = f"deleted {_counts(swept.builds, swept.assets)}"
                run.output.document["result"] = _result(swept)
                run.output.warn(swept.refused)
                run.output.result([Line(f"Deleted {_counts(swept.builds, swept.assets)}.", Style.GOOD)])
                if ending.stop.is_set():
                    raise Interrupted(f"interrupted after {_counts(swept.builds, swept.assets)}")
        run.output.close()
    return 0


def _lines(decided: Sweep) -> Iterator[Line]:
    for sid in decided.builds[:_MOST]:
        yield Line(f"  - Build {sid}", Style.REMOVE)
    for each in decided.assets[:_MOST]:
        yield Line(f"  - {each.label}  {each.sid}", Style.REMOVE)
    more = max(0, len(decided.builds) - _MOST) + max(0, len(decided.assets) - _MOST)
    if more:
        yield Line(f"    and {more} more", Style.DIM)
    if decided.assets or decided.builds:
        yield Line(f"To delete: {_counts(decided.builds, decided.assets)}.", Style.BOLD)
    else:
        yield Line("Nothing to delete.", Style.GOOD)
    for count, noun in ((decided.young_builds, "Build"), (decided.young, "Asset")):
        if count:
            yield Line(f"{plural(count, noun)} younger than a day left alone.", Style.DIM)


def _counts(builds: tuple[object, ...], assets: tuple[object, ...]) -> str:
    return f"{plural(len(builds), 'Build')}, {plural(len(assets), 'Asset')}"


def _document(decided: Sweep) -> dict[str, Any]:
    return {
        "builds": list(decided.builds),
        "assets": [{"sid": each.sid, "path": each.label} for each in decided.assets],
        "young": decided.young,
        "young_builds": decided.young_builds,
    }


def _result(swept: Swept) -> dict[str, Any]:
    return {
        "builds": list(swept.builds),
        "assets": [each.sid for each in swept.assets],
        "refused": list(swept.refused),
        "errors": [],
    }
