"""The command line itself: help, options and their variables, versions, wrong usage."""

from __future__ import annotations

import importlib
import json
import os
import pty
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from assetsync import __version__
from assetsync.cli.main import COMMANDS, group, main
from assetsync.errors import Interrupted
from tests.cli.stage import PATIENCE, Terminal, command, run_process
from tests.reliability.stepping import before_request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.stage import Stage

COMMAND_OBJECTS: dict[str, click.Command] = {
    name: importlib.import_module(f"assetsync.cli.{name}").command for name in COMMANDS
}
OPTIONS = [
    (name, option)
    for name, command in COMMAND_OBJECTS.items()
    for option in command.params
    if isinstance(option, click.Option)
]
CHECKED = [
    each for each in OPTIONS if isinstance(each[1].type, click.Choice | click.IntRange | click.types.FloatParamType)
]
by_command = pytest.mark.parametrize("name", COMMANDS)
by_option = pytest.mark.parametrize(
    ("name", "option"), OPTIONS, ids=[f"{name}{max(option.opts, key=len)}" for name, option in OPTIONS]
)
NEEDED = {"explain": ["some-path"], "pull": ["some-folder"], "promote": ["--from", "some-name"]}
"""What a command cannot be without."""

OF_ITS_OWN = {
    ("emulator", "data"): "ASSETSYNC_EMULATOR_DATA",  # ASSETSYNC_DATA would be mistaken for ASSETSYNC_DATA_DIR
    ("rollback", "to"): "ASSETSYNC_ROLLBACK_TO",
    **{(name, "from"): f"ASSETSYNC_{name.upper()}_FROM" for name in ("init", "promote")},
    **{(name, "only"): f"ASSETSYNC_{name.upper()}_ONLY" for name in ("verify", "pull", "adopt")},
    **{("adopt", name): f"ASSETSYNC_ADOPT_{name.upper()}" for name in ("keep", "undo")},
}
"""What says what a command is about is not set for all commands at once."""


def variable_of(name: str, option: click.Option) -> str:
    """By the rule that the help states: --some-option is ASSETSYNC_SOME_OPTION."""
    long = max(option.opts, key=len)
    return OF_ITS_OWN.get((name, long.strip("-")), f"ASSETSYNC_{long.strip('-').replace('-', '_').upper()}")


def sample(option: click.Option) -> tuple[str, Any]:
    """A text for the variable, and the value that it must become."""
    kind = option.type
    if option.is_flag:
        return "1", True
    if isinstance(kind, click.Choice):
        return kind.choices[-1], kind.choices[-1]
    if isinstance(kind, click.IntRange):
        return "7", 7
    if isinstance(kind, click.types.FloatParamType):
        return "2.5", 2.5
    if max(option.opts, key=len).startswith(("--allow-", "--create-service")):
        return "7", 7
    if isinstance(kind, click.Path):
        return "some-name", "some-name"
    return "some-name", "some-name"


@by_option
def test_every_option_is_set_by_its_variable(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, option: click.Option
) -> None:
    text, value = sample(option)
    monkeypatch.setenv(variable_of(name, option), text)
    command = COMMAND_OBJECTS[name]
    parent = click.Context(group(), help_option_names=["-h", "--help"])
    context = command.make_context(name, [*NEEDED.get(name, [])], parent=parent)
    found = context.params[option.name or ""]
    wanted = (value,) if option.multiple else value
    assert (str(found) if isinstance(option.type, click.Path) else found) == wanted


@pytest.mark.parametrize(
    ("name", "option"),
    CHECKED,
    ids=[f"{name}{max(option.opts, key=len)}" for name, option in CHECKED],
)
def test_a_wrong_value_in_a_variable_is_told_by_its_option(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str, option: click.Option
) -> None:
    monkeypatch.setenv(variable_of(name, option), "no such value")
    long = max(option.opts, key=len)
    ran = stage.run(name, *NEEDED.get(name, [])).holds(64, f"'{long}'", "no such value")
    assert ran.requests == ()


@by_command
def test_help_names_every_option_and_fits_a_page(name: str, stage: Stage) -> None:
    for flag in ("--help", "-h"):
        ran = stage.run(name, flag).holds(0)
        assert max(map(len, ran.out.splitlines())) <= 100
        assert ran.err == ""
        for option in COMMAND_OBJECTS[name].params:
            if isinstance(option, click.Option):
                for each in (*option.opts, *option.secondary_opts):
                    assert re.search(rf"(?<![\w-]){re.escape(each)}(?![\w-])", ran.out), each
                assert option.help, option.name


def test_the_help_of_all_lists_the_commands_as_each_describes_itself(stage: Stage) -> None:
    ran = stage.run("--help").holds(0, "Every option can be set by a variable")
    for name, description in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(description)}$", ran.out, re.MULTILINE)
        assert COMMAND_OBJECTS[name].get_short_help_str(200) == description


