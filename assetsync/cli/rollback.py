"""`assetsync rollback`: make the Build live that was live before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import (
    Command,
    Common,
    consents,
    foreign_option,
    option,
    place_options,
    service_options,
    voice_options,
)
from assetsync.cli.run import command_run
from assetsync.errors import UsageError
from assetsync.twilio.sid import is_sid

if TYPE_CHECKING:
    from assetsync.cli.session import Session
    from assetsync.model import Environment
    from assetsync.twilio.survey import Holdings


@click.command(
    "rollback",
    cls=Command,
    short_help="Go back to the Build that was live before.",
    help=(
        "Go back to the Build that was live before the one that is, or to any other with --to: one Deployment, nothing "
        "is uploaded and no Build is made. Rolling back again goes one further; `assetsync history` shows them.\n\n"
        "A Build is everything that an Environment serves. Where Functions or other people's assets would change with "
        "it, that is shown and refused unless --allow-foreign agrees. What the folders have otherwise is named too: "
        "the next apply would bring it back, so revert the commit as well.\n\n"
        "Twilio deletes Builds that no Environment has used for a while (--builds-keep of `gc` deletes them earlier)."
    ),
)
@option("--to", envvar="ASSETSYNC_ROLLBACK_TO", metavar="BUILD", help="The SID of the Build to go back to.")
@place_options
@service_options
@option("-n", "--dry-run", is_flag=True, help="Show what would change, deploy nothing.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@foreign_option
@voice_options
def command(*, to: str | None, dry_run: bool, yes: bool, **flags: Any) -> int:
    """Find the Build, ask, deploy."""
    from assetsync.apply.switch import Target, find_previous
    from assetsync.cli.switching import Asked, run_switch
    from assetsync.plan.safety import consents_from

    given = consents_from(consents(flags))
    common = Common(**flags)
    with command_run(**common.voice) as run:
        if to is not None and not is_sid(to, "ZB"):
            raise UsageError(
                "--to takes the SID of a Build, ZB and 32 hex digits", hint="`assetsync history` shows them"
            )

        def choose(session: Session, environment: Environment, _holdings: Holdings) -> Target:
            return Target(to) if to else find_previous(session.client, environment)

        run_switch(common, run, Asked("Go back to", given, yes, dry_run), choose)
    return 0
