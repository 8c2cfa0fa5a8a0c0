"""What holds for every resource: authentication, unknown paths, methods, headers, pages, malformed bodies."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.emulator.settings import Account, ApiKey
from tests.emulator.driver import error, made, no_auth

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.driver import Api, Json

UNAUTHENTICATED = (401, 20003, "Authenticate")


@pytest.mark.parametrize("header", [None, "Basic", "Basic !!!", "Basic Zm9v", "Bearer x", "Basic w6k6w6k="])
def test_wrong_credentials_are_refused_before_anything_else(api: Api, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for path in ("/v1/Services", "/v1/Nothing", "/other"):
        answer = api.client.get(path, headers=headers, auth=no_auth if header is None else None)
        assert error(answer) == UNAUTHENTICATED
        assert answer.headers["www-authenticate"] == 'Basic realm="Twilio API"'


def test_the_accounts_token_and_every_api_key_are_accepted_and_not_mixed(make_api: Callable[..., Api]) -> None:
    account = Account("AC" + "1" * 32, "token")
    api = make_api(account=account, api_keys=(ApiKey("SKa", "one"), ApiKey("SKb", "two")))
    pairs = {("AC" + "1" * 32, "token"): 200, ("SKa", "one"): 200, ("SKb", "two"): 200, ("SKa", "two"): 401}
    for pair, status in pairs.items():
        assert api.client.get("/v1/Services", auth=pair).status_code == status
    assert api.service()["account_sid"] == account.sid


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v2/Services", "/v1/Services/ZS0/Assets/x/y/z/a/b", "/v1/Nothing", "/other"]
)
def test_unknown_paths_are_not_found(api: Api, path: str) -> None:
    assert error(api.client.get(path))[:2] == (404, 20404)


def test_the_message_of_a_404_names_the_path_without_the_version(api: Api) -> None:
    message = "The requested resource /Services/ZS1/Environments was not found"
    assert error(api.get("/Services/ZS1/Environments")) == (404, 20404, message)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "DELETE"])
def test_other_methods_are_not_allowed(api: Api, method: str) -> None:
    answer = api.client.request(method, "/v1/Services")
    assert error(answer)[:2] == (405, 20004)
    assert answer.headers["allow"] == "POST, GET"


def test_head_is_not_allowed_and_has_no_body(api: Api) -> None:
    answer = api.client.head("/v1/Services")
    assert (answer.status_code, answer.content) == (405, b"")


def test_every_answer_bears_twilios_headers(api: Api) -> None:
    answers = [api.get("/Services"), api.get("/Nothing"), api.client.get("/v1/Services", auth=no_auth)]
    for answer in answers:
        assert re.fullmatch(r"RQ[0-9a-f]{32}", answer.headers["twilio-request-id"])
        assert answer.headers["twilio-concurrent-requests"] == "1"
        assert answer.headers["content-type"].startswith("application/json")
    assert len({answer.headers["twilio-request-id"] for answer in answers}) == 3


def test_the_date_header_follows_the_services_clock(make_api: Callable[..., Api]) -> None:
    api = make_api(clock=lambda: datetime(2030, 5, 6, 7, 8, 9, tzinfo=UTC))
    assert api.get("/Services").headers["date"] == "Mon, 06 May 2030 07:08:09 GMT"


def _names(page: Json) -> list[str]:
    return [asset["friendly_name"] for asset in page["assets"]]


def _with_assets(api: Api, count: int) -> str:
    service = api.service()
    for number in range(count):
        api.item(service, str(number))
    return f"/Services/{service['sid']}/Assets"


def test_pages_are_followed_by_their_links_in_both_directions(api: Api) -> None:
    place = _with_assets(api, 7)
    first = api.get(place, PageSize=3).json()
    assert first["meta"] == {
        "first_page_url": f"{api.base}/v1{place}?PageSize=3&Page=0",
        "key": "assets",
        "next_page_url": first["meta"]["next_page_url"],
        "page": 0,
        "page_size": 3,
        "previous_page_url": None,
        "url": f"{api.base}/v1{place}?PageSize=3&Page=0",
    }
    second = api.client.get(first["meta"]["next_page_url"]).json()
    third = api.client.get(second["meta"]["next_page_url"]).json()
    assert [_names(page) for page in (first, second, third)] == [["6", "5", "4"], ["3", "2", "1"], ["0"]]
    assert third["meta"]["next_page_url"] is None
    assert (second["meta"]["page"], third["meta"]["page"]) == (1, 2)
    back = api.client.get(third["meta"]["previous_page_url"]).json()
    assert _names(back) == _names(second)
    start = api.client.get(back["meta"]["previous_page_url"]).json()
    assert _names(start) == _names(first)
    assert start["meta"]["previous_page_url"] is None
    assert _names(api.client.get(start["meta"]["next_page_url"]).json()) == _names(second)
    assert api.client.get(second["meta"]["url"]).json() == second


def test_a_full_last_page_has_no_next_one(api: Api) -> None:
    place = _with_assets(api, 4)
    assert api.get(place, PageSize=4).json()["meta"]["next_page_url"] is None
    assert api.get(place).json()["meta"]["page_size"] == 50


def test_items_that_come_and_go_between_pages_shift_nothing(api: Api) -> None:
    place = _with_assets(api, 6)
    first = api.get(place, PageSize=3).json()
    api.delete(f"{place}/{first['assets'][2]['sid']}")
    made(api.post(place, FriendlyName="late"))
    assert _names(api.client.get(first["meta"]["next_page_url"]).json()) == ["2", "1", "0"]


def test_a_token_behind_the_last_item_gives_an_empty_page(api: Api) -> None:
    place = _with_assets(api, 2)
    first = api.get(place, PageSize=1).json()
    api.delete(f"{place}/{api.get(place).json()['assets'][1]['sid']}")
    last = api.client.get(first["meta"]["next_page_url"]).json()
    assert (last["assets"], last["meta"]["previous_page_url"], last["meta"]["next_page_url"]) == ([], None, None)


def test_a_page_token_is_for_its_own_list_only(api: Api) -> None:
    place, other = _with_assets(api, 3), _with_assets(api, 3)
    link = httpx.URL(api.get(place, PageSize=1).json()["meta"]["next_page_url"])
    token = link.params["PageToken"]
    service = api.get(place.removesuffix("/Assets")).json()
    assert _names(api.get(f"/Services/{service['unique_name']}/Assets", PageToken=token).json()) == ["1", "0"]
    for list_ in ("/Services", other, place.replace("Assets", "Functions"), place.replace("Assets", "Builds")):
        assert error(api.get(list_, PageToken=token)) == (400, 20001, "PageToken is invalid")


def test_page_is_the_clients_own_and_has_no_largest_number(api: Api) -> None:
    place = _with_assets(api, 2)
    page = 10**40
    meta = api.get(place, Page=page, PageSize=1).json()["meta"]
    assert meta["page"] == page
    assert f"&Page={page + 1}&" in meta["next_page_url"]


def _token(seq: str) -> str:
    """A page token of the Services as the service writes them, but for what it points at."""
    mark = hashlib.sha256(b"Services").hexdigest()[:16]
    text = f'{{"list": "{mark}", "seq": {seq}, "index": true}}'
    return "PA" + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_a_well_made_page_token_is_taken(api: Api) -> None:
    """So that those below are refused for what they point at."""
    assert api.get("/Services", PageToken=_token("1")).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        {"Page": "1" * 5000},
        {"PageSize": "0"},
        {"PageSize": "1001"},
        {"PageSize": "x"},
        {"Page": "-1"},
        {"PageToken": "PA"},
        {"PageToken": "PAe30"},
        {"PageToken": "PAé"},
        {"PageToken": "XX" + _token("1")[2:]},
        *({"PageToken": _token(seq)} for seq in ("-1", "1e400", "1" * 30, "[" * 10_000)),
    ],
    ids=lambda query: str(query)[:40],
)
def test_a_wrong_page_query_is_refused(api: Api, query: dict[str, str]) -> None:
    assert error(api.get("/Services", **query))[:2] == (400, 20001)


def test_links_bear_the_host_that_the_client_used(api: Api) -> None:
    place = _with_assets(api, 2)
    answer = api.client.get(f"/v1{place}?PageSize=1", headers={"Host": "other.test:99"}).json()
    assert answer["meta"]["next_page_url"].startswith("http://other.test:99/v1/Services/")
    assert answer["assets"][0]["url"].startswith("http://other.test:99/v1/Services/")


MULTIPART = "multipart/form-data; boundary=b"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (MULTIPART, b'--b\r\nContent-Disposition: form-data; name="FriendlyName"\r\n\r\nx'),
        (MULTIPART, b"nonsense"),
        ("multipart/form-data", b""),
        (f"multipart/form-data; boundary={'b' * 257}", b""),
        ("application/x-www-form-urlencoded", b"FriendlyName=%ff"),
        ("application/x-www-form-urlencoded", "FriendlyName=é".encode()),
        ("application/x-www-form-urlencoded", b"FriendlyName=" + b"x" * (5 << 20)),
        (
            MULTIPART,
            b'--b\r\nContent-Disposition: form-data; name="F"\r\n\r\n' + b"x" * (5 << 20) + b"\r\n--b--\r\n",
        ),
    ],
)
def test_malformed_bodies_are_refused(api: Api, content_type: str, body: bytes) -> None:
    service = api.service()
    url = f"/v1/Services/{service['sid']}/Assets"
    answer = api.client.post(url, content=body, headers={"Content-Type": content_type})
    assert error(answer)[:2] == (400, 20001)


def test_a_form_may_also_come_as_multipart_and_other_bodies_are_ignored(api: Api) -> None:
    service = api.service()
    url = f"/v1/Services/{service['sid']}/Assets"
    assert made(api.client.post(url, files={"FriendlyName": (None, "é")}))["friendly_name"] == "é"
    refused = api.client.post(url, json={"FriendlyName": "x"})
    assert error(refused)[2] == "Missing required parameter FriendlyName in the post body"


def test_the_last_of_repeated_parameters_counts(api: Api) -> None:
    service = api.service()
    asset = made(api.post(f"/Services/{service['sid']}/Assets", FriendlyName=["a", "b"]))
    assert asset["friendly_name"] == "b"


def test_the_request_log_tells_what_was_asked_and_can_be_cleared(make_api: Callable[..., Api]) -> None:
    api = make_api(log_entries=3)
    service = api.service()
    environment = api.environment(service)
    assert api.site(environment).status_code == 404
    api.get("/Services", PageSize=7)
    log = api.client.get("/_emulator/requests", auth=no_auth).json()
    assert log["count"] == 4
    assert [entry["seq"] for entry in log["requests"]] == [2, 3, 4]
    assert log["requests"][2].pop("at") > 0
    assert log["requests"][2] == {
        "seq": 4,
        "method": "GET",
        "path": "/v1/Services",
        "query": "PageSize=7",
        "status": 200,
        "site": False,
    }
    assert [entry.seq for entry in api.core.requests.api()] == [2, 4]
    assert api.client.delete("/_emulator/requests").status_code == 204
    assert (api.core.requests.count, api.core.requests.entries()) == (0, ())


def test_the_emulators_own_pages_tell_the_account_and_no_secret(api: Api) -> None:
    answer = api.client.get("/_emulator", auth=no_auth)
    assert answer.json()["account_sid"] == api.core.account.sid
    assert api.core.account.auth_token not in answer.text
    assert api.client.get("/_emulator/other").status_code == 404
    assert api.client.post("/_emulator/requests").status_code == 404


def test_a_client_that_goes_away_in_the_middle_of_an_upload_harms_nothing(socket_api: Api) -> None:
    asset = socket_api.item(socket_api.service())
    url = httpx.URL(socket_api.base)
    place = f"/v1/Services/{asset['service_sid']}/Assets/{asset['sid']}/Versions"

    def half() -> object:
        yield b'--b\r\nContent-Disposition: form-data; name="Content"; filename="x"\r\n\r\n'
        raise ConnectionAbortedError

    headers = {"Content-Type": MULTIPART, "Content-Length": "1000"}
    with pytest.raises(ConnectionAbortedError):
        socket_api.client.post(place, content=half(), headers=headers)  # type: ignore[arg-type]
    assert url.port
    assert socket_api.get(place.removeprefix("/v1")).json()["asset_versions"] == []


def test_a_direct_client_that_fails_in_the_middle_of_an_upload_leaves_nothing(direct_api: Api) -> None:
    def half() -> object:
        yield b'--b\r\nContent-Disposition: form-data; name="Content"; filename="x"\r\n\r\nabc'
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        direct_api.client.post("/v1/Services", content=half(), headers={"Content-Type": MULTIPART})  # type: ignore[arg-type]
    spool = direct_api.core.new_spool()
    spool.discard()
    assert list(spool.path.parent.iterdir()) == []