def test_no_command_at_all_shows_the_help(stage: Stage) -> None:
    ran = stage.run()
    assert "Usage: assetsync" in ran.said
    assert ran.code in {0, 64}


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        (("plam",), ("plam", "assetsync --help")),
        (("plan", "--enviroment", "x"), ("--enviroment", "--environment")),
        (("plan", "--format", "yaml"), ("'yaml' is not one of 'text', 'json', 'markdown'", "assetsync plan --help")),
        (("plan", "extra"), ("extra", "assetsync plan --help")),
        (("plan", "--concurrency", "0"), ("0 is not in the range", "assetsync plan --help")),
        (("apply", "--allow-deletes=some"), ("'some' is not a figure", "assetsync apply --help")),
        (("apply", "--allow-deletes=-1"), ("'-1' is not a figure",)),
        (("explain",), ("Missing argument", "assetsync explain --help")),
        (("schema", "other"), ("'other' is not one of 'manifest', 'plan'",)),
        (("gc", "--builds-keep", "-1"), ("-1 is not in the range",)),
    ],
)
def test_wrong_usage_leaves_with_64_and_a_hint(
    stage: Stage, arguments: tuple[str, ...], messages: tuple[str, ...]
) -> None:
    ran = stage.run(*arguments).holds(64, *messages)
    assert ran.out == ""
    assert ran.requests == ()


def test_apply_and_gc_without_a_terminal_want_yes_before_any_request(live: Stage) -> None:
    live.write({"new.txt": "new"})
    for name in ("apply", "gc"):
        ran = live.run(name).holds(64, "there is no terminal", "--yes")
        assert ran.requests == ()


