"""`assetsync verify`: is what is served what the folders hold?"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import Common, Seconds, option, place_options, service_options, voice_options
from assetsync.cli.run import command_run
from assetsync.errors import FileFailure, ServedDifferently
from assetsync.report.line import Line, Style
from assetsync.report.units import duration, plural
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assetsync.cli.run import Run
    from assetsync.cli.session import Session
    from assetsync.model import DesiredAsset
    from assetsync.served.verify import Verified


@click.command(
    "verify",
    short_help="Fetch what is served, and compare it with the folders.",
    help=(
        "Fetch each path from the site and compare bytes, content type and visibility with the folders: what is public "
        "must be there for anybody, what is protected must be refused without a signature (and is read with one where "
        "TWILIO_AUTH_TOKEN is set; API keys cannot sign), what is private must not be reachable.\n\n"
        "Leaves with 1 when anything differs. Nothing is written, and the API is asked once, for the domain. "
        "`plan` compares with what Twilio says that it holds; this looks at what visitors get."
    ),
)
@option(
    "--only",
    envvar="ASSETSYNC_VERIFY_ONLY",
    multiple=True,
    metavar="GLOB",
    help="Only these paths, written as in .gitignore; may be repeated.",
)
@option(
    "--wait",
    type=Seconds(0, 3600),
    default=0.0,
    metavar="SECONDS",
    help="Look again this long at what is not right yet: a Deployment takes some seconds to be served.",
)
@place_options
@service_options
@voice_options
def command(*, only: tuple[str, ...], wait: float, **flags: Any) -> int:
    """Read, fetch, compare."""
    from assetsync.cli.environment_view import environment_document
    from assetsync.cli.reading import read_tree
    from assetsync.cli.session import open_session, read_manifest
    from assetsync.local.scan import select
    from assetsync.meant import existing_environment
    from assetsync.served.chosen import Chosen
    from assetsync.twilio.survey import read_environments

    common = Common(**flags)
    chosen = Chosen(only)
    with command_run(**common.voice) as run:
        selection = select(read_manifest(common, find=True))
        manifest = selection.manifest
        with open_session(common, run.emit) as session:
            with run.progress():
                assets = chosen.of(read_tree(selection, run.emit).assets, attrgetter("path"))
                environment = existing_environment(manifest, read_environments(session.client, manifest.service))
            run.output.document["environment"] = environment_document(environment, session)
            tell(check(session, run, environment.domain_name, assets, wait, common.concurrency), run)
        run.output.close()
    return 0


def check(
    session: Session, run: Run, domain: str, assets: Sequence[DesiredAsset], wait: float, concurrency: int
) -> Verified:
    """Look at each of them, under signals. What was found is in the document. Raises Interrupted."""
    from assetsync.cli.signals import draining

    with run.progress(), draining(session.cancelled, run.output.fail) as ending:
        found = session.connection.verify_assets(
            domain, assets, wait=wait, concurrency=concurrency, stop=ending.stop, emit=run.emit
        )
    run.output.document |= {
        "verified": {
            "checked": found.checked,
            "unsigned": found.unsigned,
            "private": found.private,
            "findings": [
                {"path": each.path, "source": each.source, "fault": str(each.fault), "message": each.message}
                for each in found.findings
            ],
        },
    }
    run.output.document.setdefault("errors", [])
    return found


def tell(found: Verified, run: Run) -> None:
    """What was seen, and what nobody here can see. Raises ServedDifferently."""
    if found.unsigned:
        run.output.warn(
            [f"the bytes of {plural(found.unsigned, 'protected file')} cannot be read without TWILIO_AUTH_TOKEN"]
        )
    if found.findings:
        failures = (FileFailure(each.path, _named(each.path, each.source), each.message) for each in found.findings)
        raise ServedDifferently(tuple(failures), found.checked)
    private = f"; {plural(found.private, 'private file')} cannot be read back by anybody" if found.private else ""
    run.output.result(
        [
            Line(
                f"{plural(found.checked, 'path')} served as in the folders{private}. {duration(run.seconds)}.",
                Style.GOOD,
            )
        ]
    )


def _named(path: str, source: str) -> str:
    return f"{printable(path)} ({source})"
