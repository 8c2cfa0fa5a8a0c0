"""Preview Environments: their marks are put on, read, and believed only as long as they are there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from assetsync.apply.once import once
from assetsync.errors import ApiError, Conflict, NotFound, RateLimited, ServerFailure, ServiceError, UsageError
from assetsync.plan.previews import Preview
from assetsync.twilio.preview_mark import KEY, Mark, mark_in, marks_among, write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from assetsync.apply.once import Pace
    from assetsync.model import Environment, Variable
    from assetsync.twilio.client import ServerlessClient

_READERS = 8
_OTHERWISE = "leave --ttl out, or give the preview another name"


def check_markable(client: ServerlessClient, environment: Environment, owner: str) -> None:
    """Raise UsageError where the Environment may not be marked as a preview of this owner.

    It may be where it is marked so already, and where a run was killed between making it and marking it: nothing was
    ever deployed to it, and it has no Variable.
    """
    _check(client, environment, owner, client.list_variables(environment.service_sid, environment.sid), is_new=False)


def put_mark(
    client: ServerlessClient, environment: Environment, owner: str, lifetime: timedelta, *, is_new: bool, pace: Pace
) -> datetime:
    """Mark it as our preview, or renew the mark; when its time is over, by the service's clock.

    is_new: this run has made it
    Raises UsageError as `check_markable`, Conflict where it is gone, ServiceError, OutcomeUnknown, Interrupted.
    """
    mark = Mark(owner, (service_now(client) + lifetime).replace(microsecond=0))
    try:
        try:
            _put(client, environment, mark, is_new=is_new, pace=pace)
        except ApiError as refused:
            if isinstance(refused, RateLimited | ServerFailure | NotFound):
                raise
            _put(client, environment, mark, is_new=is_new, pace=pace)  # another run may have been faster
    except NotFound as gone:
        raise Conflict(
            f"the Environment {environment.unique_name} was deleted meanwhile; nothing was deployed",
            hint="run again: the plan is made anew",
        ) from gone
    return mark.expiry


def service_now(client: ServerlessClient) -> datetime:
    """The service's clock. Raises ServiceError where it tells none: nothing ends by another one."""
    if client.service_date is None:
        raise ServiceError("the service tells no time, and no preview ends by another clock")
    return client.service_date


def read_mark(client: ServerlessClient, environment: Environment) -> Mark | None:
    """What the Environment's mark says now. Raises NotFound."""
    return mark_in(client.list_variables(environment.service_sid, environment.sid))


def read_previews(client: ServerlessClient, environments: Iterable[Environment], owner: str) -> tuple[Preview, ...]:
    """Those that bear a mark of this owner, the first to end first. One request for each Environment."""

    def read(environment: Environment) -> Mark | None:
        try:
            return read_mark(client, environment)
        except NotFound:
            return None

    asked = tuple(environments)
    with ThreadPoolExecutor(_READERS) as pool:
        found = zip(asked, pool.map(read, asked), strict=True)
    ours = [Preview(environment, mark.expiry) for environment, mark in found if mark and mark.owner == owner]
    return tuple(sorted(ours, key=lambda each: (each.expiry, each.name)))


def _put(client: ServerlessClient, environment: Environment, mark: Mark, *, is_new: bool, pace: Pace) -> None:
    """Create the Variable, or make those that are there say what is wanted; what says so already is left alone."""
    service, sid, value = environment.service_sid, environment.sid, write(mark)
    variables = client.list_variables(service, sid)
    _check(client, environment, mark.owner, variables, is_new=is_new)

    def look(wanted: Variable | None) -> Variable | None:
        """The Variable that says it now: the one that is wanted, or any."""
        marks = marks_among(client.list_variables(service, sid))
        return next((v for v in marks if v.value == value and (wanted is None or v.sid == wanted.sid)), None)

    def update(old: Variable) -> Variable:
        return client.update_variable(service, sid, old.sid, value)

    marks = marks_among(variables)
    if not marks:
        once("create Variable", lambda: client.create_variable(service, sid, KEY, value), partial(look, None), pace)
    for each in marks:
        if each.value != value:
            once("update Variable", partial(update, each), partial(look, each), pace)


def _check(
    client: ServerlessClient, environment: Environment, owner: str, variables: tuple[Variable, ...], *, is_new: bool
) -> None:
    name = environment.unique_name
    if marks_among(variables):
        mark = mark_in(variables)
        if mark is None:
            raise UsageError(f"{name} has a Variable {KEY} that assetsync did not write", hint=_OTHERWISE)
        if mark.owner != owner:
            raise UsageError(f"{name} is a preview of another manifest, {mark.owner}", hint=_OTHERWISE)
        return
    if is_new:
        return
    untouched = environment.build_sid is None and not variables
    if not untouched or client.list_deployments(environment.service_sid, environment.sid, limit=1):
        message = f"the Environment {name} was there before, and {owner} did not make it as a preview"
        raise UsageError(message, hint=_OTHERWISE)
