"""`assetsync status`: what is live, and what else is to know about the Service."""

from __future__ import annotations

from typing import Any

import click

from assetsync.cli.options import Common, option, place_options, service_options, voice_options
from assetsync.cli.run import command_run


@click.command(
    "status",
    short_help="Show what is live.",
    help=(
        "Show the Environment's domain, its live Build, and whose assets it serves: ours, ours with a version that "
        "nobody remembers (somebody else uploaded it), foreign ones, Functions. Then all Environments of the Service, "
        "Deployments by somebody else that changed what is ours, how much of Twilio's limits is in use, and our Assets "
        "that Twilio will soon delete. The folders are not read.\n\n"
        "--brief tells of the one Environment only, in a handful of requests."
    ),
)
@option("--brief", is_flag=True, help="Only the chosen Environment, and no more requests than that takes.")
@place_options
@service_options
@voice_options
def command(*, brief: bool, **flags: Any) -> int:
    """Look and tell."""
    from assetsync.cli.session import open_session, read_manifest
    from assetsync.cli.status_look import look
    from assetsync.cli.status_view import status_lines

    common = Common(**flags)
    with command_run(**common.voice) as run:
        manifest = read_manifest(common, find=True)
        with run.progress(), open_session(common, run.emit) as session:
            run.output.document |= look(manifest, session, brief=brief)
        run.output.result(status_lines(run.output.document))
        run.output.close()
    return 0
