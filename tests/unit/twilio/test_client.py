"""Every endpoint: what goes out, what comes back; and lists, page by page."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

import pytest

from assetsync.errors import ApiError, AssetsyncError, MalformedAnswer, NotFound, ServerFailure, UsageError
from assetsync.model import Asset, Dependency
from assetsync.twilio import connections, pages
from assetsync.twilio.client import ServerlessClient
from assetsync.twilio.credentials import Credentials
from assetsync.twilio.endpoints import Endpoints
from assetsync.twilio.retry import RetryPolicy
from tests.fakes.wire_server import Drop, Outcome, Reply, Script, Seen, WireServer, in_turn, json_reply
from tests.unit.twilio.clock import FakeClock
from tests.unit.twilio.conftest import PASSWORD
from tests.unit.twilio.sids import (
    Json,
    asset_json,
    build_json,
    deployment_json,
    environment_json,
    page_json,
    service_json,
    sid,
    variable_json,
    version_json,
)

ZS, ZE, ZV, ZH, ZN, ZB = sid("ZS"), sid("ZE"), sid("ZV"), sid("ZH"), sid("ZN"), sid("ZB")
Call = Callable[[ServerlessClient], Any]


class Letter:
    size = 1

    def chunks(self) -> Iterator[bytes]:
        yield b"x"


@contextmanager
def served(script: Script | Outcome, **options: Any) -> Iterator[tuple[WireServer, ServerlessClient]]:
    answers = script if callable(script) else in_turn(script)
    with WireServer(answers) as server:
        endpoints = Endpoints(server.url, f"{server.url}/upload")
        options = {"clock": FakeClock(), "retry": RetryPolicy(tries=2), **options}
        with ServerlessClient(endpoints, Credentials(sid("SK"), PASSWORD), **options) as client:
            yield server, client


ENDPOINTS: list[tuple[Call, Json, str, str]] = [
    (lambda c: c.fetch_service("my site/x"), service_json(), "GET /v1/Services/my%20site%2Fx", ""),
    (lambda c: c.list_services(), page_json("services", [service_json()]), "GET /v1/Services?PageSize=1000", ""),
    (
        lambda c: c.create_service("my-site", "My Site"),
        service_json(),
        "POST /v1/Services",
        "UniqueName=my-site&FriendlyName=My+Site&IncludeCredentials=false&UiEditable=false",
    ),
    (
        lambda c: c.create_service("a", "b", include_credentials=True, ui_editable=True),
        service_json(unique_name="a"),
        "POST /v1/Services",
        "UniqueName=a&FriendlyName=b&IncludeCredentials=true&UiEditable=true",
    ),
    (lambda c: c.delete_service(ZS), {}, f"DELETE /v1/Services/{ZS}", ""),
    (
        lambda c: c.list_environments("my-site"),
        page_json("environments", [environment_json()]),
        "GET /v1/Services/my-site/Environments?PageSize=1000",
        "",
    ),
    (lambda c: c.fetch_environment(ZS, ZE), environment_json(), f"GET /v1/Services/{ZS}/Environments/{ZE}", ""),
    (
        lambda c: c.create_environment(ZS, "staging", "stg"),
        environment_json(unique_name="staging"),
        f"POST /v1/Services/{ZS}/Environments",
        "UniqueName=staging&DomainSuffix=stg",
    ),
    (
        lambda c: c.create_environment(ZS, "production", None),
        environment_json(),
        f"POST /v1/Services/{ZS}/Environments",
        "UniqueName=production",
    ),
    (lambda c: c.delete_environment(ZS, ZE), {}, f"DELETE /v1/Services/{ZS}/Environments/{ZE}", ""),
    (
        lambda c: c.list_variables(ZS, ZE),
        page_json("variables", [variable_json()]),
        f"GET /v1/Services/{ZS}/Environments/{ZE}/Variables?PageSize=1000",
        "",
    ),
    (
        lambda c: c.create_variable(ZS, ZE, "A", "1 2"),
        variable_json(value="1 2"),
        f"POST /v1/Services/{ZS}/Environments/{ZE}/Variables",
        "Key=A&Value=1+2",
    ),
    (
        lambda c: c.update_variable(ZS, ZE, ZV, "2"),
        variable_json(value="2"),
        f"POST /v1/Services/{ZS}/Environments/{ZE}/Variables/{ZV}",
        "Value=2",
    ),
    (
        lambda c: c.create_asset(ZS, "/a [as1 x]"),
        asset_json(friendly_name="/a [as1 x]"),
        f"POST /v1/Services/{ZS}/Assets",
        "FriendlyName=%2Fa+%5Bas1+x%5D",
    ),
    (lambda c: c.fetch_asset(ZS, ZH), asset_json(), f"GET /v1/Services/{ZS}/Assets/{ZH}", ""),
    (
        lambda c: c.list_assets(ZS),
        page_json("assets", [asset_json()]),
        f"GET /v1/Services/{ZS}/Assets?PageSize=1000",
        "",
    ),
    (lambda c: c.update_asset(ZS, ZH, "/b"), asset_json(), f"POST /v1/Services/{ZS}/Assets/{ZH}", "FriendlyName=%2Fb"),
    (lambda c: c.delete_asset(ZS, ZH), {}, f"DELETE /v1/Services/{ZS}/Assets/{ZH}", ""),
    (lambda c: c.fetch_version(ZS, ZH, ZN), version_json(), f"GET /v1/Services/{ZS}/Assets/{ZH}/Versions/{ZN}", ""),
    (
        lambda c: c.list_versions(ZS, ZH),
        page_json("asset_versions", [version_json()]),
        f"GET /v1/Services/{ZS}/Assets/{ZH}/Versions?PageSize=1000",
        "",
    ),
    (
        lambda c: c.create_build(
            ZS, (sid("ZN", 1), sid("ZN", 2)), (sid("ZN", 3),), (Dependency("a", "1.0"),), "node22"
        ),
        build_json(),
        f"POST /v1/Services/{ZS}/Builds",
        (
            f"AssetVersions={sid('ZN', 1)}&AssetVersions={sid('ZN', 2)}&FunctionVersions={sid('ZN', 3)}"
            "&Dependencies=%5B%7B%22name%22%3A+%22a%22%2C+%22version%22%3A+%221.0%22%7D%5D&Runtime=node22"
        ),
    ),
    (
        lambda c: c.create_build(ZS, (ZN,), (), (), None),
        build_json(),
        f"POST /v1/Services/{ZS}/Builds",
        f"AssetVersions={ZN}",
    ),
    (lambda c: c.fetch_build(ZS, ZB), build_json(), f"GET /v1/Services/{ZS}/Builds/{ZB}", ""),
    (lambda c: c.list_builds(ZS), page_json("builds", [build_json()]), f"GET /v1/Services/{ZS}/Builds?PageSize=50", ""),
    (
        lambda c: c.fetch_build_status(ZS, ZB),
        {"sid": ZB, "status": "Building"},
        f"GET /v1/Services/{ZS}/Builds/{ZB}/Status",
        "",
    ),
    (lambda c: c.delete_build(ZS, ZB), {}, f"DELETE /v1/Services/{ZS}/Builds/{ZB}", ""),
    (
        lambda c: c.create_deployment(ZS, ZE, ZB),
        deployment_json(),
        f"POST /v1/Services/{ZS}/Environments/{ZE}/Deployments",
        f"BuildSid={ZB}",
    ),
    (
        lambda c: c.create_deployment(ZS, ZE, None),
        deployment_json(build_sid=None),
        f"POST /v1/Services/{ZS}/Environments/{ZE}/Deployments",
        "",
    ),
    (
        lambda c: c.list_deployments(ZS, ZE, limit=2),
        page_json("deployments", [deployment_json()]),
        f"GET /v1/Services/{ZS}/Environments/{ZE}/Deployments?PageSize=2",
        "",
    ),
    (
        lambda c: c.upload_version(ZS, ZH, "/a.html", "private", "text/html", "a.html", Letter()),
        version_json(visibility="private"),
        f"POST /upload/v1/Services/{ZS}/Assets/{ZH}/Versions",
        "multipart",
    ),
]


@pytest.mark.parametrize(("call", "document", "line", "form"), ENDPOINTS, ids=[line for _, _, line, _ in ENDPOINTS])
def test_each_endpoint_sends_what_its_page_says(call: Call, document: Json, line: str, form: str) -> None:
    with served(json_reply(document, 204 if not document else 201) if document else Reply(204, b"")) as (
        server,
        client,
    ):
        found = call(client)
        (seen,) = server.seen
    assert f"{seen.method} {seen.path}" == line
    assert (found is None) == line.startswith("DELETE")
    if form == "multipart":
        assert seen.headers["content-type"].startswith("multipart/form-data; boundary=")
        assert b'name="Visibility"\r\n\r\nprivate\r\n' in seen.body
    else:
        assert seen.body.decode() == form


def test_the_answers_are_values() -> None:
    with served(json_reply({"sid": ZB, "status": "Building"})) as (_, client):
        assert client.fetch_build_status(ZS, ZB) == "building"
    with served(json_reply(version_json(path="/a"))) as (_, client):
        assert client.upload_version(ZS, ZH, "/a", "public", "text/html", "a", Letter()).path == "/a"
        assert client.tally.requests == 1
        assert client.service_date is None


def test_dependencies_travel_as_plain_json() -> None:
    """F6.1, F6.11: no quotes around it."""
    with served(json_reply(build_json())) as (server, client):
        client.create_build(ZS, (ZN,), (), (Dependency("a", "1"), Dependency("b", "2")), None)
        form = dict(parse_qsl(server.seen[0].body.decode()))
    assert json.loads(form["Dependencies"]) == [{"name": "a", "version": "1"}, {"name": "b", "version": "2"}]


def test_a_build_of_a_thousand_versions_fits() -> None:
    with served(json_reply(build_json())) as (server, client):
        client.create_build(ZS, [sid("ZN", n) for n in range(1000)], (), (), None)
        assert len(parse_qsl(server.seen[0].body.decode())) == 1000


DELETES: list[Call] = [
    lambda c: c.delete_service(ZS),
    lambda c: c.delete_environment(ZS, ZE),
    lambda c: c.delete_asset(ZS, ZH),
    lambda c: c.delete_build(ZS, ZB),
]


@pytest.mark.parametrize("call", DELETES)
def test_what_is_gone_already_counts_as_deleted(call: Call) -> None:
    with served(json_reply({"code": 20404, "message": "not found"}, 404)) as (_, client):
        call(client)


def test_a_delete_that_is_refused_is_an_error() -> None:
    """F5.4."""
    message = "Cannot delete Build because it's part of an active Deployment."
    with served(json_reply({"code": 20001, "message": message}, 400)) as (_, client):
        with pytest.raises(ApiError, match="active Deployment") as caught:
            client.delete_build(ZS, ZB)
        assert caught.value.hint


BAD_PARTS: list[Call] = [
    lambda c: c.fetch_asset(ZS, "../Builds"),
    lambda c: c.fetch_asset(ZS, ZN),
    lambda c: c.delete_asset(ZS, ""),
    lambda c: c.delete_asset(ZS, ZH + "?x"),
    lambda c: c.delete_service("my-site"),
    lambda c: c.fetch_environment(ZS, "production"),
    lambda c: c.list_variables(ZS, "production"),
    lambda c: c.update_variable(ZS, ZE, "A", "1"),
    lambda c: c.fetch_version(ZS, ZH, "\x00"),
    lambda c: c.fetch_build(ZS, "ZB1"),
    lambda c: c.create_build(ZS, ("ZN&Runtime=x",), (), (), None),
    lambda c: c.create_deployment(ZS, ZE, ""),
    lambda c: c.fetch_service(""),
    lambda c: c.fetch_service(".."),
    lambda c: c.list_assets("."),
    lambda c: c.list_assets("a\nb"),
    lambda c: c.upload_version(ZS, "x/y", "/a", "public", "text/html", "a", Letter()),
]


@pytest.mark.parametrize("call", BAD_PARTS)
def test_what_is_no_sid_never_reaches_a_url(call: Call) -> None:
    with served(json_reply({})) as (server, client):
        with pytest.raises(UsageError):
            call(client)
        assert server.seen == []


# Lists


class Pages:
    """Answers each page in turn; `{url}` in a next page is the server's own."""

    def __init__(self, *documents: Json | Outcome) -> None:
        self.documents = documents
        self.url = ""
        self.count = 0

    def __call__(self, seen: Seen) -> Outcome:
        document = self.documents[min(self.count, len(self.documents) - 1)]
        self.count += 1
        if not isinstance(document, dict):
            return document
        return Reply(200, json.dumps(document).replace("{url}", f"http://{seen.headers['host']}").encode())


