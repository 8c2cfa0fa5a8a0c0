"""Previews whose time is over, as `previews --expire` and `gc --previews` look at them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.errors import ApiError, AssetsyncError, Interrupted
from assetsync.report.line import Line, Style
from assetsync.report.units import plural

if TYPE_CHECKING:
    from datetime import datetime

    from assetsync.cli.run import Run
    from assetsync.cli.session import Session
    from assetsync.cli.signals import Ending
    from assetsync.manifest.model import Ownership
    from assetsync.plan.previews import Preview
    from assetsync.plan.safety import Consent
    from assetsync.twilio.survey import Holdings


@dataclass(frozen=True, slots=True)
class Seen:
    """The previews of one owner, those of them that the manifest declares by now, and the service's clock."""

    ownership: Ownership
    holdings: Holdings
    previews: tuple[Preview, ...]
    declared: frozenset[str]
    now: datetime


def look(ownership: Ownership, session: Session) -> Seen:
    from assetsync.apply.preview import read_previews, service_now
    from assetsync.manifest.environments import declared_as
    from assetsync.twilio.survey import read_holdings

    client = session.client
    holdings = read_holdings(client, ownership.service)
    previews = read_previews(client, holdings.environments, ownership.name)
    names = (each.name for each in previews)
    declared = frozenset(name for name in names if declared_as(name, ownership.environments, os.environ))
    return Seen(ownership, holdings, previews, declared, service_now(client))


def sorted_out(
    ended: tuple[Preview, ...], seen: Seen, session: Session, given: tuple[Consent, ...]
) -> tuple[tuple[Preview, ...], tuple[str, ...]]:
    """Those that may go, and a sentence for each that what is not ours holds back, or that cannot be looked at."""
    from assetsync.apply.expiry import read_loss
    from assetsync.plan.previews import foreign_loss_refusal
    from assetsync.plan.safety import unanswered, with_consents

    doomed: list[Preview] = []
    held: list[str] = []
    for each in ended:
        try:
            loss = read_loss(session.client, seen.holdings, each.environment, seen.ownership.name)
        except ApiError as error:
            held.append(f"{each.name} stays: {error.message}")
            continue
        unmet = unanswered(with_consents(foreign_loss_refusal(each.name, loss), given))
        held += [f"{each.name} stays: {refusal.message}; if this is meant: {refusal.flag}" for refusal in unmet]
        doomed += [] if unmet else [each]
    return tuple(doomed), tuple(held)


def tell_end(run: Run, deleted: str, error: AssetsyncError | None, ending: Ending) -> None:
    """Say what was deleted, such as `2 Environments`. Raises what ended it too early, Interrupted after a signal."""
    run.output.standing = f"deleted {deleted}"
    run.output.result([Line(f"Deleted {deleted}.", Style.GOOD)])
    if error is not None:
        run.output.warn(["the rest was not reached"])
    if ending.stop.is_set():
        raise Interrupted(f"interrupted after {deleted}")
    if error is not None:
        raise error


def left(count: int, noun: str = "preview") -> AssetsyncError:
    """The error with which a command ends that could not delete so many."""
    return AssetsyncError(
        f"{plural(count, noun)} could not be deleted", hint="the warnings say why; run again once that is settled"
    )
