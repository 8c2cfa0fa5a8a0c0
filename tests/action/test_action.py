"""The action: one comment, made once and changed in place; outputs; and whatever is written, nothing that is obeyed."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import yaml

from assetsync.cli.main import COMMANDS
from tests.action.conftest import BOT, PULL_REQUEST, READER, WRITER
from tests.cli.held import Held, is_upload
from tests.cli.stage import REPOSITORY
from tests.fakes.github import Answer

if TYPE_CHECKING:
    from tests.action.conftest import Job

MARKER = "<!-- assetsync:assetsync.yaml: -->"
HOSTILE_NAMES = (
    "`touch hacked`.txt",
    "$(touch hacked).txt",
    "; touch hacked #.txt",
    "##[set-output name=changes]hacked",
    "a --> b.txt",
)


def test_the_plan_is_commented_summed_up_and_set_as_outputs(job: Job) -> None:
    before = job.stage.outside.live()
    done = job.run()
    assert done.codes == {"Install": 0, "Run": 0, "Comment": 0}
    (comment,) = job.comments
    assert comment.startswith(f"{MARKER}\n<!-- assetsync plan -->\n")
    assert "**Plan: 1 to create, 10 unchanged.**" in comment
    assert done.summary == comment.removeprefix(f"{MARKER}\n")
    assert done.outputs["changes"] == "true"
    assert (done.outputs["creates"], done.outputs["exit_code"], done.outputs["refused"]) == ("1", "0", "false")
    assert "Plan: 1 to create, 10 unchanged." in done.log.text
    assert job.stage.outside.live() == before


def test_the_second_run_changes_the_comment_in_place(job: Job) -> None:
    job.run()
    job.stage.write({"more.txt": "more"})
    job.run()
    job.run()
    (comment,) = job.github.on(PULL_REQUEST, BOT)
    assert "**Plan: 2 to create, 10 unchanged.**" in comment.body
    assert comment.edits == 2


@pytest.mark.parametrize("others", [99, 100, 150, 250])
def test_it_is_found_behind_as_many_others_as_there_are(job: Job, others: int) -> None:
    for number in range(others):
        job.github.add(PULL_REQUEST, "somebody", f"comment {number}")
    job.run()
    job.run()
    (comment,) = job.github.on(PULL_REQUEST, BOT)
    assert comment.edits == 1
    assert len(job.github.comments) == others + 1


def test_a_comment_that_somebody_else_wrote_with_the_marker_is_not_ours(job: Job) -> None:
    theirs = job.github.add(PULL_REQUEST, "somebody", f"{MARKER}\nall is well")
    quoted = job.github.add(PULL_REQUEST, BOT, f"they wrote {MARKER}")
    job.run()
    assert theirs.edits == quoted.edits == 0
    assert len(job.comments) == 2


def test_each_key_has_a_comment_of_its_own(job: Job) -> None:
    for key in ("", "one", "two", "one"):
        job.run(key=key)
    markers = [comment.partition("\n")[0] for comment in job.comments]
    assert markers == [MARKER, "<!-- assetsync:one -->", "<!-- assetsync:two -->"]


def test_each_manifest_and_each_environment_has_a_comment_of_its_own(job: Job) -> None:
    """Also where the folder or a variable tells them apart; the environment of a preview is the pull request's."""
    for folder in ("sites/one", "sites/two"):
        shutil.copytree(job.stage.root / "public", job.stage.root / folder / "public")
        shutil.copy(job.stage.root / "assetsync.yaml", job.stage.root / folder)
        assert job.run(working_directory=folder).code == 0
    assert job.run(working_directory="").code == 0
    job.variables["ASSETSYNC_ENVIRONMENT"] = "production"
    assert job.run(working_directory="sites/two").code == 0
    assert [comment.partition("\n")[0] for comment in job.comments] == [
        "<!-- assetsync:sites/one/assetsync.yaml: -->",
        "<!-- assetsync:sites/two/assetsync.yaml: -->",
        MARKER,
        "<!-- assetsync:sites/two/assetsync.yaml:production -->",
    ]


