"""What ends with an Environment that is deleted, and the guards before it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.plan.difference import ALLOW_FOREIGN
from assetsync.plan.safety import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from assetsync.model import Build, Environment

ALLOW_UNMARKED = "--allow-unmarked"
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Preview:
    """An Environment with a mark of ours. `expiry` is by the service's clock."""

    environment: Environment
    expiry: datetime

    @property
    def name(self) -> str:
        return self.environment.unique_name


@dataclass(frozen=True, slots=True)
class Loss:
    """The paths that go off line with an Environment, in order: ours, foreign assets, Functions."""

    ours: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()

    @property
    def not_ours(self) -> tuple[str, ...]:
        """Each thing in a few words."""
        return (*(f"the asset {path}" for path in self.foreign), *(f"the Function {path}" for path in self.functions))


def loss_of(live: Build | None, own: Collection[str]) -> Loss:
    """What a Build serves; `own` are the SIDs of our Assets, and None serves nothing."""
    if live is None:
        return Loss()
    return Loss(
        tuple(sorted(each.path for each in live.asset_versions if each.asset_sid in own)),
        tuple(sorted(each.path for each in live.asset_versions if each.asset_sid not in own)),
        tuple(sorted(each.path for each in live.function_versions)),
    )


def is_over(expiry: datetime, now: datetime) -> bool:
    return expiry <= now


def over(previews: Iterable[Preview], declared: Collection[str], now: datetime) -> tuple[Preview, ...]:
    """Those whose time is over by the service's clock; `declared` are the names that never end by themselves."""
    return tuple(each for each in previews if is_over(each.expiry, now) and each.name not in declared)


def unmarked_refusal(name: str, owner: str, *, is_marked: bool, declared: str | None) -> Iterator[Refusal]:
    """An Environment that this owner did not make as a preview, or that the manifest declares, in these words."""
    if declared is not None:
        yield Refusal("declared", f"{name} is declared in the manifest, as `{declared}`", 1, "0", ALLOW_UNMARKED)
    elif not is_marked:
        message = f"{name} bears no mark of a preview that {owner} made: it may be anybody's"
        yield Refusal("unmarked", message, 1, "0", ALLOW_UNMARKED)


def foreign_loss_refusal(name: str, loss: Loss) -> Iterator[Refusal]:
    """What is not ours would go off line with the Environment."""
    found = loss.not_ours
    if found:
        rest = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        what = "1 thing that is not ours" if len(found) == 1 else f"{len(found)} things that are not ours"
        message = f"{what} would go off line with {name}: {', '.join(found[:_NAMED])}{rest}"
        yield Refusal("foreign", message, len(found), "0", ALLOW_FOREIGN)