def test_yes_may_come_by_its_variable(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    live.write({"new.txt": "new"})
    monkeypatch.setenv("ASSETSYNC_YES", "true")
    live.run("apply").holds(0)
    assert "/new.txt" in live.outside.paths()


def test_a_guards_variable_may_name_its_figure(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    live.write({"server.key": "x", "other.key": "x"})
    monkeypatch.setenv("ASSETSYNC_ALLOW_SECRETS", "1")
    live.run("plan").holds(3)
    monkeypatch.setenv("ASSETSYNC_ALLOW_SECRETS", "2")
    live.run("plan").holds(0, "Allowed by --allow-secrets=2")
    monkeypatch.setenv("ASSETSYNC_ALLOW_SECRETS", "true")
    live.run("plan").holds(0, "Allowed by --allow-secrets")


@pytest.mark.parametrize("value", ["0", "false", "no"])
def test_a_create_service_variable_that_says_no_means_no(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    stage.write({"a.txt": "a"})
    monkeypatch.setenv("ASSETSYNC_CREATE_SERVICE", value)
    assert stage.run("apply", "--yes").writes == ()


def test_the_version_is_told_in_every_way(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.run("--version").holds(0)
    main(["--version"])
    assert capsys.readouterr().out == f"assetsync {__version__}\n"
    assert run_process("--version").out == f"assetsync {__version__}\n"


def test_the_module_runs_as_a_process_and_leaves_with_its_exit_code(live: Stage) -> None:
    live.write({"new.txt": "new"})
    ran = run_process("plan", "--detailed-exitcode").holds(2, "Plan: 1 to create, 10 unchanged.")
    assert ran.out == live.run("plan", "--detailed-exitcode").out
    run_process("plan", "--no-such-option").holds(64)


def test_main_leaves_with_the_exit_code(live: Stage) -> None:
    with pytest.raises(SystemExit) as left:
        main(["plan", "--detailed-exitcode"])
    assert left.value.code == 0
    live.write({"new.txt": "new"})
    with pytest.raises(SystemExit) as left:
        main(["plan", "--detailed-exitcode"])
    assert left.value.code == 2


def test_a_manifest_above_is_found_from_a_folder_below(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    (live.root / "public/sub/below").mkdir(parents=True)
    monkeypatch.chdir(live.root / "public/sub/below")
    live.run("plan", "--detailed-exitcode").holds(0, "No changes.")
    monkeypatch.chdir("/")
    live.run("plan", "-m", str(live.root / "assetsync.yaml")).holds(0, "No changes.")


def with_streams(
    *arguments: str, stdout: int = subprocess.PIPE, stderr: int = subprocess.PIPE
) -> subprocess.CompletedProcess[bytes]:
    """A command of its own process that writes to these descriptors."""
    return subprocess.run(
        command(*arguments),
        check=False,
        stdout=stdout,
        stderr=stderr,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
    )


@pytest.fixture
def pipe_without_a_reader() -> Iterator[int]:
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def test_a_reader_that_leaves_early_changes_nothing_but_the_printing(stage: Stage, pipe_without_a_reader: int) -> None:
    stage.write({f"{number:04}.txt": str(number) for number in range(900)})
    done = with_streams("plan", "--create-service", "--all", stdout=pipe_without_a_reader)
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert b"standard output: Broken pipe; nothing was written" in done.stderr
    assert done.returncode == 0


def test_a_reader_that_leaves_early_makes_no_deployment_a_failure(stage: Stage, pipe_without_a_reader: int) -> None:
    stage.write({"a.txt": "a"})
    done = with_streams("apply", "--create-service", "--yes", stdout=pipe_without_a_reader)
    assert done.returncode == 0
    assert set(stage.outside.paths()) == {"/a.txt"}


@pytest.fixture
def full_disk() -> Iterator[int]:
    with Path("/dev/full").open("wb") as full:
        yield full.fileno()


def test_a_full_disk_behind_stdout_is_an_error_before_anything_is_done(stage: Stage, full_disk: int) -> None:
    stage.write({"a.txt": "a"})
    done = with_streams("apply", "--create-service", "--yes", stdout=full_disk)
    assert done.returncode == 1
    assert b"standard output: No space left on device; nothing was written" in done.stderr


def test_a_full_disk_behind_stdout_changes_no_exit_code_of_an_error(stage: Stage, full_disk: int) -> None:
    """The error is told all the same, and that its document is not."""
    stage.write({"a.txt": "a"})
    refused = with_streams("apply", "--yes", "--format", "json", stdout=full_disk)
    stage.manifest(more="zzzz: 1\n")
    wrong = with_streams("validate", "--format", "json", stdout=full_disk)
    for done, code in ((refused, 3), (wrong, 78)):
        assert done.returncode == code
        assert done.stderr.startswith(b"Error: ")
        assert b"Warning: standard output: No space left on device" in done.stderr
        assert b"Traceback" not in done.stderr


def test_a_reader_of_stderr_that_leaves_early_changes_nothing_but_the_talk(
    stage: Stage, pipe_without_a_reader: int, full_disk: int
) -> None:
    stage.write({"a.txt": "a"})
    for number, stderr in enumerate((pipe_without_a_reader, full_disk)):
        stage.write({"a.txt": str(number)})
        done = with_streams("apply", "--create-service", "--yes", "-v", "--format", "json", stderr=stderr)
        assert done.returncode == 0
        assert json.loads(done.stdout)["result"]["build_sid"] == stage.outside.environment("production")["build_sid"]
        assert stage.outside.visit("/a.txt").text == str(number)
    stage.manifest(more="zzzz: 1\n")
    assert with_streams("validate", stderr=full_disk).returncode == 78


def test_a_terminal_that_is_closed_in_the_middle_of_an_apply_does_not_end_it(stage: Stage) -> None:
    stage.write({"a.txt": "a"})
    stage.apply()
    stage.write({"a.txt": "new"})
    screen, terminal = pty.openpty()
    before_request(stage, "POST", r"/Builds\?", lambda: os.close(screen))
    try:
        done = with_streams("apply", "--yes", stderr=terminal)
    finally:
        os.close(terminal)
    assert done.returncode == 0
    assert b"production is live" in done.stdout
    assert stage.outside.visit("/a.txt").text == "new"


def test_without_any_stream_the_work_is_done_and_no_file_is_taken_for_one(stage: Stage) -> None:
    stage.write({"a.txt": "a"})
    arguments = command("apply", "--create-service", "--yes")
    done = subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *arguments], check=False, timeout=PATIENCE)
    assert done.returncode == 0
    assert set(stage.outside.paths()) == {"/a.txt"}
    assert stage.run("plan", "--detailed-exitcode").holds(0, "No changes.").requests


def test_a_question_tells_no_secret(stage: Stage) -> None:
    """The name of an Environment may come from any variable."""
    stage.write({"a.txt": "a"})
    stage.manifest(environments="  - name: ${TWILIO_AUTH_TOKEN}")
    with Terminal("apply", "--create-service") as terminal:
        terminal.read_until("Apply this to [hidden]? [y/N]:")
        terminal.enter("n")
        terminal.end().holds(Interrupted.exit_code)
    assert os.environ["TWILIO_AUTH_TOKEN"] not in terminal.seen


@pytest.mark.parametrize("option", ["--stall-timeout", "--build-timeout"])
@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_what_is_no_number_of_seconds_is_refused(stage: Stage, option: str, value: str) -> None:
    stage.run("apply", f"{option}={value}").holds(64, option)


def test_a_user_without_a_home_needs_none(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs with a number that nobody knows."""

    def homeless(*_: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    stage.write({"a.txt": b"a"})
    for name in ("HOME", "ASSETSYNC_CACHE_DIR", "ASSETSYNC_DATA_DIR", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.setattr(Path, "expanduser", homeless)
    monkeypatch.setattr("platformdirs.user_cache_path", homeless)
    monkeypatch.setattr("platformdirs.user_data_path", homeless)
    stage.apply()
    stage.run("plan", "--detailed-exitcode").holds(0)
    stage.run("plan", "--local").holds(64, "ASSETSYNC_DATA_DIR")
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    assert stage.run("plan").code == 77