def test_a_comment_that_is_deleted_meanwhile_is_written_anew(job: Job) -> None:
    job.run()

    def delete_first(method: str) -> None:
        if method == "PATCH":
            job.github.comments.clear()

    job.github.before = delete_first
    done = job.run()
    assert done.log.obeyed == []
    (comment,) = job.comments
    assert comment.startswith(f"{MARKER}\n")


@pytest.mark.parametrize(
    "answer", [Answer(200, "<html>"), Answer(200, [], missing=10), Answer(502, {}), Answer(301, {})], ids=str
)
def test_a_list_of_comments_that_cannot_be_read_makes_no_second_comment(job: Job, answer: Answer) -> None:
    job.run()
    job.github.before = lambda method: answer if method == "GET" else None
    done = job.run()
    assert done.code == 0
    assert [name for name, _ in done.log.obeyed] == ["warning"]
    assert len(job.comments) == 1


def test_an_apply_says_what_is_live_and_where(job: Job) -> None:
    done = job.run(command="apply", environment="production")
    assert done.code == 0
    live = job.stage.outside.live()
    assert live is not None
    assert done.outputs["build_sid"] == live["sid"]
    assert re.fullmatch(r"ZD[0-9a-f]{32}", done.outputs["deployment_sid"])
    assert job.stage.outside.visit_url(f"{done.outputs['site_url']}/new.txt").content == b"new"
    (comment,) = job.comments
    assert comment.startswith("<!-- assetsync:assetsync.yaml:production -->\n")
    assert comment.endswith(f"\n{done.outputs['site_url']}/\n")


def test_a_saved_plan_is_the_one_that_is_applied(job: Job) -> None:
    file = "site plan.assetsync-plan.json"
    assert job.run(plan_file=file).code == 0
    assert (job.stage.root / file).exists()
    assert job.run(command="apply", plan_file=file).code == 0
    assert job.run(command="apply", plan_file=file).outputs["exit_code"] == "4"


@pytest.mark.parametrize(("status", "token"), [(403, READER), (401, "no-token-at-all")])
def test_a_token_that_may_not_write_is_a_warning_and_the_plan_is_in_the_summary(
    job: Job, status: int, token: str
) -> None:
    job.token = token
    done = job.run()
    assert done.codes == {"Install": 0, "Run": 0, "Comment": 0}
    ((name, text),) = done.log.obeyed
    assert name == "warning"
    assert f"HTTP {status}" in text
    assert "pull-requests: write" in text
    assert "**Plan: 1 to create" in done.summary
    assert not job.github.comments


def test_a_github_that_is_not_there_is_a_warning(job: Job) -> None:
    job.variables["GITHUB_API_URL"] = "http://127.0.0.1:9"
    done = job.run()
    assert done.code == 0
    assert [name for name, _ in done.log.obeyed] == ["warning"]


def test_a_refusal_is_commented_and_leaves_the_job_red(job: Job) -> None:
    job.stage.write({"server.key": "x"})
    done = job.run()
    assert done.code == 3
    assert done.codes == {"Install": 0, "Run": 3, "Comment": 0}
    assert (done.outputs["refused"], done.outputs["exit_code"]) == ("true", "3")
    assert "--allow-secrets=1" in job.comments[0]
    assert job.run(arguments="--allow-secrets=1").code == 0
    assert ":warning: allowed:" in job.comments[0]


def test_what_fails_before_there_is_a_plan_is_in_the_same_comment(job: Job) -> None:
    job.run()
    job.stage.manifest(more="zzzz: 1\n")
    done = job.run()
    assert done.outputs["exit_code"] == "78"
    assert "assetsync.yaml:10:1" in job.comments[0]
    assert done.outputs["errors"].startswith("the key zzzz") or "zzzz" in done.outputs["errors"]
    job.stage.manifest()
    assert job.run(arguments="--no-such-option").outputs["exit_code"] == "64"
    assert "--no-such-option" in job.comments[0]
    assert len(job.comments) == 1


