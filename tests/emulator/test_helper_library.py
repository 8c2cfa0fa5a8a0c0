"""The official Python helper library works unchanged, but for the host."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pytest

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


def test_the_librarys_signature_opens_a_protected_asset(socket_api: Api) -> None:
    service = socket_api.service()
    environment = socket_api.environment(service)
    socket_api.publish(service, environment, socket_api.upload(service, visibility="protected"))
    url = f"https://{environment['domain_name']}/a.txt?x=y"
    signature = RequestValidator(socket_api.core.account.auth_token).compute_signature(url, {})
    assert socket_api.site(environment, "/a.txt?x=y", X_Twilio_Signature=signature).content == b"hello"
