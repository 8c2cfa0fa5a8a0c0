"""Taking back a Deployment that overwrote somebody's: theirs is live again, and ours can never be again.

Deployments cannot be compared and swapped (F7.8), but their history is one order that everybody sees (F4.3), and the
service refuses to delete a Build that is live (F5.4) and to deploy one that is deleted. That is enough for exactly one
of several runs to win; `docs/decisions/0007-exactly-one-of-several-runs-wins.md` says why.
"""

from __future__ import annotations

from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

from assetsync.apply.once import once
from assetsync.errors import ApiError, NotFound, RateLimited, ServerFailure, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from assetsync.apply.once import Pace
    from assetsync.model import Deployment, Environment
    from assetsync.twilio.client import ServerlessClient

ROUNDS = 12
"""Looks at the history before we give up; of five runs that meet by chance none takes more than seven."""

HASTE = 3
"""Rounds without a wait; what goes on longer is two runs in step, which waits by chance get out of it."""

REFUSALS = 3
"""So often the service may refuse to delete our Build because it is live again; then it has reasons of its own."""

History = tuple["Deployment", ...]
"""Newest first."""


def standing(
    history: Sequence[Deployment], base: str | None, void: Container[str | None], late: Container[str] = ()
) -> str | None:
    """The Build that would be live if what is void had never been deployed since `base` was.

    void: Builds that count for nothing; late: SIDs of Deployments that do not (somebody's came right before them)

    A Build that comes again takes away the one that was deployed over it: it was put back. Where more than one was, it
    was put back by a run that did not see the last, and takes nothing away. A Deployment without a Build counts only
    right after `base`: later it may as well be a deleted Build's, and nothing goes off line on a guess.
    """
    since = tuple(takewhile(lambda each: base is None or each.build_sid != base, history))
    stack = [base]
    for each in reversed(since):
        build = each.build_sid
        if each.sid in late or (build is None and stack != [base]):
            continue
        if build not in stack:
            stack.append(build)
        elif sum(over not in void for over in stack[stack.index(build) + 1 :]) <= 1:
            del stack[stack.index(build) + 1 :]
    return next((build for build in reversed(stack) if build not in void), base)


class Withdrawal:
    """Takes `ours`, a Build that only this run deploys, out of the history of one Environment.

    keep: do not delete it, since it may be that of another run, which holds the very same
    live: the Build that was live when last seen; put_back: what we made live again, one after the other
    """

    def __init__(
        self,
        client: ServerlessClient,
        environment: Environment,
        base: str | None,
        ours: str | None,
        *,
        keep: bool = False,
        read: Callable[[], History],
        pace: Pace,
    ) -> None:
        self._client, self._environment, self._pace, self._read = client, environment, pace, read
        self._base, self._ours = base, ours
        self._void, self._late = {ours}, set[str]()
        self._gone, self._refused = ours is None or keep, 0
        self.live = ours
        self.put_back: list[str | None] = []

    def run(self, history: History) -> None:
        """Until nothing that we deployed wrongly is live, and ours is deleted. Raises what the client raises.

        What is live by somebody else's doing is left to them: a run puts right only what it did itself.
        """
        for done in range(ROUNDS):
            if done > HASTE:
                self._pace.back_off(done - HASTE)
                history = self._read()
            if not history:
                raise ServiceError("the history of Deployments is empty")
            newest = history[0]
            self.live = newest.build_sid
            wrong = self.live == self._ours or newest.sid in self._late
            wanted = standing(history, self._base, self._void, self._late) if wrong else self.live
            if wanted != self.live:
                history = self._replace(newest, wanted)
            elif self._deleted():
                return
            else:
                history = self._read()
        raise ServiceError("other deployments crossed it again and again")

    def _replace(self, newest: Deployment, wanted: str | None) -> History:
        """Deploy `wanted` and delete ours; the history after it, which shows whether somebody came in between."""
        service, environment = self._environment.service_sid, self._environment.sid
        try:
            sid = once(
                "create Deployment",
                lambda: self._client.create_deployment(service, environment, wanted).sid,
                lambda: self._happened(wanted, newest),
                self._pace,
            )
        except ApiError as error:
            if self._is_gone(wanted):
                self._void.add(wanted)
            elif "already has requested deployment" not in error.message:
                raise
            return self._read()
        self.live = wanted
        self.put_back.append(wanted)
        self._deleted()
        history = self._read()
        follows = next((old.sid for new, old in pairwise(history) if new.sid == sid), newest.sid)
        if follows != newest.sid:
            self._late.add(sid)
        return history

    def _happened(self, wanted: str | None, newest: Deployment) -> str | None:
        """The Deployment of `wanted` whose answer was lost."""
        newer = takewhile(lambda each: each.sid != newest.sid, self._read())
        return next((each.sid for each in newer if each.build_sid == wanted), None)

    def _is_gone(self, build_sid: str | None) -> bool:
        """Whether its owner has deleted it, so that it can never be live again."""
        if build_sid is None:
            return False
        try:
            self._client.fetch_build_status(self._environment.service_sid, build_sid)
        except NotFound:
            return True
        return False

    def _deleted(self) -> bool:
        """Delete our Build; False where the service keeps it, as it does while somebody made it live again."""
        if self._gone or self._ours is None:
            return True
        try:
            self._client.delete_build(self._environment.service_sid, self._ours)
        except (RateLimited, ServerFailure):
            raise
        except ApiError:
            self._refused += 1
            return self._refused >= REFUSALS
        self._gone = True
        return True
