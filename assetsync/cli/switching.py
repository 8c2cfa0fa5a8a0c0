"""What `rollback` and `promote` share: show a Build that exists, ask, make it live."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assetsync.cli.environment_view import environment_document
from assetsync.errors import Interrupted, InvalidInput, UsageError
from assetsync.plan.actions import Delete
from assetsync.plan.difference import foreign_refusal
from assetsync.plan.document import refusal_document
from assetsync.plan.safety import check_refusals, with_consents
from assetsync.report.difference import difference_document, difference_lines
from assetsync.report.failures import sentence
from assetsync.report.line import Line, Style
from assetsync.report.text import refusal_lines
from assetsync.report.units import duration, plural, short_sid
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assetsync.apply.switch import Switch, SwitchOutcome, Target
    from assetsync.cli.options import Common
    from assetsync.cli.run import Run
    from assetsync.cli.session import Session
    from assetsync.events import Event
    from assetsync.manifest.model import Manifest
    from assetsync.model import DesiredTree, Environment
    from assetsync.plan.actions import Action
    from assetsync.plan.safety import Consent
    from assetsync.twilio.survey import Holdings

_MOST = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """How a switch was asked for. verb: for the question, such as `Go back to`"""

    verb: str
    consents: tuple[Consent, ...]
    yes: bool
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A switch, which Assets are ours, and what the folders would change afterwards (None: they cannot be read)."""

    wanted: Switch
    own: frozenset[str]
    apart: tuple[Action, ...] | None
    service: str
    account_sid: str


def run_switch(
    common: Common, run: Run, asked: Asked, choose: Callable[[Session, Environment, Holdings], Target]
) -> None:
    """The whole command; `choose` says which Build is to be live. Raises what `switch` raises, Refused, UsageError."""
    from assetsync.apply.switch import switch
    from assetsync.cli.session import open_session, read_manifest

    if not (asked.yes or asked.dry_run or sys.stdin.isatty()):
        raise UsageError("it asks before it deploys, and there is no terminal", hint="add --yes, or --dry-run")
    manifest = read_manifest(common, find=True)
    with open_session(common, run.emit) as session:
        with run.progress():
            found = _find(manifest, session, run, choose)
        refusals = with_consents(foreign_refusal(found.wanted.difference, found.own), asked.consents)
        run.output.document |= _document(found, session) | {"safety": [refusal_document(each) for each in refusals]}
        run.output.result(_lines(found))
        run.output.result(refusal_lines(refusals))
        if found.wanted.is_needed and not asked.dry_run:
            if not asked.yes:
                refusals = _agreed(run, found, asked, refusals)
            check_refusals(refusals)
            outcome = _carry_out(found.wanted, session, run, look_first=not asked.yes, switch=switch)
            _tell(found, outcome, session, run)
        elif asked.dry_run:
            check_refusals(refusals)
    run.output.close()


def _find(
    manifest: Manifest, session: Session, run: Run, choose: Callable[[Session, Environment, Holdings], Target]
) -> Found:
    from assetsync.apply.switch import read_switch
    from assetsync.meant import existing_environment
    from assetsync.prepare import actions_on
    from assetsync.twilio.survey import read_holdings

    with ThreadPoolExecutor(1) as background:
        reading = background.submit(_read_files, manifest, run)
        holdings = read_holdings(session.client, manifest.service)
        environment = existing_environment(manifest, holdings.environments)
        wanted = read_switch(session.client, environment, choose(session, environment, holdings))
        tree = reading.result()
    journal = session.journal.view(environment.service_sid)
    own, actions = actions_on(wanted.after, manifest.name, holdings, environment, tree, journal)
    if actions is not None and manifest.retain:  # what the folders have no more is kept for a while
        actions = tuple(action for action in actions if not isinstance(action, Delete))
    return Found(wanted, own, actions, manifest.service, environment.account_sid)


def _read_files(manifest: Manifest, run: Run) -> DesiredTree | None:
    """The folders as they are; None where they are wrong, which is no reason not to go back."""
    from assetsync.cli.reading import read_tree
    from assetsync.local.scan import select

    try:
        return read_tree(select(manifest), run.emit)
    except InvalidInput as error:
        run.output.warn([f"the folders cannot be compared: {error.message} (`assetsync validate` names them)"])
        return None


