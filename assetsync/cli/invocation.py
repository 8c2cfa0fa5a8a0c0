"""One run of a command: errors become one sentence and an exit code, in text or inside the JSON."""

from __future__ import annotations

import os
import traceback
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import FORMS
from assetsync.cli.output import NOTHING_WRITTEN, Output
from assetsync.cli.signals import ending_at_once
from assetsync.cli.step import TELLING_STEPS, follow_step
from assetsync.errors import AssetsyncError, Interrupted, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assetsync.twilio.retry import Clock


_PACKAGE = Path(__file__).parents[1]


def invoke(group: click.Group, arguments: Sequence[str], clock: Clock | None = None) -> int:
    """Run and return the exit code, one of those in `docs/exit-codes.md`. `clock` is what requests wait by."""
    state: dict[str, Any] = {"clock": clock}
    with ending_at_once(partial(_standing, state), partial(_report, arguments, state)):
        try:
            result = group.main(args=list(arguments), prog_name="assetsync", standalone_mode=False, obj=state)
        except click.exceptions.Exit as gone:
            return gone.exit_code
        except (click.ClickException, click.Abort, AssetsyncError, MemoryError, OSError) as error:
            return _report(arguments, state, _translated(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, what it says may hold a secret
            return _report(arguments, state, _unexpected(error))
        code = result if isinstance(result, int) else 0
        if "output" in state:
            state["output"].end(code)
        return code


def _translated(error: BaseException) -> AssetsyncError:
    match error:
        case AssetsyncError():
            return error
        case click.ClickException():
            return _usage(error)
        case click.Abort():
            return Interrupted("interrupted; nothing was written")
        case OSError():
            return AssetsyncError(f"{error.filename or 'a file'}: {error.strerror or error}")
        case _:
            return AssetsyncError("out of memory")


def _unexpected(error: Exception) -> AssetsyncError:
    """An error of ours, told by its place alone."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)]
    at = (ours or frames)[-1]
    return AssetsyncError(
        f"internal error: {type(error).__name__} in {Path(at.filename).name}, line {at.lineno} ({at.name})",
        hint="this is a mistake in assetsync: please report it. Running again repairs what was begun",
    )


def _standing(state: dict[str, Any]) -> str:
    output: Output | None = state.get("output")
    return NOTHING_WRITTEN if output is None else output.standing


def _report(arguments: Sequence[str], state: dict[str, Any], error: AssetsyncError) -> int:
    output: Output | None = state.get("output")
    if output is None:
        output = Output(form=_asked_form(arguments), color="auto", verbose=False, quiet=False)
        if arguments and arguments[0] in TELLING_STEPS:
            follow_step(output, os.environ)
    output.fail(error)
    return error.exit_code


def _asked_form(arguments: Sequence[str]) -> str:
    """The `--format` of a command line that could not be understood: its error comes in that form too."""
    words = [word for each in arguments for word in each.split("=", 1)]
    asked = [form for word, form in pairwise(words) if word == "--format"]
    form = asked[-1] if asked else os.environ.get("ASSETSYNC_FORMAT")
    return form if form in FORMS else "text"


def _usage(error: click.ClickException) -> UsageError:
    """Click's errors leave with 64, since 2 says that changes are pending."""
    context = getattr(error, "ctx", None)
    hint = f"see `{context.command_path} --help`" if context is not None else "see `assetsync --help`"
    return UsageError(error.format_message(), hint=hint)
