"""Deleting Environments: what is deleted is what was looked at, and a preview only while its time is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.apply.preview import read_mark, service_now
from assetsync.errors import ApiError, AssetsyncError, Conflict, Interrupted, NotFound, RateLimited, ServerFailure
from assetsync.plan.previews import Loss, is_over, loss_of
from assetsync.twilio.snapshot import JournalView
from assetsync.twilio.survey import read_snapshot

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable

    from assetsync.model import Environment
    from assetsync.plan.previews import Preview
    from assetsync.twilio.client import ServerlessClient
    from assetsync.twilio.survey import Holdings

_GONE = "it is gone already"


@dataclass(frozen=True, slots=True)
class Expired:
    """deleted: those that went; kept: why others are rightly there still; refused: why others could not be deleted.

    error: what ended it before all were reached, None where nothing did
    """

    deleted: tuple[Preview, ...]
    kept: tuple[str, ...]
    refused: tuple[str, ...]
    error: AssetsyncError | None = None


def read_loss(client: ServerlessClient, holdings: Holdings, environment: Environment, owner: str) -> Loss:
    """What goes off line with it."""
    snapshot = read_snapshot(client, holdings, environment, owner=owner, journal=lambda _service: JournalView())
    return loss_of(snapshot.live, snapshot.own)


def delete_environment(client: ServerlessClient, seen: Environment) -> bool:
    """Whether it was there to be deleted. Raises Conflict where something else is live there than was looked at."""
    if not _is_as_seen(client, seen):
        return False
    client.delete_environment(seen.service_sid, seen.sid)
    return True


def expire(client: ServerlessClient, over: Iterable[Preview], owner: str, stop: threading.Event) -> Expired:
    """Delete those that are still over right before; what the service refuses stays, and the rest goes on.

    Nothing further is deleted once `stop` is set, or when the service fails; what was deleted by then is told.
    """
    deleted: list[Preview] = []
    kept: list[str] = []
    refused: list[str] = []
    error: AssetsyncError | None = None
    try:
        for each in over:
            if stop.is_set():
                raise Interrupted("interrupted")
            try:
                if reason := _kept(client, each, owner):
                    kept.append(f"{each.name} was not deleted: {reason}")
                    continue
                client.delete_environment(each.environment.service_sid, each.environment.sid)
                deleted.append(each)
            except (RateLimited, ServerFailure):
                raise
            except (ApiError, Conflict) as no:
                refused.append(f"{each.name} stays: {no.message}")
    except AssetsyncError as ended:
        error = ended
    return Expired(tuple(deleted), tuple(kept), tuple(refused), error)


def _kept(client: ServerlessClient, each: Preview, owner: str) -> str | None:
    """Why it is not to be deleted any more. The mark is the last that is read. Raises Conflict, ServiceError."""
    try:
        if not _is_as_seen(client, each.environment):
            return _GONE
        mark = read_mark(client, each.environment)
    except NotFound:
        return _GONE
    if mark is None or mark.owner != owner:
        return "it is no preview of ours any more"
    if not is_over(mark.expiry, service_now(client)):
        return f"it was renewed until {mark.expiry:%Y-%m-%d %H:%M} UTC"
    return None


def _is_as_seen(client: ServerlessClient, seen: Environment) -> bool:
    """False where it is gone. Raises Conflict where another Build is live there now."""
    try:
        now = client.fetch_environment(seen.service_sid, seen.sid)
    except NotFound:
        return False
    if now.build_sid != seen.build_sid:
        raise Conflict(f"somebody deployed to {seen.unique_name} meanwhile; it was not deleted", hint="run again")
    return True
