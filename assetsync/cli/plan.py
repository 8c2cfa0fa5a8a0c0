"""`assetsync plan`: the pipeline that stops before apply."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from assetsync.cli.options import (
    Command,
    Common,
    consents,
    manifest_options,
    option,
    plan_voice_options,
    retain_option,
    runtime_option,
    safety_options,
    service_options,
)
from assetsync.cli.run import command_run

PENDING = 2


@click.command(
    "plan",
    cls=Command,
    short_help="Show what apply would change.",
    help=(
        "Show what `apply` would change, and why, without changing anything.\n\n"
        "Signs: + create, ~ upload a new version, < restore an old one (nothing is sent), > rename, - delete "
        "(stops being served), ! replaces an asset that assetsync did not make.\n\n"
        "Leaves with 0, or with 3 when a safety guard refuses; with --detailed-exitcode 2 means pending changes."
    ),
)
@manifest_options
@service_options
@option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan for `assetsync apply FILE`.")
@option("--detailed-exitcode", is_flag=True, help="Leave with 2 when changes are pending.")
@option("--all", "everything", is_flag=True, help="Show every action, unchanged ones too.")
@runtime_option
@retain_option
@safety_options
@plan_voice_options
def command(
    *,
    out: Path | None,
    detailed_exitcode: bool,
    everything: bool,
    runtime: str | None,
    no_retain: bool,
    **flags: Any,
) -> int:
    """Plan, show, save."""
    from assetsync.cli.planning import check_events, check_out, save, show
    from assetsync.cli.session import open_session, read_manifest
    from assetsync.local.scan import select
    from assetsync.plan.safety import consents_from

    given = consents_from(consents(flags))
    common = Common(**flags)
    with command_run(**common.voice) as run:
        selection = select(read_manifest(common))
        check_events(common.events, selection)
        if out is not None:
            check_out(out, selection)
        with run.progress(), open_session(common, run.emit) as session:
            planned = session.connection.plan_selected(selection, consents=given, runtime=runtime, retain=not no_retain)
        show(planned, run.output, everything=everything)
        if out is not None:
            save(planned, run.output, out)
            run.output.standing = f"the plan was saved to {out}"
        planned.check()
        run.output.close()
        return PENDING if detailed_exitcode and planned.plan.build_needed else 0
