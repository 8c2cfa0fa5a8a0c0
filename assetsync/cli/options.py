"""The options that commands share. Each has its variable: `--build-timeout` is ASSETSYNC_BUILD_TIMEOUT."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

OVERRIDES = {
    "--allow-deletes": "Let more paths stop being served than max_delete says.",
    "--allow-empty": "Let a folder be empty, or everything go.",
    "--allow-replace": "Let ours take the paths of assets that assetsync did not make.",
    "--allow-takeover": "Let ours take the paths of another manifest's assets.",
    "--allow-drop": "Let `unmanaged: drop` take foreign assets off line.",
    "--allow-flex": "Go on in the Service `default` or under /plugins/, which belong to Twilio Flex.",
    "--allow-secrets": "Publish files that look like secrets.",
}
CREATE_SERVICE = "--create-service"
ALLOW_FOREIGN = "--allow-foreign"
ALLOW_UNMARKED = "--allow-unmarked"
FORMS = ("text", "json", "markdown")
_ANY = "any"
_FIGURE = re.compile(r"[0-9]{1,9}")


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """A click option with its ASSETSYNC_* variable."""
    long = next(name for name in names if name.startswith("--")).split("/")[0]
    settings.setdefault("envvar", f"ASSETSYNC_{long.strip('-').replace('-', '_').upper()}")
    return click.option(*names, show_envvar=False, **settings)


class Command(click.Command):
    """A command whose `--allow-...` flags take a figure only after `=`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        bare = {*OVERRIDES, CREATE_SERVICE, ALLOW_FOREIGN, ALLOW_UNMARKED}
        return super().parse_args(ctx, [f"{each}={_ANY}" if each in bare else each for each in args])


class _Figure(click.ParamType[Any]):
    name = "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        if str(value) in {_ANY, "true", "yes"}:
            return _ANY
        if str(value) in {"false", "no"}:
            return 0
        if not _FIGURE.fullmatch(str(value)):
            self.fail(f"{value!r} is not a figure: write the number that you agree to, or leave it out", param, ctx)
        return int(value)


