"""`assetsync apply`: plan, ask, carry out, tell."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import (
    Command,
    Common,
    Seconds,
    build_options,
    consents,
    manifest_options,
    option,
    plan_voice_options,
    retain_option,
    safety_options,
    service_options,
)
from assetsync.cli.run import Run, command_run
from assetsync.errors import ApplyFailed, Interrupted, UsageError
from assetsync.events import Deployed
from assetsync.report.line import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import timedelta

    from assetsync.api import Planned
    from assetsync.apply.applier import Outcome
    from assetsync.cli.output import Output
    from assetsync.cli.session import Session
    from assetsync.emulator.local import LocalService
    from assetsync.events import Event
    from assetsync.local.scan import Selected
    from assetsync.plan.safety import Consent


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the options say that `apply` alone has."""

    ttl: str | None
    verify: bool
    verify_timeout: float
    build_timeout: float
    runtime: str | None
    no_retain: bool


@click.command(
    "apply",
    cls=Command,
    short_help="Make an Environment serve what the manifest says.",
    help=(
        "Plan, ask, upload what changed, make one Build that keeps everything that is not ours, and deploy it.\n\n"
        "With PLANFILE (from `plan --out`) the plan is made anew and carried out only when its effect is the same; "
        "otherwise the command leaves with 4 and says what differs.\n\n"
        "Until the Deployment the Environment serves the old content, after it the new one. A run that was interrupted "
        "is finished by the next one, on any machine, without sending again what arrived."
    ),
)
@click.argument("planfile", required=False, type=click.Path(path_type=Path, dir_okay=False))
@manifest_options
@service_options
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@option(
    "--ttl",
    metavar="TIME",
    help="With --create-environment: how long it lives from now, such as 12h, 7d or 2w; `previews --expire` ends it.",
)
@option("--serve/--exit", default=None, help="With --local: keep serving until Ctrl-C; the default on a terminal.")
@option("--verify", is_flag=True, help="Fetch what is served afterwards, as `assetsync verify` does.")
@option(
    "--verify-timeout",
    type=Seconds(0, 3600),
    default=60.0,
    show_default=True,
    help="Seconds to wait until it is served everywhere.",
)
@build_options
@retain_option
@safety_options
@plan_voice_options
def command(*, planfile: Path | None, yes: bool, serve: bool | None, **flags: Any) -> int:
    """Plan, confirm, apply, tell."""
    from assetsync.cli.lifetime import asked_lifetime, check_undeclared
    from assetsync.cli.planning import check_events, check_same, read_saved, show
    from assetsync.cli.session import open_session, read_manifest
    from assetsync.local.scan import select
    from assetsync.plan.safety import consents_from
    from assetsync.plan.saved import consents_of

    given = consents_from(consents(flags))
    wishes = Wishes(**{each.name: flags.pop(each.name) for each in fields(Wishes)})
    common = Common(**flags)
    with command_run(**common.voice) as run:
        saved = read_saved(planfile) if planfile is not None else None
        asking = not yes and saved is None
        if asking and not sys.stdin.isatty():
            raise UsageError("apply asks before it changes anything, and there is no terminal", hint="add --yes")
        life = asked_lifetime(wishes.ttl, create_environment=common.create_environment)
        selection = select(read_manifest(common))
        check_events(common.events, selection)
        if life is not None:
            check_undeclared(selection.manifest)
        with open_session(common, run.emit) as session:
            agreed = (*given, *(consents_of(saved) if saved is not None else ()))
            with run.progress():
                planned = planned_for(life, selection, session, agreed, wishes)
            show(planned, run.output, everything=False)
            if saved is not None:
                check_same(planned, saved, run.output)
            if asking and planned.plan.build_needed:
                planned = consented(planned, run.output)
            planned.check()
            with distrusting(selection):
                outcome = carry_out(planned, session, run, common.concurrency, wishes.build_timeout, life)
            tell(planned, outcome, session, run)
            if wishes.verify and outcome.domain is not None:
                verify_served(planned, outcome.domain, session, run, wishes.verify_timeout, common.concurrency)
            run.output.close()
            if session.reach.local is not None:
                linger(session.reach.local, run, serve=sys.stdin.isatty() if serve is None else serve)
    return 0


