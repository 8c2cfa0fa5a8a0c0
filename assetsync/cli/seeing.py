"""What `adopt` looks at: what is live at the manifest's paths and not ours, compared with the files."""

from __future__ import annotations

from datetime import timedelta
from operator import attrgetter
from typing import TYPE_CHECKING

from assetsync.errors import Conflict
from assetsync.events import Note
from assetsync.plan.safety import FLEX_PATHS, FLEX_SERVICE, Refusal
from assetsync.report.units import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assetsync.cli.run import Run
    from assetsync.cli.session import Session
    from assetsync.local.scan import Selected
    from assetsync.model import Environment
    from assetsync.served.adopt import Seen


def see(
    selection: Selected, session: Session, run: Run, only: Sequence[str], settle: float
) -> tuple[Environment, tuple[Seen, ...]]:
    """Fetch and compare. Raises Conflict where somebody deployed meanwhile: the bytes may be another Version's."""
    from assetsync.api import MOST_AT_ONCE, read_tree
    from assetsync.cli.environment_view import environment_document
    from assetsync.cli.signals import draining
    from assetsync.meant import existing_environment
    from assetsync.served.adopt import foreign_at, look
    from assetsync.served.chosen import Chosen
    from assetsync.twilio.survey import check_service, read_holdings, read_snapshot

    manifest, client, connection = selection.manifest, session.client, session.connection
    chosen = Chosen(only)
    with run.progress():
        tree = read_tree(selection, connection.cache_dir, run.emit)
        holdings = read_holdings(client, manifest.service)
        environment = existing_environment(manifest, holdings.environments)
        check_service(manifest.service, holdings.service or client.fetch_service(environment.service_sid))
        before = _settled(environment, session, run, settle)
        snapshot = read_snapshot(client, holdings, environment, owner=manifest.name, journal=session.journal.view)
        found = chosen.of(foreign_at(tree, snapshot, holdings.assets), attrgetter("asset.path"))
    with (
        run.progress(),
        draining(session.cancelled, run.output.fail) as ending,
        connection.open_site(environment.domain_name, ending.stop) as site,
    ):
        seen = look(site, manifest.name, found, concurrency=MOST_AT_ONCE, stop=ending.stop, emit=run.emit)
        if _newest(environment, session) != before:
            raise Conflict(
                f"{environment.unique_name} was deployed by somebody else meanwhile; nothing was written",
                hint="run again: what is served is looked at anew",
            )
    run.output.document |= {
        "service": {"sid": environment.service_sid, "unique_name": manifest.service},
        "environment": environment_document(environment, session),
        "undo_file": None,
        "errors": [],
    }
    return environment, seen


def flex_guard(service: str, seen: Sequence[Seen]) -> Iterator[Refusal]:
    """The Service `default` and the paths below `/plugins/` belong to Twilio Flex (F7.7)."""
    theirs = [each for each in seen if each.becomes and (service == FLEX_SERVICE or each.path.startswith(FLEX_PATHS))]
    if theirs:
        message = f"{plural(len(theirs), 'asset')} of Twilio Flex would be taken over"
        yield Refusal("flex", message, len(theirs), "0", "--allow-flex")


def _settled(environment: Environment, session: Session, run: Run, settle: float) -> str | None:
    """The newest Deployment, once it is old enough to be served everywhere (F8.7)."""
    from assetsync.apply.once import Pace

    newest = session.client.list_deployments(environment.service_sid, environment.sid, limit=1)
    now = session.client.service_date
    if newest and newest[0].date_created is not None and now is not None:
        left = (newest[0].date_created + timedelta(seconds=settle) - now).total_seconds()
        if left > 0:
            run.emit(
                Note(f"waiting {left:.0f} s: {environment.unique_name} was deployed just now, and sites lag behind")
            )
            Pace(session.clock, session.cancelled).wait(left)
    return newest[0].sid if newest else None


def _newest(environment: Environment, session: Session) -> str | None:
    found = session.client.list_deployments(environment.service_sid, environment.sid, limit=1)
    return found[0].sid if found else None
