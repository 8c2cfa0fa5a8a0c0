"""`assetsync gc`: delete what no Build holds any more; on request expired previews and old Builds before it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

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

if TYPE_CHECKING:
    from assetsync.cli.session import Session
    from assetsync.manifest.model import Ownership
    from assetsync.plan.collection import Inventory, Sweep, Terms
    from assetsync.plan.previews import Preview
    from assetsync.plan.safety import Consent


@click.command(
    "gc",
    cls=Command,
    short_help="Delete our Assets that no Build holds any more.",
    help=(
        "Delete the Assets of this manifest that no Build of the Service holds and that are older than a day, or than "
        "--older-than says. Twilio collects most of them by itself within a week; nothing foreign and nothing live is "
        "ever touched. Each thing is looked at again right before it goes. Leaves with 1 where one could not be "
        "deleted.\n\n"
        "A Build that is no longer live still holds its Assets, for rollback: --builds-keep N deletes all but the "
        "newest N of those first, where they hold something of ours and are old enough as well. One that failed is "
        "none of the N. With N of 1 or more the Build that a rollback of any Environment goes to next stays besides; "
        "0 may delete it.\n\n"
        "--previews first deletes the previews whose time is over, as `previews --expire` does and with its guards. "
        "All of it, for a scheduled job: `assetsync gc --previews --builds-keep 10 --older-than 14d --yes`.\n\n"
        "--explain tells what holds an Asset, and each reason why gc leaves it alone, by the other options given."
    ),
)
@manifest_option
@service_options
@option("--builds-keep", type=click.IntRange(0), metavar="N", help="Delete older Builds that no Environment uses.")
@option("--older-than", metavar="AGE", help="Delete only Builds and Assets older than this: 36h, 14d, 4w.")
@option("--previews", is_flag=True, help="First delete the previews whose time is over.")
@option("--explain", metavar="ASSET", help="Tell what holds it (a SID or a URL path), delete nothing.")
@option("-n", "--dry-run", is_flag=True, help="Show what would go, delete nothing.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@foreign_loss_option
@voice_options
def command(
    *,
    builds_keep: int | None,
    older_than: str | None,
    previews: bool,
    explain: str | None,
    dry_run: bool,
    yes: bool,
    **flags: Any,
) -> int:
    """Look, ask, delete."""
    from assetsync.cli.lifetime import age
    from assetsync.cli.session import manifest_path, open_session
    from assetsync.manifest.load import load_ownership
    from assetsync.plan.collection import MIN_AGE, Terms
    from assetsync.plan.safety import consents_from

    given = consents_from(consents(flags))
    common = Common(environment=None, **flags)
    with command_run(**common.voice) as run:
        terms = Terms(builds_keep, MIN_AGE if older_than is None else age(older_than))
        if not (yes or dry_run or explain is not None or sys.stdin.isatty()):
            raise UsageError("gc asks before it deletes, and there is no terminal", hint="add --yes, or --dry-run")
        ownership = load_ownership(manifest_path(common.manifest), variables=os.environ)
        with open_session(common, run.emit) as session:
            with run.progress():
                found = _look(ownership, session, terms, given if previews else None)
            if explain is not None:
                _explain(explain, found, session, run)
            else:
                _show(found, run)
                if not dry_run:
                    _delete(found, session, run, yes=yes)
        run.output.close()
    return 0


@dataclass(frozen=True, slots=True)
class Found:
    """What there is, and what of it may go.

    service: its SID; previews: those to be deleted, None where that was not asked for
    held: a sentence for each preview that is over and stays all the same
    """

    ownership: Ownership
    service: str
    terms: Terms
    inventory: Inventory
    decided: Sweep
    previews: tuple[Preview, ...] | None = None
    held: tuple[str, ...] = ()

    @property
    def owner(self) -> str:
        return self.ownership.name

    @property
    def about(self) -> dict[str, Any]:
        """What JSON says of where this was found."""
        return {"service": {"sid": self.service, "unique_name": self.ownership.service}, "owner": self.owner}

    @property
    def leaving(self) -> frozenset[str]:
        """The SIDs of the Environments that go first."""
        return _sids(self.previews)


def _look(ownership: Ownership, session: Session, terms: Terms, given: tuple[Consent, ...] | None) -> Found:
    """`given` are the consents to delete previews, None where none is to be. Raises UsageError, ServiceError."""
    from assetsync.apply.gc import take_inventory
    from assetsync.cli.ended import look, sorted_out
    from assetsync.plan.collection import decide
    from assetsync.plan.previews import over
    from assetsync.twilio.survey import check_service, read_holdings

    client = session.client
    seen = None if given is None else look(ownership, session)
    holdings = read_holdings(client, ownership.service) if seen is None else seen.holdings
    service = holdings.service_sid
    if service is None:
        raise UsageError(f"the Service {ownership.service} does not exist", hint="check `service` and the account")
    check_service(ownership.service, client.fetch_service(service))
    previews: tuple[Preview, ...] | None = None
    held: tuple[str, ...] = ()
    if seen is not None and given is not None:
        previews, held = sorted_out(over(seen.previews, seen.declared, seen.now), seen, session, given)
    inventory = take_inventory(client, service, ownership.name, terms)
    decided = decide(inventory.without(_sids(previews)), terms)
    return Found(ownership, service, terms, inventory, decided, previews, held)


def _sids(previews: tuple[Preview, ...] | None) -> frozenset[str]:
    return frozenset(each.environment.sid for each in previews or ())


def _explain(asked: str, found: Found, session: Session, run: Run) -> None:
    from assetsync.cli.gc_explain import document, explained, lines

    with run.progress():
        held = explained(asked, session.client, found.service, found.inventory, found.leaving, found.terms)
    run.output.document |= found.about | {"assets": document(held), "errors": []}
    run.output.result(lines(held, found.ownership.name, found.inventory.now))


def _show(found: Found, run: Run) -> None:
    from assetsync.cli.gc_view import document, lines

    run.output.document |= found.about | document(found.previews, found.held, found.decided, found.terms)
    run.output.warn(found.held)
    run.output.result(lines(found.previews, found.decided, found.terms))


def _delete(found: Found, session: Session, run: Run, *, yes: bool) -> None:
    """Ask, delete, tell. Raises Interrupted, and AssetsyncError where not everything could be deleted."""
    from assetsync.apply.expiry import expire
    from assetsync.apply.gc import Swept, sweep
    from assetsync.cli.ended import left, tell_end
    from assetsync.cli.gc_view import counts, result
    from assetsync.cli.question import agrees
    from assetsync.cli.signals import draining

    unmet, noun = len(found.held), "preview"
    if found.previews or found.decided.builds or found.decided.assets:
        if not yes and not agrees(run.output, "Delete these?"):
            raise Interrupted("nothing was deleted")
        with draining(session.cancelled, run.output.fail) as ending:
            with run.progress():
                ended = expire(session.client, found.previews or (), found.owner, ending.stop)
                swept = Swept()
                if ended.error is None:
                    swept = sweep(session.client, found.service, found.owner, found.decided, found.terms, ending.stop)
            said = counts(None if found.previews is None else ended.deleted, swept.builds, swept.assets)
            run.output.document["result"] = result(ended, swept)
            run.output.warn((*ended.kept, *ended.refused, *swept.kept, *swept.refused))
            tell_end(run, said, ended.error or swept.error, ending)
        unmet += len(ended.refused) + len(swept.refused)
        noun = "thing" if swept.refused else noun
    if unmet:
        raise left(unmet, noun)
