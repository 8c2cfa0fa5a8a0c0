"""The voice of the command line: what goes where, in which form, on success and on failure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.messages import Answer, Outcome, Request, json_answer
from tests.cli.stage import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.stage import Stage


ESCAPE = "\x1b["


class Failing:
    """The service answers every write (or everything) with an error of its own making."""

    def __init__(self, message: str = "no such luck", *, reads: bool = False) -> None:
        self._message, self._reads = message, reads

    def before(self, request: Request) -> Outcome | None:
        if not self._reads and request.method == "GET":
            return None
        return json_answer(400, {"code": 20001, "message": self._message, "status": 400})

    def after(self, request: Request, answer: Answer) -> Outcome | None:
        return None


def _unchanged(stage: Stage) -> tuple[str, ...]:
    return ("apply", "--yes")


def _failed(stage: Stage) -> tuple[str, ...]:
    stage.write({"new.txt": "new"})
    stage.emulator.core.faults = Failing()
    return ("apply", "--yes")


def _unreadable(stage: Stage) -> tuple[str, ...]:
    stage.emulator.core.faults = Failing(reads=True)
    return ("plan",)


def _refused(stage: Stage) -> tuple[str, ...]:
    stage.write({".env": "A=1"})
    stage.manifest('    include: ["**"]\n    exclude: ["!.env"]\n')
    return ("apply", "--yes")


def _conflict(stage: Stage) -> tuple[str, ...]:
    stage.run("plan", "--out", "saved.json")
    stage.write({"new.txt": "new"})
    return ("apply", "saved.json")


def _wrong_usage(stage: Stage) -> tuple[str, ...]:
    return ("apply",)


def _unknown_option(stage: Stage) -> tuple[str, ...]:
    return ("plan", "--no-such-option")


def _no_credentials(stage: Stage) -> tuple[str, ...]:
    return ("plan", "--profile", "nobody")


def _wrong_manifest(stage: Stage) -> tuple[str, ...]:
    stage.manifest(more="zzzz: 1\n")
    return ("plan",)


WAYS = {
    "nothing to do": (_unchanged, 0),
    "a file that failed": (_failed, 1),
    "a service that fails": (_unreadable, 1),
    "a refusal": (_refused, 3),
    "a conflict": (_conflict, 4),
    "wrong usage": (_wrong_usage, 64),
    "an unknown option": (_unknown_option, 64),
    "no credentials": (_no_credentials, 77),
    "a wrong manifest": (_wrong_manifest, 78),
}


@pytest.mark.parametrize(("prepare", "code"), WAYS.values(), ids=WAYS)
def test_json_is_one_valid_document_whatever_happens(
    live: Stage, prepare: Callable[[Stage], tuple[str, ...]], code: int
) -> None:
    ran = live.run(*prepare(live), "--format", "json").holds(code)
    errors = ran.plan.get("errors", [])
    assert bool(errors) is (code != 0)
    assert {each["exit_code"] for each in errors} == ({code} if code else set())
    assert all(each["message"] for each in errors)
    if code:
        assert errors[0]["message"] in ran.err


@pytest.mark.parametrize(("prepare", "code"), WAYS.values(), ids=WAYS)
def test_quiet_leaves_only_the_error_on_standard_error(
    live: Stage, prepare: Callable[[Stage], tuple[str, ...]], code: int
) -> None:
    ran = live.run(*prepare(live), "--quiet").holds(code)
    assert ran.err.startswith("Error: ") is bool(code)
    assert bool(ran.err) is bool(code)


@pytest.mark.parametrize(("prepare", "code"), WAYS.values(), ids=WAYS)
def test_without_a_terminal_nothing_is_coloured(
    live: Stage, prepare: Callable[[Stage], tuple[str, ...]], code: int
) -> None:
    assert ESCAPE not in live.run(*prepare(live)).holds(code).said


def test_a_failed_file_is_named_with_its_reason_and_the_request_id(live: Stage) -> None:
    ran = live.run(*_failed(live), "--format", "json").holds(1, "public/new.txt", "no such luck")
    (error,) = ran.plan["errors"]
    assert error["path"] == "/new.txt"
    assert error["file"] == "public/new.txt"
    assert error["request_id"].startswith("RQ")
    assert error["request_id"] in ran.err
    assert "/new.txt" not in live.outside.paths()


def test_the_whole_plan_stands_in_the_json_of_a_refusal(live: Stage) -> None:
    found = live.run(*_refused(live), "--format", "json").holds(3).plan
    assert [each["path"] for each in found["actions"]] == ["/.env"]
    assert found["safety"][0]["allowed_by"] is None
    assert found["errors"][0]["kind"] == "Refused"
    assert "result" not in found


def test_the_result_is_on_standard_output_and_talk_on_standard_error(live: Stage) -> None:
    live.write({"new.txt": "new"})
    ran = live.run("apply", "--yes").holds(0)
    assert "Plan: 1 to create, 10 unchanged." in ran.out
    assert re.search(r"^uploading 1 file, 3 B$", ran.err, re.MULTILINE)
    assert re.search(r"^building 11 assets \(ZB\w{32}\)$", ran.err, re.MULTILINE)
    assert re.search(r"^deployed to \S+$", ran.err, re.MULTILINE)
    assert "deployed to" not in ran.out


def test_quiet_keeps_the_result_and_drops_the_talk(live: Stage) -> None:
    live.write({"new.txt": "new"})
    ran = live.run("apply", "--yes", "-q").holds(0)
    assert "Plan: 1 to create, 10 unchanged." in ran.out
    assert ran.err == ""


def test_verbose_tells_more_and_puts_nothing_more_on_standard_output(live: Stage) -> None:
    assert "10 files, 60 B" not in live.run("plan").err
    verbose = live.run("plan", "-v")
    assert "10 files, 60 B" in verbose.err
    assert verbose.out == live.run("plan").out


def test_colour_is_as_asked_for_and_changes_no_word(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    live.write({"new.txt": "new"})
    plain = live.run("plan", "--color", "never").out
    coloured = live.run("plan", "--color", "always").out
    assert ESCAPE not in plain
    assert ESCAPE in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert live.run("plan").out == plain
    monkeypatch.setenv("ASSETSYNC_COLOR", "always")
    assert live.run("plan").out == coloured


def test_on_a_terminal_it_is_coloured_unless_nobody_wants_that(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def colours() -> set[str]:
        with Terminal("plan", "-e", "production") as terminal:
            return set(re.findall(r"\x1b\[[0-9;]*3[0-9][0-9;]*m", terminal.end().out))

    live.write({"new.txt": "new"})
    assert colours()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colours()


def test_json_and_markdown_are_never_coloured(live: Stage) -> None:
    live.write({"new.txt": "new"})
    for form in ("json", "markdown"):
        assert ESCAPE not in live.run("plan", "--format", form, "--color", "always").out


def test_text_shows_the_ends_of_the_account_sid_and_json_the_whole(live: Stage) -> None:
    live.write({"new.txt": "new"})
    account = live.emulator.core.account.sid
    text = live.run("plan", "-v").holds(0, f"account {account[:6]}...{account[-4:]}")
    assert account not in text.said
    assert live.run("plan", "--format", "json").plan["account_sid"] == account
    assert account not in live.run("plan", "--format", "markdown").out
    assert account not in live.run("status").said


def test_markdown_begins_with_its_marker_and_has_a_row_for_each_change(live: Stage) -> None:
    live.write({"new.txt": "new", "page-0.html": "changed"})
    text = live.run("plan", "--format", "markdown").holds(0).out
    assert text.startswith("<!-- assetsync plan -->\n### assetsync: `production` of ")
    assert "**Plan: 1 to create, 1 to upload, 9 unchanged.**" in text
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows == ["| `+` create | `/new.txt` | 3 B | new |", "| `~` upload | `/page-0.html` | 7 B | content |"]


def test_markdown_of_a_refusal_names_the_flag(live: Stage) -> None:
    text = live.run("plan", *_refused(live)[2:], "--format", "markdown").holds(3).out
    assert ":no_entry: refused: 1 file that looks like a secret would be public" in text
    assert "--allow-secrets=1" in text


@pytest.mark.parametrize(
    ("prepare", "code"),
    [WAYS[name] for name in ("a service that fails", "no credentials", "a wrong manifest", "an unknown option")],
)
def test_markdown_tells_a_failure_too_so_that_no_empty_comment_is_posted(
    live: Stage, prepare: Callable[[Stage], tuple[str, ...]], code: int
) -> None:
    ran = live.run(*prepare(live), "--format", "markdown").holds(code)
    assert ran.out.startswith("<!-- assetsync plan -->\n")
    assert ran.err.splitlines()[0].removeprefix("Error: ") in ran.out


def test_markdown_of_thousands_of_files_is_one_that_github_takes(stage: Stage) -> None:
    folder = "a-folder-with-quite-a-long-name/" * 5
    stage.write({f"{folder}{number:03}.txt": str(number) for number in range(900)})
    text = stage.run("plan", "--create-service", "--format", "markdown").holds(0).out
    assert len(text) < 65_536
    assert re.search(r"^and \d+ more$", text, re.MULTILINE)


def test_what_a_name_holds_reaches_no_terminal_raw(live: Stage) -> None:
    live.write({"\x1b[31mred.txt": "x"})
    ran = live.run("plan").holds(78, "\\x1b[31mred.txt")
    assert ESCAPE not in ran.said


def test_every_command_that_has_a_json_form_prints_a_document(live: Stage) -> None:
    for arguments in (
        ("validate",),
        ("explain", "public/page-0.html"),
        ("status",),
        ("gc", "--dry-run"),
        ("init", "--force"),
    ):
        found = json.loads(live.run(*arguments, "--format", "json").holds(0).out)
        assert found["format_version"] == 1
        assert not found.get("errors")


ENVIRONMENT = {"name", "sid", "suffix", "domain", "url", "build_sid"}


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("history",),
        ("rollback", "--dry-run"),
        ("promote", "--from", "pr-1", "--dry-run"),
        ("verify",),
        ("adopt", "--dry-run", "--settle", "0"),
        ("destroy", "-e", "pr-1", "--dry-run"),
        ("destroy", "-e", "pr-2", "--yes"),
    ],
    ids=" ".join,
)
def test_an_environment_is_told_with_the_same_keys_by_every_command(live: Stage, command: tuple[str, ...]) -> None:
    live.write({"page-0.html": "second"})
    live.apply()
    live.run("apply", "--yes", "-e", "pr-1", "--create-environment", "--ttl", "1h").holds(0)

    document = live.run(*command, "--format", "json").holds(0).document

    more = {"deployed_at"} if command == ("status",) else set[str]()
    assert document["environment"].keys() == ENVIRONMENT | more
    assert document["errors"] == []
    for each in document.get("environments", ()):
        assert each.keys() == ENVIRONMENT


def test_a_preview_is_told_with_the_keys_of_an_environment_and_its_end(live: Stage) -> None:
    live.run("apply", "--yes", "-e", "pr-1", "--create-environment", "--ttl", "1h").holds(0)

    (one,) = live.run("previews", "--format", "json").holds(0).document["previews"]

    assert one.keys() == ENVIRONMENT | {"expires_at", "expired", "declared"}
    (told,) = [each for each in live.run("status", "--format", "json").document["environments"] if each["suffix"]]
    assert {key: one[key] for key in ENVIRONMENT} == told
