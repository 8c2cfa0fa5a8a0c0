"""One site at the root of a port of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.emulator.one_site import SitePort
from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import Settings, Synchronous
from assetsync.emulator.signature import sign
from assetsync.errors import UsageError
from tests.emulator.driver import Api, make_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.emulator.driver import Json

SETTINGS = Settings(synchronous=Synchronous.OFF)


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[RunningEmulator]:
    with RunningEmulator(tmp_path, SETTINGS, one_site=SitePort(0)) as running:
        yield running


@pytest.fixture
def api(emulator: RunningEmulator) -> Iterator[Api]:
    with make_client(emulator.core, emulator.url) as client:
        yield Api(client, emulator.core, emulator.url)


def _get(emulator: RunningEmulator, path: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(f"{emulator.one_site_url}{path}", headers=named, trust_env=False)


def _published(api: Api) -> Json:
    service = api.service()
    environment = api.environment(service)
    files = (api.upload(service, "/a.txt"), api.upload(service, "/v1/Services", b"ours"))
    secret = api.upload(service, "/p.txt", b"secret", visibility="protected")
    api.publish(service, environment, *files, secret)
    return environment


def test_the_only_environment_is_served_at_the_root_and_nothing_else_is(emulator: RunningEmulator, api: Api) -> None:
    assert _get(emulator, "/a.txt").text == "There is no Environment yet.\n"
    _published(api)
    assert _get(emulator, "/a.txt").text == "hello"
    assert _get(emulator, "/v1/Services").text == "ours"
    assert _get(emulator, "/_emulator").status_code == 404
    assert httpx.head(f"{emulator.one_site_url}/a.txt", trust_env=False).status_code == 405


def test_protected_files_open_to_a_signature_of_this_port_or_of_the_domain(emulator: RunningEmulator, api: Api) -> None:
    environment = _published(api)
    assert _get(emulator, "/p.txt?x=1").status_code == 403
    for base in (emulator.one_site_url, f"https://{environment['domain_name']}"):
        signature = sign(f"{base}/p.txt?x=1", emulator.core.account.auth_token)
        assert _get(emulator, "/p.txt?x=1", X_Twilio_Signature=signature).text == "secret"


def test_with_several_environments_it_asks_which(emulator: RunningEmulator, api: Api) -> None:
    domains = [_published(api)["domain_name"] for _ in range(2)]
    answer = _get(emulator, "/a.txt")
    assert answer.status_code == 404
    assert "There are 2 Environments" in answer.text
    assert all(domain in answer.text for domain in domains)


def test_a_named_site_is_served_whatever_else_there_is(tmp_path: Path, emulator: RunningEmulator, api: Api) -> None:
    domains = [_published(api)["domain_name"] for _ in range(2)]
    emulator.stop()
    for domain, status in ((domains[1].upper(), 200), ("none.localhost", 404)):
        with RunningEmulator(tmp_path, SETTINGS, one_site=SitePort(0, domain)) as again:
            assert _get(again, "/a.txt").status_code == status


def test_faults_and_the_log_see_it_as_that_site(emulator: RunningEmulator, api: Api) -> None:
    domain = _published(api)["domain_name"]
    rule = {"match": f"GET /sites/{domain}/a.txt", "answer": 500}
    assert api.client.put("/_emulator/faults", json={"rules": [rule]}).status_code == 200
    assert _get(emulator, "/a.txt").status_code == 500
    assert emulator.core.requests.entries()[-1].site


def test_a_taken_port_stops_everything(tmp_path: Path, emulator: RunningEmulator) -> None:
    with pytest.raises(UsageError, match="cannot listen"):
        RunningEmulator(tmp_path / "other", SETTINGS, one_site=SitePort(emulator.port))
