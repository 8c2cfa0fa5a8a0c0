from __future__ import annotations

import subprocess
import sys

import pytest

from assetsync.errors import UsageError
from assetsync.twilio.credentials import Credentials
from assetsync.twilio.endpoints import Endpoints, find_endpoints
from tests.unit.twilio.sids import sid


def pair(region: str | None = None, edge: str | None = None) -> Credentials:
    return Credentials(sid("SK"), "secret", region=region, edge=edge)


def refused(environ: dict[str, str]) -> UsageError:
    with pytest.raises(UsageError) as caught:
        find_endpoints(environ, pair())
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("region", "edge", "suffix"),
    [
        (None, None, ""),
        ("us1", None, ".ashburn.us1"),
        ("au1", None, ".sydney.au1"),
        ("ie1", None, ".dublin.ie1"),
        ("ie1", "frankfurt", ".frankfurt.ie1"),
        ("jp1", "tokyo", ".tokyo.jp1"),
        (None, "sydney", ".sydney"),
    ],
)
def test_region_and_edge_choose_both_hosts(region: str | None, edge: str | None, suffix: str) -> None:
    """The rule of the Serverless Toolkit (F9.8)."""
    wanted = Endpoints(f"https://serverless{suffix}.twilio.com", f"https://serverless-upload{suffix}.twilio.com")
    assert find_endpoints({}, pair(region, edge)) == wanted
    environ = {"TWILIO_REGION": region or "", "TWILIO_EDGE": edge or ""}
    assert find_endpoints(environ, pair()) == wanted


def test_the_environment_beats_the_profile() -> None:
    found = find_endpoints({"TWILIO_REGION": "ie1", "TWILIO_EDGE": "dublin"}, pair("au1", "sydney"))
    assert found.api_url == "https://serverless.dublin.ie1.twilio.com"


def test_one_url_replaces_both_hosts() -> None:
    found = find_endpoints({"ASSETSYNC_API_URL": "http://localhost:4010/twilio/"}, pair("jp1"))
    assert (found.api_url, found.upload_url) == ("http://localhost:4010/twilio",) * 2


def test_the_upload_host_can_be_replaced_alone() -> None:
    found = find_endpoints({"ASSETSYNC_UPLOAD_URL": "http://[::1]:4011"}, pair())
    assert (found.api_url, found.upload_url) == ("https://serverless.twilio.com", "http://[::1]:4011")


def test_sites_are_served_by_template() -> None:
    assert find_endpoints({}, pair()).site("a-1.twil.io") == "https://a-1.twil.io"
    found = find_endpoints({"ASSETSYNC_SITE_URL": "http://localhost:8000/{domain}/"}, pair())
    assert found.site("a-1.twil.io") == "http://localhost:8000/a-1.twil.io"


@pytest.mark.parametrize(
    "url",
    [
        "serverless.twilio.com",
        "ftp://twilio.com",
        "http://",
        "http://:80",
        "http://a b/",
        "http://a\\b",
        "http://host:port",
        "http://host:0",
        "http://host:99999",
        "http://host..name",
        f"http://{'a' * 64}.com",
        "http://[::1",
        "http://user:hunter2@host",
        "http://host/?query",
        "http://host/#fragment",
        "http://h\u00f6st",
        "http://host\x07",
        "http://-host",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_showing_it(url: str) -> None:
    for variable in ("ASSETSYNC_API_URL", "ASSETSYNC_UPLOAD_URL"):
        error = refused({variable: url})
        assert error.message.startswith(f"The variable {variable} is not a usable URL: ")
        assert "hunter2" not in f"{error.message}{error.hint}"


def test_v1_is_ours_to_add() -> None:
    assert "without /v1" in str(refused({"ASSETSYNC_API_URL": "https://serverless.twilio.com/v1/"}).hint)


def test_a_site_template_needs_its_place_and_a_usable_url() -> None:
    assert "{domain}" in refused({"ASSETSYNC_SITE_URL": "http://localhost:8000"}).message
    assert "ASSETSYNC_SITE_URL" in refused({"ASSETSYNC_SITE_URL": "{domain}"}).message


@pytest.mark.parametrize("environ", [{"TWILIO_REGION": "ie1.evil.com/"}, {"TWILIO_EDGE": "Dublin!"}])
def test_a_region_that_would_leave_its_place_in_the_host_is_refused(environ: dict[str, str]) -> None:
    assert "is not a Region or edge name" in refused(environ).message


def test_a_region_without_a_known_edge_asks_for_one() -> None:
    assert "TWILIO_EDGE" in str(refused({"TWILIO_REGION": "jp1"}).hint)


def test_credentials_and_endpoints_do_without_the_slow_import() -> None:
    code = "import sys, assetsync.twilio.credentials, assetsync.twilio.endpoints; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
