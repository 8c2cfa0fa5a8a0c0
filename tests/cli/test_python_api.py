"""The Python API, as a script uses it, against the local service on a real socket."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import assetsync
from assetsync import errors
from assetsync.cli.options import CREATE_SERVICE
from assetsync.cli.options import OVERRIDES as FLAGS
from assetsync.events import Deployed, Event, UploadDone
from assetsync.plan.safety import OVERRIDES
from tests.cli.fixtures import KEY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.stage import Stage

CONSENT = assetsync.Consent("--create-service")


def test_a_script_plans_applies_and_verifies(stage: Stage) -> None:
    stage.write({"a.txt": "a", "b.txt": "b"})
    told: list[Event] = []
    manifest = assetsync.load_manifest(stage.root / "assetsync.yaml")

    with assetsync.connect(emit=told.append) as connection:
        planned = connection.plan(manifest, consents=[CONSENT])
        assert planned.plan.summary["create"] == 2
        outcome = connection.apply(planned)
        again = connection.plan(manifest)
        verified = connection.verify(manifest)

    assert outcome.build_sid == stage.outside.environment("production")["build_sid"]
    assert not again.plan.build_needed
    assert (verified.checked, verified.findings) == (2, ())
    assert stage.outside.visit("/b.txt").text == "b"
    assert sorted(event.path for event in told if isinstance(event, UploadDone)) == ["/a.txt", "/b.txt"]
    assert sum(isinstance(event, Deployed) for event in told) == 1


def test_what_is_refused_is_not_applied_without_a_consent(stage: Stage) -> None:
    stage.write({"a.txt": "a"})
    manifest = assetsync.load_manifest(stage.root / "assetsync.yaml")

    with assetsync.connect() as connection:
        planned = connection.plan(manifest)
        assert [refusal.flag for refusal in planned.refusals] == ["--create-service"]
        with pytest.raises(assetsync.Refused):
            connection.apply(planned)
        connection.apply(planned.consenting([CONSENT]))

    assert stage.outside.visit("/a.txt").text == "a"


def test_a_consent_by_a_flag_that_there_is_not_is_refused(stage: Stage) -> None:
    manifest = assetsync.load_manifest(stage.manifest())
    with assetsync.connect() as connection:
        stage.write({"a": "a"})
        with pytest.raises(assetsync.UsageError, match="agrees to nothing") as refused:
            connection.plan(manifest, consents=[assetsync.Consent("--allow-secret")])
        assert refused.value.hint == "did you mean --allow-secrets?"
        planned = connection.plan(manifest)
        with pytest.raises(assetsync.UsageError, match="agrees to nothing"):
            planned.consenting([assetsync.Consent("allow-everything")])
    assert {*OVERRIDES} == {*FLAGS, CREATE_SERVICE}, "the command line has these and no other"


def test_the_document_is_that_of_the_command_line(live: Stage) -> None:
    live.write({"new.txt": "new"})
    manifest = assetsync.load_manifest(live.root / "assetsync.yaml")

    with assetsync.connect() as connection:
        document = connection.plan(manifest).document()

    printed = live.run("plan", "--format", "json").plan
    assert document == {key: value for key, value in printed.items() if key != "errors"}


def test_errors_are_of_one_tree_and_nothing_is_printed(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    (stage.root / "assetsync.yaml").write_text("version: 2\n")

    with pytest.raises(assetsync.InvalidInput) as caught:
        assetsync.load_manifest(stage.root / "assetsync.yaml")

    assert caught.value.problems[0].line == 1
    assert isinstance(caught.value, assetsync.AssetsyncError)
    assert capsys.readouterr() == ("", "")


def test_every_name_is_there_and_no_other() -> None:
    for name in assetsync.__all__:
        assert getattr(assetsync, name) is not None
    assert assetsync.Conflict is errors.Conflict
    assert set(assetsync.__all__) <= set(dir(assetsync))
    name = "plam"
    with pytest.raises(AttributeError, match="no attribute 'plam'"):
        getattr(assetsync, name)


def test_every_error_that_a_call_is_said_to_raise_has_its_name_here() -> None:
    calls = (assetsync.load_manifest, assetsync.connect, *vars(assetsync.Connection).values())
    told = {word for call in calls for word in re.findall(r"[A-Z]\w+", str(call.__doc__)) if hasattr(errors, word)}
    assert {"UsageError", "CredentialsError", "ServiceError", "BuildFailed"} <= told
    assert told <= set(assetsync.__all__)


def test_a_type_checker_knows_every_name_and_no_other(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    names = "".join(f"assetsync.{name}\n" for name in assetsync.__all__)
    script.write_text(f"import assetsync\n{names}assetsync.conect()\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", str(tmp_path), str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    found = [line for line in done.stdout.splitlines() if "error:" in line]
    assert len(found) == 1, done.stdout + done.stderr
    assert '"conect"' in found[0]


def test_what_a_connection_is_told_counts_and_not_the_process(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the token that signs for what is protected, which a key needs beside it."""
    variables = {**os.environ, "TWILIO_API_KEY": KEY.sid, "TWILIO_API_SECRET": KEY.secret}
    stage.manifest('    rules:\n      - {match: "me/**", visibility: protected}\n')
    stage.write({"me/a.txt": "a"})
    manifest = assetsync.load_manifest(stage.root / "assetsync.yaml")
    for name in [name for name in variables if name.startswith(("TWILIO_", "ASSETSYNC_"))]:
        monkeypatch.delenv(name, raising=False)

    with assetsync.connect(environ=variables) as connection:
        connection.apply(connection.plan(manifest, consents=[CONSENT]))
        verified = connection.verify(manifest, wait=10)

        assert (verified.checked, verified.unsigned, verified.findings) == (1, 0, ())
        assert variables["TWILIO_AUTH_TOKEN"] not in repr(connection)
        assert KEY.secret not in repr(connection)


def test_a_plan_for_another_account_is_not_applied(stage: Stage) -> None:
    """As a script does that takes the wrong one of its connections; the new Service would be made there."""
    stage.write({"a.txt": "a"})
    manifest = assetsync.load_manifest(stage.root / "assetsync.yaml")
    with assetsync.connect() as connection:
        planned = connection.plan(manifest, consents=[CONSENT])
    keys = {"TWILIO_API_KEY": KEY.sid, "TWILIO_API_SECRET": KEY.secret}
    others = {**os.environ, **keys, "TWILIO_ACCOUNT_SID": f"AC{'0' * 32}"}

    with assetsync.connect(environ=others) as other:
        with pytest.raises(assetsync.UsageError, match="the plan is for the account"):
            other.apply(planned)
        assert other.client.tally.requests == 0


@pytest.mark.parametrize(
    "dials", [{"concurrency": 0}, {"concurrency": -1}, {"stall_timeout": 0}, {"stall_timeout": float("nan")}], ids=str
)
def test_a_connection_that_could_send_nothing_is_refused_at_once(stage: Stage, dials: dict[str, Any]) -> None:
    with pytest.raises(assetsync.UsageError), assetsync.connect(**dials):
        pass


def test_importing_the_package_imports_nothing_else() -> None:
    program = "import sys, assetsync; print([name for name in sys.modules if name.startswith('assetsync.')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
