from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulator.driver import error

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.driver import Api


def test_a_new_environment_has_every_field_and_no_build(api: Api) -> None:
    service = api.service()
    body = api.environment(service, "staging", DomainSuffix="stg")
    url = f"{api.base}/v1/Services/{service['sid']}/Environments/{body['sid']}"
    assert body == {
        "sid": body["sid"],
        "account_sid": api.core.account.sid,
        "service_sid": service["sid"],
        "build_sid": None,
        "unique_name": "staging",
        "domain_suffix": "stg",
        "domain_name": f"{service['domain_base']}-stg.localhost",
        "date_created": body["date_created"],
        "date_updated": body["date_created"],
        "url": url,
        "links": {part: f"{url}/{part.title()}" for part in ("variables", "deployments", "logs")},
    }
    assert api.get(f"/Services/{service['sid']}/Environments/{body['sid']}").json() == body


@pytest.mark.parametrize("form", [{}, {"DomainSuffix": ""}])
def test_without_a_suffix_it_is_the_bare_domain(api: Api, form: dict[str, str]) -> None:
    service = api.service()
    body = api.environment(service, **form)
    assert body["domain_suffix"] is None
    assert body["domain_name"] == f"{service['domain_base']}.localhost"


def test_names_and_suffixes_are_given_once_a_service(api: Api) -> None:
    service, other = api.service(), api.service()
    place = f"/Services/{service['sid']}/Environments"
    api.environment(service, "a", DomainSuffix="one")
    api.environment(service, "b")
    for form in (
        {"UniqueName": "a", "DomainSuffix": "two"},
        {"UniqueName": "c", "DomainSuffix": "one"},
        {"UniqueName": "c", "DomainSuffix": "ONE"},
        {"UniqueName": "c"},
    ):
        assert error(api.post(place, **form))[:2] == (400, 20001)
    assert api.environment(other, "a", DomainSuffix="one")["sid"]


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({}, "Missing required parameter UniqueName in the post body"),
        ({"UniqueName": "x" * 101}, "UniqueName is longer than 100 characters"),
        ({"UniqueName": "x", "DomainSuffix": "y" * 17}, "DomainSuffix is longer than 16 characters"),
        ({"UniqueName": "x", "DomainSuffix": "a.b"}, "DomainSuffix may have letters, numbers and dashes only"),
    ],
)
def test_a_wrong_form_is_refused_by_name(api: Api, form: dict[str, str], message: str) -> None:
    service = api.service()
    assert error(api.post(f"/Services/{service['sid']}/Environments", **form)) == (400, 20001, message)


def test_the_twenty_sixth_environment_is_refused(api: Api) -> None:
    service = api.service()
    for number in range(25):
        api.environment(service, f"e{number}", DomainSuffix=f"s{number}")
    refused = api.post(f"/Services/{service['sid']}/Environments", UniqueName="x", DomainSuffix="x")
    assert error(refused) == (400, 20001, "Environments are limited to less than or equal to 25")


def test_there_is_no_update(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    refused = api.post(f"/Services/{service['sid']}/Environments/{environment['sid']}", UniqueName="x")
    assert error(refused)[:2] == (405, 20004)


def test_a_deleted_environment_serves_nothing_and_frees_its_build(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    build = api.publish(service, environment, api.upload(service))
    place = f"/Services/{service['sid']}/Environments/{environment['sid']}"
    assert api.delete(place).status_code == 204
    assert api.delete(place).status_code == 404
    assert api.site(environment).status_code == 404
    assert api.delete(f"/Services/{service['sid']}/Builds/{build['sid']}").status_code == 204


def test_an_environment_of_another_service_is_not_found(api: Api) -> None:
    one, other = api.service(), api.service()
    environment = api.environment(one)
    assert api.get(f"/Services/{other['sid']}/Environments/{environment['sid']}").status_code == 404


def test_a_domain_that_another_service_has_already_is_refused(make_api: Callable[..., Api]) -> None:
    """`a-1234` with suffix `5678` and Service `a-1234` that drew 5678 would be one domain."""
    api = make_api()
    first = api.service("a")
    second = api.service(first["domain_base"])
    digits = second["domain_base"].rpartition("-")[2]
    api.environment(second)
    refused = api.post(f"/Services/{first['sid']}/Environments", UniqueName="e", DomainSuffix=digits)
    assert error(refused) == (400, 20001, f"The domain {second['domain_base']}.localhost is taken")


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("FunctionSid", "ZH" + "0" * 32, "ZN" + "0" * 32),
        ("StartDate", "2026-01-02T03:04:05Z", "2026-01-02"),
        ("EndDate", "2026-01-02T03:04:05.5+01:00", "2026-13-02T03:04:05Z"),
    ],
)
def test_what_logs_are_filtered_by_must_be_well_formed(api: Api, name: str, right: str, wrong: str) -> None:
    service = api.service()
    place = f"/Services/{service['sid']}/Environments/{api.environment(service)['sid']}/Logs"
    assert api.get(place, **{name: right}).status_code == 200
    assert error(api.get(place, **{name: wrong}))[:2] == (400, 20001)


def test_logs_are_an_empty_list(api: Api) -> None:
    service = api.service()
    place = f"/Services/{service['sid']}/Environments/{api.environment(service)['sid']}/Logs"
    answer = api.get(place)
    assert answer.json()["logs"] == []
    assert answer.json()["meta"]["key"] == "logs"
    assert api.get(f"{place}/NO00000000000000000000000000000000").status_code == 404
