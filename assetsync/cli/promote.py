"""`assetsync promote`: make live here what another Environment serves."""

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

if TYPE_CHECKING:
    from assetsync.cli.session import Session
    from assetsync.model import Environment
    from assetsync.twilio.survey import Holdings


@click.command(
    "promote",
    cls=Command,
    short_help="Make live here what another Environment serves.",
    help=(
        "Deploy the Build that is live in another Environment of the Service: exactly the bytes that were tried there. "
        "One Deployment, nothing is uploaded and no Build is made.\n\n"
        "A Build is everything that an Environment serves. Where Functions or other people's assets would change with "
        "it, that is shown and refused unless --allow-foreign agrees. `assetsync apply -e NAME` of the same commit "
        "uploads nothing either, and keeps what is not ours as it is there."
    ),
)
@option(
    "--from",
    "source",
    envvar="ASSETSYNC_PROMOTE_FROM",
    required=True,
    metavar="NAME",
    help="The Environment whose Build is taken.",
)
@place_options
@service_options
@option("-n", "--dry-run", is_flag=True, help="Show what would change, deploy nothing.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@foreign_option
@voice_options
def command(*, source: str, dry_run: bool, yes: bool, **flags: Any) -> int:
    """Find the other Environment's Build, ask, deploy."""
    from assetsync.apply.switch import Target
    from assetsync.cli.switching import Asked, run_switch
    from assetsync.plan.safety import consents_from

    given = consents_from(consents(flags))
    common = Common(**flags)

    def choose(_session: Session, environment: Environment, holdings: Holdings) -> Target:
        return Target(_live_build(source, environment, holdings))

    with command_run(**common.voice) as run:
        run_switch(common, run, Asked("Promote", given, yes, dry_run), choose)
    return 0


def _live_build(source: str, environment: Environment, holdings: Holdings) -> str:
    """The Build that is live in the Environment named `source`. Raises UsageError."""
    names = sorted(each.unique_name for each in holdings.environments if each.sid != environment.sid)
    found = next((each for each in holdings.environments if each.unique_name == source), None)
    if found is None:
        known = f"it has {', '.join(names)} besides {environment.unique_name}" if names else "it has no other"
        raise UsageError(f"the Service has no Environment {source}", hint=known)
    if found.sid == environment.sid:
        raise UsageError(f"{source} cannot be promoted to itself", hint="--environment names where it is to go")
    if found.build_sid is None:
        raise UsageError(f"{source} serves nothing that could be promoted", hint=f"`assetsync apply -e {source}` first")
    return found.build_sid
