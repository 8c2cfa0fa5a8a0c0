"""The remote side of a watch: what is known of the Service, so that it need not be listed for each save."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING

from assetsync.apply.afterwards import snapshot_after
from assetsync.apply.applier import apply_plan
from assetsync.errors import ServiceError
from assetsync.prepare import prepare, prepare_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.apply.applier import Controls, Outcome
    from assetsync.apply.journal import Journal
    from assetsync.manifest.model import Manifest
    from assetsync.model import DesiredTree
    from assetsync.prepare import Prepared
    from assetsync.twilio.client import ServerlessClient
    from assetsync.twilio.snapshot import Snapshot

REFRESH_AFTER = 300.0
"""Seconds after which what is known of the Service is read anew."""


class RemoteSide:
    """One Environment. Whatever fails, or is uncertain, makes that it is read anew the next time."""

    def __init__(
        self,
        client: ServerlessClient,
        journal: Journal,
        *,
        account_sid: str | None,
        runtime: str | None,
        now: Callable[[], float],
    ) -> None:
        self._client, self._journal, self._now = client, journal, now
        self._account_sid, self._runtime = account_sid, runtime
        self._known: Snapshot | None = None
        self._last_live: tuple[str | None] | None = None
        """The Build that was live when that was last known."""
        self._read_at = self._checked_at = 0.0

    def forget(self) -> None:
        """What is known is not believed any more."""
        self._known = None

    @property
    def domain(self) -> str | None:
        """Of the Environment; None while nothing is known."""
        known = self._known and self._known.environment
        return known.domain_name if known else None

    @property
    def is_check_due(self) -> bool:
        """Whether nobody has asked for some minutes what is live, or nothing is known of it."""
        return self._known is None or self._now() - self._checked_at >= REFRESH_AFTER

    def expire(self) -> None:
        """Time has passed that no clock of ours has counted: look whether what is known is still so."""
        self._read_at = self._checked_at = -math.inf

    def overtaken(self, manifest: Manifest, read: Callable[[], DesiredTree]) -> tuple[str | None, int] | None:
        """What somebody else made live since we knew it: the Build, if any, and how many paths it makes us change.

        None where nobody did; one request, and a whole plan on a new reading where somebody did or nothing is known.
        """
        if self._known is not None and self._is_as_left(self._known):
            return None
        left, self._known = self._last_live, None
        prepared = self.prepare(manifest, read())
        self.keep(prepared)
        now = prepared.plan.target.base_build
        return None if left is None or left == (now,) else (now, len(prepared.plan.changes))

    def _is_as_left(self, known: Snapshot) -> bool:
        self._checked_at = self._now()
        environment = known.environment
        if environment is None:
            return False
        now = self._client.fetch_environment(environment.service_sid, environment.sid)
        return now.build_sid == environment.build_sid

    def prepare(self, manifest: Manifest, tree: DesiredTree) -> Prepared:
        """A plan, on what is known where that is fresh. Raises as `assetsync.prepare.prepare` does."""
        known, self._known = self._known, None
        if known is None or self._now() - self._read_at >= REFRESH_AFTER:
            self._read_at = self._checked_at = self._now()
            return prepare(
                manifest,
                lambda: tree,
                self._client,
                self._journal,
                account_sid=self._account_sid,
                runtime=self._runtime,
            )
        return prepare_on(known, manifest, tree, self._client, account_sid=self._account_sid, runtime=self._runtime)

    def learn(self, manifest: Manifest, tree: DesiredTree) -> None:
        """Read the Service where nothing certain is known of it, so that the next change finds it known."""
        if self._known is None:
            with suppress(ServiceError):  # then the next change finds it out
                self.keep(self.prepare(manifest, tree))

    def keep(self, prepared: Prepared) -> None:
        """The plan is not carried out (yet); what it was made on stays known."""
        self._known = prepared.snapshot
        self._last_live = (prepared.plan.target.base_build,)

    def apply(self, prepared: Prepared, controls: Controls) -> Outcome:
        """Carry it out. Raises as `apply_plan` does."""
        outcome = apply_plan(prepared.plan, prepared.snapshot, self._client, self._journal, controls)
        self._known, self._checked_at = snapshot_after(prepared.snapshot, outcome), self._now()
        self._last_live = (outcome.build_sid,)
        return outcome
