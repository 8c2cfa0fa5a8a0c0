"""`assetsync emulator`: the local service in the foreground."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import Seconds, option
from assetsync.cli.session import local_folder
from assetsync.errors import Interrupted, UsageError
from assetsync.report.line import on_screen

if TYPE_CHECKING:
    from assetsync.emulator.local import LocalService
    from assetsync.emulator.one_site import SitePort
    from assetsync.emulator.settings import Settings

_PORT = click.IntRange(0, 65535)
_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")


@dataclass(frozen=True, slots=True)
class Flags:
    """The options of the command, by their names."""

    port: int
    host: str
    data: Path | None
    reset: bool
    yes: bool
    account: str | None
    auth_token: str | None = field(repr=False)
    build_seconds: float | None
    latency: int | None
    faults: Path | None
    site_port: int | None
    site: str | None
    switches: tuple[str, ...]


@click.command(
    "emulator",
    short_help="Run the local service: a Serverless API on loopback.",
    help=(
        "Run a Twilio Serverless API and asset host on this machine, for trying, developing and testing without an "
        "account. State and credentials live in a folder and survive restarts and kills. Ends with Ctrl-C.\n\n"
        "Commands with --local find it by themselves; any other client uses what it prints. Sites answer at "
        "http://DOMAIN:PORT/ where DOMAIN resolves (browsers know that *.localhost is this machine), and at "
        "http://127.0.0.1:PORT/sites/DOMAIN/ everywhere.\n\n"
        "\b\n"
        "Test a client's patience, its retries, and what it makes of Twilio's limits:\n"
        "  assetsync emulator --build-seconds 20 --latency 150\n"
        "  assetsync emulator --faults faults.yaml\n"
        "  assetsync emulator --set public_per_build=10 --set propagation_seconds=5\n\n"
        "docs/faults.md describes the file, docs/emulator-fidelity.md every behaviour and every switch of --set."
    ),
)
@option("--port", type=_PORT, default=4080, show_default=True, help="0 takes any free port.")
@option("--host", default="127.0.0.1", show_default=True, help="Where to listen. Others than loopback let others in.")
@option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="The state folder; by default the one that --local uses.",
    envvar="ASSETSYNC_EMULATOR_DATA",
)
@option("--reset", is_flag=True, help="Begin with an empty state folder; asks first.")
@option("-y", "--yes", is_flag=True, help="Do not ask before --reset.")
@option("--account", metavar="SID", help="Take this account instead of the folder's own; with --auth-token.")
@option("--auth-token", metavar="T", help="Its auth token; a variable keeps it out of the list of processes.")
@option("--build-seconds", type=Seconds(0), metavar="S", help="How long a Build takes. [default: 0]")
@option("--latency", type=click.IntRange(0), metavar="MS", help="What every request waits before it is worked on.")
@option(
    "--faults",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Answer wrongly, late or not at all where this file says so.",
)
@option("--site-port", type=_PORT, metavar="N", help="Serve one site at the root of this port as well.")
@option("--site", metavar="DOMAIN", help="Which one; by default the only Environment.")
@option("--set", "switches", multiple=True, metavar="NAME=VALUE", help="Set a switch; may be repeated.")
def command(**given: Any) -> int:
    """Check everything, reset if asked to, serve until a signal."""
    from assetsync.emulator.faults.document import read_faults
    from assetsync.emulator.local import serve

    flags = Flags(**given)
    folder = flags.data or local_folder()
    settings = _settings(flags)
    one_site = _one_site(flags.site_port, flags.site)
    faults = None if flags.faults is None else read_faults(flags.faults)
    if flags.reset:
        _reset(folder, yes=flags.yes)
    serve(
        settings,
        state_dir=folder,
        announce=_announce,
        port=flags.port,
        host=flags.host,
        faults=faults,
        one_site=one_site,
    )
    return 0


def _settings(flags: Flags) -> Settings:
    from assetsync.emulator.settings import Account, Settings
    from assetsync.emulator.switches import with_switches

    given = [*flags.switches]
    if flags.build_seconds is not None:
        given.append(f"build_seconds={flags.build_seconds}")
    if flags.latency is not None:
        given.append(f"latency_seconds={flags.latency / 1000}")
    settings = with_switches(Settings(), given)
    if flags.account is None and flags.auth_token is None:
        return settings
    if not flags.account or not flags.auth_token:
        raise UsageError("--account and --auth-token go together", hint="give both, or neither")
    if not _ACCOUNT.fullmatch(flags.account):
        raise UsageError(f"--account must be AC and 32 hexadecimal digits, not `{flags.account}`")
    return replace(settings, account=Account(flags.account, flags.auth_token))


def _one_site(port: int | None, domain: str | None) -> SitePort | None:
    from assetsync.emulator.one_site import SitePort

    if port is None and domain is not None:
        raise UsageError("--site needs --site-port", hint="add --site-port N; 0 takes any free port")
    return None if port is None else SitePort(port, domain)


def _reset(folder: Path, *, yes: bool) -> None:
    from assetsync.emulator.local import reset
    from assetsync.emulator.reset import has_state

    if not has_state(folder):
        return
    if not yes and not sys.stdin.isatty():
        raise UsageError("--reset asks before it deletes, and there is no terminal", hint="add --yes")
    if not yes and not click.confirm(
        on_screen(f"Delete everything that the local service keeps in {folder}?"), err=True
    ):
        raise Interrupted("nothing was deleted")
    reset(folder)


def _announce(local: LocalService) -> None:
    for line in (
        f"The local service answers at {local.url} until Ctrl-C. Any client uses it with:",
        f"  export ASSETSYNC_API_URL={local.url}",
        f"  export ASSETSYNC_SITE_URL='{local.site_url}'",
        f"  export TWILIO_ACCOUNT_SID={local.account_sid}",
        f"  export TWILIO_AUTH_TOKEN={local.auth_token}",
    ):
        click.echo(line)
    if local.one_site_url is not None:
        click.echo(f"One site answers at {local.one_site_url}/ as well.")
