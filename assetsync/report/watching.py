"""A watch as lines for a person, and as one JSON document an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from assetsync.errors import InvalidInput
from assetsync.plan.actions import Create, Delete, Rename, Restore
from assetsync.plan.safety import unanswered
from assetsync.report.failures import error_lines, sentence
from assetsync.report.line import Line, Style
from assetsync.report.text import refusal_lines
from assetsync.report.units import duration, plural
from assetsync.twilio.printable import printable
from assetsync.watch.happenings import (
    AsItIs,
    Changing,
    Failed,
    Gathering,
    Happening,
    Live,
    ManifestRead,
    Overtaken,
    Paused,
    Recovered,
    Resumed,
    Warned,
    Watching,
)

if TYPE_CHECKING:
    from assetsync.errors import AssetsyncError
    from assetsync.plan.plan import Plan

_SHOWN = 5
"""Changed paths that are named; of more the rest is counted."""

_MOST_PROBLEMS = 10
"""Problems that are told at a time; `assetsync validate` tells all."""

_SIGNS = {Create: "+", Delete: "-", Rename: ">", Restore: "<"}


@dataclass(frozen=True, slots=True)
class Telling:
    """How it is told. site: a domain's URL; answers: somebody may type something."""

    site: Callable[[str], str]
    verbose: bool = False
    answers: bool = False


@singledispatch
def happening_lines(_happening: Happening, _how: Telling) -> Iterator[Line]:
    """What a person is told; nothing for what is of no interest."""
    yield from ()


@happening_lines.register
def _(happening: Watching, _how: Telling) -> Iterator[Line]:
    yield Line(f"Watching {', '.join(printable(each) for each in happening.folders)}; Ctrl-C ends it.")
    if happening.polling is not None:
        why = f" ({happening.because})" if happening.because else ""
        yield Line(f"Looking every {duration(happening.polling)} instead of being told of changes{why}.", Style.DIM)


@happening_lines.register
def _(happening: Changing, _how: Telling) -> Iterator[Line]:
    yield Line(_named(happening.plan), Style.CHANGE)


@happening_lines.register
def _(happening: Live, how: Telling) -> Iterator[Line]:
    took = "" if happening.seconds is None else f" in {happening.seconds:.2f} s"
    builds = happening.builds_left
    left = "" if builds is None else f"; {plural(builds, 'Build')} left this hour"
    yield Line(f"  live{took}: {how.site(happening.domain)}/{left}", Style.GOOD)


@happening_lines.register
def _(happening: AsItIs, how: Telling) -> Iterator[Line]:
    if happening.awaited:
        yield Line("  there is nothing to change any more", Style.DIM)
    elif how.verbose:
        yield Line("  nothing to change", Style.DIM)


@happening_lines.register
def _(happening: Failed, _how: Telling) -> Iterator[Line]:
    if happening.again:
        yield Line(f"  {_in_short(happening.error)}", Style.ERROR)
    else:
        yield from error_lines(happening.error, _MOST_PROBLEMS)
    match happening.retry:
        case None if happening.manifest:
            yield Line("  The manifest as it was stays in force.", Style.DIM)
        case None:
            yield Line("  What is live stays as it is; it is tried again with the next change.", Style.DIM)
        case 0:
            yield Line("  The plan is made anew.", Style.DIM)
        case seconds:
            yield Line(f"  It is tried again in {duration(seconds)}, and with the next change.", Style.DIM)


@happening_lines.register
def _(_happening: Recovered, _how: Telling) -> Iterator[Line]:
    yield Line("  It works again.", Style.GOOD)


@happening_lines.register
def _(happening: Paused, how: Telling) -> Iterator[Line]:
    yield Line(_named(happening.plan), Style.CHANGE)
    yield from refusal_lines(happening.refusals)
    first = unanswered(happening.refusals)[0]
    agree = f"type {first.observed} and Enter to agree" if how.answers else f"{first.flag} would let it happen"
    yield Line(f"  Paused, nothing was changed: {agree}, or bring the files back.", Style.WARNING)


@happening_lines.register
def _(_happening: Resumed, _how: Telling) -> Iterator[Line]:
    yield Line("  Nothing is asked any more; it goes on.", Style.GOOD)