def _agreed(run: Run, found: Found, asked: Asked, refusals: tuple[Any, ...]) -> tuple[Any, ...]:
    from assetsync.cli.question import agrees, consents_asked

    given = consents_asked(run.output, refusals)
    if given is None:
        return refusals
    if not agrees(run.output, f"{asked.verb} this in {found.wanted.environment.unique_name}?"):
        raise Interrupted("nothing was deployed; nothing was written")
    return with_consents(refusals, given)


def _carry_out(
    wanted: Switch, session: Session, run: Run, *, look_first: bool, switch: Callable[..., SwitchOutcome]
) -> SwitchOutcome:
    """Under signals: once the Deployment is sent, the look back is still taken."""
    from assetsync.apply.once import Pace
    from assetsync.cli.signals import draining
    from assetsync.events import Deployed

    def emit(event: Event) -> None:
        if isinstance(event, Deployed):
            run.output.standing = f"Build {event.build_sid} is live"
        run.emit(event)

    with draining(session.cancelled, run.output.fail), run.progress():
        pace = Pace(session.clock, session.cancelled)
        return switch(wanted, session.client, look_first=look_first, emit=emit, pace=pace)


def _tell(found: Found, outcome: SwitchOutcome, session: Session, run: Run) -> None:
    environment, tally = found.wanted.environment, session.client.tally
    site = session.reach.endpoints.site(environment.domain_name)
    run.output.document["result"] = {
        "build_sid": found.wanted.after.sid,
        "deployment_sid": outcome.deployment_sid,
        "site": site,
        "warnings": list(outcome.warnings),
        "errors": [],
        "requests": tally.requests,
        "seconds": round(run.seconds, 3),
    }
    run.output.warn(sentence(warning) for warning in outcome.warnings)
    name = printable(environment.unique_name)
    run.output.result(
        [
            Line(f"{name} is live at {printable(site)}/", Style.GOOD),
            Line(
                f"{plural(tally.requests, 'request')}, {duration(run.seconds)}. Build {found.wanted.after.sid}.",
                Style.DIM,
            ),
        ]
    )


def _document(found: Found, session: Session) -> dict[str, Any]:
    environment, wanted = found.wanted.environment, found.wanted
    return {
        "account_sid": found.account_sid,
        "service": {"sid": environment.service_sid, "unique_name": found.service},
        "environment": environment_document(environment, session),
        "build_sid": wanted.after.sid,
        "difference": difference_document(wanted.difference, found.own),
        "differs_from_folder": None if found.apart is None else [action.path for action in found.apart],
        "errors": [],
    }


def _lines(found: Found) -> Iterator[Line]:
    environment, wanted = found.wanted.environment, found.wanted
    name = printable(environment.unique_name)
    if not wanted.is_needed:
        yield Line(f"Build {wanted.after.sid} is live in {name} already. Nothing to do.", Style.GOOD)
        return
    made = f", made {wanted.after.date_created:%Y-%m-%d %H:%M} UTC" if wanted.after.date_created else ""
    where = f"{name} of the Service {printable(found.service)} ({printable(environment.domain_name)})"
    yield Line(f"{where}, account {short_sid(found.account_sid)}", Style.BOLD)
    yield Line(f"  live now: {f'Build {environment.build_sid}' if environment.build_sid else 'nothing'}")
    yield Line(f"  wanted:   Build {wanted.after.sid}{made}")
    yield Line()
    yield from difference_lines(wanted.difference, found.own)
    yield from _apart_lines(found.apart)


def _apart_lines(apart: tuple[Action, ...] | None) -> Iterator[Line]:
    """What the folder has otherwise: the next apply would make it so again."""
    if apart is None:
        return
    if not apart:
        yield Line("The folders hold exactly this.", Style.DIM)
        return
    from assetsync.report.text import SIGNS

    yield Line(f"The folders differ from it in {plural(len(apart), 'path')}; the next apply would make it so:")
    for action in apart[:_MOST]:
        yield Line(f"  {SIGNS[type(action)]} {printable(action.path)}", Style.DIM)
    if len(apart) > _MOST:
        yield Line(f"    and {len(apart) - _MOST} more", Style.DIM)