def test_a_run_without_a_pull_request_comments_nothing(job: Job) -> None:
    job.event = {"ref": "refs/heads/main"}
    done = job.run(command="apply")
    assert done.code == 0
    assert not [each for each in job.github.asked if each[0] != "GET"]
    assert not job.github.comments


def test_nobody_has_to_be_told(job: Job) -> None:
    done = job.run(comment="false")
    assert done.codes == {"Install": 0, "Run": 0}
    assert not job.github.asked


def test_arguments_are_split_at_blanks_and_never_evaluated(job: Job) -> None:
    job.stage.write({"server.key": "x", "other.key": "x"})
    done = job.run(arguments="--allow-secrets=2\n  --all   -v\n")
    assert done.code == 0
    assert "/page-0.html" in done.log.text
    for hostile in ("$(touch hacked)", "`touch hacked`", "; touch hacked", '"', "*"):
        assert job.run(arguments=hostile).outputs["exit_code"] == "64"
        assert job.run(command="apply", environment=hostile).code != 0
        assert job.run(manifest=hostile, key=hostile, plan_file=hostile).code != 0
    assert not [*job.stage.root.rglob("hacked")]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_no_name_of_a_file_is_obeyed_by_a_shell_the_runner_or_the_page(job: Job, name: str) -> None:
    """The names are refused or published by their rules; here they only must do no harm."""
    job.stage.write({name: "x", f"sub/{name}": "x"})
    for command in ("plan", "apply"):
        done = job.run(command=command)
        assert done.log.obeyed == []
        assert done.outputs["changes"] in {"true", ""}
        assert len(job.comments) == 1
        body = job.comments[0].removeprefix(f"{MARKER}\n<!-- assetsync plan -->\n")
        assert "-->" not in body
        assert "<!--" not in body
    assert not [*job.stage.root.rglob("hacked")]


def test_the_runner_here_would_have_obeyed(job: Job) -> None:
    """Else the test above proves nothing: what the log shows is a command to it once nothing holds it back."""
    job.stage.write({"##[set-output name=changes]hacked": "x"})
    done = job.run()
    shown = [line for line in done.log.text.splitlines() if "##[set-output" in line]
    assert shown
    fresh = type(done.log)()
    fresh.add("\n".join(shown))
    assert {name for name, _ in fresh.obeyed} == {"set-output"}


def test_texts_of_the_pull_request_are_nowhere(job: Job) -> None:
    done = job.run(environment="production")
    assert "hacked" not in done.log.text + done.summary + "".join(job.comments)
    assert not [*job.stage.root.rglob("hacked")]


def test_a_key_cannot_end_the_marker(job: Job) -> None:
    for _ in range(2):
        job.run(key='x --> <img src="y">\n::warning::z')
    (comment,) = job.comments
    assert re.fullmatch(r"<!-- assetsync:x[a-z:-]+ -->", comment.partition("\n")[0])


def test_the_tokens_are_not_told(job: Job) -> None:
    done = job.run(command="apply")
    assert WRITER not in done.log.text + done.summary + "".join(job.comments)


def test_a_wrong_command_and_a_wrong_version_are_named(job: Job) -> None:
    assert job.run(command="explode").log.obeyed[0][0] == "error"
    assert "none of plan, apply" in job.run(command="explode").log.text
    for wrong in ("1.0; touch hacked", "--index-url=http://x", "1.0\n2"):
        assert "is not one" in job.run(version=wrong).log.text


@pytest.mark.parametrize(
    "inputs",
    [
        {"command": "explode"},
        {"command": "apply", "working_directory": "no/such"},
        {"command": "apply", "working_directory": "-"},
    ],
    ids=str,
)
def test_inputs_that_are_wrong_run_nothing_and_leave_the_comment(job: Job, inputs: dict[str, str]) -> None:
    """A folder that is not there is not exchanged for the one above, whose manifest may be another one."""
    job.run()
    (before,) = job.comments
    done = job.run(**inputs)
    assert (done.code, done.outputs["exit_code"]) == (64, "64")
    assert [name for name, _ in done.log.obeyed] == ["error"]
    assert job.comments == [before]
    assert "/new.txt" not in job.stage.outside.paths()


