from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulator.driver import error, made

if TYPE_CHECKING:
    from tests.emulator.driver import Api


def _place(api: Api) -> str:
    service = api.service()
    return f"/Services/{service['sid']}/Environments/{api.environment(service)['sid']}/Variables"


def test_a_variable_is_made_read_changed_and_deleted(api: Api) -> None:
    place = _place(api)
    body = made(api.post(place, Key="A", Value=""))
    assert set(body) == {
        "sid",
        "account_sid",
        "service_sid",
        "environment_sid",
        "key",
        "value",
        "date_created",
        "date_updated",
        "url",
    }
    assert (body["key"], body["value"], body["url"]) == ("A", "", f"{api.base}/v1{place}/{body['sid']}")
    assert api.get(place).json()["variables"] == [body]
    changed = api.post(f"{place}/{body['sid']}", Value="é").json()
    assert (changed["key"], changed["value"]) == ("A", "é")
    renamed = api.post(f"{place}/{body['sid']}", Key="B").json()
    assert (renamed["key"], renamed["value"]) == ("B", "é")
    assert api.get(f"{place}/{body['sid']}").json()["key"] == "B"
    assert api.delete(f"{place}/{body['sid']}").status_code == 204
    assert error(api.get(f"{place}/{body['sid']}"))[:2] == (404, 20404)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"Value": "x"}, "Missing required parameter Key in the post body"),
        ({"Key": "x"}, "Missing required parameter Value in the post body"),
        ({"Key": "x" * 129, "Value": ""}, "Key is longer than 128 characters"),
        ({"Key": "x", "Value": "é" * 226}, "Value is longer than 450 bytes"),
    ],
)
def test_a_wrong_form_is_refused_by_name(api: Api, form: dict[str, str], message: str) -> None:
    assert error(api.post(_place(api), **form)) == (400, 20001, message)


def test_a_key_is_given_once(api: Api) -> None:
    place = _place(api)
    one, two = made(api.post(place, Key="A", Value="1")), made(api.post(place, Key="B", Value="2"))
    assert error(api.post(place, Key="A", Value="3"))[2] == "A Variable with the Key A exists already"
    assert api.post(f"{place}/{two['sid']}", Key="A").status_code == 400
    assert api.post(f"{place}/{one['sid']}", Key="A").status_code == 200
