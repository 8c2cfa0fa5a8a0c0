"""Plans and results as text, in the manner of Terraform: a line an action, grouped, then one sentence of counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from assetsync.plan.actions import Create, Delete, Rename, Restore, Unchanged, Upload
from assetsync.report.failures import sentence
from assetsync.report.line import Line, Style
from assetsync.report.units import duration, moment, plural, short_sid, size
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assetsync.apply.applier import Outcome
    from assetsync.plan.actions import Action
    from assetsync.plan.plan import Foreign, Plan
    from assetsync.plan.retention import Kept
    from assetsync.plan.safety import Refusal
    from assetsync.twilio.tally import Tally

MOST_LINES = 40
"""Actions of one kind that are shown before the rest is counted."""

SIGNS = {Create: "+", Upload: "~", Restore: "<", Rename: ">", Delete: "-", Unchanged: "="}
_STYLES = {
    Create: Style.ADD,
    Upload: Style.CHANGE,
    Restore: Style.CHANGE,
    Rename: Style.MOVE,
    Delete: Style.REMOVE,
    Unchanged: Style.DIM,
}
_WORDS = {
    Create: "create",
    Upload: "upload",
    Restore: "restore (nothing is sent)",
    Rename: "rename",
    Delete: "delete",
    Unchanged: "unchanged",
}


def plan_lines(plan: Plan, *, everything: bool = False) -> Iterator[Line]:
    """The whole plan: where, what, what is kept, and the count."""
    if not plan.build_needed:
        yield Line(no_changes(plan), Style.GOOD)
        if everything:
            yield from _groups(plan, everything=True)
        yield from _kept(plan)
        return
    yield from _heading(plan)
    yield Line()
    yield from _groups(plan, everything=everything)
    yield from _foreign("!", "replaced by ours", plan.replaced, Style.REMOVE)
    yield from _foreign("-", "foreign, dropped", plan.dropped, Style.REMOVE)
    yield from _kept(plan)
    if (kept := kept_phrase(plan)) is not None:
        yield Line(kept, Style.DIM)
    yield Line(counts(plan), Style.BOLD)
    sent = f"{size(plan.bytes_to_send)} to send, about {plural(plan.request_estimate, 'request')}"
    yield Line(f"{sent}.", Style.DIM)


def counts(plan: Plan) -> str:
    """`Plan: 3 to create, 1 to upload, 2 to delete, 40 unchanged.`"""
    summary = plan.summary
    parts = [
        f"{summary[name]} to {name}" for name in ("create", "upload", "restore", "rename", "delete") if summary[name]
    ]
    parts += [f"{summary[name]} foreign {name}" for name in ("replaced", "dropped") if summary[name]]
    parts.append(f"{summary['unchanged']} unchanged")
    return f"Plan: {', '.join(parts)}."


def no_changes(plan: Plan) -> str:
    return f"No changes. {plan.target.environment} serves what the manifest says."


def refusal_lines(refusals: Sequence[Refusal]) -> Iterator[Line]:
    for refusal in refusals:
        if refusal.allowed_by is not None:
            yield Line(f"Allowed by {refusal.allowed_by}: {sentence(refusal.message)}", Style.WARNING)
            continue
        yield Line(f"Refused: {sentence(refusal.message)}", Style.ERROR)
        if len(refusal.files) > 1:
            yield from (Line(f"    {printable(file)}") for file in refusal.files)
        yield Line(f"  if this is meant: {refusal.flag}", Style.DIM)


def outcome_lines(plan: Plan, outcome: Outcome, site: str | None, tally: Tally, seconds: float) -> Iterator[Line]:
    """What is served now, and what it cost."""
    site = None if site is None else printable(site)
    for warning in outcome.warnings:
        yield Line(f"Warning: {sentence(warning)}", Style.WARNING)
    if outcome.deployment_sid is None:
        if outcome.build_sid is not None:
            yield Line(f"  {site}/")
    elif outcome.build_sid is None:
        yield Line(f"Nothing is served by {plan.target.environment} any more.", Style.GOOD)
    else:
        yield Line(f"{plan.target.environment} is live at {site}/", Style.GOOD)
        yield from _changed_urls(plan, site)
    if outcome.expiry is not None:
        yield Line(f"A preview until {moment(outcome.expiry)}; then `assetsync previews --expire` deletes it.")
    cost = f"{plural(tally.requests, 'request')}, {size(tally.bytes_sent)} sent, {duration(seconds)}"
    build = f" Build {outcome.build_sid}." if outcome.deployment_sid and outcome.build_sid else ""
    yield Line(f"{cost}.{build}", Style.DIM)


def _heading(plan: Plan) -> Iterator[Line]:
    target = plan.target
    where = f"{printable(target.environment)} of the Service {printable(target.service)}"
    if target.environment_sid is None:
        new = "a new Service and Environment" if target.service_sid is None else "a new Environment"
        where = f"{where} ({new})"
    else:
        where = f"{where} ({printable(target.domain or '')})"
    yield Line(f"{where}, account {short_sid(target.account_sid)}", Style.BOLD)


def _groups(plan: Plan, *, everything: bool) -> Iterator[Line]:
    for kind, sign in SIGNS.items():
        found = [action for action in plan.actions if type(action) is kind]
        if not found or (kind is Unchanged and not everything):
            continue
        yield Line(f"{_WORDS[kind]}: {len(found)}", Style.DIM)
        shown = found if everything else found[:MOST_LINES]
        width = min(max(len(_name(action)) for action in shown), 60)
        for action in shown:
            yield Line(f"  {sign} {_name(action):<{width}}  {_detail(action)}".rstrip(), _STYLES[kind])
        if len(found) > len(shown):
            yield Line(f"    and {len(found) - len(shown)} more (--all shows them)", Style.DIM)
        yield Line()


def _name(action: Action) -> str:
    match action:
        case Rename():
            return f"{printable(action.previous_path)} -> {printable(action.path)}"
        case Create() | Upload() | Restore() | Delete() | Unchanged():
            return printable(action.path)
        case _:
            assert_never(action)


def _detail(action: Action) -> str:
    match action:
        case Delete():
            return ", ".join(action.reasons)
        case Unchanged():
            return size(action.asset.size)
        case Create() | Upload() | Restore() | Rename():
            visibility = "" if action.asset.visibility == "public" else f"  {action.asset.visibility}"
            return f"{size(action.asset.size):>8}{visibility}  {', '.join(action.reasons)}"
        case _:
            assert_never(action)


def _foreign(sign: str, what: str, found: Sequence[Foreign], style: Style) -> Iterator[Line]:
    if not found:
        return
    yield Line(f"{what}: {len(found)}", Style.DIM)
    for each in found[:MOST_LINES]:
        owner = f"of {each.owner}" if each.owner else "not made by assetsync"
        yield Line(f"  {sign} {printable(each.path)}  {owner}", style)
    if len(found) > MOST_LINES:
        yield Line(f"    and {len(found) - MOST_LINES} more", Style.DIM)
    yield Line()


def _kept(plan: Plan) -> Iterator[Line]:
    """What the folders have no more and is served all the same, and for how long."""
    if not plan.kept:
        return
    yield Line(f"kept for open pages (retain): {len(plan.kept)}", Style.DIM)
    for each in plan.kept[:MOST_LINES]:
        yield Line(f"  = {printable(each.path)}  {until(each, is_built=plan.build_needed)}", Style.DIM)
    if len(plan.kept) > MOST_LINES:
        yield Line(f"    and {len(plan.kept) - MOST_LINES} more", Style.DIM)
    yield Line()


def until(kept: Kept, *, is_built: bool) -> str:
    """How long something is kept, where a Build is made now, and where none is."""
    if is_built:
        return f"in this Build and {kept.builds - 1} more" if kept.builds > 1 else "in this Build for the last time"
    return f"in the next {plural(kept.builds, 'Build')}" if kept.builds else "goes with the next Build"


def kept_phrase(plan: Plan) -> str | None:
    """What is not ours and goes into the next Build as it is; None where there is nothing."""
    kept = [plural(len(plan.carried), "foreign asset")] if plan.carried else []
    kept += [plural(len(plan.functions), "Function")] if plan.functions else []
    runtime = f", runtime {printable(plan.runtime)}" if plan.functions and plan.runtime else ""
    return f"kept as they are: {' and '.join(kept)}{runtime}" if kept else None


def _changed_urls(plan: Plan, site: str | None) -> Iterator[Line]:
    changed = [action for action in plan.serving if not isinstance(action, Unchanged)]
    public = [action for action in changed if action.asset.visibility != "private"]
    for action in public[:MOST_LINES]:
        signed = "  (needs a Twilio signature)" if action.asset.visibility == "protected" else ""
        yield Line(f"  {site}{action.path}{signed}")
    if len(public) > MOST_LINES:
        yield Line(f"    and {len(public) - MOST_LINES} more", Style.DIM)
