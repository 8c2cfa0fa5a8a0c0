"""The Service and the Environment that a plan needs and that do not exist yet."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from assetsync.apply.once import once
from assetsync.errors import ApiError, Conflict, NotFound, RateLimited, ServerFailure, ServiceError
from assetsync.plan.limits import ENVIRONMENTS, MAKE_ROOM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assetsync.apply.once import Pace
    from assetsync.model import Environment, Service
    from assetsync.twilio.client import ServerlessClient


def make_service(client: ServerlessClient, unique_name: str, pace: Pace) -> str:
    """The SID of a new Service: read-only in the Console, without credentials for Functions (F7.2)."""

    def look() -> Service | None:
        try:
            return client.fetch_service(unique_name)
        except NotFound:
            return None

    def write() -> Service:
        return client.create_service(
            unique_name=unique_name, friendly_name=unique_name, include_credentials=False, ui_editable=False
        )

    with _unless_made_meanwhile(f"the Service {unique_name}", look):
        return once("create Service", write, look, pace).sid


def make_environment(
    client: ServerlessClient, service: str, unique_name: str, suffix: str | None, pace: Pace
) -> Environment:
    """A new Environment; `suffix` None is the bare domain (F7.4).

    Raises ServiceError with the way out where the service has no room for it (F1.4).
    """

    def look() -> Environment | None:
        return next((each for each in client.list_environments(service) if each.unique_name == unique_name), None)

    def write() -> Environment:
        return client.create_environment(service, unique_name=unique_name, domain_suffix=suffix)

    try:
        with _unless_made_meanwhile(f"the Environment {unique_name}", look):
            return once("create Environment", write, look, pace)
    except ApiError as refused:
        there = 0 if _is_passing(refused) else len(client.list_environments(service))
        if there < ENVIRONMENTS:
            raise
        raise ServiceError(
            f"the Environment {unique_name} cannot be made, nothing was uploaded: {refused.message} "
            f"(the Service has {there}, and Twilio allows {ENVIRONMENTS})",
            hint=MAKE_ROOM,
        ) from refused


@contextmanager
def _unless_made_meanwhile(what: str, look: Callable[[], object | None]) -> Iterator[None]:
    """A refusal to make `what` is a Conflict where it is there, as the plan did not know of it."""
    try:
        yield
    except ApiError as refused:
        if _is_passing(refused) or look() is None:
            raise
        raise Conflict(
            f"{what} was created by somebody else meanwhile; nothing was deployed",
            hint="run again: the plan is made anew",
        ) from refused


def _is_passing(refused: ApiError) -> bool:
    """Whether the service had no time for it, and so said nothing of what was asked."""
    return isinstance(refused, RateLimited | ServerFailure)
