"""Switches whose other setting no other test holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator.driver import error

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.driver import Api


def test_sites_may_live_below_another_domain(make_api: Callable[..., Api]) -> None:
    api = make_api(domain_root="sites.test")
    service = api.service()
    environment = api.environment(service)
    api.publish(service, environment, api.upload(service))
    assert environment["domain_name"] == f"{service['domain_base']}.sites.test"
    assert api.site(environment).content == b"hello"
    assert api.site({"domain_name": "a.localhost"}).status_code == 401


def test_what_a_build_is_given_may_be_set(make_api: Callable[..., Api]) -> None:
    api = make_api(dependencies=(("a", "1"),), runtime="node20")
    service = api.service()
    build = api.build(service, api.upload(service))
    assert (build["dependencies"], build["runtime"]) == ([{"name": "a", "version": "1"}], "node20")


def test_other_runtimes_may_be_retired(make_api: Callable[..., Api]) -> None:
    api = make_api(retired_runtimes=frozenset({"node22"}))
    service = api.service()
    version = api.upload(service)
    assert error(api.try_build(service, version)) == (400, 20001, "Runtime node22 is not supported")
    assert api.build(service, version, Runtime="node12")["runtime"] == "node12"


def test_other_numbers_of_services_environments_and_bytes_may_be_set(make_api: Callable[..., Api]) -> None:
    api = make_api(services=1, environments=1, public_bytes=3, private_bytes=2)
    service = api.service()
    assert api.post("/Services", UniqueName="second", FriendlyName="x").status_code == 400
    api.environment(service)
    assert api.post(f"/Services/{service['sid']}/Environments", UniqueName="b", DomainSuffix="b").status_code == 400
    item = api.item(service)
    for visibility, limit in (("public", 3), ("protected", 3), ("private", 2)):
        assert api.send(item, "/a", bytes(limit), visibility=visibility).status_code == 201
        assert api.send(item, "/a", bytes(limit + 1), visibility=visibility).status_code == 413