def assets_page(first: int, last: int, following: object = None) -> Json:
    return page_json("assets", [asset_json(number) for number in range(first, last)], following)


NEXT = "{url}/v1/Services/my-site/Assets?PageSize=1000&Page=1&PageToken=PT%7B%22x%22%3D"


def test_pages_are_followed_to_the_letter() -> None:
    script = Pages(assets_page(0, 3, NEXT), assets_page(3, 3, "{url}/last"), assets_page(3, 5))
    with served(script) as (server, client):
        assets = client.list_assets("my-site")
        assert [seen.path for seen in server.seen] == [
            "/v1/Services/my-site/Assets?PageSize=1000",
            NEXT.removeprefix("{url}"),
            "/last",
        ]
    assert isinstance(assets, tuple)
    assert [asset.sid for asset in assets] == [sid("ZH", number) for number in range(5)]


def test_of_a_list_that_is_looked_through_no_page_is_asked_for_that_nobody_wants() -> None:
    builds = [page_json("builds", [build_json(sid=sid("ZB", number))], NEXT) for number in range(3)]
    with served(Pages(*builds)) as (server, client):
        looked = client.each_build(ZS)
        assert [next(looked).sid for _ in range(2)] == [sid("ZB", 0), sid("ZB", 1)]
        assert len(server.seen) == 2


