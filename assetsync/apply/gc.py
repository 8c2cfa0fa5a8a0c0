"""Collecting leftovers: what `plan/collection.py` says may go is looked at again right before, and deleted.

Foreign Assets are never touched, nor is anything younger than the age by the service's clock: a pipeline may be about
to use it. What that costs and what is left open stands in `docs/decisions/0022-gc-looks-again-before-each-deletion.md`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assetsync.apply.switch import LOOK, way_back
from assetsync.errors import (
    ApiError,
    AssetsyncError,
    Interrupted,
    NotFound,
    RateLimited,
    ServerFailure,
    ServiceError,
)
from assetsync.plan.collection import Inventory, Stay, Verdicts, kept_by_versions

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from assetsync.model import Asset, Environment
    from assetsync.plan.collection import Doomed, Sweep, Terms
    from assetsync.twilio.client import ServerlessClient

AGAIN = 50
"""After so many deleted Assets all Builds are read again: one may have been made that uses the next."""

_READERS = 8
_NOT_OURS = "it is not ours any more"
_WORDS = {
    Stay.LIVE: "it is live again",
    Stay.ROLLBACK: "a rollback would go there by now",
    Stay.NEWEST: "it is among the newest by now",
    Stay.HELD: "a Build holds it",
    Stay.YOUNG: "it was written to a moment ago",
}


@dataclass(frozen=True, slots=True)
class Swept:
    """What went.

    kept: a sentence for each thing that is rightly there still; refused: for each that could not be deleted
    error: what ended it before everything was reached, None where nothing did
    """

    builds: tuple[str, ...] = ()
    assets: tuple[Doomed, ...] = ()
    kept: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    error: AssetsyncError | None = None


def take_inventory(client: ServerlessClient, service: str, owner: str, terms: Terms) -> Inventory:
    """Raises ServiceError when any page fails: what was not seen must not be deleted.

    In this order: an Asset that is used meanwhile shows in a later Build, a Build in a later Environment.
    """
    assets = client.list_assets(service)
    builds = client.list_builds(service)
    environments = client.list_environments(service)
    with ThreadPoolExecutor(_READERS) as pool:
        asked = environments if terms.looks_back else ()
        ways = dict(zip(asked, pool.map(lambda each: _ways_back(client, each), asked), strict=True))
    if client.service_date is None:
        raise ServiceError("the service tells no time, and nothing is deleted by another clock")
    by_sid = {environment.sid: builds for environment, builds in ways.items()}
    return Inventory(owner, tuple(assets), tuple(builds), environments, client.service_date, by_sid)


def _ways_back(client: ServerlessClient, environment: Environment) -> frozenset[str]:
    """The Build that a rollback would go to, and what is live where somebody deployed this very moment."""
    try:
        history = client.list_deployments(environment.service_sid, environment.sid, limit=LOOK)
    except NotFound:
        return frozenset()
    newest = history[0].build_sid if history else None
    found = {*way_back(history, environment.build_sid)[:1], *way_back(history, newest)[:1]}
    return frozenset(found | ({newest} if newest else set()))


def sweep(
    client: ServerlessClient, service: str, owner: str, decided: Sweep, terms: Terms, stop: threading.Event
) -> Swept:
    """Delete what was decided and is still right: each thing is looked at again before it goes.

    Nothing further is deleted once `stop` is set, or when the service fails; what was deleted by then is told.
    """
    sweeper = _Sweeper(client, service, owner, terms)
    error: AssetsyncError | None = None
    try:
        sweeper.delete_builds(decided.builds, stop)
        sweeper.delete_assets(decided.assets, stop)
    except AssetsyncError as ended:
        error = ended
    return Swept(tuple(sweeper.builds), tuple(sweeper.assets), tuple(sweeper.kept), tuple(sweeper.refused), error)


class _Sweeper:
    """What went so far, and the second looks before more goes. What is gone already is passed over."""

    def __init__(self, client: ServerlessClient, service: str, owner: str, terms: Terms) -> None:
        self._client, self._service, self._owner, self._terms = client, service, owner, terms
        self.builds: list[str] = []
        self.assets: list[Doomed] = []
        self.kept: list[str] = []
        self.refused: list[str] = []

    def delete_builds(self, sids: tuple[str, ...], stop: threading.Event) -> None:
        """A Build comes to use again only with a Deployment, and that shows in an Environment."""
        seen: Verdicts | None = None
        for sid in sids:
            _go_on(stop)
            if seen is None or self._client.list_environments(self._service) != seen.inventory.environments:
                seen = self._look(self._terms)
            if sid not in seen.builds:
                continue
            if why := seen.builds[sid]:
                self.kept.append(f"Build {sid} stays: {_WORDS.get(why[0], _NOT_OURS)}")
            elif self._deleted(f"Build {sid}", self._client.delete_build, sid):
                self.builds.append(sid)

    def delete_assets(self, doomed: tuple[Doomed, ...], stop: threading.Event) -> None:
        """A Build that stays, for whatever reason, holds what is in it."""
        terms = replace(self._terms, builds_keep=None)
        for start in range(0, len(doomed), AGAIN):
            _go_on(stop)
            seen = self._look(terms)
            there = {asset.sid: asset for asset in seen.inventory.assets}
            for each in doomed[start : start + AGAIN]:
                _go_on(stop)
                if each.sid in there:
                    self._delete_asset(each, there[each.sid], seen)

    def _delete_asset(self, each: Doomed, listed: Asset, seen: Verdicts) -> None:
        why = seen.of_asset(listed)
        try:
            kept = _WORDS.get(why[0], _NOT_OURS) if why else self._kept(each, listed, seen.terms)
        except NotFound:
            return
        if kept:
            self.kept.append(f"{each.label} ({each.sid}) stays: {kept}")
        elif self._deleted(f"Asset {each.sid} ({each.label})", self._client.delete_asset, each.sid):
            self.assets.append(each)

    def _look(self, terms: Terms) -> Verdicts:
        return Verdicts(take_inventory(self._client, self._service, self._owner, terms), terms)

    def _kept(self, each: Doomed, listed: Asset, terms: Terms) -> str | None:
        """Why it stays after all, as it is told right now; None where it may go. Raises NotFound."""
        versions = self._client.list_versions(self._service, each.sid)
        asset = self._client.fetch_asset(self._service, each.sid)
        if asset.friendly_name != listed.friendly_name or asset.date_updated != listed.date_updated:
            return _WORDS[Stay.YOUNG]
        now = self._client.service_date
        reasons = kept_by_versions(each.versions, versions, now, terms) if now else ("the service tells no time",)
        return next(iter(reasons), None)

    def _deleted(self, what: str, delete: Callable[[str, str], None], sid: str) -> bool:
        """Raises RateLimited, ServerFailure: what fails for one would fail for the next, after as many tries."""
        try:
            delete(self._service, sid)
        except (RateLimited, ServerFailure):
            raise
        except ApiError as error:
            self.refused.append(f"{what} stays: {error.message}")
            return False
        return True


def _go_on(stop: threading.Event) -> None:
    if stop.is_set():
        raise Interrupted("interrupted")
