"""`assetsync adopt`: take over Assets that other tools uploaded, and give them back."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import (
    Command,
    Common,
    Seconds,
    consents,
    flex_option,
    option,
    place_options,
    service_options,
    voice_options,
)
from assetsync.cli.run import command_run
from assetsync.cli.writing_names import Names, check_names
from assetsync.errors import UsageError
from assetsync.report.line import Line, Style
from assetsync.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assetsync.cli.session import Session
    from assetsync.manifest.model import Manifest
    from assetsync.served.adopt import Renaming, Seen


@click.command(
    "adopt",
    cls=Command,
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
@option(
    "--only",
    envvar="ASSETSYNC_ADOPT_ONLY",
    multiple=True,
    metavar="GLOB",
    help="Only these paths, written as in .gitignore; may be repeated.",
)
@option(
    "--keep",
    envvar="ASSETSYNC_ADOPT_KEEP",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the old names go; by default a file beside the manifest.",
)
@option(
    "--undo",
    envvar="ASSETSYNC_ADOPT_UNDO",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Give the Assets the names back that this file holds.",
)
@option(
    "--settle",
    type=Seconds(0, 3600),
    default=60.0,
    show_default=True,
    help="Wait until so many seconds have passed since the last Deployment: a site serves the old content for a while.",
)
@flex_option
@option("-n", "--dry-run", is_flag=True, help="Show the table, write nothing.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@option("-a", "--all", "everything", is_flag=True, help="Show every asset.")
@place_options
@service_options
@voice_options
def command(
    *,
    only: tuple[str, ...],
    keep: Path | None,
    undo: Path | None,
    settle: float,
    dry_run: bool,
    yes: bool,
    everything: bool,
    **flags: Any,
) -> int:
    """Look, show, ask, write names; or give them back."""
    from assetsync.cli.giving_back import give_back
    from assetsync.cli.planning import check_kept
    from assetsync.cli.seeing import flex_guard, see
    from assetsync.cli.session import open_session, read_manifest
    from assetsync.local.scan import select
    from assetsync.plan.safety import check_refusals, consents_from, with_consents
    from assetsync.report.adoption import adoption_lines, counts
    from assetsync.report.text import refusal_lines
    from assetsync.served.undo import read_undo

    given = consents_from(consents(flags))
    common = Common(**flags)
    with command_run(**common.voice) as run:
        if not (yes or dry_run or sys.stdin.isatty()):
            raise UsageError("adopt asks before it writes, and there is no terminal", hint="add --yes, or --dry-run")
        manifest = read_manifest(common, find=True)
        names = Names(run, common.concurrency, asks=not yes, writes=not dry_run)
        with open_session(common, run.emit) as session:
            if undo is not None:
                give_back(read_undo(undo, manifest.name), manifest.service, session, names)
            else:
                selection = select(manifest)
                if keep is not None:
                    check_kept(keep, selection)
                environment, seen = see(selection, session, run, only, settle)
                run.output.document["assets"] = [asdict(each) for each in seen]
                run.output.result(adoption_lines(seen, everything=everything))
                run.output.result([Line(f"{counts(seen)}.", Style.BOLD)])
                refusals = with_consents(flex_guard(manifest.service, seen), given)
                run.output.result(refusal_lines(refusals))
                check_refusals(refusals)
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


def _renamings(equal: Iterable[Seen]) -> tuple[Renaming, ...]:
    """Only while an Asset is called what it was called in the table."""
    from assetsync.served.adopt import Renaming

    return tuple(Renaming(each.path, each.asset_sid, each.becomes or "", each.name.__eq__) for each in equal)


def _undo_file(folder: Path, owner: str, session: Session) -> Path:
    now = session.client.service_date or session.clock.now()
    return folder / f"{owner}-{now:%Y%m%dT%H%M%SZ}.assetsync-undo.json"
