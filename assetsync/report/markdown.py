"""A plan as Markdown, for a pull-request comment or a job summary: never longer than GitHub takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assetsync.plan.actions import Delete, Rename, Unchanged
from assetsync.plan.document import action_name
from assetsync.report.failures import error_lines
from assetsync.report.text import SIGNS, counts, kept_phrase, no_changes, until
from assetsync.report.units import size
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from assetsync.errors import AssetsyncError
    from assetsync.plan.actions import Action
    from assetsync.plan.plan import Plan
    from assetsync.plan.safety import Refusal
    from assetsync.report.line import Line

MOST_CHARACTERS = 64_000
"""GitHub refuses a comment of more than 65,535 characters; an error and a line or two of others fit below the plan."""

_LEAST_OF_AN_ERROR = 500
"""Characters of an error that are shown even below the longest plan."""

MARKER = "<!-- assetsync plan -->"
"""The first line: a script that keeps several comments apart can find this one by it."""


def plan_markdown(plan: Plan, refusals: Sequence[Refusal], warnings: Sequence[str] = ()) -> str:
    """The plan; rows that do not fit are counted in a last line."""
    head = "\n".join(_head(plan, refusals, warnings))
    rows = [_row(action) for action in plan.actions if not isinstance(action, Unchanged)]
    rows += [f"| `!` | {_code(each.path)} | | replaces foreign |" for each in plan.replaced]
    rows += [f"| `-` | {_code(each.path)} | | foreign, dropped |" for each in plan.dropped]
    built = plan.build_needed
    rows += [f"| `=` kept | {_code(each.path)} | | {until(each, is_built=built)} |" for each in plan.kept]
    if not rows:
        return head + "\n"
    table = "\n\n<details><summary>Details</summary>\n\n| | path | size | reason |\n|---|---|---:|---|\n"
    left = MOST_CHARACTERS - len(head) - len(table) - 100
    shown: list[str] = []
    for row in rows:
        left -= len(row) + 1
        if left < 0:
            break
        shown.append(row)
    more = f"\n\nand {len(rows) - len(shown)} more" if len(shown) < len(rows) else ""
    return "".join((head, table, "\n".join(shown), more, "\n\n</details>\n"))


def failure_markdown(error: AssetsyncError, plan: str | None) -> str:
    """What went wrong, below the plan where there is one: an empty comment would tell nothing."""
    return _with_lines(plan if plan is not None else f"{MARKER}\n### assetsync\n", error_lines(error))


def outcome_markdown(plan: str, lines: Iterable[Line]) -> str:
    """What an apply did, below its plan."""
    return _with_lines(plan, lines)


def _with_lines(head: str, lines: Iterable[Line]) -> str:
    text = "\n".join(_plain(line.text) for line in lines)
    return f"{head}\n```text\n{text[: max(_LEAST_OF_AN_ERROR, MOST_CHARACTERS - len(head))]}\n```\n"


def _head(plan: Plan, refusals: Sequence[Refusal], warnings: Sequence[str]) -> Iterator[str]:
    target = plan.target
    yield MARKER
    yield f"### assetsync: {_code(target.environment)} of {_code(target.service)}"
    yield ""
    yield f"**{counts(plan) if plan.build_needed else _prose(no_changes(plan))}**"
    if plan.bytes_to_send:
        yield f"{size(plan.bytes_to_send)} to send."
    kept = kept_phrase(plan)
    if plan.build_needed and kept is not None:
        yield f"{_prose(kept)}."
    for refusal in refusals[:20]:
        mark = ":warning: allowed" if refusal.allowed_by else ":no_entry: refused"
        yield ""
        yield f"{mark}: {_prose(refusal.message)} (`{refusal.allowed_by or refusal.flag}`)"
    for warning in warnings[:20]:
        yield ""
        yield f":warning: {_prose(warning)}"


def _row(action: Action) -> str:
    name = _code(action.path)
    if isinstance(action, Rename):
        name = f"{_code(action.previous_path)} to {name}"
    bytes_ = "" if isinstance(action, Delete) else size(action.asset.size)
    reasons = "" if isinstance(action, Unchanged) else ", ".join(action.reasons)
    return f"| `{SIGNS[type(action)]}` {action_name(action)} | {name} | {bytes_} | {reasons} |"


def _code(path: str) -> str:
    return f"`{_plain(path)}`"


def _prose(text: str) -> str:
    """Text outside a code span, where a path such as `/__init__.js` must not turn bold, nor anything into a link."""
    return re.sub(r"[\\*_\[\]~#!&$]", r"\\\g<0>", _plain(text))


def _plain(text: str) -> str:
    """Text that cannot end a code span, a table cell or start a mention or a tag."""
    return (
        printable(text)
        .replace("`", "'")
        .replace("|", "/")
        .replace("<", "(")
        .replace(">", ")")
        .replace("@", "(at)")[:500]
    )