@happening_lines.register
def _(happening: Gathering, _how: Telling) -> Iterator[Line]:
    yield Line(
        f"  {happening.most} Builds were made this hour, and Twilio takes about 100 of an account; changes are "
        f"gathered for {duration(happening.seconds)}.",
        Style.WARNING,
    )


@happening_lines.register
def _(happening: Overtaken, _how: Telling) -> Iterator[Line]:
    build = f"Build {happening.build_sid}" if happening.build_sid else "a Deployment without a Build"
    files = "nothing of ours" if happening.differing == 0 else plural(happening.differing, "path")
    yield Line(f"Somebody else deployed: {build} is live.", Style.WARNING)
    yield Line(f"  By that {files} changed; the next save is planned on top of it.", Style.DIM)


@happening_lines.register
def _(_happening: ManifestRead, _how: Telling) -> Iterator[Line]:
    yield Line("The manifest was read again.", Style.DIM)


@happening_lines.register
def _(happening: Warned, _how: Telling) -> Iterator[Line]:
    yield Line(f"Warning: {printable(happening.message)}", Style.WARNING)


@singledispatch
def happening_document(happening: Happening, _how: Telling) -> dict[str, Any]:
    """One line of `--format json`: `event` and what belongs to it. Errors are added by the caller, which knows how."""
    raise TypeError(type(happening).__name__)


@happening_document.register
def _(happening: Watching, _how: Telling) -> dict[str, Any]:
    return {"event": "watching", "folders": list(happening.folders), "polling": happening.polling}


@happening_document.register
def _(happening: Changing, _how: Telling) -> dict[str, Any]:
    return {"event": "changing", **_changes(happening.plan)}


@happening_document.register
def _(happening: Live, how: Telling) -> dict[str, Any]:
    return {
        "event": "live",
        "build_sid": happening.build_sid,
        "url": f"{how.site(happening.domain)}/",
        "seconds": None if happening.seconds is None else round(happening.seconds, 3),
        "builds_left": happening.builds_left,
        "paths": [action.path for action in happening.plan.changes],
    }


@happening_document.register
def _(_happening: AsItIs, _how: Telling) -> dict[str, Any]:
    return {"event": "unchanged"}


@happening_document.register
def _(happening: Failed, _how: Telling) -> dict[str, Any]:
    return {"event": "failed", "retry_in": happening.retry, "again": happening.again}


@happening_document.register
def _(_happening: Recovered, _how: Telling) -> dict[str, Any]:
    return {"event": "recovered"}


@happening_document.register
def _(happening: Paused, _how: Telling) -> dict[str, Any]:
    left = unanswered(happening.refusals)
    refusals = [{"reason": each.reason, "message": each.message, "flag": each.flag} for each in left]
    return {"event": "paused", "refusals": refusals, **_changes(happening.plan)}


@happening_document.register
def _(_happening: Resumed, _how: Telling) -> dict[str, Any]:
    return {"event": "resumed"}


@happening_document.register
def _(happening: Gathering, _how: Telling) -> dict[str, Any]:
    return {"event": "gathering", "seconds": round(happening.seconds), "most": happening.most}


@happening_document.register
def _(happening: Overtaken, _how: Telling) -> dict[str, Any]:
    return {"event": "overtaken", "build_sid": happening.build_sid, "differing": happening.differing}


@happening_document.register
def _(_happening: ManifestRead, _how: Telling) -> dict[str, Any]:
    return {"event": "manifest"}


@happening_document.register
def _(happening: Warned, _how: Telling) -> dict[str, Any]:
    return {"event": "warning", "message": happening.message}


def _changes(plan: Plan) -> dict[str, Any]:
    actions = [{"action": type(each).__name__.lower(), "path": each.path} for each in plan.changes]
    return {"summary": plan.summary, "actions": actions}


def _named(plan: Plan) -> str:
    changes = plan.changes
    named = ", ".join(f"{_SIGNS.get(type(each), '~')} {printable(each.path)}" for each in changes[:_SHOWN])
    more = f" and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else ""
    return f"{named}{more}" if named else "what is not ours changes"


def _in_short(error: AssetsyncError) -> str:
    """What was told before, in one line."""
    if isinstance(error, InvalidInput):
        return f"{plural(len(error.problems), 'problem')} left (`assetsync validate` tells all)"
    return f"It failed again: {sentence(error.message)}"