class Seconds(click.FloatRange):
    """A number in the range: "nan" is in every range, and no limit at all."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds: float = super().convert(value, param, ctx)
        if not math.isfinite(seconds):
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        return seconds


class Voice(TypedDict):
    """What `voice_options` gathers."""

    form: str
    color: str
    verbose: bool
    quiet: bool
    events: Path | None


@dataclass(frozen=True, slots=True)
class Common:
    """What `manifest_options`, `service_options` and `voice_options` gather."""

    manifest: Path | None
    environment: str | None
    local: bool
    profile: str | None
    form: str
    color: str
    verbose: bool
    quiet: bool
    concurrency: int
    stall_timeout: float
    events: Path | None = None
    create_environment: bool = False
    suffix: str | None = None

    @property
    def voice(self) -> Voice:
        return Voice(form=self.form, color=self.color, verbose=self.verbose, quiet=self.quiet, events=self.events)


def voice_options(command: F, forms: tuple[str, ...] = ("text", "json")) -> F:
    """--format (`forms`, the first is the default), --color, -v, -q, --events."""
    kind, text = click.Path(path_type=Path, dir_okay=False), "Append what happens to a file or pipe, a document a line."
    return stream_voice_options(option("--events", type=kind, metavar="FILE", help=text)(command), forms)


def stream_voice_options(command: F, forms: tuple[str, ...] = ("text", "json")) -> F:
    """The same without --events, for a command whose JSON is a stream of events already."""
    for add in (
        option("-q", "--quiet", is_flag=True, help="Only the result and errors."),
        option("-v", "--verbose", is_flag=True, help="Tell retries and details."),
        option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            show_default=True,
            help="When to colour.",
        ),
        option(
            "--format",
            "form",
            type=click.Choice(forms),
            default="text",
            show_default=True,
            help="The form of the result on stdout.",
        ),
    ):
        command = add(command)
    return command


def plan_voice_options(command: F) -> F:
    """The same, with Markdown among the forms: only a plan has one."""
    return voice_options(command, FORMS)


def manifest_options(command: F) -> F:
    """-m, -e, --create-environment, --suffix."""
    for add in (
        option("--suffix", help="The domain suffix for --create-environment; by default its name."),
        option("--create-environment", is_flag=True, help="Take an Environment that the manifest does not declare."),
    ):
        command = add(command)
    return place_options(command)


def place_options(command: F) -> F:
    """-m, -e, for commands that make no Environment."""
    text = "Which Environment; needed when several are declared."
    return manifest_option(option("-e", "--environment", metavar="NAME", help=text)(command))


def manifest_option(command: F) -> F:
    """-m."""
    text = "The manifest; by default assetsync.yaml here or in a parent."
    return option("-m", "--manifest", type=click.Path(path_type=Path, dir_okay=False), help=text)(command)


def service_options(command: F) -> F:
    """--local, --profile, --concurrency, --stall-timeout."""
    for add in (
        option(
            "--stall-timeout",
            type=Seconds(0.1, 86_400),
            metavar="SECONDS",
            default=60.0,
            show_default=True,
            help="Seconds after which a connection that hardly moves is given up and tried again.",
        ),
        option(
            "--concurrency",
            type=click.IntRange(1, 200),
            metavar="N",
            default=50,
            show_default=True,
            help="The ceiling; it adapts below that to what Twilio allows.",
        ),
        option("--profile", metavar="NAME", help="A profile of the Twilio CLI instead of the variables."),
        option("--local", is_flag=True, help="Use the local service instead of Twilio; no account is needed."),
    ):
        command = add(command)
    return command


def runtime_option(command: F) -> F:
    """--runtime."""
    text = "The Node runtime for the Build, where Twilio has retired the live one."
    return option("--runtime", metavar="NAME", help=text)(command)


def retain_option(command: F) -> F:
    """--no-retain."""
    text = "Take off line now what `retain` in the manifest would keep for open pages."
    return option("--no-retain", "no_retain", is_flag=True, help=text)(command)


def build_options(command: F) -> F:
    """--build-timeout, --runtime."""
    timeout = option(
        "--build-timeout",
        type=Seconds(1, 86_400),
        default=600.0,
        show_default=True,
        help="Seconds to wait for the Build.",
    )
    return timeout(runtime_option(command))


def safety_options(command: F) -> F:
    """One flag a guard; each may name the figure that it agrees to: `--allow-deletes=41`."""
    for name, text in reversed(OVERRIDES.items()):
        command = option(name, type=_Figure(), metavar="[=N]", help=text)(command)
    text = "Create the Service if it does not exist."
    return option(CREATE_SERVICE, type=_Figure(), metavar="", help=text)(command)


def foreign_option(command: F) -> F:
    """--allow-foreign: the guard of what takes a whole Build."""
    text = "Let what is not ours (Functions, others' assets) change with the Build."
    return option(ALLOW_FOREIGN, type=_Figure(), metavar="[=N]", help=text)(command)


def foreign_loss_option(command: F) -> F:
    """--allow-foreign: the guard of what takes a whole Environment."""
    text = "Let what is not ours (Functions, others' assets) go off line with the Environment."
    return option(ALLOW_FOREIGN, type=_Figure(), metavar="[=N]", help=text)(command)


def unmarked_option(command: F) -> F:
    """--allow-unmarked: the guard of Environments that are no previews of ours."""
    text = "Delete an Environment that this manifest declares, or did not make as a preview."
    return option(ALLOW_UNMARKED, type=_Figure(), metavar="[=N]", help=text)(command)


def flex_option(command: F) -> F:
    """--allow-flex alone."""
    return option("--allow-flex", type=_Figure(), metavar="[=N]", help=OVERRIDES["--allow-flex"])(command)


def consents(flags: dict[str, Any]) -> dict[str, int | None]:
    """The consents among a command's keyword arguments, by flag; None agrees to any figure.

    `--local` agrees to a new Service.
    """
    found: dict[str, int | None] = {CREATE_SERVICE: None} if flags.get("local") else {}
    for name in (*OVERRIDES, CREATE_SERVICE, ALLOW_FOREIGN, ALLOW_UNMARKED):
        value = flags.pop(name.strip("-").replace("-", "_"), None)
        if value is not None and not (value == 0 and name == CREATE_SERVICE):
            found[name] = None if value == _ANY or name == CREATE_SERVICE else int(value)
    return found
