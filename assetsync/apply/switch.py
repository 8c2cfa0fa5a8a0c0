"""Making a Build that exists live: going back to what was, and promoting what another Environment serves (F7.6)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.apply.release import Release
from assetsync.errors import Conflict, NotFound, ServiceError
from assetsync.plan.difference import Difference, difference

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assetsync.apply.once import Pace
    from assetsync.events import Emit
    from assetsync.model import Build, Deployment, Environment
    from assetsync.twilio.client import ServerlessClient

LOOK = 50
"""Deployments that are looked at to find the way back."""

NEWEST_BUILDS = 4
"""Builds that are read beside the Deployments: mostly the live one and the one before are among them."""

_READERS = 8
_AWAY = (
    "Twilio deletes Builds that no Environment has used for a while, and `gc --builds-keep` old ones; "
    "`assetsync history` shows which are there"
)


@dataclass(frozen=True, slots=True)
class Switch:
    """One Environment, and the Build that is to be live there in the place of `before` (None: nothing is served)."""

    environment: Environment
    before: Build | None
    after: Build

    @property
    def is_needed(self) -> bool:
        return self.after.sid != self.environment.build_sid

    @property
    def difference(self) -> Difference:
        return difference(self.before, self.after)


@dataclass(frozen=True, slots=True)
class Target:
    """The Build that is to be live, and Builds that were read on the way to it."""

    build_sid: str
    known: tuple[Build, ...] = ()


def way_back(history: Sequence[Deployment], live: str | None) -> tuple[str, ...]:
    """The Builds that were live before `live`, the nearest first. `history` is newest first (F4.3).

    A Build that came again took away what was deployed over it: going back twice goes two Builds back, not to and fro.
    Where nothing is served now, the nearest is what was served last.
    """
    stack: list[str] = []
    for each in reversed(history):
        if each.build_sid in stack:
            del stack[stack.index(each.build_sid) + 1 :]
        elif each.build_sid is not None:
            stack.append(each.build_sid)
    return tuple(build for build in reversed(stack) if build != live)


def read_builds(client: ServerlessClient, service: str, sids: Iterable[str]) -> dict[str, Build | None]:
    """Builds by SID; None for one that Twilio keeps no longer (F1.8)."""

    def read(sid: str) -> Build | None:
        try:
            return client.fetch_build(service, sid)
        except NotFound:
            return None

    wanted = tuple(dict.fromkeys(sids))
    with ThreadPoolExecutor(_READERS) as pool:
        return dict(zip(wanted, pool.map(read, wanted), strict=True))


def find_previous(client: ServerlessClient, environment: Environment) -> Target:
    """The Build that was live before the one that is. Raises Conflict where somebody deployed since, ServiceError."""

    def read_newest() -> tuple[Build, ...]:
        """A short cut: what is not in it, or where it fails, is fetched."""
        try:
            return client.newest_builds(environment.service_sid, NEWEST_BUILDS)
        except ServiceError:
            return ()

    with ThreadPoolExecutor(1) as background:
        newest = background.submit(read_newest)
        history = client.list_deployments(environment.service_sid, environment.sid, limit=LOOK)
    if history and history[0].build_sid != environment.build_sid:
        raise Conflict(f"{environment.unique_name} was deployed by somebody else this very moment", hint="run again")
    back = way_back(history, environment.build_sid)
    if not back:
        raise ServiceError(
            f"there is no earlier Build in the last {len(history)} Deployments of {environment.unique_name}",
            hint="`assetsync history` shows them; --to BUILD takes any Build of the Service",
        )
    return Target(back[0], newest.result())


def read_switch(client: ServerlessClient, environment: Environment, target: Target) -> Switch:
    """Both Builds. Raises ServiceError where the target is gone (F1.8), or cannot be deployed."""
    to = target.build_sid
    builds: dict[str, Build | None] = {build.sid: build for build in target.known}
    lacking = {to, environment.build_sid or to} - builds.keys()
    builds |= read_builds(client, environment.service_sid, sorted(lacking))
    after = builds[to]
    if after is None:
        raise ServiceError(f"Build {to} is not there any more; what is live is as it was", hint=_AWAY)
    if after.status != "completed":
        raise ServiceError(f"Build {to} is {after.status}: only a completed one can be live", hint="take another one")
    return Switch(environment, builds[environment.build_sid] if environment.build_sid else None, after)


def switch(wanted: Switch, client: ServerlessClient, *, look_first: bool, emit: Emit, pace: Pace) -> SwitchOutcome:
    """Deploy it, and look back whether somebody was overwritten.

    look_first: the Environment was read some time ago, so it is read again before
    Raises Conflict, and what others deployed is or stays live; ServiceError, OutcomeUnknown, Interrupted.
    """
    release = Release(client, wanted.environment, wanted.environment.build_sid, emit=emit, pace=pace)
    sid = release.redeploy(wanted.after.sid, look_first=look_first)
    return SwitchOutcome(sid, release.look_back(sid, wanted.after.sid))


@dataclass(frozen=True, slots=True)
class SwitchOutcome:
    deployment_sid: str
    warnings: tuple[str, ...]
