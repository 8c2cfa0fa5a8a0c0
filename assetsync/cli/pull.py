"""`assetsync pull`: write what is served into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import Common, option, place_options, service_options, voice_options
from assetsync.cli.run import command_run
from assetsync.errors import FileFailure, FilesFailed, Interrupted, UsageError
from assetsync.report.line import Line, Style
from assetsync.report.units import plural, size
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assetsync.cli.run import Run
    from assetsync.cli.session import Session
    from assetsync.model import AssetVersion, Environment
    from assetsync.served.pull import Pulled

_MOST = 40


@click.command(
    "pull",
    short_help="Write what is served into a folder.",
    help=(
        "Fetch the live files of the Environment, whoever uploaded them, and write them into FOLDER: `/css/a.css` "
        "becomes FOLDER/css/a.css. A file that is there with other content stays as it is, and is named, unless "
        "--force. Protected files are read where TWILIO_AUTH_TOKEN is set; private ones nobody can read back.\n\n"
        "With `init --from SERVICE` before it and `adopt` after it, a Service that other tools filled comes under this "
        "one without sending anything again."
    ),
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@option(
    "--only",
    envvar="ASSETSYNC_PULL_ONLY",
    multiple=True,
    metavar="GLOB",
    help="Only these paths, written as in .gitignore; may be repeated.",
)
@option("--force", is_flag=True, help="Replace files that are different.")
@option("-n", "--dry-run", is_flag=True, help="Show what would be fetched, write nothing.")
@place_options
@service_options
@voice_options
def command(*, folder: Path, only: tuple[str, ...], force: bool, dry_run: bool, **flags: Any) -> int:
    """Read the live Build, fetch, write."""
    from assetsync.cli.session import open_session, read_manifest
    from assetsync.meant import live_build
    from assetsync.served.chosen import Chosen

    common = Common(**flags)
    chosen = Chosen(only)
    with command_run(**common.voice) as run:
        manifest = read_manifest(common, find=True)
        with open_session(common, run.emit) as session:
            with run.progress():
                environment, build = live_build(session.client, manifest)
            versions = chosen.of(build.asset_versions if build else (), _path)
            run.output.document |= {"folder": str(folder), "files": [], "errors": []}
            if dry_run:
                run.output.document["files"] = [
                    {"path": each.path, "visibility": each.visibility} for each in sorted(versions, key=_path)
                ]
                run.output.result(_wanted_lines(versions, folder))
            else:
                found = fetch(session, run, environment, versions, folder, common.concurrency, force=force)
                tell(found, len(versions), folder, run)
        run.output.close()
    return 0


def fetch(
    session: Session,
    run: Run,
    environment: Environment,
    versions: Sequence[AssetVersion],
    folder: Path,
    concurrency: int,
    *,
    force: bool,
) -> tuple[Pulled, ...]:
    """Fetch them, under signals. Raises UsageError where the folder cannot be made, Interrupted."""
    from assetsync.api import MOST_AT_ONCE
    from assetsync.cli.signals import draining
    from assetsync.served.pull import pull

    run.output.standing = "each file was written whole or not at all"
    at_once = min(concurrency, MOST_AT_ONCE)
    with (
        run.progress(),
        draining(session.cancelled, run.output.fail) as ending,
        session.connection.open_site(environment.domain_name, ending.stop) as site,
    ):
        try:
            return pull(site, versions, folder, force=force, concurrency=at_once, stop=ending.stop, emit=run.emit)
        except OSError as error:
            raise UsageError(f"{folder} cannot be used: {error.strerror}", hint="name another folder") from error


def tell(found: Sequence[Pulled], wanted: int, folder: Path, run: Run) -> None:
    """What became of each. Raises FilesFailed where one was not written that could have been, Interrupted."""
    from assetsync.served.pull import Became

    run.output.document["files"] = [
        {"path": each.path, "file": each.name, "became": str(each.became), "message": each.message or None}
        for each in found
    ]
    told = (Became.UNREADABLE, Became.LEFT_OUT)
    run.output.warn(f"{each.path}: {each.message}" for each in found if each.became in told)
    written = [each for each in found if each.became is Became.WRITTEN]
    same = sum(each.became is Became.SAME for each in found)
    counts = f"{plural(len(written), 'file')} written to {folder} ({size(sum(each.size for each in written))})"
    run.output.result([Line(f"{counts}, {same} were there already.", Style.GOOD)])
    if len(found) < wanted:
        raise Interrupted(f"interrupted after {len(found)} of {plural(wanted, 'file')}; run again: the rest comes then")
    different = [each for each in found if each.became is Became.DIFFERENT]
    failed = [each for each in found if each.became is Became.FAILED]
    if different or failed:
        reasons = {each.path: each.message or "there is another file, which was left as it is" for each in found}
        failures = tuple(FileFailure(each.path, each.path, reasons[each.path]) for each in (*different, *failed))
        what = plural(len(failures), "file")
        hint = "--force replaces files that are different" if different else None
        raise FilesFailed(f"{what} could not be written", failures, hint=hint)


def _wanted_lines(versions: Sequence[AssetVersion], folder: Path) -> Iterator[Line]:
    for each in sorted(versions, key=_path)[:_MOST]:
        shown = "" if each.visibility == "public" else f"  {printable(each.visibility)}"
        yield Line(f"  {printable(each.path)}{shown}")
    if len(versions) > _MOST:
        yield Line(f"    and {len(versions) - _MOST} more", Style.DIM)
    yield Line(f"{plural(len(versions), 'file')} would be fetched into {folder}.")


def _path(version: AssetVersion) -> str:
    return version.path
