"""The applier: uploads, one Build, one Deployment. At every moment the Environment serves old content or new."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assetsync.apply.ground import make_environment, make_service
from assetsync.apply.names import Named, Wanted, write_names
from assetsync.apply.preview import put_mark
from assetsync.apply.release import Contents, Release
from assetsync.apply.uploads import Sent, Uploader
from assetsync.errors import ApplyFailed, Interrupted
from assetsync.events import silent
from assetsync.plan.actions import Restore, Unchanged

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from assetsync.apply.journal import Journal
    from assetsync.apply.once import Pace
    from assetsync.events import Emit
    from assetsync.model import Build, Environment
    from assetsync.plan.actions import Serving
    from assetsync.plan.plan import Plan
    from assetsync.twilio.client import ServerlessClient
    from assetsync.twilio.memory import Entry
    from assetsync.twilio.snapshot import OwnAsset, Snapshot

BUILD_TIMEOUT = 600.0
"""Seconds: twice what the Serverless Toolkit waits (F1.11)."""

_RUN_AGAIN = "run again: what was uploaded is not sent twice"


@dataclass(frozen=True, slots=True)
class Served:
    """One path as it is served now; the SIDs are what `apply --format json` tells."""

    path: str
    visibility: str
    asset_sid: str
    version_sid: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an apply did. `deployment_sid` None: nothing had to be deployed; `build_sid` None: nothing is served.

    build: the Build that was made, None where none was; names: what Assets are called now, of those that were named
    expiry: when the preview's time is over by the service's clock, None where this run set no time
    """

    build_sid: str | None
    deployment_sid: str | None
    domain: str | None
    versions: tuple[Served, ...]
    warnings: tuple[str, ...] = ()
    build: Build | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    expiry: datetime | None = None


@dataclass(frozen=True, slots=True)
class Controls:
    """How an apply runs, and how it is asked to end.

    stop: begin nothing new; abandon: give up the uploads that are on their way; the pace's own event: send nothing more
    build_timeout: seconds that a Build may take
    lifetime: of the preview that the Environment is marked as, from now; None leaves its mark alone
    check_names: look once more, after the Deployment, whether another pipeline took away what a name remembers
    """

    pace: Pace
    stop: threading.Event
    abandon: threading.Event = field(default_factory=threading.Event)
    concurrency: int = 50
    build_timeout: float = BUILD_TIMEOUT
    lifetime: timedelta | None = None
    check_names: bool = True
    emit: Emit = silent


def apply_plan(
    plan: Plan, snapshot: Snapshot, client: ServerlessClient, journal: Journal, controls: Controls
) -> Outcome:
    """Carry out a plan whose safety was settled before.

    Raises ApplyFailed (some files; nothing deployed), Conflict, BuildFailed, Interrupted, CredentialsError,
    ServiceError. Running again repairs whatever was interrupted, on any machine.
    """
    applier = _Applier(plan, snapshot, client, controls)
    return applier.change(journal) if plan.build_needed else applier.repair()


