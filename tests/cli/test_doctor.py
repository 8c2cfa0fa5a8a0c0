"""doctor: every check as a user sees it, what is wrong told beside what is right, and nothing written."""

from __future__ import annotations

import fcntl
import os
import socket
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from assetsync.doctor.machine import is_held, open_files, watches
from assetsync.emulator.server import RunningEmulator
from tests.cli.fixtures import KEY
from tests.cli.stage import Outside, Ran, Stage, connect
from tests.fakes.switched import switched
from tests.fakes.wire_server import Drop, Reply, WireServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = [
    *("versions", "local extra", "manifest", "proxy", "certificates", "local service", "credentials", "hosts"),
    *("API host", "upload host", "clock", "account", "Services", "Service", "Environments", "live Build"),
    *("cache", "journal", "locks", "watches", "open files"),
]
OTHER = "AC" + "0" * 32


def check(ran: Ran, name: str) -> tuple[str, str, str]:
    """State, message and the way out of one check, from the JSON form."""
    found = {each["name"]: each for each in ran.document["checks"]}
    return found[name]["state"], found[name]["message"], found[name]["hint"] or ""


def doctor(stage: Stage, code: int, *arguments: str) -> Ran:
    return stage.run("doctor", "--format", "json", *arguments).holds(code)


def test_everything_is_looked_at_in_a_few_reads(live: Stage) -> None:
    ran = doctor(live, 0)

    assert [each["name"] for each in ran.document["checks"]] == NAMES
    assert {each["state"] for each in ran.document["checks"]} <= {"ok", "warning"}
    assert len(ran.requests) <= 8
    assert ran.writes == ()
    assert check(ran, "manifest")[1] == "assetsync.yaml is valid for production"
    assert "10 of 1000 public and protected assets, 0 of 50 private assets" in check(ran, "live Build")[1]
    assert check(ran, "journal")[1] == "10 uploads remembered"


def test_text_is_one_line_a_check(live: Stage) -> None:
    ran = live.run("doctor").holds(0)

    assert [line.split(":")[0].split(maxsplit=1)[1] for line in ran.out.splitlines()] == NAMES
    assert {line.split()[0] for line in ran.out.splitlines()} <= {"ok", "warning"}


def test_a_folder_without_a_manifest_is_no_mistake(live: Stage) -> None:
    (live.root / "assetsync.yaml").unlink()

    ran = doctor(live, 0)

    assert check(ran, "manifest")[0] == "ok"
    assert "assetsync init" in check(ran, "manifest")[2]
    assert "Services of the account" in check(ran, "Services")[1]
    assert "live Build" not in ran.out


def test_a_wrong_manifest_keeps_nothing_else_from_being_looked_at(live: Stage) -> None:
    file = live.root / "assetsync.yaml"
    file.write_text(file.read_text().replace("visibility: public", "visibility: publik\n    colour: red"))

    ran = doctor(live, 1)

    state, message, hint = check(ran, "manifest")
    assert (state, message[:10]) == ("wrong", "2 problems")
    assert "assetsync.yaml:" in message
    assert "assetsync validate" in hint
    assert check(ran, "account")[0] == "ok"
    assert "live Build" not in ran.out


def test_of_several_environments_only_the_chosen_one_is_looked_at(live: Stage) -> None:
    live.manifest(environments="  - name: production\n  - {name: staging, suffix: stg}")

    assert "production, staging" in check(doctor(live, 0), "manifest")[1]
    assert "staging does not exist yet" in check(doctor(live, 0, "-e", "staging"), "live Build")[1]


