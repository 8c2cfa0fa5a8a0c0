from __future__ import annotations

import re
import secrets
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.emulator.driver import error, fresh_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.emulator.driver import Api


def fresh_sid() -> str:
    return secrets.token_hex(16)


def test_a_new_service_has_every_field_of_the_description(api: Api) -> None:
    name = fresh_name()
    body = api.service(name)
    url = f"{api.base}/v1/Services/{body['sid']}"
    assert re.fullmatch(r"ZS[0-9a-f]{32}", body["sid"])
    assert re.fullmatch(re.escape(name) + r"-\d{4}", body["domain_base"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["date_created"])
    assert body == {
        "sid": body["sid"],
        "account_sid": api.core.account.sid,
        "friendly_name": name,
        "unique_name": name,
        "include_credentials": True,
        "ui_editable": False,
        "domain_base": body["domain_base"],
        "date_created": body["date_created"],
        "date_updated": body["date_created"],
        "url": url,
        "links": {part: f"{url}/{part.title()}" for part in ("environments", "functions", "assets", "builds")},
    }


def test_a_service_answers_to_its_sid_and_its_unique_name(api: Api) -> None:
    made = api.service()
    assert api.get(f"/Services/{made['sid']}").json() == made
    assert api.get(f"/Services/{made['unique_name']}").json() == made


def test_the_unique_name_works_in_sub_resource_paths_and_links_bear_the_sid(api: Api) -> None:
    made = api.service()
    answer = api.get(f"/Services/{made['unique_name']}/Environments")
    assert answer.json()["environments"] == []
    assert f"/Services/{made['sid']}/Environments" in answer.json()["meta"]["url"]


def test_update_changes_what_is_given_and_nothing_else(api: Api) -> None:
    made = api.service()
    url = f"/Services/{made['unique_name']}"
    updated = api.post(url, FriendlyName="Other", UiEditable="true", IncludeCredentials="False").json()
    assert (updated["friendly_name"], updated["ui_editable"], updated["include_credentials"]) == ("Other", True, False)
    again = api.post(url).json()
    assert {**again, "date_updated": ""} == {**updated, "date_updated": ""}


def test_delete_takes_everything_below_and_is_not_found_the_second_time(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    build = api.publish(service, environment, api.upload(service, content=b"only here"))
    assert api.delete(f"/Services/{service['sid']}").status_code == 204
    for path in ("", "/Assets", f"/Environments/{environment['sid']}", f"/Builds/{build['sid']}"):
        assert error(api.get(f"/Services/{service['sid']}{path}"))[:2] == (404, 20404)
    assert api.site(environment).status_code == 404
    assert api.delete(f"/Services/{service['sid']}").status_code == 404


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"FriendlyName": "x"}, "Missing required parameter UniqueName in the post body"),
        ({"UniqueName": "x"}, "Missing required parameter FriendlyName in the post body"),
        ({"UniqueName": "", "FriendlyName": "x"}, "Missing required parameter UniqueName in the post body"),
        ({"UniqueName": "a_b", "FriendlyName": "x"}, "UniqueName may have letters, numbers and dashes only"),
        ({"UniqueName": f"ZS{'a' * 32}", "FriendlyName": "x"}, "UniqueName may not have the form of a SID"),
        ({"UniqueName": f"ZS{'A' * 32}", "FriendlyName": "x"}, "UniqueName may not have the form of a SID"),
        ({"UniqueName": "a" * 51, "FriendlyName": "x"}, "UniqueName is longer than 50 characters"),
        ({"UniqueName": "x", "FriendlyName": "x" * 256}, "FriendlyName is longer than 255 characters"),
        ({"UniqueName": "x", "FriendlyName": "x", "UiEditable": "yes"}, "UiEditable must be true or false"),
    ],
)
def test_a_wrong_form_is_refused_by_name(api: Api, form: dict[str, str], message: str) -> None:
    assert error(api.post("/Services", **form)) == (400, 20001, message)


def test_a_unique_name_may_nearly_look_like_a_sid(api: Api) -> None:
    for name in (f"ZT{fresh_sid()}", f"ZS{fresh_sid()}0", f"ZS{fresh_sid()[1:]}", f"zs{fresh_sid()}"):
        made = api.service(name)
        assert api.get(f"/Services/{name}").json() == made


def test_a_delete_said_twice_never_hits_a_service_that_is_named_like_the_first(
    make_api: Callable[..., Api], tmp_path: Path
) -> None:
    """As a state folder may have one in it, made when such names were taken."""
    api = make_api()
    first, second = api.service(), api.service()
    with closing(sqlite3.connect(tmp_path / "state" / "state.sqlite3")) as other, other:
        other.execute("UPDATE services SET unique_name = ? WHERE sid = ?", (first["sid"], second["sid"]))
    assert api.delete(f"/Services/{first['sid']}").status_code == 204
    assert api.delete(f"/Services/{first['sid']}").status_code == 404
    assert api.get(f"/Services/{second['sid']}").json()["unique_name"] == first["sid"]


def test_an_empty_friendly_name_is_refused_in_an_update_too(api: Api) -> None:
    made = api.service()
    refused = error(api.post(f"/Services/{made['sid']}", FriendlyName=""))
    assert refused == (400, 20001, "FriendlyName may not be empty")
    assert api.get(f"/Services/{made['sid']}").json() == made


def test_unknown_parameters_are_let_pass(api: Api) -> None:
    assert api.service(NoSuchThing="x")["sid"]


def test_a_unique_name_is_given_once(api: Api) -> None:
    name = api.service()["unique_name"]
    assert error(api.post("/Services", UniqueName=name, FriendlyName="x"))[:2] == (400, 20001)


def test_the_fifty_first_service_is_refused(make_api: Callable[..., Api]) -> None:
    api = make_api()
    for number in range(50):
        api.service(f"s{number}")
    refused = error(api.post("/Services", UniqueName="one-more", FriendlyName="x"))
    assert refused == (400, 20001, "Services are limited to less than or equal to 50")


def test_the_order_of_lists_is_a_switch(make_api: Callable[..., Api]) -> None:
    newest, oldest = make_api(folder="a"), make_api(folder="b", oldest_first=True)
    for api in (newest, oldest):
        for name in ("one", "two", "three"):
            api.service(name)
    names = [[s["unique_name"] for s in api.get("/Services").json()["services"]] for api in (newest, oldest)]
    assert names == [["three", "two", "one"], ["one", "two", "three"]]
