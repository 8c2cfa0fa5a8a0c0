"""`assetsync destroy`: delete an Environment, with its domain."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.environment_view import environment_document, missing_document
from assetsync.cli.options import (
    Command,
    Common,
    consents,
    foreign_loss_option,
    option,
    place_options,
    service_options,
    unmarked_option,
    voice_options,
)
from assetsync.cli.run import Run, command_run
from assetsync.errors import Interrupted, UsageError
from assetsync.report.line import Line, Style
from assetsync.report.units import plural, short_sid
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.cli.session import Session
    from assetsync.manifest.model import Ownership
    from assetsync.model import Environment
    from assetsync.plan.previews import Loss
    from assetsync.plan.safety import Consent, Refusal

_MOST = 20


@click.command(
    "destroy",
    cls=Command,
    short_help="Delete an Environment, with its domain.",
    help=(
        "Delete the Environment that -e names, with its domain and Variables. What is served there is shown first. An "
        "Environment that this manifest did not make as a preview (`apply --create-environment --ttl`), or that it "
        "declares, is refused unless --allow-unmarked agrees; where Functions or other people's assets are served "
        "there, --allow-foreign has to agree too.\n\n"
        "No Build and no Asset is deleted: other Environments may use them, and `assetsync gc` deletes what nothing "
        "holds any more. An Environment that is gone already is no error, so this fits the end of a pull request: "
        "`assetsync destroy -e pr-42 --yes`."
    ),
)
@place_options
@service_options
@option("-n", "--dry-run", is_flag=True, help="Show what would go, delete nothing.")
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@foreign_loss_option
@unmarked_option
@voice_options
def command(*, dry_run: bool, yes: bool, **flags: Any) -> int:
    """Look, ask, delete."""
    from assetsync.cli.session import manifest_path, open_session
    from assetsync.manifest.load import load_ownership
    from assetsync.plan.safety import consents_from

    given = consents_from(consents(flags))
    common = Common(**flags)
    with command_run(**common.voice) as run:
        if common.environment is None:
            raise UsageError("destroy does not guess which Environment is meant", hint="name it with -e NAME")
        if not (yes or dry_run or sys.stdin.isatty()):
            raise UsageError("destroy asks before it deletes, and there is no terminal", hint="add --yes, or --dry-run")
        ownership = load_ownership(manifest_path(common.manifest), variables=os.environ)
        with open_session(common, run.emit) as session:
            with run.progress():
                doomed = _find(ownership, common.environment, session, given)
            if doomed is None:
                _tell_gone(run, ownership, common.environment)
            else:
                _show(doomed, session, run)
                _settle(doomed, session, run, dry_run=dry_run, yes=yes)
        run.output.close()
    return 0


@dataclass(frozen=True, slots=True)
class Doomed:
    """An Environment that is to go, what goes off line with it, and the guards in its way."""

    environment: Environment
    service: str
    loss: Loss
    refusals: tuple[Refusal, ...]


def _find(ownership: Ownership, name: str, session: Session, given: tuple[Consent, ...]) -> Doomed | None:
    from assetsync.apply.expiry import read_loss
    from assetsync.apply.preview import read_mark
    from assetsync.manifest.environments import declared_as
    from assetsync.plan.previews import foreign_loss_refusal, unmarked_refusal
    from assetsync.plan.safety import with_consents
    from assetsync.twilio.survey import check_service, read_holdings

    client = session.client
    holdings = read_holdings(client, ownership.service)
    if holdings.service_sid is None:
        raise UsageError(f"the Service {ownership.service} does not exist", hint="check `service` and the account")
    environment = next((each for each in holdings.environments if each.unique_name == name), None)
    if environment is None:
        return None
    check_service(ownership.service, client.fetch_service(holdings.service_sid))
    loss, mark = read_loss(client, holdings, environment, ownership.name), read_mark(client, environment)
    refusals = (
        *unmarked_refusal(
            name,
            ownership.name,
            is_marked=mark is not None and mark.owner == ownership.name,
            declared=declared_as(name, ownership.environments, os.environ),
        ),
        *foreign_loss_refusal(name, loss),
    )
    return Doomed(environment, ownership.service, loss, with_consents(refusals, given))


def _settle(doomed: Doomed, session: Session, run: Run, *, dry_run: bool, yes: bool) -> None:
    """Agree, and delete. Raises Refused, Interrupted, Conflict."""
    from assetsync.cli.question import agrees, consents_asked
    from assetsync.plan.safety import check_refusals, with_consents

    refusals, name = doomed.refusals, doomed.environment.unique_name
    if not (dry_run or yes) and (given := consents_asked(run.output, refusals)) is not None:
        if not agrees(run.output, f"Delete the Environment {name} and its domain?"):
            raise Interrupted("nothing was deleted")
        refusals = with_consents(refusals, given)
    check_refusals(refusals)
    if dry_run:
        return
    if _delete(doomed, session, run):
        run.output.document["result"] = {"deleted": True, "errors": []}
        run.output.result([Line(f"Deleted {printable(name)}.", Style.GOOD)])
    else:
        run.output.document["result"] = {"deleted": False, "errors": []}
        run.output.result([Line(f"{printable(name)} is gone already.", Style.GOOD)])


def _delete(doomed: Doomed, session: Session, run: Run) -> bool:
    from assetsync.apply.expiry import delete_environment
    from assetsync.cli.signals import draining

    with run.progress(), draining(session.cancelled, run.output.fail):
        is_deleted = delete_environment(session.client, doomed.environment)
    run.output.standing = f"{doomed.environment.unique_name} is deleted"
    return is_deleted


def _tell_gone(run: Run, ownership: Ownership, name: str) -> None:
    run.output.document |= {
        "environment": missing_document(name),
        "result": {"deleted": False, "errors": []},
        "errors": [],
    }
    where = f"the Service {printable(ownership.service)}"
    run.output.result([Line(f"There is no Environment {printable(name)} in {where}: nothing to delete.", Style.GOOD)])


def _show(doomed: Doomed, session: Session, run: Run) -> None:
    from assetsync.plan.document import refusal_document
    from assetsync.report.text import refusal_lines

    environment, loss = doomed.environment, doomed.loss
    run.output.document |= {
        "account_sid": environment.account_sid,
        "service": {"sid": environment.service_sid, "unique_name": doomed.service},
        "environment": environment_document(environment, session),
        "serves": {"ours": list(loss.ours), "foreign": list(loss.foreign), "functions": list(loss.functions)},
        "safety": [refusal_document(each) for each in doomed.refusals],
        "errors": [],
    }
    run.output.result(_lines(doomed))
    run.output.result(refusal_lines(doomed.refusals))


def _lines(doomed: Doomed) -> Iterator[Line]:
    environment, loss = doomed.environment, doomed.loss
    name, domain = printable(environment.unique_name), printable(environment.domain_name)
    where = f"{name} of the Service {printable(doomed.service)} ({domain})"
    yield Line(f"{where}, account {short_sid(environment.account_sid)}", Style.BOLD)
    if environment.build_sid is None:
        yield Line("  nothing is deployed")
    else:
        counts = f"{plural(len(loss.ours), 'asset')} of ours, {len(loss.foreign)} foreign"
        yield Line(f"  Build {environment.build_sid}: {counts}, {plural(len(loss.functions), 'Function')}")
    for each in loss.not_ours[:_MOST]:
        yield Line(f"  - {printable(each)}", Style.REMOVE)
    if len(loss.not_ours) > _MOST:
        yield Line(f"    and {len(loss.not_ours) - _MOST} more", Style.DIM)
    yield Line(f"To delete: the Environment and the domain {domain}.", Style.BOLD)
    yield Line("No Asset is deleted; `assetsync gc` deletes those that nothing holds any more.", Style.DIM)
