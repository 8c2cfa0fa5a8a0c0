"""`assetsync previews`: the preview Environments of this manifest; `--expire` deletes those whose time is over."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.environment_view import environment_document
from assetsync.cli.options import (
    Command,
    Common,
    consents,
    foreign_loss_option,
    manifest_option,
    option,
    service_options,
    voice_options,
)
from assetsync.cli.run import Run, command_run
from assetsync.errors import Interrupted, UsageError
from assetsync.report.line import Line, Style
from assetsync.report.units import moment, plural, span
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.apply.expiry import Expired
    from assetsync.cli.ended import Seen
    from assetsync.cli.session import Session
    from assetsync.plan.previews import Preview
    from assetsync.plan.safety import Consent


@click.command(
    "previews",
    cls=Command,
    short_help="Show the preview Environments, delete those whose time is over.",
    help=(
        "Show the Environments that `apply --create-environment --ttl` made for this manifest: the URL, the live Build "
        "and when their time is over.\n\n"
        "--expire deletes those whose time is over by the service's clock, for a scheduled job: `assetsync previews "
        "--expire --yes`. Each is looked at again right before; what is declared in the manifest, is another "
        "manifest's or bears no mark is never deleted. A preview that serves Functions or other people's assets stays "
        "unless --allow-foreign agrees (N is for each). Leaves with 1 where one could not be deleted; the others are. "
        "Assets are left to `assetsync gc`."
    ),
)
@manifest_option
@service_options
@option("--expire", is_flag=True, help="Delete the previews whose time is over.")
@option("-n", "--dry-run", is_flag=True, help="With --expire: show what would go, delete nothing.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@foreign_loss_option
@voice_options
def command(*, expire: bool, dry_run: bool, yes: bool, **flags: Any) -> int:
    """Look and tell; with --expire ask and delete."""
    from assetsync.cli.ended import look
    from assetsync.cli.session import manifest_path, open_session
    from assetsync.manifest.load import load_ownership
    from assetsync.plan.safety import consents_from

    given = consents_from(consents(flags))
    common = Common(environment=None, **flags)
    with command_run(**common.voice) as run:
        if expire and not (yes or dry_run or sys.stdin.isatty()):
            raise UsageError(
                "previews --expire asks before it deletes, and there is no terminal", hint="add --yes, or --dry-run"
            )
        ownership = load_ownership(manifest_path(common.manifest), variables=os.environ)
        with open_session(common, run.emit) as session:
            with run.progress():
                seen = look(ownership, session)
            run.output.document |= _document(seen, session)
            run.output.result(_lines(seen, session))
            if expire:
                _expire(seen, session, run, given, dry_run=dry_run, yes=yes)
        run.output.close()
    return 0


def _expire(seen: Seen, session: Session, run: Run, given: tuple[Consent, ...], *, dry_run: bool, yes: bool) -> None:
    """Ask, delete, tell. Raises AssetsyncError where some could not be deleted, Interrupted."""
    from assetsync.cli.ended import left, sorted_out
    from assetsync.plan.previews import over
    from assetsync.twilio.survey import check_service

    ended = over(seen.previews, seen.declared, seen.now)
    if not ended:
        run.output.result([Line("Nothing to delete.", Style.GOOD)])
        return
    with run.progress():
        check_service(seen.ownership.service, session.client.fetch_service(seen.holdings.service_sid or ""))
        doomed, held = sorted_out(ended, seen, session, given)
    run.output.document["expire"] = {"to_delete": [each.name for each in doomed], "held": list(held)}
    run.output.warn(held)
    run.output.result(Line(f"  - {printable(each.name)}", Style.REMOVE) for each in doomed)
    run.output.result([Line(f"To delete: {plural(len(doomed), 'Environment')}, each with its domain.", Style.BOLD)])
    if dry_run:
        return
    if doomed:
        if not yes and not _agreed(run):
            raise Interrupted("nothing was deleted")
        _carry_out(doomed, seen.ownership.name, session, run, len(held))
    elif held:
        raise left(len(held))


def _agreed(run: Run) -> bool:
    from assetsync.cli.question import agrees

    return agrees(run.output, "Delete these?")


def _carry_out(doomed: tuple[Preview, ...], owner: str, session: Session, run: Run, held: int) -> None:
    from assetsync.apply.expiry import expire
    from assetsync.cli.ended import left, tell_end
    from assetsync.cli.signals import draining

    with draining(session.cancelled, run.output.fail) as ending:
        with run.progress():
            done = expire(session.client, doomed, owner, ending.stop)
        run.output.document["result"] = _result(done)
        run.output.warn((*done.kept, *done.refused))
        tell_end(run, plural(len(done.deleted), "Environment"), done.error, ending)
    if held + len(done.refused):
        raise left(held + len(done.refused))


def _lines(seen: Seen, session: Session) -> Iterator[Line]:
    owner, service = printable(seen.ownership.name), printable(seen.ownership.service)
    if seen.holdings.service_sid is None:
        yield Line(f"The Service {service} does not exist yet.")
        return
    urls = [f"{printable(_url(each, session))}/" for each in seen.previews]
    names = [printable(each.name) for each in seen.previews]
    widths = max(map(len, names), default=0), max(map(len, urls), default=0)
    for each, name, url in zip(seen.previews, names, urls, strict=True):
        build = f"Build {each.environment.build_sid}" if each.environment.build_sid else f"{'nothing':<40}"
        yield Line(f"{name:<{widths[0]}}  {url:<{widths[1]}}  {build}  {_ending(each, seen)}")
    from assetsync.plan.limits import ENVIRONMENTS

    used = f"{len(seen.holdings.environments)} of {ENVIRONMENTS} Environments in use"
    yield Line(f"{plural(len(seen.previews), 'preview')} of {owner} in {service}; {used}.", Style.DIM)


def _ending(each: Preview, seen: Seen) -> str:
    seconds = (each.expiry - seen.now).total_seconds()
    said = f"expires in {span(seconds)}" if seconds > 0 else f"expired {span(-seconds)} ago"
    return f"{said} ({moment(each.expiry)})" + (", declared: it stays" if each.name in seen.declared else "")


def _url(each: Preview, session: Session) -> str:
    return session.reach.endpoints.site(each.environment.domain_name)


def _document(seen: Seen, session: Session) -> dict[str, Any]:
    from assetsync.plan.limits import ENVIRONMENTS
    from assetsync.plan.previews import is_over

    return {
        "service": {"sid": seen.holdings.service_sid, "unique_name": seen.ownership.service},
        "environments": {"used": len(seen.holdings.environments), "limit": ENVIRONMENTS},
        "previews": [
            environment_document(each.environment, session)
            | {
                "expires_at": each.expiry.isoformat(),
                "expired": is_over(each.expiry, seen.now),
                "declared": each.name in seen.declared,
            }
            for each in seen.previews
        ],
        "errors": [],
    }


def _result(done: Expired) -> dict[str, Any]:
    return {
        "deleted": [each.name for each in done.deleted],
        "kept": list(done.kept),
        "refused": list(done.refused),
        "errors": [],
    }