def test_what_two_pages_both_tell_is_told_once() -> None:
    with served(Pages(assets_page(0, 3, NEXT), assets_page(2, 4))) as (_, client):
        assert len(client.list_assets("my-site")) == 4


def test_items_stand_under_the_key_that_the_page_names() -> None:
    page = {"things": [asset_json()], "meta": {"key": "things", "next_page_url": None}}
    with served(json_reply(page)) as (_, client):
        assert client.list_assets("my-site") == (Asset(ZH, "/a.html", client.list_assets(ZS)[0].date_updated),)


@pytest.mark.parametrize(
    ("second", "kind"),
    [
        (json_reply({"message": "no"}, 400), ApiError),
        (json_reply({"message": "no"}, 404), NotFound),
        (json_reply({"message": "no"}, 500), ServerFailure),
        (Drop(), AssetsyncError),
        (json_reply({}), MalformedAnswer),
        (Reply(200, b'{"assets": [{'), MalformedAnswer),
        (json_reply({"assets": [], "meta": None}), MalformedAnswer),
        (json_reply({"assets": [], "meta": {"key": "assets"}}), MalformedAnswer),
        (json_reply({"assets": [], "meta": {"key": "assets", "next_page_url": 5}}), MalformedAnswer),
        (json_reply({"meta": {"key": "assets", "next_page_url": None}}), MalformedAnswer),
        (json_reply({"assets": {}, "meta": {"key": "assets", "next_page_url": None}}), MalformedAnswer),
        (json_reply({"assets": [{}], "meta": {"key": "assets", "next_page_url": None}}), MalformedAnswer),
    ],
)
def test_a_page_that_fails_fails_the_list(second: Outcome, kind: type[AssetsyncError]) -> None:
    """F4.5: half a list would be taken for deletions."""
    with served(Pages(assets_page(0, 3, NEXT), second)) as (_, client), pytest.raises(kind):
        client.list_assets("my-site")


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/v1/Services?PageSize=1000",
        "http://evil.example/",
        "http://127.0.0.1:1/x",
        "http://127.0.0.1/x",
        "http://{user}@{host}/x",
        "https://{host}/x",
        "http://{host}.evil.example/x",
        "//evil.example/x",
        "/v1/Services",
        "",
        "http://[bad",
        "http://a\nb",
    ],
)
def test_the_credentials_never_leave_for_another_host(following: str) -> None:
    def lead_away(seen: Seen) -> Outcome:
        return json_reply(assets_page(0, 1, following.format(host=seen.headers["host"], user="me")))

    with served(lead_away) as (server, client):
        with pytest.raises(MalformedAnswer, match=r"^list Assets of Service my-site: the next page is at"):
            client.list_assets("my-site")
        assert len(server.seen) == 1