def planned_for(
    life: timedelta | None,
    selection: Selected,
    session: Session,
    consents: Iterable[Consent],
    wishes: Wishes,
) -> Planned:
    """The plan; where it is one for a preview, that may be one. Raises UsageError."""
    from assetsync.cli.lifetime import check_prepared

    planned = session.connection.plan_selected(
        selection, consents=consents, runtime=wishes.runtime, retain=not wishes.no_retain
    )
    if life is not None:
        check_prepared(planned.prepared, session)
    return planned


@contextmanager
def distrusting(selection: Selected) -> Iterator[None]:
    """What the cache says of files that turn out to be others is forgotten."""
    from assetsync.cli.reading import distrust_hashes

    try:
        yield
    except ApplyFailed as error:
        distrust_hashes(selection, error)
        raise


def consented(planned: Planned, output: Output) -> Planned:
    """On a terminal: agree to each refusal by its figure, then to the whole. Raises Interrupted for a no."""
    from assetsync.cli.question import agrees, consents_asked

    given = consents_asked(output, planned.refusals)
    if given is None:
        return planned
    if not agrees(output, f"Apply this to {planned.plan.target.environment}?"):
        raise Interrupted("not applied; nothing was written")
    return planned.consenting(given)


def carry_out(
    planned: Planned, session: Session, run: Run, concurrency: int, build_timeout: float, life: timedelta | None
) -> Outcome:
    """Apply under signals: the first one ends cleanly, the second one at once. What was done is told from then on."""
    from assetsync.apply.applier import Controls
    from assetsync.apply.once import Pace
    from assetsync.cli.signals import draining

    def emit(event: Event) -> None:
        if isinstance(event, Deployed):
            run.output.standing = f"Build {event.build_sid} is live" if event.build_sid else "nothing is served"
        run.emit(event)

    run.output.standing = "the next run finishes what was begun"
    with draining(session.cancelled, run.output.fail) as ending, run.progress():
        controls = Controls(
            pace=Pace(session.clock, session.cancelled),
            stop=ending.stop,
            abandon=ending.abandon,
            concurrency=concurrency,
            build_timeout=build_timeout,
            lifetime=life,
            emit=emit,
        )
        return session.connection.apply(planned, controls=controls)


def tell(planned: Planned, outcome: Outcome, session: Session, run: Run) -> None:
    """What is live now, as text and in the document."""
    from assetsync.report.markdown import outcome_markdown
    from assetsync.report.result import result_document
    from assetsync.report.text import outcome_lines

    site = session.reach.endpoints.site(outcome.domain) if outcome.domain else None
    tally = session.client.tally
    run.output.document["result"] = result_document(outcome, site, tally, run.seconds)
    lines = tuple(outcome_lines(planned.plan, outcome, site, tally, run.seconds))
    run.output.markdown = outcome_markdown(run.output.markdown or "", lines)
    run.output.result(lines)


def verify_served(planned: Planned, domain: str, session: Session, run: Run, timeout: float, concurrency: int) -> None:
    """Raise ServedDifferently where the site does not serve the folders `timeout` seconds after the Deployment."""
    from assetsync.cli.verify import check, tell

    tell(check(session, run, domain, planned.prepared.tree.assets, timeout, concurrency), run)


def linger(local: LocalService, run: Run, *, serve: bool) -> None:
    """The local service goes on until Ctrl-C, so that the printed URLs answer, or says that it ends."""
    if serve:
        local.run(lambda _local: run.output.talk([Line("Serving until Ctrl-C.")]))
    elif local.started_here:
        run.output.talk(
            [Line("The local service ends with this command; --serve or `assetsync emulator` keeps it up.")]
        )
