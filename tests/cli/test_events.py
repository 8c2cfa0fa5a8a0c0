"""`--events FILE`: what happens in a run, a document a line, each of them as the published schema says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from assetsync import __version__
from assetsync.emulator.faults import NoFaults
from assetsync.emulator.messages import Answer, Outcome, Request, json_answer
from tests.cli.fixtures import KEY
from tests.cli.held import Held, is_build, is_upload
from tests.cli.stage import PATIENCE, REPOSITORY, Running, command, run_process
from tests.cli.test_output import WAYS, Failing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.stage import Stage

SCHEMA = json.loads((REPOSITORY / "schema/events.schema.json").read_text())
_SCHEMA = jsonschema_rs.validator_for(SCHEMA)

Json = dict[str, Any]


def valid(document: Json) -> None:
    """Fail unless it is as the schema says."""
    _SCHEMA.validate(document)


def read(file: Path) -> list[Json]:
    """Every line, held against the schema; from `started` to `ended`."""
    text = file.read_text()
    assert text.endswith("\n")
    found = [json.loads(line) for line in text.splitlines()]
    for each in found:
        valid(each)
    assert [each["event"] for each in found if each["event"] in {"started", "ended"}] == ["started", "ended"]
    assert (found[0]["event"], found[-1]["event"]) == ("started", "ended")
    return found


def kinds(found: list[Json]) -> list[str]:
    return [each["event"] for each in found]


@pytest.fixture
def file(stage: Stage) -> Path:
    return stage.root.parent / "events.ndjson"


class Weak:
    """The first upload is answered with 503."""

    def __init__(self) -> None:
        self._left = [1]

    def before(self, request: Request) -> Outcome | None:
        if is_upload(request) and self._left:
            self._left.pop()
            return json_answer(503, {"code": 20503, "message": "try again", "status": 503})
        return None

    def after(self, request: Request, answer: Answer) -> Outcome | None:
        return None


def test_the_schema_is_one_and_has_a_definition_for_each_event() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    told = {each["$ref"].rpartition("/")[2] for each in SCHEMA["oneOf"]}
    assert told == set(SCHEMA["$defs"]) - {"time", "error"}
    assert all(SCHEMA["$defs"][name]["properties"]["event"] == {"const": name} for name in told)


def test_an_apply_is_told_from_its_start_to_its_end(live: Stage, file: Path) -> None:
    live.write({"new.txt": "new", "page-0.html": "changed"})
    ran = live.run("apply", "--yes", "--events", str(file), "--format", "json").holds(0)
    found = read(file)
    in_order = [each for each in dict.fromkeys(kinds(found)) if each != "names_written"]  # that goes beside the Build
    assert in_order == [
        *("started", "scanned", "planned", "uploads_started", "uploaded", "build_started", "build_status"),
        *("deployed", "ended"),
    ]
    assert kinds(found).count("names_written") == 1
    by_kind = {each["event"]: each for each in found}
    result = ran.plan["result"]
    assert (by_kind["started"]["command"], by_kind["started"]["version"]) == ("apply", __version__)
    assert by_kind["planned"]["summary"] == ran.plan["summary"]
    assert by_kind["uploads_started"]["files"] == 2
    assert {each["path"] for each in found if each["event"] == "uploaded"} == {"/new.txt", "/page-0.html"}
    assert by_kind["deployed"]["deployment_sid"] == result["deployment_sid"]
    assert by_kind["build_started"]["build_sid"] == result["build_sid"]
    assert (by_kind["ended"]["exit_code"], by_kind["ended"]["errors"]) == (0, [])


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_the_form_of_the_result_changes_nothing_in_it(live: Stage, file: Path, form: str) -> None:
    live.write({"new.txt": "new"})
    plain = live.run("plan", "--format", form).out
    assert live.run("plan", "--format", form, "-q", "--events", str(file)).holds(0).out == plain
    assert kinds(read(file)) == ["started", "scanned", "planned", "ended"]


@pytest.mark.parametrize(
    ("prepare", "code"),
    [WAYS[name] for name in WAYS if name != "an unknown option"],
    ids=[name for name in WAYS if name != "an unknown option"],
)
def test_it_ends_with_the_exit_code_and_the_errors_of_the_json(
    live: Stage, file: Path, prepare: Callable[[Stage], tuple[str, ...]], code: int
) -> None:
    arguments = prepare(live)
    ran = live.run(*arguments, "--events", str(file), "--format", "json").holds(code)
    ended = read(file)[-1]
    assert ended["exit_code"] == code
    assert ended["errors"] == ran.plan.get("errors", [])
    assert bool(ended["errors"]) is bool(code)


def test_pending_changes_are_told_by_the_exit_code_that_the_process_has(live: Stage, file: Path) -> None:
    live.write({"new.txt": "new"})
    live.run("plan", "--detailed-exitcode", "--events", str(file)).holds(2)
    assert read(file)[-1]["exit_code"] == 2


def test_a_failed_upload_and_a_refusal_are_lines_of_their_own(live: Stage, file: Path) -> None:
    live.write({"new.txt": "new"})
    live.emulator.core.faults = Failing()
    live.run("apply", "--yes", "--events", str(file)).holds(1)
    (failed,) = [each for each in read(file) if each["event"] == "upload_failed"]
    assert failed["path"] == "/new.txt"
    assert "no such luck" in failed["message"]
    file.unlink()
    live.write({"server.key": "x"})
    live.run("plan", "--events", str(file)).holds(3)
    (planned,) = [each for each in read(file) if each["event"] == "planned"]
    assert planned["refused"] == ["--allow-secrets=1"]


def test_a_request_that_is_sent_again_is_told(live: Stage, file: Path) -> None:
    live.write({"new.txt": "new"})
    live.emulator.core.faults = Weak()
    live.run("apply", "--yes", "--events", str(file)).holds(0)
    (retry,) = [each for each in read(file) if each["event"] == "retry"]
    assert retry["attempt"] == 1
    assert "503" in retry["reason"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("count", [1, 2], ids=["once", "twice"])
def test_an_interrupted_run_has_its_last_line(
    live: Stage, file: Path, number: signal.Signals, code: int, count: int
) -> None:
    live.write({f"{each}.txt": str(each) for each in range(6)})
    arguments = ("apply", "--yes", "--concurrency", "2", "--events", str(file))
    with Held(live.emulator.core, is_upload, free=2) as held, Running(*arguments) as running:
        held.wait_for(2)
        running.signal(number)
        if count == 1:
            held.release()
        while count == 2 and running.process.poll() is None:
            running.signal(number)
            with suppress(subprocess.TimeoutExpired):
                running.process.wait(0.1)
        ended = running.end()
    assert ended.code == code
    found = read(file)
    assert found[-1]["exit_code"] == code
    assert {each["exit_code"] for each in found[-1]["errors"]} == {code}
    assert "uploaded" in kinds(found)


def test_lines_come_while_the_run_goes_on(live: Stage, file: Path) -> None:
    """Read from a pipe by its name, as another program does."""
    live.write({"new.txt": "new"})
    os.mkfifo(file)
    seen: list[str] = []
    with Held(live.emulator.core, is_build) as held, Running("apply", "--yes", "--events", str(file)) as running:
        with file.open() as stream:
            held.wait_for(1)
            while not seen or '"build_started"' not in seen[-1]:
                seen.append(stream.readline())
            held.release()
            seen += stream.readlines()
        running.end().holds(0)
    assert [json.loads(line)["event"] for line in seen][-1] == "ended"


def test_runs_follow_one_another_in_one_file(live: Stage, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSETSYNC_EVENTS", str(file))
    live.run("validate").holds(0)
    live.run("status").holds(0)
    found = [json.loads(line) for line in file.read_text().splitlines()]
    assert [each.get("command") for each in found if each["event"] == "started"] == ["validate", "status"]
    assert kinds(found).count("ended") == 2


def test_half_a_line_that_a_full_disk_has_left_spoils_no_other(live: Stage, file: Path) -> None:
    half = '{"event": "uploa'
    file.write_text(half)
    live.run("validate", "--events", str(file)).holds(0)
    before, *lines = file.read_text().splitlines()
    assert before == half
    assert [json.loads(line)["event"] for line in lines][:: len(lines) - 1] == ["started", "ended"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify",),
        ("status",),
        ("history",),
        ("pull", "pulled"),
        ("adopt", "--dry-run", "--settle", "0"),
        ("gc", "--dry-run"),
        ("rollback", "--dry-run"),
        ("validate",),
        ("explain", "public/page-0.html"),
    ],
    ids=lambda each: each[0],
)
def test_every_command_that_has_a_result_tells_its_events(live: Stage, file: Path, arguments: tuple[str, ...]) -> None:
    live.write({"new.txt": "new"})
    live.apply()
    code = live.run(*arguments, "--events", str(file)).code
    found = read(file)
    assert found[0]["command"] == arguments[0]
    assert found[-1]["exit_code"] == code == 0


def test_a_file_that_cannot_be_written_is_told_before_anything_is_done(live: Stage, file: Path) -> None:
    live.write({"new.txt": "new"})
    file.write_text("a file")
    for wrong in (file / "below", live.root, Path("-"), Path("/dev/fd/987654")):
        ran = live.run("apply", "--yes", "--events", str(wrong)).holds(64, "--events")
        assert ran.requests == ()


def test_a_file_of_something_else_is_left_alone(live: Stage) -> None:
    manifest = live.root / "assetsync.yaml"
    before = manifest.read_bytes()

    ran = live.run("plan", "--events", str(manifest)).holds(64, "holds something else than events")

    assert not ran.requests
    assert manifest.read_bytes() == before


def test_a_file_in_a_source_folder_is_refused_since_it_would_be_published(live: Stage) -> None:
    for arguments in (("plan",), ("apply", "--yes")):
        ran = live.run(*arguments, "--events", "public/events.ndjson").holds(64, "would lie in the source folder")
        assert ran.requests == ()


@pytest.fixture
def pipe_without_a_reader() -> Iterator[int]:
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def test_a_file_that_fails_later_ends_nothing(stage: Stage, pipe_without_a_reader: int) -> None:
    for number, wrong in enumerate(("/dev/full", f"/dev/fd/{pipe_without_a_reader}")):
        stage.write({"a.txt": str(number)})
        ran = stage.apply("--events", wrong)
        assert ran.err.count("Warning: the rest of the events is lost") == 1
        assert stage.outside.visit("/a.txt").text == str(number)


def test_nobody_has_to_read_the_pipe(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run goes on and ends while a full pipe holds the lines back."""
    monkeypatch.setattr("assetsync.cli.trail.LEFT_TO_READERS", 0.1)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 1024)
    except BlockingIOError:
        os.set_blocking(writing, True)
    stage.write({"a.txt": "a"})
    stage.apply("--events", f"/dev/fd/{writing}").holds(0, "the rest of the events is lost: nobody reads them")
    assert stage.outside.visit("/a.txt").text == "a"
    os.close(reading)
    os.close(writing)
    for thread in threading.enumerate():
        if thread.name == "events":
            thread.join()


