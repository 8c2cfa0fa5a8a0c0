"""One Build, its polling, one Deployment, and the look back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from assetsync.apply.once import once
from assetsync.apply.withdrawal import Withdrawal
from assetsync.errors import ApiError, AssetsyncError, BuildFailed, Conflict, Interrupted, MalformedAnswer
from assetsync.events import BuildPolled, BuildStarted, Deployed

if TYPE_CHECKING:
    import threading
    from datetime import datetime

    from assetsync.apply.once import Pace
    from assetsync.apply.withdrawal import History
    from assetsync.events import Emit
    from assetsync.model import Build, Dependency, Environment
    from assetsync.twilio.client import ServerlessClient

FIRST_POLL, LAST_POLL = 0.2, 1.0
"""Seconds between polls: fast at first, then as the Build page advises (F6.5)."""

_CLOCK_SLACK = timedelta(seconds=2)
_LOOK_BACK = 50


@dataclass(frozen=True, slots=True)
class Contents:
    """What a Build is made of: everything that the Environment will serve (F6.1, F6.2).

    uploaded: the Versions among it that this run made, so that nobody else's Build holds them
    """

    asset_versions: tuple[str, ...]
    function_versions: tuple[str, ...]
    dependencies: tuple[Dependency, ...]
    runtime: str | None
    uploaded: frozenset[str] = frozenset()


class Release:
    """Makes what was uploaded live in one Environment, and only if nobody else deployed meanwhile."""

    def __init__(
        self, client: ServerlessClient, environment: Environment, base_build: str | None, *, emit: Emit, pace: Pace
    ) -> None:
        self._client, self._environment, self._base = client, environment, base_build
        self._service = environment.service_sid
        self._emit, self._pace = emit, pace
        self._adopted: str | None = None
        self._floor: str | None = None

    def start_build(self, contents: Contents, since: datetime | None) -> Build:
        """The new Build. `since` is when this run began by the service's clock."""

        def look() -> Build | None:
            found = self._build_made_before(contents, since)
            self._adopted = None if found is None or contents.uploaded else found.sid
            return found

        build = once("create Build", lambda: self._build(contents), look, self._pace)
        self._emit(BuildStarted(build.sid, len(contents.asset_versions), len(contents.function_versions)))
        return build

    def _build(self, contents: Contents) -> Build:
        """Raises MalformedAnswer where the answer is about a Build of something else."""
        build = self._client.create_build(
            self._service,
            asset_versions=contents.asset_versions,
            function_versions=contents.function_versions,
            dependencies=contents.dependencies,
            runtime=contents.runtime,
        )
        if not _has_versions(build, contents):
            raise MalformedAnswer("create Build: the answer is about a Build of other Versions")
        return build

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
        self._find_floor()
        self._check_base()
        return self._put_live(build_sid)

    def redeploy(self, build_sid: str, *, look_first: bool) -> str:
        """The same for a Build that was there before this run, and that nobody's withdrawal may delete.

        look_first: whether the Environment is read again before; where nothing is live it always is, since the history
        is looked at no further back than that
        """
        self._adopted = build_sid
        self._find_floor()
        if look_first or self._base is None:
            self._check_base()
        return self._put_live(build_sid)

    def _find_floor(self) -> None:
        if self._base is None:
            newest = self._client.list_deployments(self._service, self._environment.sid, limit=1)
            self._floor = newest[0].sid if newest else None

    def _check_base(self) -> None:
        now = self._client.fetch_environment(self._service, self._environment.sid)
        if now.build_sid != self._base:
            raise Conflict(
                f"{now.unique_name} was deployed by somebody else meanwhile: {_named(now.build_sid)} is live, "
                f"the plan was made for {_named(self._base)}; nothing was deployed",
                hint="run again: the plan is made anew, and what was uploaded is used",
            )

    def _put_live(self, build_sid: str | None) -> str:
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
        """Our Deployment that did happen although its answer said otherwise, or was lost (F3.6), whatever came after.

        Nobody but us deploys our Build for the first time. A Build that others know, as well as taking all off line, is
        what somebody may have deployed long ago: that counts since the plan's Build was live.
        """
        history = self._history()
        is_new = build_sid is not None and build_sid != self._adopted
        since = history if is_new else takewhile(lambda each: each.build_sid != self._base, history)
        return next((each.sid for each in reversed(tuple(since)) if each.build_sid == build_sid), None)

    def look_back(self, sid: str, build_sid: str | None) -> tuple[str, ...]:
        """Was the Deployment before ours one of the plan's Build? If not, somebody was overwritten (F4.3, F7.8).

        Then ours is taken back and a Conflict raised. Returns a warning where it cannot be told, since ours is live.
        """
        live = f"Build {build_sid} is live" if build_sid else "everything is off line"
        try:
            history = self._history()
        except AssetsyncError as error:
            return (f"{live}; whether another deployment was overwritten could not be seen: {error.message}",)
        at = next((place for place, each in enumerate(history) if each.sid == sid), None)
        if at is None:
            return (f"{live}; whether another deployment was overwritten could not be seen in the history",)
        before = next((each.build_sid for each in history[at + 1 :] if each.build_sid != build_sid), None)
        if before == self._base:
            return ()
        raise self._taken_back(build_sid, before, history)

    def _taken_back(self, build_sid: str | None, before: str | None, history: History) -> Conflict:
        """Make live again what we overwrote, for good, and say so."""
        withdrawal = Withdrawal(
            self._client,
            self._environment,
            self._base,
            build_sid,
            keep=build_sid == self._adopted,
            read=self._history,
            pace=self._pace,
        )
        failed = None
        try:
            withdrawal.run(history)
        except AssetsyncError as error:
            failed = error.message
        theirs = _named(withdrawal.put_back[-1] if withdrawal.put_back else before)
        crossed = f"another deployment crossed ours in {self._environment.unique_name}: {theirs} went live in between"
        if failed and withdrawal.live == build_sid:
            return Conflict(
                f"{crossed}, ours replaced it, and putting it back failed: {failed}",
                hint=f"make {theirs} live again if it is wanted, then run again",
            )
        unseen = f"; whether it stayed so could not be seen: {failed}" if failed else ""
        if withdrawal.put_back:
            return Conflict(f"{crossed}; it was put back{unseen}", hint="run again: the plan is made anew on top of it")
        return Conflict(f"{crossed}, and ours is no longer live{unseen}", hint="run again: the plan is made anew")

    def _history(self) -> History:
        """Newest first. Where nothing was live before, no further back than that: what was taken off line stays so."""
        found = self._client.list_deployments(self._service, self._environment.sid, limit=_LOOK_BACK)
        return tuple(takewhile(lambda each: each.sid != self._floor, found))

    def _build_made_before(self, contents: Contents, since: datetime | None) -> Build | None:
        """A Build of exactly these contents, not failed and not older than this run."""
        for build in self._client.each_build(self._service):
            young = since is None or build.date_created is None or build.date_created >= since - _CLOCK_SLACK
            if young and build.status != "failed" and _holds(build, contents):
                return build
        return None


def _named(build_sid: str | None) -> str:
    return f"Build {build_sid}" if build_sid else "a Deployment without a Build"


def _has_versions(build: Build, contents: Contents) -> bool:
    return {version.sid for version in build.asset_versions} == set(contents.asset_versions) and {
        version.sid for version in build.function_versions
    } == set(contents.function_versions)


def _holds(build: Build, contents: Contents) -> bool:
    return (
        _has_versions(build, contents)
        and (not contents.dependencies or set(build.dependencies) == set(contents.dependencies))
        and (contents.runtime is None or build.runtime == contents.runtime)
    )
