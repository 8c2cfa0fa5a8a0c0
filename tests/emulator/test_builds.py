from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.settings import BuildLimitReading, Settings
from tests.emulator.driver import error, made

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.driver import Api


def test_a_build_holds_full_objects_with_visibility_in_upper_case(api: Api) -> None:
    service = api.service()
    asset = api.upload(service, "/a.txt", visibility="protected")
    function = api.upload(service, "/f", kind="Functions")
    body = api.build(service, asset, function, Runtime="node20", Dependencies='[{"name":"x","version":"1"}]')
    url = f"{api.base}/v1/Services/{service['sid']}/Builds/{body['sid']}"
    common = {"account_sid": asset["account_sid"], "service_sid": service["sid"]}
    assert body == {
        "sid": body["sid"],
        **common,
        "asset_versions": [
            {
                "sid": asset["sid"],
                **common,
                "asset_sid": asset["asset_sid"],
                "date_created": asset["date_created"],
                "path": "/a.txt",
                "visibility": "PROTECTED",
            }
        ],
        "function_versions": [
            {
                "sid": function["sid"],
                **common,
                "function_sid": function["function_sid"],
                "date_created": function["date_created"],
                "path": "/f",
                "visibility": "PUBLIC",
            }
        ],
        "dependencies": [{"name": "x", "version": "1"}],
        "runtime": "node20",
        "status": "building",
        "date_created": body["date_created"],
        "date_updated": body["date_created"],
        "url": url,
        "links": {"build_status": f"{url}/Status"},
    }
    fetched = api.get(f"/Services/{service['sid']}/Builds/{body['sid']}").json()
    assert fetched == {**body, "status": "completed"}
    assert api.get(f"/Services/{service['sid']}/Builds").json()["builds"] == [fetched]
    assert api.get(f"/Services/{service['sid']}/Builds/{body['sid']}/Status").json() == {
        "sid": body["sid"],
        **common,
        "status": "completed",
        "url": f"{url}/Status",
    }


def test_missing_dependencies_and_runtime_are_filled_in(api: Api) -> None:
    service = api.service()
    build = api.build(service, api.upload(service))
    names = {entry["name"] for entry in build["dependencies"]}
    assert names == {"twilio", "fs", "lodash", "util", "xmldom", "@twilio/runtime-handler"}
    assert build["runtime"] == "node22"


@pytest.mark.parametrize("wrap", ["{}", '"{}"', " {} "])
def test_dependencies_are_taken_with_and_without_the_toolkits_quotes(api: Api, wrap: str) -> None:
    service = api.service()
    wanted = [{"name": "@a/b", "version": "^1.2"}, {"name": "c", "version": ""}]
    build = api.build(service, api.upload(service), Dependencies=wrap.replace("{}", json.dumps(wanted)))
    assert build["dependencies"] == wanted


def test_dependencies_are_taken_as_a_json_string_of_json(api: Api) -> None:
    service = api.service()
    text = json.dumps(json.dumps([{"name": "a", "version": "1"}]))
    assert api.build(service, api.upload(service), Dependencies=text)["dependencies"] == [{"name": "a", "version": "1"}]


HALF = r'[{"name":"\ud800","version":"1"}]'


@pytest.mark.parametrize(
    "text",
    ["x", "{}", '"x"', "1", "[1]", '[{"name":"a"}]', '[{"name":1,"version":"1"}]', '"[x]"', HALF, "[" * 100_000],
    ids=lambda text: text[:30],
)
def test_malformed_dependencies_are_refused(api: Api, text: str) -> None:
    service = api.service()
    assert error(api.try_build(service, api.upload(service), Dependencies=text))[:2] == (400, 20001)


def test_an_empty_build_is_refused_in_twilios_words(api: Api) -> None:
    message = "At least one Function Version or Asset Version is required for Build."
    assert error(api.try_build(api.service())) == (400, 20001, message)


def test_two_versions_of_one_asset_are_refused_with_both_sids(api: Api) -> None:
    service = api.service()
    asset = api.item(service)
    one, two = made(api.send(asset, "/a")), made(api.send(asset, "/b"))
    message = f"Different Asset Versions for same Asset. Conflicting SIDs: {one['sid']} and {two['sid']}"
    assert error(api.try_build(service, one, two)) == (400, 20001, message)
    assert len(api.build(service, one, one)["asset_versions"]) == 1


def test_unknown_versions_are_refused(api: Api) -> None:
    service, other = api.service(), api.service()
    foreign = api.upload(other)
    function = api.upload(service, "/f", kind="Functions")
    for sid in ("ZN" + "0" * 32, foreign["sid"], function["sid"]):
        refused = api.post(f"/Services/{service['sid']}/Builds", AssetVersions=[sid])
        assert error(refused) == (400, 20001, f"Asset Version {sid} was not found")


@pytest.mark.parametrize("second", ["Assets", "Functions"])
def test_two_versions_at_one_path_are_refused_unless_the_settings_let_them(
    make_api: Callable[..., Api], second: str
) -> None:
    for api, status in ((make_api(folder="a"), 400), (make_api(folder="b", refuse_path_clashes=False), 201)):
        service = api.service()
        versions = [api.upload(service, "/same"), api.upload(service, "/same", kind=second)]
        assert api.try_build(service, *versions).status_code == status


def test_retired_runtimes_are_refused_and_unknown_ones_taken(api: Api) -> None:
    service = api.service()
    version = api.upload(service)
    assert error(api.try_build(service, version, Runtime="node12")) == (400, 20001, "Runtime node12 is not supported")
    assert api.build(service, version, Runtime="node99")["runtime"] == "node99"


