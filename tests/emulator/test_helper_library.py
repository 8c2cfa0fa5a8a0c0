"""The official Python helper library works unchanged, but for the host."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from assetsync.emulator.signature import sign
from tests.emulator.driver import made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator.driver import Api


rest = pytest.importorskip("twilio.rest")
http_client = pytest.importorskip("twilio.http.http_client")
TwilioRestException = pytest.importorskip("twilio.base.exceptions").TwilioRestException
RequestValidator = pytest.importorskip("twilio.request_validator").RequestValidator


class LocalHttpClient:
    """The library's own HTTP client, sent to another host."""

    def __init__(self, base: str) -> None:
        self.real = http_client.TwilioHttpClient(logger=logging.getLogger("tests.twilio"))
        self.real.session.trust_env = False
        self._place = urlsplit(base)
        self.requests = 0

    def request(self, method: str, url: str, *args: Any, **options: Any) -> Any:
        self.requests += 1
        asked = urlsplit(url)
        there = urlunsplit((self._place.scheme, self._place.netloc, asked.path, asked.query, ""))
        return self.real.request(method, there, *args, **options)


@pytest.fixture
def http(socket_api: Api) -> Iterator[LocalHttpClient]:
    client = LocalHttpClient(socket_api.base)
    yield client
    client.real.session.close()


@pytest.fixture
def v1(socket_api: Api, http: LocalHttpClient) -> Any:
    account = socket_api.core.account
    return rest.Client(account.sid, account.auth_token, http_client=http).serverless.v1


def test_every_resource_is_made_listed_and_deleted(socket_api: Api, v1: Any) -> None:
    service = v1.services.create(unique_name="helper", friendly_name="Helper", ui_editable=True)
    assert (service.ui_editable, service.include_credentials) == (True, True)
    assert v1.services("helper").fetch().sid == service.sid
    assert service.update(friendly_name="Other").friendly_name == "Other"
    raw = {"sid": service.sid}
    asset, function = socket_api.upload(raw), socket_api.upload(raw, "/f", kind="Functions")
    fetched = v1.services(service.sid).assets(asset["asset_sid"]).asset_versions(asset["sid"]).fetch()
    assert (fetched.path, fetched.visibility) == ("/a.txt", "public")
    assert v1.services(service.sid).assets(asset["asset_sid"]).asset_versions.list()[0].sid == asset["sid"]
    version = v1.services(service.sid).functions(function["function_sid"]).function_versions(function["sid"])
    assert version.function_version_content().fetch().content == "hello"
    environment = v1.services(service.sid).environments.create(unique_name="e", domain_suffix="s")
    variable = environment.variables.create(key="k", value="v")
    assert variable.update(value="w").value == "w"
    build = v1.services(service.sid).builds.create(
        asset_versions=[asset["sid"]], function_versions=[function["sid"]], dependencies="[]", runtime="node22"
    )
    assert (build.status, len(build.asset_versions), build.dependencies) == ("building", 1, [])
    assert build.build_status().fetch().status == "completed"
    deployment = environment.deployments.create(build_sid=build.sid)
    assert [entry.sid for entry in environment.deployments.list()] == [deployment.sid]
    assert environment.fetch().build_sid == build.sid
    assert environment.logs.list() == []
    with pytest.raises(TwilioRestException) as refused:
        build.delete()
    assert (refused.value.status, refused.value.code) == (400, 20001)
    environment.deployments.create()
    assert all(thing.delete() for thing in (build, variable, environment))
    assert v1.services(service.sid).functions(function["function_sid"]).delete()
    assert v1.services(service.sid).delete()
    with pytest.raises(TwilioRestException) as gone:
        v1.services("helper").fetch()
    assert (gone.value.status, gone.value.code) == (404, 20404)


def test_a_hundred_and_twenty_assets_are_listed_in_three_pages(v1: Any, http: LocalHttpClient) -> None:
    service = v1.services.create(unique_name="paging", friendly_name="Paging")
    sids = [service.assets.create(friendly_name=f"/{number}").sid for number in range(120)]
    before = http.requests
    listed = [asset.sid for asset in service.assets.list(page_size=50)]
    assert http.requests - before == 3
    assert listed == sids[::-1]
    page = service.assets.page(page_size=50).next_page()
    assert page is not None
    assert next(iter(page)).sid == sids[69]
    back = page.previous_page()
    assert back is not None
    assert next(iter(back)).sid == sids[119]
    assert service.assets(sids[0]).update(friendly_name="new").friendly_name == "new"
    assert all(service.assets(sid).delete() for sid in sids[:20])
    assert len(service.assets.list()) == 100


def test_assets_created_at_once_are_all_listed_in_pages_renamed_and_deleted(
    socket_api: Api, v1: Any, http: LocalHttpClient
) -> None:
    """2,345 of them, made by sixteen raw clients; the library does the rest."""
    service = v1.services.create(unique_name="many-assets", friendly_name="Many")
    place = f"/v1/Services/{service.sid}/Assets"

    def create(numbers: range) -> list[str]:
        return [
            made(socket_api.client.post(place, data={"FriendlyName": f"/{number}"}))["friendly_name"]
            for number in numbers
        ]

    with ThreadPoolExecutor(16) as pool:
        names = {name for part in pool.map(create, [range(first, 2345, 16) for first in range(16)]) for name in part}
    assert len(names) == 2345
    before = http.requests
    listed = list(service.assets.stream(page_size=1000))
    assert http.requests - before == 3
    assert {asset.friendly_name for asset in listed} == names
    assert len({asset.sid for asset in listed}) == len(listed) == 2345
    assert [asset.sid for asset in service.assets.list(page_size=50)] == [asset.sid for asset in listed]
    assert len(service.assets.list(limit=70)) == 70
    assert listed[7].update(friendly_name="renamed").friendly_name == "renamed"
    assert all(asset.delete() for asset in listed[:45])
    assert len(service.assets.list(page_size=1000)) == 2300
    assert service.delete()


@pytest.mark.parametrize(
    ("scheme", "port"),
    [("https", ""), ("https", ":443"), ("https", ":4080"), ("http", ""), ("http", ":80"), ("http", ":4080")],
)
@pytest.mark.parametrize("query", ["", "?x=y", "?a=1&b=%C3%A9"])
def test_the_librarys_signature_opens_a_protected_asset(socket_api: Api, scheme: str, port: str, query: str) -> None:
    service = socket_api.service()
    environment = socket_api.environment(service)
    socket_api.publish(service, environment, socket_api.upload(service, visibility="protected"))
    token = socket_api.core.account.auth_token
    place = environment["domain_name"] + (f":{urlsplit(socket_api.base).port}" if port == ":4080" else port)
    url = f"{scheme}://{place}/a.txt{query}"
    signature = RequestValidator(token).compute_signature(url, {})
    assert socket_api.site(environment, f"/a.txt{query}", X_Twilio_Signature=signature).content == b"hello"
    for wrong in (
        RequestValidator("other").compute_signature(url, {}),
        RequestValidator(token).compute_signature(f"{url}x", {}),
        RequestValidator(token).compute_signature(url, {"a": "b"}),
    ):
        assert socket_api.site(environment, f"/a.txt{query}", X_Twilio_Signature=wrong).status_code == 403


@pytest.mark.parametrize("url", ["https://a-1.localhost/a.txt", "http://a-1.localhost:4080/a%20b?x=y&z=%C3%A9"])
def test_our_signature_is_what_the_library_takes(url: str) -> None:
    assert RequestValidator("token").validate(url, {}, sign(url, "token"))
    assert not RequestValidator("token").validate(url, {}, sign(url, "other"))
