from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assetsync.errors import CredentialsError
from assetsync.twilio.credentials import Credentials, find_credentials, twilio_config_dir
from tests.unit.twilio.sids import sid

ACCOUNT, KEY = sid("AC"), sid("SK")
TOKEN_PAIR = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "token"}
KEY_PAIR = {"TWILIO_API_KEY": KEY, "TWILIO_API_SECRET": "secret"}


def write(directory: Path, config: object) -> Path:
    (directory / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    return directory


def profile(**changes: object) -> dict[str, object]:
    return {
        "accountSid": ACCOUNT,
        "apiKey": KEY,
        "apiSecret": "of-the-profile",
        "region": "ie1",
        "edge": None,
        **changes,
    }


def refused(environ: dict[str, str], directory: Path, name: str | None = None) -> CredentialsError:
    with pytest.raises(CredentialsError) as caught:
        find_credentials(environ, profile=name, config_dir=directory)
    assert caught.value.hint
    assert "\n" not in caught.value.message
    return caught.value


def test_an_account_and_its_token_are_used(tmp_path: Path) -> None:
    found = find_credentials(TOKEN_PAIR, profile=None, config_dir=tmp_path)
    assert found == Credentials(ACCOUNT, "token", ACCOUNT)


def test_a_key_beats_a_token(tmp_path: Path) -> None:
    found = find_credentials(TOKEN_PAIR | KEY_PAIR, profile=None, config_dir=tmp_path)
    assert (found.username, found.password, found.account_sid) == (KEY, "secret", ACCOUNT)


def test_a_key_needs_no_account(tmp_path: Path) -> None:
    environ = KEY_PAIR | {"TWILIO_REGION": "ie1", "TWILIO_EDGE": "dublin"}
    found = find_credentials(environ, profile=None, config_dir=tmp_path)
    assert found == Credentials(KEY, "secret", None, None, "ie1", "dublin")


def test_the_environment_beats_the_active_profile_and_blanks_around_it_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, {"profiles": {"dev": profile()}, "activeProject": "dev"})
    environ = {"TWILIO_ACCOUNT_SID": f" {ACCOUNT}\n", "TWILIO_AUTH_TOKEN": "token\n"}
    assert find_credentials(environ, profile=None, config_dir=tmp_path).password == "token"


def test_a_named_profile_beats_the_environment(tmp_path: Path) -> None:
    write(tmp_path, {"profiles": {"dev": profile()}, "activeProject": "other"})
    found = find_credentials(TOKEN_PAIR, profile="dev", config_dir=tmp_path)
    assert found == Credentials(KEY, "of-the-profile", ACCOUNT, "dev", "ie1")


def test_without_variables_the_active_profile_is_used_with_the_edge_of_the_whole_file(tmp_path: Path) -> None:
    write(tmp_path, {"edge": "sydney", "profiles": {"a": profile(), "b": profile(apiSecret="b")}, "activeProject": "b"})
    found = find_credentials({}, profile=None, config_dir=tmp_path)
    assert (found.profile, found.password, found.region, found.edge) == ("b", "b", "ie1", "sydney")


def test_region_and_edge_of_the_environment_beat_those_of_a_profile(tmp_path: Path) -> None:
    write(tmp_path, {"profiles": {"dev": profile(edge="dublin")}})
    environ = {"TWILIO_REGION": "au1", "TWILIO_EDGE": "sydney"}
    found = find_credentials(environ, profile="dev", config_dir=tmp_path)
    assert (found.region, found.edge) == ("au1", "sydney")


def test_a_single_profile_needs_no_activation(tmp_path: Path) -> None:
    write(tmp_path, {"profiles": {"dev": profile(accountSid=None)}})
    assert find_credentials({}, profile=None, config_dir=tmp_path).profile == "dev"


@pytest.mark.parametrize(
    ("environ", "present", "missing"),
    [
        ({"TWILIO_ACCOUNT_SID": ACCOUNT}, "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"),
        ({"TWILIO_AUTH_TOKEN": "token"}, "TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID"),
        ({"TWILIO_API_KEY": KEY}, "TWILIO_API_KEY", "TWILIO_API_SECRET"),
        ({"TWILIO_API_SECRET": "secret"}, "TWILIO_API_SECRET", "TWILIO_API_KEY"),
        (TOKEN_PAIR | {"TWILIO_API_KEY": KEY}, "TWILIO_API_KEY", "TWILIO_API_SECRET"),
    ],
)
def test_half_a_pair_is_an_error_that_names_the_other_half(
    environ: dict[str, str], present: str, missing: str, tmp_path: Path
) -> None:
    error = refused(environ, tmp_path)
    assert error.message == f"The variable {present} is set but {missing} is not"
    assert missing in str(error.hint)