def test_limits_count_each_visibility_or_the_sum(make_api: Callable[..., Api]) -> None:
    limits = {"public_per_build": 2, "private_per_build": 1, "functions_per_build": 1}
    each, total = (
        make_api(folder="a", build_limit_reading=BuildLimitReading.EACH, **limits),
        make_api(folder="b", **limits),
    )
    for api in (each, total):
        service = api.service()
        files = {
            kind: [api.upload(service, f"/{kind}{n}", visibility=kind) for n in range(3)]
            for kind in ("public", "protected", "private")
        }
        functions = [api.upload(service, f"/f{n}", kind="Functions") for n in range(2)]
        fits = [*files["public"][:2], *files["protected"][:2]]
        assert api.try_build(service, *fits, files["private"][0]).status_code == (201 if api is each else 400)
        for kind in ("public", "protected"):
            assert api.try_build(service, *files[kind]).status_code == 400
        assert error(api.try_build(service, *files["private"][:2]))[2] == "A Build is limited to 1 private Assets"
        assert error(api.try_build(service, *functions))[2] == "A Build is limited to 1 Functions"


def test_a_thousand_public_assets_fit_and_one_more_does_not(direct_api: Api) -> None:
    service = direct_api.service()
    versions = [direct_api.upload(service, f"/{number}", b"1") for number in range(1001)]
    assert len(direct_api.build(service, *versions[:1000])["asset_versions"]) == 1000
    refused = direct_api.try_build(service, *versions)
    assert error(refused) == (400, 20001, "A Build is limited to 1000 public and protected Assets")


def test_fifty_private_assets_fit_and_one_more_does_not(direct_api: Api) -> None:
    service = direct_api.service()
    versions = [direct_api.upload(service, f"/{number}", visibility="private") for number in range(51)]
    assert len(direct_api.build(service, *versions[:50])["asset_versions"]) == 50
    refused = direct_api.try_build(service, *versions)
    assert error(refused) == (400, 20001, "A Build is limited to 50 private Assets")


@pytest.mark.parametrize(("most", "status"), [(50, 400), (None, 201)])
def test_more_than_fifty_functions_fit_where_the_settings_say_so(
    make_api: Callable[..., Api], most: int | None, status: int
) -> None:
    assert Settings().functions_per_build == 50
    api = make_api(functions_per_build=most)
    service = api.service()
    versions = [api.upload(service, f"/{number}", kind="Functions") for number in range(51)]
    assert api.try_build(service, *versions[:50]).status_code == 201
    assert api.try_build(service, *versions).status_code == status


def test_a_build_completes_after_its_time_by_the_services_clock(make_api: Callable[..., Api]) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    api = make_api(clock=lambda: now, build_seconds=2.5)
    service = api.service()
    build = api.build(service, api.upload(service))
    place = f"/Services/{service['sid']}/Builds/{build['sid']}"
    now += timedelta(seconds=2.4)
    assert api.get(f"{place}/Status").json()["status"] == "building"
    now += timedelta(seconds=0.1)
    assert api.get(f"{place}/Status").json()["status"] == "completed"
    assert api.get(place).json()["date_updated"] == "2026-01-01T00:00:02Z"


def test_builds_fail_when_told_to_and_give_no_reason(make_api: Callable[..., Api]) -> None:
    api = make_api()
    service = api.service()
    environment = api.environment(service)
    version = api.upload(service)
    api.core.fail_builds()
    failed, fine = api.build(service, version), api.build(service, version)
    status = [api.get(f"/Services/{service['sid']}/Builds/{b['sid']}").json()["status"] for b in (failed, fine)]
    assert status == ["failed", "completed"]
    assert error(api.try_deploy(environment, failed)) == (400, 20001, f"Build {failed['sid']} is not completed")


def test_the_order_inside_a_build_is_arbitrary_but_seeded(make_api: Callable[..., Api]) -> None:
    orders = []
    for folder in ("a", "b"):
        api = make_api(folder=folder, seed=7)
        service = api.service()
        versions = [api.upload(service, f"/{number}") for number in range(20)]
        orders.append([held["path"] for held in api.build(service, *versions)["asset_versions"]])
    assert orders[0] == orders[1]
    assert orders[0] != [f"/{number}" for number in range(20)]


def test_a_build_that_is_served_until_the_next_has_spread_cannot_be_deleted(make_api: Callable[..., Api]) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    api = make_api(clock=lambda: now, propagation_seconds=5)
    service = api.service()
    environment = api.environment(service)
    builds = [api.build(service, api.upload(service, content=text)) for text in (b"old", b"middle", b"new")]
    places = [f"/Services/{service['sid']}/Builds/{build['sid']}" for build in builds]
    api.deploy(environment, builds[0])
    now += timedelta(seconds=5)
    for build in builds[1:]:
        api.deploy(environment, build)
        now += timedelta(seconds=2)
    active = (400, 20001, "Cannot delete Build because it's part of an active Deployment.")
    assert [error(api.delete(place)) for place in places] == [active] * 3
    assert api.site(environment).content == b"old"
    now += timedelta(seconds=1)
    assert api.delete(places[0]).status_code == 204
    assert [error(api.delete(place)) for place in places[1:]] == [active] * 2
    assert api.site(environment).content == b"middle"
    now += timedelta(seconds=2)
    assert api.delete(places[1]).status_code == 204
    assert error(api.delete(places[2])) == active
    assert api.site(environment).content == b"new"


def test_a_live_build_cannot_be_deleted_in_twilios_words(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    build = api.publish(service, environment, api.upload(service))
    place = f"/Services/{service['sid']}/Builds/{build['sid']}"
    assert error(api.delete(place)) == (400, 20001, "Cannot delete Build because it's part of an active Deployment.")
    api.deploy(environment, None)
    assert api.delete(place).status_code == 204
    assert api.delete(place).status_code == 404
