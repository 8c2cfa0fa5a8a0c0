"""What a Build cannot hold: the limits and clashes that show only once carried-over content is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from assetsync.model import AssetVersion
    from assetsync.plan.plan import Plan

PER_VISIBILITY = {"public": 1000, "protected": 1000, "private": 50}
"""Assets of one visibility in a Build (F1.1)."""

PUBLIC_AND_PROTECTED = 1000
"""The stricter reading of the same limit: both together (F1.1). Over it is a warning."""

SERVICES = 50
"""Services of an account (F1.3)."""

ENVIRONMENTS = 25
"""Environments of a Service, by the older documentation (F1.4)."""

BUILDS_AN_HOUR = 100
"""Builds of an account in any hour, by the older documentation (F1.6)."""

MAKE_ROOM = (
    "`assetsync previews --expire` deletes previews whose time is over, `assetsync destroy -e NAME` any Environment"
)

_SHORT = 0.9


@dataclass(frozen=True, slots=True)
class Use:
    """How much of a limit is in use. what: things in the plural, such as `private assets`"""

    what: str
    used: int
    limit: int

    @property
    def is_short(self) -> bool:
        """Whether there is next to nothing left of it."""
        return self.used >= self.limit * _SHORT

    @property
    def sentence(self) -> str:
        return f"{self.used} of {self.limit} {self.what}"


def use_of_build(versions: Iterable[AssetVersion]) -> tuple[Use, Use]:
    """What a Build holds of what one may hold, by the stricter reading (F1.1)."""
    counts = Counter(each.visibility for each in versions)
    return (
        Use("public and protected assets", counts["public"] + counts["protected"], PUBLIC_AND_PROTECTED),
        Use("private assets", counts["private"], PER_VISIBILITY["private"]),
    )


@dataclass(frozen=True, slots=True)
class Findings:
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]


def check_build(plan: Plan, manifest: str) -> Findings:
    """Problems and warnings of the Build that `plan` would make; `manifest` is the file to name."""
    counts = Counter[str](str(action.asset.visibility) for action in plan.serving)
    carried = Counter[str](each.visibility for each in plan.carried)
    carried.update(each.visibility for each in plan.kept)
    problems = [
        Problem(
            manifest,
            0,
            0,
            f"{counts[kind] + carried[kind]} {kind} assets in one Build ({carried[kind]} of them carried over): "
            f"Twilio allows {limit}",
            hint="split the site over several Services, or exclude files"
            + ("; or let `retain` keep fewer Builds" if plan.kept else ""),
        )
        for kind, limit in PER_VISIBILITY.items()
        if counts[kind] + carried[kind] > limit
    ]
    functions = {function.path for function in plan.functions}
    problems += [
        Problem(
            action.asset.source,
            0,
            0,
            f"{action.path} is the path of a live Function; a Build cannot hold both",
            hint="give the file another name or target, or exclude it",
        )
        for action in plan.serving
        if action.path in functions
    ]
    together = sum(counts[kind] + carried[kind] for kind in ("public", "protected"))
    warnings: tuple[str, ...] = ()
    if together > PUBLIC_AND_PROTECTED and not problems:
        sentence = f"Twilio's documentation can be read as a limit of {PUBLIC_AND_PROTECTED} for both together"
        warnings = (f"{together} public and protected assets in one Build: {sentence}",)
    return Findings(tuple(problems), warnings)


def check_environments(plan: Plan, there: int, manifest: str) -> Iterator[Problem]:
    """A problem where `plan` would make one Environment too many; `there` are so many.

    A Service that has more than the limit was given another one: there the service decides.
    """
    target = plan.target
    if plan.build_needed and target.environment_sid is None and there == ENVIRONMENTS:
        message = (
            f"the Environment {target.environment} cannot be made: the Service {target.service} has {there}, "
            f"and Twilio allows {ENVIRONMENTS}"
        )
        yield Problem(manifest, 0, 0, message, hint=MAKE_ROOM)
