"""`assetsync adopt`: take over Assets that other tools uploaded, and give them back."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import Common, manifest_options, option, service_options, voice_options
from assetsync.cli.run import command_run
from assetsync.cli.writing_names import Names, check_names
from assetsync.errors import UsageError
from assetsync.report.line import Line, Style
from assetsync.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assetsync.cli.run import Run
    from assetsync.cli.session import Session
    from assetsync.local.scan import Selected
    from assetsync.manifest.model import Manifest
    from assetsync.model import Environment
    from assetsync.served.adopt import Renaming, Seen


@click.command(
    "adopt",
    short_help="Take over assets that other tools uploaded.",
    help=(
        "Take over a Service that the Serverless Toolkit or the Console filled. What is live at the manifest's paths "
        "is fetched and compared with the folders; where bytes, content type and visibility are equal, the Asset "
        "becomes this manifest's, by its friendly name. `apply` then sends only what differs (with --allow-replace, "
        "since that stays foreign).\n\n"
        "The whole table is shown first, then it asks. The old names are kept in a file, and `adopt --undo FILE` gives "
        "them back. Protected files are read where TWILIO_AUTH_TOKEN is set; private ones nobody can read back. "
        "Nothing that is served changes."
    ),
)
@option("--only", multiple=True, metavar="GLOB", help="Only these paths, written as in .gitignore; may be repeated.")
@option(
    "--keep",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the old names go; by default a file beside the manifest.",
)
@option(
    "--undo",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Give the Assets the names back that this file holds.",
)
@option("-n", "--dry-run", is_flag=True, help="Show the table, write nothing.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@option("-a", "--all", "everything", is_flag=True, help="Show every asset.")
@manifest_options
@service_options
@voice_options
def command(
    *,
    only: tuple[str, ...],
    keep: Path | None,
    undo: Path | None,
    dry_run: bool,
    yes: bool,
    everything: bool,
    **flags: Any,
) -> int:
    """Look, show, ask, write names; or give them back."""
    from assetsync.cli.giving_back import give_back
    from assetsync.cli.session import open_session, read_manifest
    from assetsync.local.scan import select
    from assetsync.report.adoption import adoption_lines, counts
    from assetsync.served.undo import read_undo

    common = Common(**flags)
    with command_run(**common.voice) as run:
        if not (yes or dry_run or sys.stdin.isatty()):
            raise UsageError("adopt asks before it writes, and there is no terminal", hint="add --yes, or --dry-run")
        manifest = read_manifest(common)
        names = Names(run, common.concurrency, asks=not yes, writes=not dry_run)
        with open_session(common, run.emit) as session:
            if undo is not None:
                give_back(read_undo(undo), manifest.service, session, names)
            else:
                environment, seen = _look(select(manifest), session, run, only, common.concurrency)
                run.output.document["assets"] = [asdict(each) for each in seen]
                run.output.result(adoption_lines(seen, everything=everything))
                run.output.result([Line(f"{counts(seen)}.", Style.BOLD)])
                file = keep or _undo_file(manifest.path.parent, manifest.name, session)
                _take_over(seen, environment.service_sid, manifest, file, session, names)
        run.output.close()
    return 0


def _take_over(
    seen: Sequence[Seen], service_sid: str, manifest: Manifest, file: Path, session: Session, names: Names
) -> None:
    """What is equal, after a question; the old names are in the file before the first one changes."""
    from assetsync.served.undo import Adopted, Undo, write_undo

    equal = [each for each in seen if each.becomes is not None]
    if not equal or not names.agreed(f"Take over {plural(len(equal), 'asset')} in {manifest.service}?"):
        return
    adopted = (Adopted(each.path, each.asset_sid, each.name, each.becomes or "") for each in equal)
    write_undo(file, Undo(service_sid, manifest.name, tuple(adopted)))
    run = names.run
    run.output.document["undo_file"] = str(file)
    run.output.standing = f"`assetsync adopt --undo {file}` gives the old names back"
    done = names.write(session, service_sid, _renamings(equal))
    run.output.result(
        [
            Line(f"{plural(done.done, 'asset')} {'is' if done.done == 1 else 'are'} ours now.", Style.GOOD),
            Line(f"`assetsync plan` shows what is left; `assetsync adopt --undo {file}` takes it back."),
        ]
    )
    check_names(done)


def _look(
    selection: Selected, session: Session, run: Run, only: Sequence[str], concurrency: int
) -> tuple[Environment, tuple[Seen, ...]]:
    """What is live at the manifest's paths and not ours, compared with the files."""
    from assetsync.api import MOST_AT_ONCE
    from assetsync.cli.reading import read_tree
    from assetsync.cli.signals import draining
    from assetsync.prepare import existing_environment
    from assetsync.served.adopt import foreign_at, look
    from assetsync.served.chosen import Chosen
    from assetsync.twilio.survey import check_service, read_holdings, read_snapshot

    manifest, client = selection.manifest, session.client
    chosen = Chosen(only)
    with run.progress():
        tree = read_tree(selection, run.emit)
        holdings = read_holdings(client, manifest.service)
        environment = existing_environment(manifest, holdings.environments)
        check_service(manifest.service, holdings.service or client.fetch_service(environment.service_sid))
        snapshot = read_snapshot(client, holdings, environment, owner=manifest.name, journal=session.journal.view)
        found = [each for each in foreign_at(tree, snapshot, holdings.assets) if each.asset.path in chosen]
    with (
        run.progress(),
        draining(session.cancelled, run.output.fail) as ending,
        session.connection.open_site(environment.domain_name) as site,
    ):
        at_once = min(concurrency, MOST_AT_ONCE)
        seen = look(site, manifest.name, found, concurrency=at_once, stop=ending.stop, emit=run.emit)
    run.output.document |= {
        "service": {"sid": environment.service_sid, "unique_name": manifest.service},
        "environment": {"name": environment.unique_name, "sid": environment.sid, "url": site.url},
        "undo_file": None,
        "errors": [],
    }
    return environment, seen


def _renamings(equal: Iterable[Seen]) -> tuple[Renaming, ...]:
    """Only while an Asset is called what it was called in the table."""
    from assetsync.served.adopt import Renaming

    return tuple(Renaming(each.path, each.asset_sid, each.becomes or "", each.name.__eq__) for each in equal)


def _undo_file(folder: Path, owner: str, session: Session) -> Path:
    return folder / f"{owner}-{session.client.service_date:%Y%m%dT%H%M%SZ}.assetsync-undo.json"