def test_the_port_of_a_scheme_may_be_told_or_not() -> None:
    for one, other in (("http://a/x", "http://a:80/y"), ("https://A:443/x", "https://a/y")):
        pages._check_origin("list", one, other)


def test_pages_that_lead_round_in_a_circle_end_with_an_error() -> None:
    for script in (
        Pages(assets_page(0, 1, NEXT)),
        Pages(assets_page(0, 1, NEXT), assets_page(1, 2, "{url}/a"), assets_page(1, 2, NEXT)),
    ):
        with served(script) as (server, client):
            with pytest.raises(MalformedAnswer, match="never end"):
                client.list_assets("my-site")
            assert len(server.seen) <= 3


def test_pages_without_end_end_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_PAGES", 20)

    def one_more(seen: Seen) -> Outcome:
        number = len(server.seen)
        return json_reply(assets_page(number, number + 1, f"http://{seen.headers['host']}/{seen.path}x"))

    with served(one_more) as (server, client):
        with pytest.raises(MalformedAnswer, match="never end"):
            client.list_assets("my-site")
        assert len(server.seen) == 20


def test_a_list_longer_than_any_service_can_hold_ends_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_RESOURCES", 20)

    def ten_more(seen: Seen) -> Outcome:
        first = 10 * len(server.seen)
        return json_reply(assets_page(first, first + 10, f"http://{seen.headers['host']}/{seen.path}x"))

    with served(ten_more) as (server, client):
        with pytest.raises(MalformedAnswer, match="never end"):
            client.list_assets("my-site")
        assert len(server.seen) == 2


