"""One Build, its polling, one Deployment, and the look back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from assetsync.apply.once import once
from assetsync.errors import ApiError, AssetsyncError, BuildFailed, Conflict, Interrupted
from assetsync.events import BuildPolled, BuildStarted, Deployed

if TYPE_CHECKING:
    import threading
    from datetime import datetime

    from assetsync.apply.once import Pace
    from assetsync.events import Emit
    from assetsync.model import Build, Dependency, Deployment, Environment
    from assetsync.twilio.client import ServerlessClient

FIRST_POLL, LAST_POLL = 0.2, 2.0
"""Seconds between polls: fast at first, then about what the Build page advises."""

_CLOCK_SLACK = timedelta(seconds=2)
_LOOK_BACK = 50


@dataclass(frozen=True, slots=True)
class Contents:
    """What a Build is made of: everything that the Environment will serve (F6.1, F6.2)."""

    asset_versions: tuple[str, ...]
    function_versions: tuple[str, ...]
    dependencies: tuple[Dependency, ...]
    runtime: str | None


class Release:
    """Makes what was uploaded live in one Environment, and only if nobody else deployed meanwhile."""

    def __init__(
        self, client: ServerlessClient, environment: Environment, base_build: str | None, *, emit: Emit, pace: Pace
    ) -> None:
        self._client, self._environment, self._base = client, environment, base_build
        self._service = environment.service_sid
        self._emit, self._pace = emit, pace

    def start_build(self, contents: Contents, since: datetime | None) -> str:
        """The SID of the new Build. `since` is when this run began by the service's clock."""
        build = once(
            "create Build",
            lambda: self._client.create_build(
                self._service,
                asset_versions=contents.asset_versions,
                function_versions=contents.function_versions,
                dependencies=contents.dependencies,
                runtime=contents.runtime,
            ),
            lambda: self._build_made_before(contents, since),
            self._pace,
        )
        self._emit(BuildStarted(build.sid, len(contents.asset_versions), len(contents.function_versions)))
        return build.sid

    def wait_for(self, build_sid: str, limit: float, stop: threading.Event) -> None:
        """Poll until the Build is completed. Raises BuildFailed when it fails or takes longer than `limit` seconds."""
        began, interval = self._pace.clock.monotonic(), FIRST_POLL
        while not stop.is_set():
            status = self._client.fetch_build_status(self._service, build_sid)
            seconds = self._pace.clock.monotonic() - began
            self._emit(BuildPolled(build_sid, status, seconds))
            if status == "completed" and not stop.is_set():
                return
            if status == "failed":
                raise BuildFailed(
                    f"Build {build_sid} failed; what is live is as it was",
                    hint="Twilio gives no reason; run again, and if it fails again look at the Functions carried over",
                )
            if seconds >= limit:
                raise BuildFailed(
                    f"Build {build_sid} is still {status} after {seconds:.0f} s; what is live is as it was",
                    hint="run again later, or raise --build-timeout",
                )
            self._pace.wait(min(interval, max(limit - seconds, 0.05)))
            interval = min(interval * 1.5, LAST_POLL)
        raise Interrupted(f"interrupted while Build {build_sid} was made; what is live is as it was")

    def deploy(self, build_sid: str | None) -> str:
        """The SID of the Deployment that makes `build_sid` live (None: takes all off line, F5.5).

        Raises Conflict, and nothing is deployed, when the Environment's Build is no longer the plan's.
        """
        now = self._client.fetch_environment(self._service, self._environment.sid)
        if now.build_sid != self._base:
            raise Conflict(
                f"{now.unique_name} was deployed by somebody else meanwhile: {_named(now.build_sid)} is live, "
                f"the plan was made for {_named(self._base)}; nothing was deployed",
                hint="run again: the plan is made anew, and what was uploaded is used",
            )
        sid = once(
            "create Deployment", lambda: self._deploy(build_sid), lambda: self._deployed_before(build_sid), self._pace
        )
        self._emit(Deployed(sid, build_sid, self._environment.domain_name))
        return sid

    def _deploy(self, build_sid: str | None) -> str:
        try:
            return self._client.create_deployment(self._service, self._environment.sid, build_sid).sid
        except ApiError as error:
            found = self._deployed_before(build_sid) if "already has requested deployment" in error.message else None
            if found is None:
                raise
            return found

    def _deployed_before(self, build_sid: str | None) -> str | None:
        """The Deployment that did happen although its answer said otherwise, or was lost (F3.6)."""
        newest = next(iter(self._deployments(1)), None)
        return newest.sid if newest is not None and newest.build_sid == build_sid and newest.sid else None

    def look_back(self, sid: str, build_sid: str | None) -> tuple[str, ...]:
        """Was the Deployment before ours one of the plan's Build? If not, somebody was overwritten (F4.3, F7.8).

        Returns a warning where it cannot be told, since ours is live all the same. Raises Conflict.
        """
        live = f"Build {build_sid} is live" if build_sid else "everything is off line"
        try:
            history = list(self._deployments(_LOOK_BACK))
        except AssetsyncError as error:
            return (f"{live}; whether another deployment was overwritten could not be seen: {error.message}",)
        at = next((place for place, each in enumerate(history) if each.sid == sid), None)
        if at is None:
            return (f"{live}; whether another deployment was overwritten could not be seen in the history",)
        before = history[at + 1].build_sid if at + 1 < len(history) else None
        if before == self._base:
            return ()
        crossed = (
            f"another deployment crossed ours in {self._environment.unique_name}: {_named(before)} went live in between"
        )
        if at == 0 and before != build_sid:
            self._put_back(before, crossed)
            raise Conflict(f"{crossed}; it was put back", hint="run again: the plan is made anew on top of it")
        raise Conflict(f"{crossed}, and ours is no longer live", hint="run again: the plan is made anew")

    def _put_back(self, before: str | None, crossed: str) -> None:
        try:
            once("create Deployment", lambda: self._deploy(before), lambda: self._deployed_before(before), self._pace)
        except AssetsyncError as error:
            raise Conflict(
                f"{crossed}, ours replaced it, and putting it back failed: {error.message}",
                hint=f"make {_named(before)} live again if it is wanted, then run again",
            ) from error

    def _deployments(self, limit: int) -> tuple[Deployment, ...]:
        return tuple(self._client.list_deployments(self._service, self._environment.sid, limit=limit))

    def _build_made_before(self, contents: Contents, since: datetime | None) -> Build | None:
        """A Build of exactly these contents, not failed and not older than this run."""
        for build in self._client.list_builds(self._service):
            young = since is None or build.date_created is None or build.date_created >= since - _CLOCK_SLACK
            if young and build.status != "failed" and _holds(build, contents):
                return build
        return None


def _named(build_sid: str | None) -> str:
    return f"Build {build_sid}" if build_sid else "a Deployment without a Build"


def _holds(build: Build, contents: Contents) -> bool:
    return (
        {version.sid for version in build.asset_versions} == set(contents.asset_versions)
        and {version.sid for version in build.function_versions} == set(contents.function_versions)
        and (not contents.dependencies or set(build.dependencies) == set(contents.dependencies))
        and (contents.runtime is None or build.runtime == contents.runtime)
    )
