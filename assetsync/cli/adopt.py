"""`assetsync adopt`: take over Assets that other tools uploaded, and give them back."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import Common, manifest_options, option, service_options, voice_options
from assetsync.cli.run import command_run
from assetsync.errors import FileFailure, FilesFailed, Interrupted, UsageError
from assetsync.report.line import Line, Style
from assetsync.report.units import plural
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assetsync.cli.run import Run
    from assetsync.cli.session import Session
    from assetsync.model import Environment
    from assetsync.served.adopt import Renamed, Renaming, Seen


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
    """Look, show, ask, write names."""
    from assetsync.cli.session import open_session, read_manifest
    from assetsync.local.scan import select
    from assetsync.report.adoption import adoption_lines, counts
    from assetsync.served.undo import Adopted, Undo, read_undo, write_undo

    common = Common(**flags)
    with command_run(**common.voice) as run:
        if not (yes or dry_run or sys.stdin.isatty()):
            raise UsageError("adopt asks before it writes, and there is no terminal", hint="add --yes, or --dry-run")
        manifest = read_manifest(common)
        with open_session(common, run.emit) as session:
            if undo is not None:
                _give_back(
                    read_undo(undo), session, run, manifest.service, common.concurrency, ask=not yes, dry=dry_run
                )
                return 0
            environment, seen = _look(select(manifest), session, run, only, common.concurrency)
            equal = [each for each in seen if each.becomes is not None]
            run.output.document["assets"] = [asdict(each) for each in seen]
            run.output.result(adoption_lines(seen, everything=everything))
            run.output.result([Line(f"{counts(seen)}.", Style.BOLD)])
            if equal and not dry_run:
                if not yes:
                    _ask(run, f"Take over {plural(len(equal), 'asset')} in {manifest.service}?")
                file = keep or _undo_file(manifest.path.parent, manifest.name, session)
                adopted = (Adopted(each.path, each.asset_sid, each.name, each.becomes or "") for each in equal)
                write_undo(file, Undo(environment.service_sid, manifest.name, tuple(adopted)))
                run.output.document["undo_file"] = str(file)
                run.output.standing = f"`assetsync adopt --undo {file}` gives the old names back"
                done = _rename(session, run, environment.service_sid, _renamings(equal), common.concurrency)
                _tell(
                    done, run, f"{plural(done.done, 'asset')} are ours now" if done.done != 1 else "1 asset is ours now"
                )
                run.output.result(
                    [Line(f"`assetsync plan` shows what is left; `assetsync adopt --undo {file}` takes it back.")]
                )
        run.output.close()
    return 0


def _look(
    selection: Any, session: Session, run: Run, only: Sequence[str], concurrency: int
) -> tuple[Environment, tuple[Seen, ...]]:
    """What is live at the manifest's paths and not ours, compared with the files."""
    from assetsync.cli.reading import read_tree
    from assetsync.cli.signals import draining
    from assetsync.cli.verify import MOST_AT_ONCE, open_site
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
        open_site(session, environment.domain_name) as site,
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


def _give_back(undo: Any, session: Session, run: Run, service: str, concurrency: int, *, ask: bool, dry: bool) -> None:
    found = session.client.fetch_service(service)
    if found.sid != undo.service_sid:
        raise UsageError(
            f"the file is about the Service {undo.service_sid}, and {service} is {found.sid}",
            hint="use the manifest and the account of that time",
        )
    run.output.document |= {"assets": [asdict(each) for each in undo.assets], "errors": []}
    shown = [Line(f"  {printable(each.path)}  called {printable(each.name)!r} again") for each in undo.assets]
    run.output.result(shown)
    if not dry:
        if ask:
            _ask(run, f"Give {plural(len(shown), 'asset')} the old names back?")
        done = _rename(session, run, undo.service_sid, tuple(undo.renamings()), concurrency)
        _tell(done, run, f"{plural(done.done, 'asset')} called as before")
    run.output.close()


def _ask(run: Run, question: str) -> None:
    from assetsync.cli.question import agrees

    if not agrees(run.output, question):
        raise Interrupted("nothing was written")


def _undo_file(folder: Path, owner: str, session: Session) -> Path:
    return folder / f"{owner}-{session.client.service_date:%Y%m%dT%H%M%SZ}.assetsync-undo.json"


def _rename(session: Session, run: Run, service_sid: str, wanted: Sequence[Renaming], concurrency: int) -> Renamed:
    from assetsync.apply.once import Pace
    from assetsync.cli.signals import draining
    from assetsync.served.adopt import rename_all

    with run.progress(), draining(session.cancelled, run.output.fail) as ending:
        pace = Pace(session.clock, session.cancelled)
        return rename_all(
            session.client, service_sid, wanted, concurrency=concurrency, stop=ending.stop, emit=run.emit, pace=pace
        )


def _tell(done: Renamed, run: Run, said: str) -> None:
    """Raises FilesFailed where a name is not what it should be."""
    run.output.document["result"] = {"renamed": done.done, "refused": list(done.refused)}
    run.output.result([Line(f"{said}.", Style.GOOD)])
    if done.refused:
        failures = tuple(FileFailure(each, each.partition(" ")[0], each.partition(": ")[2]) for each in done.refused)
        names = "1 name was not written" if len(failures) == 1 else f"{len(failures)} names were not written"
        raise FilesFailed(names, failures, hint="run again: what is done is not done twice")