@pytest.mark.parametrize("variable", ["TWILIO_ACCOUNT_SID", "TWILIO_API_KEY"])
def test_a_malformed_sid_is_an_error_that_does_not_show_what_may_be_a_secret(variable: str, tmp_path: Path) -> None:
    error = refused(TOKEN_PAIR | KEY_PAIR | {variable: "a-secret-in-the-wrong-place"}, tmp_path)
    assert variable in error.message
    assert "wrong-place" not in f"{error.message} {error.hint}"


def test_no_credentials_at_all_says_where_it_looked(tmp_path: Path) -> None:
    error = refused({}, tmp_path)
    assert str(tmp_path / "config.json") in error.message
    assert "TWILIO_API_KEY" in str(error.hint)


def test_a_named_profile_without_a_file_is_named(tmp_path: Path) -> None:
    assert "'dev' is unknown" in refused({}, tmp_path, "dev").message


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '"text"', "[" * 100_000, "{" + " " * 1_100_000 + "}", '{"apiSecret": "leaked" oops'],
    ids=["empty", "cut", "list", "string", "deep", "huge", "secret"],
)
def test_a_corrupt_file_is_named_and_its_text_not_shown(content: str, tmp_path: Path) -> None:
    error = refused({}, write(tmp_path, content))
    assert "is not a valid Twilio CLI configuration" in error.message
    assert "leaked" not in f"{error.message} {error.hint}"


def test_bytes_that_are_no_text_are_corrupt(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b"\xff\xfe\x00\x80")
    assert "is not a valid" in refused({}, tmp_path).message


def test_an_unreadable_file_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    assert "cannot be read: Is a directory" in refused({}, tmp_path).message


@pytest.mark.parametrize(
    ("config", "name", "words"),
    [
        ({"profiles": {"dev": profile()}}, "prod", "'prod' is not in"),
        ({"profiles": {"dev": profile()}, "activeProject": "gone"}, None, "'gone' is not in"),
        ({"profiles": {"dev": "text"}}, "dev", "'dev' is not in"),
        ({"profiles": {}}, None, "has no profile"),
        ({"profiles": []}, None, "has no profile"),
        ({"profiles": {"a": profile(), "b": profile()}}, None, "several profiles and none is active"),
        ({"projects": [{"id": "old", "accountSid": ACCOUNT}, 3]}, "old", "keychain"),
        ({"profiles": {"dev": profile(apiKey=None)}}, None, "no valid apiKey"),
        ({"profiles": {"dev": profile(apiKey=ACCOUNT)}}, None, "no valid apiKey"),
        ({"profiles": {"dev": profile(apiSecret="")}}, None, "no apiSecret"),
        ({"profiles": {"dev": profile(apiSecret=5)}}, None, "no apiSecret"),
        ({"profiles": {"dev": profile(accountSid="AC1")}}, None, "no valid accountSid"),
    ],
)
def test_a_profile_that_cannot_serve_says_why(config: Any, name: str | None, words: str, tmp_path: Path) -> None:
    assert words in refused({}, write(tmp_path, config), name).message


def test_an_unknown_profile_lists_the_known_ones_but_not_hundreds(tmp_path: Path) -> None:
    write(tmp_path, {"profiles": {f"p{number:03}": profile() for number in range(200)}})
    hint = str(refused({}, tmp_path, "prod").hint)
    assert "p000, p001" in hint
    assert "p100" not in hint


def test_a_name_that_would_move_the_cursor_is_escaped(tmp_path: Path) -> None:
    message = refused({}, write(tmp_path, {"profiles": {}}), "a\x1b[2Jb").message
    assert "\x1b" not in message
    assert "a\\x1b[2Jb" in message


def test_the_secret_never_shows(credentials: Credentials) -> None:
    for text in (repr(credentials), str(credentials), f"{credentials}", repr([credentials])):
        assert credentials.password not in text


def test_the_config_folder_is_the_cli_s_own(tmp_path: Path) -> None:
    assert twilio_config_dir({}, tmp_path) == tmp_path / ".twilio-cli"
    assert twilio_config_dir({"TWILIO_CONFIG_DIR": "/etc/twilio"}, tmp_path) == Path("/etc/twilio")
