from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator.driver import error

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.driver import Api


def test_a_deployment_has_every_field_and_moves_the_environment(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    build = api.build(service, api.upload(service))
    body = api.deploy(environment, build)
    assert body == {
        "sid": body["sid"],
        "account_sid": api.core.account.sid,
        "service_sid": service["sid"],
        "environment_sid": environment["sid"],
        "build_sid": build["sid"],
        "date_created": body["date_created"],
        "date_updated": body["date_created"],
        "url": f"{environment['url']}/Deployments/{body['sid']}",
    }
    place = f"/Services/{service['sid']}/Environments/{environment['sid']}"
    assert api.get(place).json()["build_sid"] == build["sid"]
    assert api.get(f"{place}/Deployments/{body['sid']}").json() == body
    assert api.delete(f"{place}/Deployments/{body['sid']}").status_code == 405


def test_without_a_build_nothing_is_live_any_more(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    api.publish(service, environment, api.upload(service))
    assert api.site(environment).status_code == 200
    assert api.deploy(environment, None)["build_sid"] is None
    place = f"/Services/{service['sid']}/Environments/{environment['sid']}"
    assert api.get(place).json()["build_sid"] is None
    assert api.site(environment).status_code == 404


def test_what_is_live_already_is_refused_in_twilios_words(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    message = "Environment already has requested deployment."
    assert error(api.try_deploy(environment, None)) == (400, 20001, message)
    build = api.publish(service, environment, api.upload(service))
    assert error(api.try_deploy(environment, build)) == (400, 20001, message)


def test_the_history_is_listed_newest_first_and_keeps_deleted_builds(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    version = api.upload(service)
    builds = [api.publish(service, environment, version)["sid"] for _ in range(3)]
    assert api.delete(f"/Services/{service['sid']}/Builds/{builds[0]}").status_code == 204
    listed = api.get(f"/Services/{service['sid']}/Environments/{environment['sid']}/Deployments").json()["deployments"]
    assert [entry["build_sid"] for entry in listed] == builds[::-1]


def test_two_environments_run_different_builds(api: Api) -> None:
    service = api.service()
    one, two = api.environment(service, "one"), api.environment(service, "two", DomainSuffix="two")
    api.publish(service, one, api.upload(service, content=b"1"))
    api.publish(service, two, api.upload(service, content=b"2"))
    assert (api.site(one).content, api.site(two).content) == (b"1", b"2")


def test_an_unknown_build_or_one_of_another_service_is_refused(api: Api) -> None:
    service, other = api.service(), api.service()
    environment = api.environment(service)
    foreign = api.build(other, api.upload(other))
    for sid in (foreign["sid"], "ZB" + "0" * 32):
        assert error(api.try_deploy(environment, {"sid": sid})) == (400, 20001, f"Build {sid} was not found")


def test_an_empty_build_sid_is_refused_and_takes_nothing_off_line(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    api.publish(service, environment, api.upload(service))
    assert error(api.try_deploy(environment, {"sid": ""}))[:2] == (400, 20001)
    assert api.site(environment).status_code == 200


def test_an_unfinished_build_is_refused_unless_the_settings_let_it(make_api: Callable[..., Api]) -> None:
    strict = make_api(folder="a", build_seconds=60)
    lax = make_api(folder="b", build_seconds=60, deploy_needs_completed=False)
    for api, status in ((strict, 400), (lax, 201)):
        service = api.service()
        build = api.build(service, api.upload(service))
        assert api.try_deploy(api.environment(service), build).status_code == status


def test_flex_plugins_need_the_flag_unless_the_settings_let_them(make_api: Callable[..., Api]) -> None:
    lax, api = make_api(folder="a", flex_guard=False), make_api(folder="b")
    service = lax.service()
    build = lax.build(service, lax.upload(service, "/plugins/x/1/bundle.js"))
    assert lax.try_deploy(lax.environment(service), build).status_code == 201
    service = api.service()
    environment = api.environment(service)
    plain, plugin = api.upload(service, "/plugins.txt"), api.upload(service, "/plugins/x/1/bundle.js")
    assert api.try_deploy(environment, api.build(service, plain)).status_code == 201
    build = api.build(service, plugin)
    assert "You cannot deploy Flex Plugins" in error(api.try_deploy(environment, build))[2]
    assert api.try_deploy(environment, build, IsPlugin="true").status_code == 201
