"""The command line: a group whose commands are imported when they are called."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

from assetsync import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

COMMANDS = {
    "init": "Write a manifest for this folder.",
    "validate": "Check the manifest and the files, without any request.",
    "explain": "Say what becomes of a file, and which rule decided it.",
    "plan": "Show what apply would change.",
    "apply": "Make an Environment serve what the manifest says.",
    "watch": "Apply, then follow the folders: save a file, see it live.",
    "status": "Show what is live.",
    "verify": "Fetch what is served, and compare it with the folders.",
    "pull": "Write what is served into a folder.",
    "adopt": "Take over assets that other tools uploaded.",
    "history": "Show the Deployments, and what changed with each.",
    "rollback": "Go back to the Build that was live before.",
    "promote": "Make live here what another Environment serves.",
    "previews": "Show the preview Environments, delete those whose time is over.",
    "destroy": "Delete an Environment, with its domain.",
    "gc": "Delete our Assets that no Build holds any more.",
    "doctor": "Check this machine, the settings and the account.",
    "emulator": "Run the local service: a Serverless API on loopback.",
    "schema": "Print a JSON schema.",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave with its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given == ["--version"]:
        sys.stdout.write(f"assetsync {__version__}\n")
        return
    from assetsync.cli.invocation import invoke
    from assetsync.cli.signals import ENDED, leave
    from assetsync.cli.streams import open_missing

    open_missing()
    code = invoke(group(), given)
    if code in ENDED:
        leave(code)
    sys.exit(code)


def group() -> click.Group:
    """The group of all commands."""
    import click

    class LazyGroup(click.Group):
        def list_commands(self, ctx: click.Context) -> list[str]:
            del ctx
            return list(COMMANDS)

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
            del ctx
            if cmd_name not in COMMANDS:
                return None
            module = importlib.import_module(f"assetsync.cli.{cmd_name}")
            command: click.Command = module.command
            return command

        def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
            del ctx
            with formatter.section("Commands"):
                formatter.write_dl(list(COMMANDS.items()))

    return LazyGroup(
        "assetsync",
        help=(
            "Make a Twilio Serverless Service serve exactly what your folders hold.\n\n"
            "A manifest, assetsync.yaml, maps folders to paths. `plan` shows what would change, `apply` changes only "
            "that, and nothing that assetsync did not make is ever touched.\n\n"
            "Try it without an account:  assetsync apply --local"
        ),
        epilog="Every option can be set by a variable: --environment is ASSETSYNC_ENVIRONMENT.",
        params=[
            click.Option(
                ["--version"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                help="Show the version.",
                callback=_show_version,
            )
        ],
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _show_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's own call
    if value:
        sys.stdout.write(f"assetsync {__version__}\n")
        ctx.exit()
