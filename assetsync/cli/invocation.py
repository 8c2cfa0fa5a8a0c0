"""One run of a command: errors become one sentence and an exit code, in text or inside the JSON."""

from __future__ import annotations

import os
import signal
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import FORMS
from assetsync.cli.output import Output
from assetsync.errors import AssetsyncError, Interrupted, Terminated, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType


def invoke(group: click.Group, arguments: Sequence[str]) -> int:
    """Run and return the exit code of DESIGN's table: documented in `docs/exit-codes.md` for users."""
    previous = signal.signal(signal.SIGTERM, _terminated)
    state: dict[str, Any] = {}
    try:
        result = group.main(args=list(arguments), prog_name="assetsync", standalone_mode=False, obj=state)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        return _report(arguments, state, _usage(error))
    except (KeyboardInterrupt, click.Abort):
        return _report(arguments, state, Interrupted("interrupted; nothing was written"))
    except BrokenPipeError:
        return _reader_gone()
    except AssetsyncError as error:
        return _report(arguments, state, error)
    except MemoryError:
        return _report(arguments, state, AssetsyncError("out of memory"))
    finally:
        signal.signal(signal.SIGTERM, previous)


def _report(arguments: Sequence[str], state: dict[str, Any], error: AssetsyncError) -> int:
    output: Output | None = state.get("output")
    if output is None:
        output = Output(form=_asked_form(arguments), color="auto", verbose=False, quiet=False)
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


def _terminated(_number: int, _frame: FrameType | None) -> None:
    raise Terminated("terminated; nothing was written")


def _reader_gone() -> int:
    """The reader of a pipe left early, as `head` does; what was to be done is done."""
    sys.stderr.close()
    return 1
