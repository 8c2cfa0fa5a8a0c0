"""`assetsync watch`: save a file, see it live."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
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
    safety_options,
    service_options,
    stream_voice_options,
)
from assetsync.cli.run import Run, command_run
from assetsync.cli.session import manifest_path, open_session, read_manifest
from assetsync.errors import AssetsyncError, Interrupted, Terminated, UsageError
from assetsync.events import silent

if TYPE_CHECKING:
    from assetsync.cli.session import Session
    from assetsync.plan.safety import Consent
    from assetsync.watch.loop import Watch


@click.command(
    "watch",
    cls=Command,
    short_help="Apply, then follow the folders: save a file, see it live.",
    help=(
        "Apply once, then again whenever something in the folders changes, until Ctrl-C.\n\n"
        "With --local everything happens on this machine, and pages that are open in a browser show what was saved: "
        "stylesheets are exchanged without a reload, and what went wrong is shown in the page.\n\n"
        "Without it every save is deployed to Twilio: the Environment has to be named with -e, and you are asked once. "
        "A Build there takes half a minute or more, and an account has about 100 an hour; changes are gathered "
        "accordingly.\n\n"
        "The guards of `apply` stay on: a change that they refuse pauses the watch until somebody agrees or the files "
        "come back; an --allow-... without a figure agrees for the whole watch. A broken manifest or a failed apply is "
        "told, and what is live stays as it is."
    ),
)
@manifest_options
@service_options
@option("-y", "--yes", is_flag=True, help="Do not ask.")
@option("--open", "open_browser", is_flag=True, help="Open the site in the browser.")
@option(
    "--poll",
    type=Seconds(0.1, 3600),
    metavar="SECONDS",
    help="Look this often instead of relying on the system to tell of changes, as for network drives. What is found "
    "is taken to be whole when it stayed the same for a second.",
)
@option(
    "--builds-an-hour",
    type=click.IntRange(1, 100_000),
    default=90,
    show_default=True,
    help="Gather changes rather than make more Builds in this watch than this; with --local there is no limit.",
)
@build_options
@safety_options
@stream_voice_options
def command(
    *,
    yes: bool,
    open_browser: bool,
    poll: float | None,
    builds_an_hour: int,
    build_timeout: float,
    runtime: str | None,
    **flags: Any,
) -> int:
    """Ask, then watch until a signal."""
    from assetsync.plan.safety import consents_from

    given = consents_from(consents(flags))
    common = Common(**flags)
    with command_run(**common.voice) as run:
        if not common.local and common.environment is None:
            raise UsageError(
                "every save would be deployed to Twilio, so the Environment has to be named",
                hint="add -e NAME, or --local to stay on this machine",
            )
        if not (common.local or yes or sys.stdin.isatty()):
            raise UsageError("watch asks before it deploys to Twilio, and there is no terminal", hint="add --yes")
        run.output.is_stream = True
        run.output.standing = "the watch ends"
        with open_session(common, run.emit) as session:
            if not (common.local or yes):
                _ask(common, session, run, given, runtime)
            most = None if common.local else builds_an_hour
            ways = Ways(given, poll, most, build_timeout, runtime, opens=open_browser)
            return watch(common, session, run, ways)


@dataclass(frozen=True, slots=True)
class Ways:
    """How to watch: what the options say."""

    consents: tuple[Consent, ...]
    poll: float | None
    builds_an_hour: int | None
    build_timeout: float
    runtime: str | None
    opens: bool


def _ask(common: Common, session: Session, run: Run, given: tuple[Consent, ...], runtime: str | None) -> None:
    """Show the first plan, and ask once for it and all that follow. Raises Interrupted for a no."""
    from assetsync.cli.planning import show
    from assetsync.cli.question import agrees
    from assetsync.local.scan import select

    with run.progress():
        selection = select(read_manifest(common))
        planned = session.connection.plan_selected(selection, consents=given, runtime=runtime, retain=False)
    show(planned, run.output, everything=False)
    target = planned.plan.target
    site = f" ({session.reach.endpoints.site(target.domain)})" if target.domain else ""
    if not agrees(run.output, f"Deploy this, and every save from now on, to {target.environment}{site}?"):
        raise Interrupted("not watching; nothing was written")


def watch(common: Common, session: Session, run: Run, ways: Ways) -> int:
    """Until a signal; its exit code."""
    from assetsync.apply.applier import Controls
    from assetsync.apply.once import Pace
    from assetsync.cli.reading import distrust_hashes, read_tree
    from assetsync.cli.signals import draining, stepping_aside
    from assetsync.cli.typed import read_lines
    from assetsync.cli.watch_view import View
    from assetsync.watch.local_side import LocalSide
    from assetsync.watch.loop import Watch
    from assetsync.watch.remote_side import RemoteSide
    from assetsync.watch.terms import Bounds, Hands

    local = session.reach.local
    remote = RemoteSide(
        session.client,
        session.journal,
        account_sid=session.reach.credentials.account_sid,
        runtime=ways.runtime,
        now=time.monotonic,
    )
    here = replace(common, manifest=manifest_path(common.manifest).absolute())  # whatever becomes of the working folder
    side = LocalSide(partial(read_manifest, here))
    with View(run.output, session.reach.endpoints.site, local.address if local else None, opens=ways.opens) as view:
        hands = Hands(
            read=partial(read_tree, emit=silent),
            distrust=distrust_hashes,
            tell=view,
            is_heard=lambda: not run.output.is_unread,
            glance=view.glance,
            now=time.monotonic,
            wall=time.time,
        )
        bounds = Bounds(ways.consents, ways.builds_an_hour, ways.poll)
        working: list[Watch] = []
        with (
            draining(session.cancelled, run.output.fail, lambda: bool(working) and working[0].is_writing) as ending,
            run.shown_by(view.progress),
        ):
            controls = Controls(
                pace=Pace(session.clock, session.cancelled),
                stop=ending.stop,
                abandon=ending.abandon,
                concurrency=common.concurrency,
                build_timeout=ways.build_timeout,
                emit=view.progress,
            )
            watching = Watch(side, remote, controls, hands, bounds)
            working.append(watching)
            if view.takes_answers:
                threading.Thread(target=read_lines, args=(watching.answer,), name="answers", daemon=True).start()
            gc.freeze()  # what was imported stays: no use in going over it at every save
            with stepping_aside() if view.has_screen else nullcontext():
                watching.run()
            if run.output.is_unread:
                return AssetsyncError.exit_code
            run.output.close()
            is_interrupt = ending.number in {None, signal.SIGINT}
            return Interrupted.exit_code if is_interrupt else Terminated.exit_code