def test_pages_that_bring_nothing_new_for_ever_end_with_an_error() -> None:
    def the_same(seen: Seen) -> Outcome:
        return json_reply(assets_page(0, 3, f"http://{seen.headers['host']}/{seen.path}x"))

    with served(the_same) as (server, client):
        with pytest.raises(MalformedAnswer, match="never end"):
            client.list_assets("my-site")
        assert len(server.seen) == 1 + pages.MAX_STALE_PAGES


ANOTHER: list[tuple[Call, Json, str]] = [
    (lambda c: c.fetch_asset(ZS, ZH), asset_json(1), "sid"),
    (lambda c: c.fetch_asset(ZS, ZH), asset_json(service_sid=sid("ZS", 1)), "service_sid"),
    (lambda c: c.list_assets(ZS), page_json("assets", [asset_json(service_sid=sid("ZS", 1))]), "service_sid"),
    (lambda c: c.create_asset(ZS, "/b"), asset_json(), "friendly_name"),
    (lambda c: c.update_asset(ZS, ZH, "/b"), asset_json(1), "sid"),
    (
        lambda c: c.upload_version(ZS, ZH, "/a.html", "public", "text/html", "a", Letter()),
        version_json(asset_sid=sid("ZH", 1)),
        "asset_sid",
    ),
    (
        lambda c: c.upload_version(ZS, ZH, "/a.html", "private", "text/html", "a", Letter()),
        version_json(),
        "visibility",
    ),
    (lambda c: c.upload_version(ZS, ZH, "/a", "public", "text/html", "a", Letter()), version_json(), "path"),
    (lambda c: c.create_service("other", "Other"), service_json(), "unique_name"),
    (lambda c: c.fetch_version(ZS, ZH, ZN), version_json(asset_sid=sid("ZH", 1)), "asset_sid"),
    (lambda c: c.fetch_version(ZS, ZH, ZN), version_json(1), "sid"),
    (
        lambda c: c.list_versions(ZS, ZH),
        page_json("asset_versions", [version_json(asset_sid=sid("ZH", 1))]),
        "asset_versions[0].asset_sid",
    ),
    (lambda c: c.fetch_build(ZS, ZB), build_json(1), "sid"),
    (lambda c: c.fetch_build(ZS, ZB), build_json(service_sid=sid("ZS", 1)), "service_sid"),
    (lambda c: c.create_build(ZS, (ZN,), (), (), None), build_json(service_sid=sid("ZS", 1)), "service_sid"),
    (lambda c: c.list_builds(ZS), page_json("builds", [build_json(service_sid=sid("ZS", 1))]), "service_sid"),
    (lambda c: c.fetch_build_status(ZS, ZB), {"sid": sid("ZB", 1), "status": "completed"}, "sid"),
    (
        lambda c: c.fetch_build_status(ZS, ZB),
        {"sid": ZB, "status": "completed", "service_sid": sid("ZS", 1)},
        "service_sid",
    ),
    (lambda c: c.update_asset(ZS, ZH, "/b"), asset_json(service_sid=sid("ZS", 1)), "service_sid"),
    (lambda c: c.list_versions(ZS, ZH), page_json("asset_versions", [version_json(service_sid=sid("ZS", 1))]), "sid"),
    (
        lambda c: c.list_deployments(ZS, ZE, limit=1),
        page_json("deployments", [deployment_json(service_sid=sid("ZS", 1))]),
        "service_sid",
    ),
    (lambda c: c.create_deployment(ZS, ZE, ZB), deployment_json(environment_sid=sid("ZE", 1)), "environment_sid"),
    (lambda c: c.fetch_environment(ZS, ZE), environment_json(1), "sid"),
    (lambda c: c.create_environment(ZS, "staging", None), environment_json(), "unique_name"),
    (lambda c: c.create_deployment(ZS, ZE, ZB), deployment_json(build_sid=sid("ZB", 1)), "build_sid"),
    (
        lambda c: c.list_deployments(ZS, ZE, limit=1),
        page_json("deployments", [deployment_json(environment_sid=sid("ZE", 1))]),
        "environment_sid",
    ),
]


