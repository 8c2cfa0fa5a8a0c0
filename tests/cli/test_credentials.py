"""Who we are to the service, and that nobody reads the secret: not on a screen, not in any file."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.faults import NoFaults
from assetsync.emulator.messages import Answer, Outcome, Request, json_answer
from tests.cli.fixtures import KEY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.stage import Stage

COMMANDS = (("plan",), ("apply", "--yes"), ("status",), ("gc", "--yes"))
by_command = pytest.mark.parametrize("command", COMMANDS, ids=[each[0] for each in COMMANDS])


@by_command
def test_missing_credentials_are_asked_for_by_their_variables(
    live: Stage, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWILIO_ACCOUNT_SID")
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    ran = live.run(*command).holds(
        77, "TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or TWILIO_API_KEY with TWILIO_API_SECRET", "twilio login"
    )
    assert ran.requests == ()


@by_command
def test_wrong_credentials_are_told_from_a_failure(
    live: Stage, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "f" * 32)
    assert live.run(*command).holds(77, "20003").writes == ()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("TWILIO_AUTH_TOKEN", "", "TWILIO_ACCOUNT_SID is set but TWILIO_AUTH_TOKEN is not"),
        ("TWILIO_ACCOUNT_SID", "", "TWILIO_AUTH_TOKEN is set but TWILIO_ACCOUNT_SID is not"),
        ("TWILIO_ACCOUNT_SID", "hunter2-hunter2", "The variable TWILIO_ACCOUNT_SID is not an Account SID"),
        ("TWILIO_API_KEY", KEY.sid, "TWILIO_API_KEY is set but TWILIO_API_SECRET is not"),
        ("TWILIO_API_KEY", "hunter2-hunter2", "The variable TWILIO_API_KEY is not an API key SID"),
    ],
)
def test_half_set_or_swapped_variables_are_named_and_their_values_are_not(
    live: Stage, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    ran = live.run("plan").holds(77, message)
    assert ran.requests == ()
    assert "hunter2" not in ran.said


def use_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    monkeypatch.setenv("TWILIO_API_KEY", KEY.sid)
    monkeypatch.setenv("TWILIO_API_SECRET", KEY.secret)


def test_a_key_is_enough_with_and_without_the_account(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    use_key(monkeypatch)
    live.run("plan").holds(0, "No changes.")
    monkeypatch.delenv("TWILIO_ACCOUNT_SID")
    assert live.run("plan", "--format", "json").holds(0).plan["account_sid"] == live.emulator.core.account.sid


def test_a_key_of_another_account_than_the_one_that_is_named_is_refused(
    live: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_key(monkeypatch)
    other = "AC" + "0" * 32
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", other)
    live.write({"new.txt": "new"})
    ran = live.run("apply", "--yes")
    belongs = live.emulator.core.account.sid
    ran.holds(
        77,
        f"the key belongs to the account {belongs[:6]}...{belongs[-4:]}, ",
        "and TWILIO_ACCOUNT_SID or the profile says AC0000...0000",
    )
    assert ran.writes == ()


@pytest.fixture
def profiles(live: Stage, home: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The Twilio CLI's configuration with a good profile that is active and a bad one; no variables."""
    account = live.emulator.core.account.sid
    good = {"accountSid": account, "apiKey": KEY.sid, "apiSecret": KEY.secret}
    bad = {"accountSid": account, "apiKey": "SK" + "0" * 32, "apiSecret": "not-the-secret-of-this-key"}
    file = home / ".twilio-cli/config.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"activeProject": "good", "profiles": {"good": good, "bad": bad}}))
    monkeypatch.delenv("TWILIO_ACCOUNT_SID")
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    return live


def test_the_active_profile_of_the_twilio_cli_is_used(profiles: Stage) -> None:
    profiles.run("plan").holds(0, "No changes.")


def test_another_profile_is_used_when_it_is_named(profiles: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles.run("plan", "--profile", "bad").holds(77, "20003")
    monkeypatch.setenv("ASSETSYNC_PROFILE", "bad")
    profiles.run("plan").holds(77, "20003")
    profiles.run("plan", "--profile", "good").holds(0)
    profiles.run("plan", "--profile", "nobody").holds(77, "The profile 'nobody' is not in", "bad, good")


def test_the_variables_win_over_the_active_profile_and_a_named_profile_over_them(
    profiles: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", profiles.emulator.core.account.sid)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "f" * 32)
    profiles.run("plan").holds(77)
    profiles.run("plan", "--profile", "good").holds(0)


class Echo:
    """A service that fails and puts the credentials that it was sent into its messages."""

    def __init__(self) -> None:
        self.told = 0

    def before(self, request: Request) -> Outcome | None:
        if request.method == "GET":
            return None
        self.told += 1
        sent = request.headers["authorization"]
        clear = base64.b64decode(sent.removeprefix("Basic ")).decode()
        return json_answer(400, {"code": 20001, "message": f"bad: {sent} {clear}", "status": 400})

    def after(self, request: Request, answer: Answer) -> Outcome | None:
        return None


@pytest.mark.parametrize("with_key", [False, True], ids=["token", "key"])
def test_no_credential_is_shown_or_written_anywhere(
    live: Stage, home: Path, monkeypatch: pytest.MonkeyPatch, with_key: bool
) -> None:
    account = live.emulator.core.account
    if with_key:
        use_key(monkeypatch)
    user, secret = (KEY.sid, KEY.secret) if with_key else (account.sid, account.auth_token)
    hidden = {secret.encode(), base64.b64encode(f"{user}:{secret}".encode())}
    live.write({"new.txt": "new"})
    said = [
        live.run(*command, *voice)
        for voice in ((), ("-v",), ("-q",), ("--format", "json"), ("--format", "markdown", "-v"))
        for command in (("plan", "--out", "saved.json"), ("status",), ("gc", "--dry-run"))
    ]
    echo = Echo()
    live.emulator.core.faults = echo
    said += [live.run("apply", "--yes", *voice).holds(1) for voice in ((), ("-v",), ("--format", "json"))]
    assert echo.told >= 3
    live.emulator.core.faults = NoFaults()
    said.append(live.run("apply", "saved.json", "-v").holds(0))
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", secret + "x")
    monkeypatch.setenv("TWILIO_API_SECRET", secret + "x")
    said.append(live.run("plan", "-v") if with_key else live.run("plan", "-v").holds(77))
    files = [file for folder in (home, live.root) for file in folder.rglob("*") if file.is_file()]
    assert {"journal.sqlite", "saved.json"} <= {file.name for file in files}
    texts = [each.said.encode() for each in said] + [file.read_bytes() for file in files]
    assert not [text for text in texts for each in hidden if each in text]
