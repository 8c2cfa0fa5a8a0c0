"""`assetsync emulator`: the local service in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assetsync.cli.options import option
from assetsync.cli.session import local_folder

if TYPE_CHECKING:
    from assetsync.emulator.local import LocalService


@click.command(
    "emulator",
    short_help="Run the local service: a Serverless API on loopback.",
    help=(
        "Run a Twilio Serverless API and asset host on this machine, for trying, developing and testing without an "
        "account. State lives in a folder and survives restarts. Ends with Ctrl-C.\n\n"
        "Commands with --local find it by themselves; other clients use what it prints."
    ),
)
@option("--port", type=click.IntRange(0, 65535), default=4080, show_default=True, help="0 takes any free port.")
@option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The state folder; by default the one that --local uses.",
    envvar="ASSETSYNC_EMULATOR_DATA",
)
@option(
    "--build-seconds", type=click.FloatRange(0, 3600), default=0.0, show_default=True, help="How long a Build takes."
)
def command(port: int, data: Path | None, build_seconds: float) -> int:
    """Serve until a signal."""
    from assetsync.emulator.local import serve
    from assetsync.emulator.settings import Settings

    serve(
        Settings(build_seconds=build_seconds),
        state_dir=data or local_folder(),
        announce=_announce,
        port=port,
    )
    return 0


def _announce(local: LocalService) -> None:
    for line in (
        f"The local service answers at {local.url} until Ctrl-C. Any client uses it with:",
        f"  export ASSETSYNC_API_URL={local.url}",
        f"  export ASSETSYNC_SITE_URL='{local.site_url}'",
        f"  export TWILIO_ACCOUNT_SID={local.account_sid}",
        f"  export TWILIO_AUTH_TOKEN={local.auth_token}",
    ):
        click.echo(line)
