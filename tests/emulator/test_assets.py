from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.emulator.driver import error

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.driver import Api

KINDS = pytest.mark.parametrize(("kind", "word"), [("Assets", "asset"), ("Functions", "function")])


@KINDS
def test_a_new_asset_or_function_has_every_field(api: Api, kind: str, word: str) -> None:
    service = api.service()
    body = api.item(service, "a name", kind)
    url = f"{api.base}/v1/Services/{service['sid']}/{kind}/{body['sid']}"
    assert body == {
        "sid": body["sid"],
        "account_sid": api.core.account.sid,
        "service_sid": service["sid"],
        "friendly_name": "a name",
        "date_created": body["date_created"],
        "date_updated": body["date_created"],
        "url": url,
        "links": {f"{word}_versions": f"{url}/Versions"},
    }
    assert api.get(f"/Services/{service['sid']}/{kind}/{body['sid']}").json() == body


@KINDS
def test_friendly_names_need_not_be_unique_and_may_have_255_characters(api: Api, kind: str, word: str) -> None:
    service = api.service()
    name = "é[as1 x]" + "y" * 247
    sids = {api.item(service, name, kind)["sid"] for _ in range(3)}
    listed = api.get(f"/Services/{service['sid']}/{kind}").json()[f"{word}s"]
    assert {item["sid"] for item in listed} == sids
    assert {item["friendly_name"] for item in listed} == {name}


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({}, "Missing required parameter FriendlyName in the post body"),
        ({"FriendlyName": ""}, "Missing required parameter FriendlyName in the post body"),
        ({"FriendlyName": "x" * 256}, "FriendlyName is longer than 255 characters"),
    ],
)
def test_the_friendly_name_is_required_at_create_and_update(api: Api, form: dict[str, str], message: str) -> None:
    service = api.service()
    asset = api.item(service)
    for place in (f"/Services/{service['sid']}/Assets", f"/Services/{service['sid']}/Assets/{asset['sid']}"):
        assert error(api.post(place, **form)) == (400, 20001, message)


def test_a_rename_moves_date_updated_and_an_upload_does_not(make_api: Callable[..., Api]) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    api = make_api(clock=lambda: now)
    service = api.service()
    asset = api.item(service)
    place = f"/Services/{service['sid']}/Assets/{asset['sid']}"
    now += timedelta(seconds=5)
    api.send(asset)
    assert api.get(place).json()["date_updated"] == "2026-01-01T00:00:00Z"
    renamed = api.post(place, FriendlyName="other").json()
    assert (renamed["date_created"], renamed["date_updated"]) == ("2026-01-01T00:00:00Z", "2026-01-01T00:00:05Z")
    assert api.get(place).json() == renamed


def test_an_upload_moves_date_updated_where_the_settings_say_so(make_api: Callable[..., Api]) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    api = make_api(clock=lambda: now, upload_touches_asset=True)
    asset = api.item(api.service())
    now += timedelta(seconds=5)
    api.send(asset)
    again = api.get(f"/Services/{asset['service_sid']}/Assets/{asset['sid']}").json()
    assert again["date_updated"] == "2026-01-01T00:00:05Z"


@KINDS
def test_delete_takes_the_versions_and_is_not_found_the_second_time(api: Api, kind: str, word: str) -> None:
    service = api.service()
    version = api.upload(service, kind=kind)
    place = f"/Services/{service['sid']}/{kind}/{version[f'{word}_sid']}"
    assert api.delete(place).status_code == 204
    for path in (place, f"{place}/Versions", f"{place}/Versions/{version['sid']}"):
        assert error(api.get(path))[:2] == (404, 20404)
    assert error(api.delete(place))[:2] == (404, 20404)


@KINDS
def test_what_any_build_holds_cannot_be_deleted(api: Api, kind: str, word: str) -> None:
    service = api.service()
    version = api.upload(service, kind=kind)
    build = api.build(service, version)
    place = f"/Services/{service['sid']}/{kind}/{version[f'{word}_sid']}"
    noun = word.title()
    assert error(api.delete(place)) == (400, 20001, f"Cannot delete {noun} because it's part of a Build.")
    assert api.delete(f"/Services/{service['sid']}/Builds/{build['sid']}").status_code == 204
    assert api.delete(place).status_code == 204


def test_an_asset_is_not_a_function_nor_of_another_service(api: Api) -> None:
    one, other = api.service(), api.service()
    asset = api.item(one)
    assert api.get(f"/Services/{one['sid']}/Functions/{asset['sid']}").status_code == 404
    assert api.get(f"/Services/{other['sid']}/Assets/{asset['sid']}").status_code == 404