def test_missing_credentials_are_told_and_all_else_is_looked_at(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")

    ran = doctor(live, 77)

    assert check(ran, "credentials")[:2] == (
        "wrong",
        "The variable TWILIO_ACCOUNT_SID is set but TWILIO_AUTH_TOKEN is not",
    )
    assert check(ran, "API host")[0] == check(ran, "clock")[0] == check(ran, "cache")[0] == "ok"
    assert "account" not in [each["name"] for each in ran.document["checks"]]


def test_refused_credentials_go_before_all_else_that_is_wrong(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "f" * 32)
    (live.root / "assetsync.yaml").write_text("version: 7\n")

    ran = doctor(live, 77)

    state, message, hint = check(ran, "account")
    assert state == check(ran, "manifest")[0] == "wrong"
    assert "20003" in message
    for word in ("test credentials", "Region"):
        assert word in hint


def test_a_key_is_told_from_a_token_and_the_account_is_held_against_it(
    live: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "protected URLs can be signed" in check(doctor(live, 0), "credentials")[1]
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    monkeypatch.setenv("TWILIO_API_KEY", KEY.sid)
    monkeypatch.setenv("TWILIO_API_SECRET", KEY.secret)
    key = check(doctor(live, 0), "credentials")
    assert "API key" in key[1]
    assert "cannot sign" in key[1]
    assert "TWILIO_AUTH_TOKEN" in key[2]

    monkeypatch.setenv("TWILIO_ACCOUNT_SID", OTHER)
    state, message, _hint = check(doctor(live, 77), "account")
    assert (state, "TWILIO_ACCOUNT_SID or the profile says AC0000...0000" in message) == ("wrong", True)


def test_no_secret_and_no_whole_account_is_told(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    account = live.emulator.core.account
    monkeypatch.setenv("HTTPS_PROXY", "http://somebody:hunter2hunter2@127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "somebody:pw4@127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")

    for voice in ((), ("--format", "json"), ("-v",)):
        ran = live.run("doctor", *voice).holds(
            0, "HTTPS_PROXY=http://somebody:[hidden]@127.0.0.1:1", "NO_PROXY=localhost"
        )
        for secret in (account.auth_token, "hunter2", "pw4", account.sid):
            assert secret not in ran.said


def test_hosts_are_told_as_the_settings_resolve_them(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "by ASSETSYNC_API_URL, ASSETSYNC_SITE_URL" in check(doctor(live, 0), "hosts")[1]
    monkeypatch.setenv("TWILIO_REGION", "mars1")
    monkeypatch.delenv("ASSETSYNC_API_URL")

    state, message, hint = check(doctor(live, 1), "hosts")

    assert (state, "mars1" in message, "ie1" in hint) == ("wrong", True, True)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://nowhere.invalid", "its name cannot be looked up (DNS)"),
        ("http://127.0.0.1:1", "the connection is refused"),
    ],
)
def test_a_host_that_is_not_reached_says_where_the_way_ends(
    live: Stage, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    monkeypatch.setenv("ASSETSYNC_UPLOAD_URL", url)

    ran = doctor(live, 1)

    assert check(ran, "upload host")[0] == "wrong"
    assert said in check(ran, "upload host")[1]
    assert check(ran, "API host")[0] == check(ran, "account")[0] == "ok"


def test_a_host_that_does_not_speak_tls_is_told_apart(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSETSYNC_UPLOAD_URL", live.emulator.url.replace("http://", "https://"))

    assert "(TLS)" in check(doctor(live, 1), "upload host")[1]


def test_a_host_that_hangs_up_was_reached_and_gave_no_answer(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    with WireServer(lambda _seen: Drop()) as server:
        monkeypatch.setenv("ASSETSYNC_UPLOAD_URL", server.url)
        assert "connected and gave no answer" in check(doctor(live, 1), "upload host")[1]


def test_without_the_api_host_the_account_is_not_asked(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSETSYNC_API_URL", "http://127.0.0.1:1")

    ran = doctor(live, 1)

    assert check(ran, "API host")[0] == check(ran, "upload host")[0] == "wrong"
    assert check(ran, "account")[:2] == ("warning", "it could not be asked: the API host does not answer")
    assert check(ran, "clock")[0] == "warning"
    assert check(ran, "locks")[0] == "ok"


def test_a_failing_service_is_told_once_and_not_waited_for(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    with WireServer(lambda _seen: Reply(503, b"busy")) as server:
        monkeypatch.setenv("ASSETSYNC_API_URL", server.url)
        ran = doctor(live, 1)
        assert check(ran, "API host")[:2] == ("warning", f"{server.url.removeprefix('http://')} answers HTTP 503")
        assert check(ran, "account")[0] == "wrong"
        assert len(server.seen) <= 8


@pytest.mark.parametrize(
    ("seconds", "state", "apart"),
    [
        (-3600, "warning", " "),
        (0, "ok", " s apart"),
        (20, "ok", " s apart"),
        (40, "warning", " s behind"),
        (4_000_000, "warning", " 46 d 7 h behind"),
    ],
)
def test_the_clock_is_held_against_the_services(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    seconds: int,
    state: str,
    apart: str,
) -> None:
    with RunningEmulator(
        tmp_path / "service", switched(), clock=lambda: datetime.now(UTC) + timedelta(seconds=seconds)
    ) as running:
        connect(monkeypatch, running)
        monkeypatch.chdir(tmp_path)
        outside = Outside(running, "my-site")
        ran = doctor(Stage(tmp_path, running, outside, capsys), 0)
        outside.close()
    found = check(ran, "clock")
    assert found[0] == state
    assert apart in found[1]
    if state == "warning":
        assert ("behind" if seconds > 0 else "ahead of") in found[1]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("SSL_CERT_FILE", "nowhere.pem"), ("SSL_CERT_FILE", "."), ("SSL_CERT_DIR", "assetsync.yaml")],
)
def test_certificates_that_cannot_be_read_are_wrong(
    live: Stage, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert check(doctor(live, 0), "certificates")[0] == "ok"
    monkeypatch.setenv(variable, value)

    assert check(doctor(live, 1), "certificates")[0] == "wrong"


def test_limits_that_are_nearly_used_up_are_warned_of(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with RunningEmulator(tmp_path / "service", switched()) as running:
        connect(monkeypatch, running)
        monkeypatch.chdir(tmp_path)
        outside = Outside(running, "my-site")
        stage = Stage(tmp_path, running, outside, capsys)
        stage.manifest()
        outside.new_service(("production", ""))
        for number in range(44):
            outside.new_service(name=f"other-{number}")
        outside.publish("production", *(outside.upload(f"/{number}", visibility="private") for number in range(45)))
        ran = doctor(stage, 0)
        outside.close()
    assert check(ran, "Services")[:2] == ("warning", "45 of 50 Services of the account")
    assert check(ran, "Environments")[:2] == ("ok", "1 of 25 Environments of my-site")
    assert check(ran, "live Build")[0] == "warning"
    assert "45 of 50 private assets" in check(ran, "live Build")[1]


def test_a_cache_folder_that_cannot_be_is_a_warning(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSETSYNC_CACHE_DIR", str(live.root / "assetsync.yaml"))

    ran = doctor(live, 0)

    assert check(ran, "cache")[0] == "warning"
    assert "ASSETSYNC_CACHE_DIR" in check(ran, "cache")[2]


def test_a_damaged_journal_is_told_and_left_as_it_is(live: Stage, home: Path) -> None:
    file = home / "cache/journal.sqlite"
    file.write_bytes(b"not a database at all, and long enough to be read as one" * 100)
    before = file.read_bytes()

    assert check(doctor(live, 0), "journal")[0] == "warning"
    assert file.read_bytes() == before


def test_a_journal_that_is_no_file_is_told_and_not_waited_for(live: Stage, home: Path) -> None:
    file = home / "cache/journal.sqlite"
    file.unlink()
    os.mkfifo(file)

    state, message = check(doctor(live, 0), "journal")[:2]

    assert state == "warning"
    assert "not a file" in message


def test_a_lock_is_told_as_held_only_while_a_process_holds_it(live: Stage, home: Path) -> None:
    assert "1 lock file of earlier runs" in check(doctor(live, 0), "locks")[1]
    (file,) = (home / "cache").glob("apply-*.lock")

    with file.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert check(doctor(live, 0), "locks")[:2] == ("warning", "1 run on this machine at work on a Service now")

    assert check(doctor(live, 0), "locks")[0] == "ok"
    assert not is_held(file.with_name("nowhere"))


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of something that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_local_service_is_running_left_over_or_hung(live: Stage, home: Path, silent: int) -> None:
    assert check(doctor(live, 0), "local service")[1] == "not running"
    folder = home / "data/local"
    folder.mkdir(parents=True)
    address = f'{{"pid": 1, "url": "http://127.0.0.1:{silent}", "account_sid": "{OTHER}", "auth_token": "x"}}'
    (folder / "server.json").write_text(address)
    assert "is left in" in check(doctor(live, 0), "local service")[1]

    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert check(doctor(live, 0), "local service")[0] == "warning"
        ran = doctor(live, 1, "--local")
    assert check(ran, "local service")[0] == "wrong"
    assert check(ran, "cache")[0] == "ok"


def test_the_local_service_is_examined_too(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")

    ran = doctor(live, 0, "--local")

    assert "does not exist in this account" in check(ran, "Service")[1]
    assert check(ran, "account")[0] == "ok"
    assert "from the local service" in check(ran, "credentials")[1]
    assert "hosts" not in [each["name"] for each in ran.document["checks"]], "no setting counts"
    live.run("doctor", "--local", "--profile", "x").holds(64, "leave one of them out")


def test_what_the_machine_allows_is_held_against_what_is_needed(tmp_path: Path) -> None:
    limit = tmp_path / "max_user_watches"
    assert watches(limit).state == "ok"
    for text, state in (("524288\n", "ok"), ("128\n", "warning"), ("many", "ok")):
        limit.write_text(text)
        assert watches(limit).state == state
    assert [open_files(most).state for most in (-1, 1024, 64)] == ["ok", "ok", "warning"]