@pytest.mark.parametrize(("call", "document", "field"), ANOTHER)
def test_an_answer_about_something_else_than_was_asked_is_refused(call: Call, document: Json, field: str) -> None:
    with served(json_reply(document)) as (_, client), pytest.raises(MalformedAnswer, match="another thing") as caught:
        call(client)
    assert f"{field}`" in caught.value.message


def test_a_service_by_its_name_is_told_by_any_sid() -> None:
    with served(json_reply(asset_json(service_sid=sid("ZS", 1)))) as (_, client):
        assert client.fetch_asset("my-site", ZH).sid == ZH


def test_only_as_many_deployments_as_wanted_are_read() -> None:
    first = page_json("deployments", [deployment_json(n) for n in range(3)], "{url}/more")
    second = page_json("deployments", [deployment_json(n) for n in range(3, 6)], "{url}/never")
    with served(Pages(first, second)) as (server, client):
        assert len(client.list_deployments(ZS, ZE, limit=4)) == 4
        assert len(server.seen) == 2


def test_one_client_serves_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE", 3600.0)
    with served(json_reply(assets_page(0, 10)), concurrency=4) as (server, client):
        found: list[int] = []
        threads = [threading.Thread(target=lambda: found.append(len(client.list_assets(ZS)))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [10] * 20
        assert server.opened <= 4


def test_a_client_shows_no_secret() -> None:
    with served(json_reply({})) as (_, client):
        shown = f"{client!r} {client} {client._transport!r} {vars(client._transport)['_reader']!r}"
    assert PASSWORD not in shown
