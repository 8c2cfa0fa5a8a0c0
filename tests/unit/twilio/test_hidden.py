from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetsync.twilio.hidden import LEAST, Veil, of_environment, of_pair
from assetsync.twilio.printable import printable

PASSWORD = "hunter2/hunter2?>"
TOKEN = base64.b64encode(f"me:{PASSWORD}".encode()).decode()


@pytest.mark.parametrize(
    "said",
    [
        PASSWORD,
        f"Basic {TOKEN}",
        quote(PASSWORD, safe=""),
        quote(TOKEN, safe=""),
        json.dumps(TOKEN).replace("/", "\\/"),
        f"{TOKEN}{PASSWORD}",
    ],
)
def test_each_way_of_writing_a_pair_is_hidden(said: str) -> None:
    shown = Veil(of_pair("me", PASSWORD)).text(f"it said {said} and so on")
    assert "[hidden]" in shown
    assert not [piece for piece in (PASSWORD, TOKEN.rstrip("="), "hunter2") if piece in shown]
    assert shown.startswith("it said ")
    assert shown.endswith(" and so on")


def test_what_is_short_is_found_by_chance_and_not_hidden() -> None:
    assert Veil(["a" * (LEAST - 1), ""]).text("aaaaa b") == "aaaaa b"


def test_a_secret_that_is_a_part_of_another_does_not_uncover_the_rest() -> None:
    assert Veil(["secret", "secret-and-more"]).text("x secret-and-more y secret z") == "x [hidden] y [hidden] z"


@pytest.mark.parametrize("limit", range(14, 14 + len(TOKEN)))
def test_half_a_secret_before_a_cut_is_hidden(limit: int) -> None:
    said = printable(f"it said Basic {TOKEN} and so on", limit=limit)
    shown = Veil(of_pair("me", PASSWORD)).text(f"{said} (try 2)")
    assert TOKEN[:LEAST] not in shown
    assert shown.startswith("it said Basic")
    assert shown.endswith(" (try 2)")


def test_a_document_keeps_its_shape() -> None:
    document = {"a": ["my-secret", 1, None, {"b": "x my-secret"}], "my-secret": True}
    assert Veil(["my-secret"]).document(document) == {
        "a": ["[hidden]", 1, None, {"b": "x [hidden]"}],
        "my-secret": True,
    }
    assert document["a"][0] == "my-secret"  # type: ignore[index]


def test_more_may_be_hidden_later() -> None:
    first = Veil(["first-secret"])
    assert first.over(["second-secret"]).text("first-secret second-secret") == "[hidden] [hidden]"
    assert first.text("second-secret") == "second-secret"


def test_the_variables_secrets_are_twilios_and_those_of_proxies() -> None:
    environ = {
        "TWILIO_AUTH_TOKEN": " the-auth-token ",
        "TWILIO_API_SECRET": "the-api-secret",
        "TWILIO_ACCOUNT_SID": "AC1",
        "HTTPS_PROXY": "http://me:the%2Fpass@proxy:3128",
        "all_proxy": "him:his-password@proxy:1",
        "HTTP_PROXY": "http://[bad",
        "NO_PROXY": "http://a:not-a-proxy@b",
    }
    secrets = set(of_environment(environ))
    proxied = base64.b64encode(b"me:the/pass").decode().rstrip("=")
    without_scheme = base64.b64encode(b"him:his-password").decode().rstrip("=")
    theirs = {"the%2Fpass", "the/pass", proxied, "his-password", without_scheme}
    assert secrets == {"the-auth-token", "the-api-secret"} | theirs
    assert set(of_environment({"ALL_PROXY": "socks5://proxy:1"})) <= {""}


@given(st.text(max_size=60), st.text(min_size=LEAST, max_size=12))
def test_whatever_the_secret_it_is_not_in_what_is_shown(text: str, secret: str) -> None:
    shown = Veil([secret]).text(text + secret + text)
    assert secret not in shown or secret in text + "[hidden]" + text