def test_standard_error_takes_whole_lines_among_the_talk(live: Stage) -> None:
    live.write({"new.txt": "new"})
    ran = run_process("apply", "--yes", "--events", "/dev/stderr").holds(0)
    documents = [json.loads(line) for line in ran.err.splitlines() if line.startswith("{")]
    assert kinds(documents)[0] == "started"
    assert kinds(documents)[-1] == "ended"
    assert "deployed to" in ran.err


def test_standard_error_may_be_a_log_that_holds_other_things(live: Stage) -> None:
    log = live.root / "job.log"
    log.write_text("the job begins\n")
    with log.open("ab") as stderr:
        done = subprocess.run(command("plan", "--events", "/dev/stderr"), check=False, stderr=stderr, timeout=PATIENCE)
    assert done.returncode == 0
    begins, *lines = log.read_text().splitlines()
    assert begins == "the job begins"
    assert kinds([json.loads(line) for line in lines if line.startswith("{")])[-1] == "ended"


def test_no_secret_is_in_it(live: Stage, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here it stands in the name of a file, and in what the service answers."""
    monkeypatch.setenv("TWILIO_API_KEY", KEY.sid)
    monkeypatch.setenv("TWILIO_API_SECRET", KEY.secret)
    live.write({f"{KEY.secret}.txt": "new"})
    live.emulator.core.faults = Failing(f"bad {KEY.secret}")
    live.run("apply", "--yes", "--events", str(file)).holds(1)
    (failed,) = [each for each in read(file) if each["event"] == "upload_failed"]
    assert failed["path"] == "/[hidden].txt"
    assert "bad [hidden]" in failed["message"]
    live.emulator.core.faults = NoFaults()
    live.run("apply", "--yes", "--events", str(file)).holds(0)
    assert '"uploaded"' in file.read_text()
    assert KEY.secret not in file.read_text()
