"""What `plan` and `apply` share: show a plan, save it, compare it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from assetsync.errors import AssetsyncError, Conflict, UsageError
from assetsync.local.excludes import PLAN_FILES, UNDO_FILES
from assetsync.local.mapping import is_inside, source_paths
from assetsync.local.whole_file import regular_target, write_whole
from assetsync.plan.safety import unanswered
from assetsync.plan.saved import check_format, first_difference
from assetsync.report.line import Line
from assetsync.report.markdown import plan_markdown
from assetsync.report.text import plan_lines, refusal_lines
from assetsync.report.units import size

if TYPE_CHECKING:
    from pathlib import Path

    from assetsync.api import Planned
    from assetsync.cli.output import Output
    from assetsync.local.scan import Selected
    from assetsync.plan.document import Document


_ENDING = PLAN_FILES.removeprefix("*")
_LARGEST_PLAN = 64 * 2**20
"""Bytes: some thousand times what a plan of a thousand files takes."""


def check_same(planned: Planned, saved: Document, output: Output) -> None:
    """Raise Conflict when the effect is not that of the saved plan."""
    difference = first_difference(saved, output.told(planned.document(everything=True)))
    if difference is not None:
        raise Conflict(
            f"this is not the plan that was saved: {difference}; nothing was written",
            hint="look at a new plan, and apply that",
        )


def show(planned: Planned, output: Output, *, everything: bool) -> None:
    """The whole plan first, then warnings and refusals."""
    plan = planned.plan
    output.document = planned.document(everything=everything)
    output.markdown = plan_markdown(plan, planned.refusals, planned.warnings)
    output.result(plan_lines(plan, everything=everything))
    output.warn(planned.warnings)
    output.result([Line(), *refusal_lines(planned.refusals)] if planned.refusals else ())
    output.put(
        {
            "event": "planned",
            "environment": plan.target.environment,
            "changes": plan.build_needed,
            "summary": plan.summary,
            "refused": [each.flag for each in unanswered(planned.refusals)],
        }
    )


def save(planned: Planned, output: Output, file: Path) -> None:
    """Write the plan for a later `apply FILE`: every action in it, mode 0600, whole or not at all."""
    text = json.dumps(output.told(planned.document(everything=True)), indent=1) + "\n"
    try:
        write_whole(regular_target(file), text.encode(), 0o600)
    except OSError as error:
        raise AssetsyncError(
            f"the plan cannot be saved to {file}: {error.strerror}", hint="name another file"
        ) from error


def check_out(file: Path, selection: Selected) -> None:
    """Raise UsageError where a plan that is saved there would be published with the next apply."""
    if not file.name.endswith(_ENDING):
        hint = f"save it elsewhere, or name it {file.stem}{_ENDING}, which is left out"
        _check_apart("the plan", file, selection, hint)


def check_events(file: Path | None, selection: Selected) -> None:
    """The same for the file of `--events`, which changes while the folders are read."""
    if file is not None:
        _check_apart("the file of events", file, selection, "name one elsewhere, and delete this one")


def check_kept(file: Path, selection: Selected) -> None:
    """The same for a file that keeps names of before."""
    if not file.name.endswith(UNDO_FILES.removeprefix("*")):
        _check_apart("the file", file, selection, "keep it elsewhere")


def _check_apart(what: str, file: Path, selection: Selected, hint: str) -> None:
    place = os.path.realpath(file)
    for folder in selection.manifest.folders:
        if is_inside(place, source_paths(selection.manifest, folder)[1]):
            raise UsageError(
                f"{what} {file} would lie in the source folder {folder.source}, and be published with it", hint=hint
            )


def read_saved(file: Path) -> Document:
    """A plan file. Raises UsageError for anything else."""
    try:
        with file.open("rb") as stream:
            content = stream.read(_LARGEST_PLAN + 1)
        if len(content) > _LARGEST_PLAN:
            raise UsageError(f"{file} is not a plan file: it is larger than {size(_LARGEST_PLAN)}")
        document = json.loads(content.decode())
    except OSError as error:
        raise UsageError(f"the plan {file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{file} is not a plan file: {error}", hint="write one with `assetsync plan --out FILE`"
        ) from error
    return check_format(document, str(file))