def test_an_event_that_cannot_be_read_is_named(job: Job) -> None:
    """The code of jq would say that changes are pending."""
    job.variables["GITHUB_EVENT_PATH"] = str(job.stage.root / "none.json")
    done = job.run()
    assert (done.code, done.outputs["exit_code"]) == (64, "64")
    assert "GITHUB_EVENT_PATH" in done.log.obeyed[0][1]


def test_the_code_is_the_commands_whatever_becomes_of_the_summary(job: Job) -> None:
    job.stage.write({"server.key": "x"})
    job.summary_at = "/dev/full"
    done = job.run()
    assert (done.code, done.outputs["exit_code"]) == (3, "3")
    assert [name for name, _ in done.log.obeyed] == ["warning"]
    assert "--allow-secrets=1" in job.comments[0]


def test_a_run_that_is_cancelled_hears_of_it(job: Job) -> None:
    """The runner signals no other process than the one that it started, and again where that goes on."""
    before = job.stage.outside.live()
    with Held(job.stage.emulator.core, is_upload) as held:

        def cancel(text: str, process: subprocess.Popen[str]) -> None:
            if "run.sh" not in text:
                return
            held.wait_for()
            while process.poll() is None:
                process.send_signal(signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.1)

        job.started = cancel
        done = job.run(command="apply")
    assert (done.codes["Run"], done.outputs["exit_code"]) == (143, "143")
    assert "interrupted twice" in done.log.text
    assert "interrupted twice" in done.summary
    assert job.stage.outside.live() == before


def test_a_preview_without_a_pull_request_needs_a_name(job: Job) -> None:
    job.event = {"ref": "refs/heads/main"}
    done = job.run(command="preview")
    assert done.code == 64
    assert "a preview needs a pull request" in done.log.text


@pytest.mark.skipif("destroy" not in COMMANDS, reason="this version makes no previews")
def test_a_preview_lives_as_long_as_its_pull_request(job: Job) -> None:
    opened = job.run(command="preview")
    assert opened.code == 0, opened.log.text
    url = opened.outputs["site_url"]
    assert opened.outputs["environment"] == f"pr-{PULL_REQUEST}"
    assert job.stage.outside.visit_url(f"{url}/new.txt").content == b"new"
    assert "/new.txt" not in job.stage.outside.paths()
    assert job.comments[0].endswith(f"\n{url}/\n")

    job.event["action"] = "closed"
    closed = job.run(command="preview")
    assert (closed.code, closed.outputs["exit_code"]) == (0, "0"), closed.log.text
    names = [each["unique_name"] for each in job.stage.outside.every("/Environments")]
    assert names == ["production"]
    (comment,) = job.comments
    assert comment.endswith(f"### assetsync: `pr-{PULL_REQUEST}`\n\nThe Environment is gone.\n")

    assert job.run(command="preview").code == 0  # once more: it is gone already
    assert job.run(command="expire").code == 0


def test_what_is_agreed_to_at_a_preview_does_not_keep_it_from_going(job: Job) -> None:
    job.stage.write({"server.key": "x"})
    given = {"command": "preview", "arguments": "--allow-secrets=1 --suffix p42"}
    assert job.run(**given).code == 0
    job.event["action"] = "closed"
    assert job.run(**given).code == 0
    assert [each["unique_name"] for each in job.stage.outside.every("/Environments")] == ["production"]


def test_only_the_end_of_a_pull_request_ends_a_preview(job: Job) -> None:
    """Issues, for instance, are closed too."""
    job.event = {"action": "closed", "issue": {"number": 7}}
    assert job.run(command="preview", environment="shared").code == 0
    assert "shared" in [each["unique_name"] for each in job.stage.outside.every("/Environments")]


def test_every_input_and_output_is_described_and_documented() -> None:
    document = yaml.safe_load((REPOSITORY / "action.yml").read_text())
    page = (REPOSITORY / "docs/ci.md").read_text()
    for kind in ("inputs", "outputs"):
        for name, each in document[kind].items():
            assert each["description"]
            assert f"| `{name}` |" in page, f"docs/ci.md does not tell of {name}"
