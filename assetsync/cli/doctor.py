"""`assetsync doctor`: what is right and wrong with this machine, its settings and the account."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import Common, place_options, service_options, voice_options
from assetsync.cli.run import command_run
from assetsync.doctor.check import State, exit_code
from assetsync.errors import UsageError
from assetsync.report.line import Line, Style
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from assetsync.doctor.check import Check

_STYLES = {State.OK: Style.PLAIN, State.WARNING: Style.WARNING, State.WRONG: Style.ERROR}


@click.command(
    "doctor",
    short_help="Check this machine, the settings and the account.",
    help=(
        "Check the manifest, the credentials, the hosts and the way to them, the clock, the limits in use and this "
        "machine: each check is one line, `ok`, `warning` or `wrong`, with what was found and the way out. It goes on "
        "whatever is wrong, and nothing is written to the service.\n\n"
        "Leaves with 0 where nothing is wrong, else with 1, or 77 where it is the credentials."
    ),
)
@place_options
@service_options
@voice_options
def command(**flags: Any) -> int:
    """Look at everything and tell."""
    from assetsync.cli.examination import examine

    common = Common(**flags)
    with command_run(**common.voice) as run:
        if common.local and common.profile is not None:
            raise UsageError("--profile is for Twilio, --local for the local service", hint="leave one of them out")
        with run.progress():
            checks = tuple(examine(common, run))
        run.output.document |= {"checks": [_document(each) for each in checks], "errors": []}
        run.output.result(map(_line, checks))
        run.output.close()
    return exit_code(checks)


def _line(check: Check) -> Line:
    said = f"{check.message} -> {check.hint}" if check.hint else check.message
    return Line(f"{check.state:<8} {check.name}: {printable(said, limit=2000)}", _STYLES[check.state])


def _document(check: Check) -> dict[str, Any]:
    found = asdict(check)
    del found["exit_code"]
    return found