class _Applier:
    """One apply: what it works on, and what it has got so far."""

    def __init__(self, plan: Plan, snapshot: Snapshot, client: ServerlessClient, controls: Controls) -> None:
        self._plan, self._snapshot, self._client, self._controls = plan, snapshot, client, controls
        self._sent: dict[str, Sent] = {}
        self._live_here = frozenset(version.sid for version in snapshot.live_versions)

    def repair(self) -> Outcome:
        """Nothing to deploy; names that forgot a live Version are written again, from the journal."""
        environment, sid = self._snapshot.environment, self._snapshot.service_sid
        expiry = self._mark(environment) if environment else None
        named = self._remember(sid) if sid and self._plan.repairs else Named()
        domain = environment.domain_name if environment else None
        base = self._plan.target.base_build
        return Outcome(base, None, domain, self._served(), named.warnings, names=named.names, expiry=expiry)

    def change(self, journal: Journal) -> Outcome:
        started = self._client.service_date
        environment = self._ensure_environment()
        expiry = self._mark(environment)
        service = environment.service_sid
        release = Release(
            self._client,
            environment,
            self._plan.target.base_build,
            emit=self._controls.emit,
            pace=self._controls.pace,
        )
        with journal.locked(service):
            self._send(service, journal)
            if self._controls.stop.is_set():
                self._remember(service)
                raise Interrupted("interrupted before the Build; what is live is as it was", hint=_RUN_AGAIN)
            build = None if self._plan.unserves_all else release.start_build(self._contents(), started)
            build_sid = build.sid if build else None
            with ThreadPoolExecutor(1) as background:
                names = background.submit(self._remember, service)
                if build_sid is not None:
                    release.wait_for(build_sid, self._controls.build_timeout, self._controls.stop)
                deployment_sid = release.deploy(build_sid)
                seen = release.look_back(deployment_sid, build_sid)
            named = names.result()
            warnings = (*seen, *(named.warnings or self._check_names(service)))
        domain, served = environment.domain_name, self._served()
        return Outcome(build_sid, deployment_sid, domain, served, warnings, build, named.names, expiry)

    def _ensure_environment(self) -> Environment:
        if self._snapshot.environment is not None:
            return self._snapshot.environment
        service = self._snapshot.service_sid or make_service(
            self._client, self._plan.target.service, self._controls.pace
        )
        target = self._plan.target
        return make_environment(self._client, service, target.environment, target.suffix, self._controls.pace)

    def _mark(self, environment: Environment) -> datetime | None:
        """Before anything is uploaded: a preview that is being deployed to does not end meanwhile."""
        lifetime, is_new = self._controls.lifetime, self._snapshot.environment is None
        if lifetime is None:
            return None
        owner, pace = self._plan.owner, self._controls.pace
        return put_mark(self._client, environment, owner, lifetime, is_new=is_new, pace=pace)

    def _send(self, service: str, journal: Journal) -> None:
        """Upload everything. When anything failed, the names of what was uploaded are written, and that is all."""
        uploader = Uploader(
            self._client,
            journal,
            self._snapshot,
            service_sid=service,
            stop=self._controls.stop,
            abandon=self._controls.abandon,
            emit=self._controls.emit,
            pace=self._controls.pace,
        )
        try:
            uploader.run(self._plan, self._controls.concurrency)
        finally:
            self._sent = {sent.path: sent for sent in uploader.sent}
        if len(self._sent) == len(self._plan.sending):
            return
        if self._controls.abandon.is_set():
            self._client.start_over()
        self._remember(service)
        if uploader.failures:
            untried = len(self._plan.sending) - len(self._sent) - len(uploader.failures)
            hint = f"{untried} more were not tried; " if untried else ""
            raise ApplyFailed(
                tuple(sorted(uploader.failures, key=lambda failure: failure.path)),
                hint=f"{hint}run again: what was uploaded is remembered and not sent twice",
            )
        raise Interrupted(
            f"interrupted after {len(self._sent)} of {len(self._plan.sending)} uploads; what is live is as it was",
            hint=_RUN_AGAIN,
        )

    def _version_sid(self, action: Serving) -> tuple[str, str]:
        """The Asset and the Version that the Build will hold for this action."""
        if isinstance(action, Unchanged | Restore):
            return action.asset_sid, action.version_sid
        sent = self._sent[action.path]
        return sent.asset_sid, sent.version_sid

    def _served(self) -> tuple[Served, ...]:
        return tuple(
            Served(action.path, action.asset.visibility, *self._version_sid(action)) for action in self._plan.serving
        )

    def _contents(self) -> Contents:
        """Chosen Versions, carried foreign ones, and the Functions with all that they need (F6.2, F6.9)."""
        ours = [served.version_sid for served in self._served()]
        kept = [each.version_sid for each in self._plan.kept]
        return Contents(
            asset_versions=(*ours, *kept, *(each.version_sid for each in self._plan.carried)),
            function_versions=tuple(each.sid for each in self._plan.functions),
            dependencies=self._plan.dependencies,
            runtime=self._plan.runtime,
            uploaded=frozenset(sent.version_sid for sent in self._sent.values()),
        )

    def _remember(self, service: str) -> Named:
        """Write the names of what was uploaded, of what is kept from now on, and those that are wrong."""
        own = self._snapshot.own
        wanted = {
            sent.asset_sid: Wanted(
                sent.path, sent.entry, self._live_here, _known(own.get(sent.asset_sid)), without=self._plan.marks
            )
            for sent in self._sent.values()
        }
        for kept in self._plan.kept:
            if kept.mark is not None and self._plan.build_needed:
                asset = own[kept.asset_sid]
                first = asset.entry_of(kept.version_sid)
                wanted[asset.sid] = Wanted(
                    kept.path, first, self._live_here, asset.entries, mark=kept.mark, without=self._plan.marks
                )
        repairs = set(self._plan.repairs)
        for action in self._plan.serving:
            if isinstance(action, Unchanged | Restore) and action.asset_sid in repairs:
                asset = own[action.asset_sid]
                first = asset.entry_of(action.version_sid)
                without = self._plan.marks if asset.sid in self._plan.unmarked else frozenset[str]()
                wanted[asset.sid] = Wanted(action.path, first, self._live_here, asset.entries, without=without)
        return self._write(service, wanted)

    def _check_names(self, service: str) -> tuple[str, ...]:
        """One more look: an entry of what we serve now that another pipeline overwrote is written again."""
        if not self._controls.check_names:
            return ()
        wanted: dict[str, Wanted] = {}
        for action in self._plan.serving:
            asset_sid, version_sid = self._version_sid(action)
            sent = self._sent.get(action.path)
            asset = self._snapshot.own.get(asset_sid)
            first = sent.entry if sent else asset.entry_of(version_sid) if asset else None
            if first is not None:
                wanted[asset_sid] = Wanted(action.path, first, frozenset(), (), only_if_missing=True)
        return self._write(service, wanted).warnings

    def _write(self, service: str, wanted: dict[str, Wanted]) -> Named:
        return write_names(
            self._client,
            service,
            self._plan.owner,
            wanted,
            concurrency=self._controls.concurrency,
            emit=self._controls.emit,
            pace=self._controls.pace,
        )


def _known(asset: OwnAsset | None) -> tuple[Entry, ...]:
    return asset.entries if asset else ()
