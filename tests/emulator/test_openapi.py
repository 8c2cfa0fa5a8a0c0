from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from assetsync.emulator.messages import Request, json_answer
from assetsync.emulator.witness import WITNESSES
from tests.emulator import elsewhere
from tests.emulator.described import Inspector, inspected, official_contract
from tests.emulator.driver import made
from tests.emulator.openapi import VARIABLE, Contract, official_description, read_description
from tests.fakes.npm import missing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.emulator.driver import Api


@pytest.fixture
def contract() -> Contract:
    return official_contract() or missing("there is no description")


def test_every_operation_of_the_description_answers_as_described(
    contract: Contract, make_api: Callable[..., Api]
) -> None:
    api = make_api()
    api.client.event_hooks = {"response": [contract.check]}
    service = api.service()
    environment = api.environment(service, DomainSuffix="x")
    place = f"/Services/{service['sid']}"
    here = f"{place}/Environments/{environment['sid']}"
    versions = []
    for kind, word in (("Assets", "asset"), ("Functions", "function")):
        version = api.upload(service, f"/{word}", kind=kind)
        versions.append(version)
        item = f"{place}/{kind}/{version[f'{word}_sid']}"
        api.post(item, FriendlyName="other")
        for path in (f"{place}/{kind}", item, f"{item}/Versions", f"{item}/Versions/{version['sid']}"):
            assert api.get(path).status_code == 200
    function = versions[1]
    api.get(f"{place}/Functions/{function['function_sid']}/Versions/{function['sid']}/Content")
    build = api.build(service, *versions)
    for path in ("Builds", f"Builds/{build['sid']}", f"Builds/{build['sid']}/Status"):
        assert api.get(f"{place}/{path}").status_code == 200
    for deployment in (api.deploy(environment, build), api.deploy(environment, None)):
        assert api.get(f"{here}/Deployments/{deployment['sid']}").status_code == 200
    variable = made(api.post(f"{here}/Variables", Key="k", Value="v"))["sid"]
    api.post(f"{here}/Variables/{variable}", Value="w")
    for path in ("", "/Deployments", "/Variables", f"/Variables/{variable}", "/Logs"):
        assert api.get(f"{here}{path}").status_code == 200
    api.post(place, FriendlyName="other")
    for path in ("/Services", place, f"{place}/Environments"):
        assert api.get(path).status_code == 200
    owners = (f"Builds/{build['sid']}", f"Assets/{versions[0]['asset_sid']}", f"Functions/{function['function_sid']}")
    for path in (f"{here}/Variables/{variable}", here, *(f"{place}/{owner}" for owner in owners), place):
        assert api.delete(path).status_code == 204
    log = ("/v1/Services/{ServiceSid}/Environments/{EnvironmentSid}/Logs/{Sid}", "get")
    assert contract.operations() - contract.checked == {log}


def test_the_check_sees_a_missing_a_wrong_and_an_extra_field(contract: Contract) -> None:
    schema = contract._schemas["/v1/Services/{ServiceSid}/Assets/{Sid}", "get"][2]
    names = ("sid", "account_sid", "service_sid", "friendly_name", "date_created", "date_updated", "url", "links")
    nothing = dict.fromkeys(names)
    jsonschema_rs.validate(schema, nothing)
    wrongs: list[dict[str, Any]] = [
        {**nothing, "sid": "ZX1"},
        {**nothing, "extra": 1},
        {"sid": None},
        {**nothing, "links": {}},
    ]
    for wrong in wrongs:
        with pytest.raises(jsonschema_rs.ValidationError):
            jsonschema_rs.validate(schema, wrong)


SMALL = {
    "paths": {
        "/v1/Services/{Sid}": {
            "get": {"responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/x/service"}}}}}}
        }
    },
    "components": {
        "schemas": {
            "service": {"type": "object", "properties": {"sid": {"type": "string"}}},
            "serverless.v1.service.asset.asset_version": {"type": "object"},
            "serverless.v1.service.function.function_version": {"type": "object"},
        }
    },
}


def test_what_a_service_of_this_process_answers_is_looked_at_behind_every_client(make_api: Callable[..., Api]) -> None:
    api = make_api()
    service = api.service()
    before = len(WITNESSES)

    def wrong() -> None:
        with inspected(Contract(SMALL)) as inspector:
            api.client.get(f"/sites/{service['sid']}")
            api.get("/Services/none")
            assert (inspector.judged, inspector.told()) == (1, [])
            api.get(f"/Services/{service['sid']}")

    with pytest.raises(AssertionError, match=r"GET /v1/Services/ZS\w+ 200: Additional properties are not allowed"):
        wrong()
    assert len(WITNESSES) == before


def test_an_undescribed_success_is_told_once() -> None:
    inspector = Inspector(Contract(SMALL))
    inspector(Request("GET", "/v1/Services/x"), json_answer(200, {"sid": "ZS1"}))
    inspector(Request("GET", "/v1/Other"), json_answer(200, {}))
    assert inspector.told() == ["GET /v1/Other 200: GET /v1/Other succeeds, but is not described"]
    assert inspector.told() == []


ANOTHER_PROCESS = """
import pathlib, sys
from assetsync.emulator.core import Core
from assetsync.emulator.direct import DirectTransport
from assetsync.emulator.messages import json_answer
from assetsync.emulator import api
import httpx
if sys.argv[2] == "wrong":
    import assetsync.emulator.api.services as services
    services.represent = lambda *_: {"sid": "ZS1"}
with Core(pathlib.Path(sys.argv[1])) as core:
    auth = (core.account.sid, core.account.auth_token)
    with httpx.Client(transport=DirectTransport(core), base_url="http://x", auth=auth) as client:
        client.post("/v1/Services", data={"UniqueName": "a", "FriendlyName": "a"}).raise_for_status()
"""


@pytest.mark.parametrize(("kind", "count"), [("right", 0), ("wrong", 1)])
def test_what_a_service_of_another_process_answers_is_looked_at(
    contract: Contract, tmp_path: Path, kind: str, count: int
) -> None:
    subprocess.run([sys.executable, "-c", ANOTHER_PROCESS, tmp_path / "state", kind], check=True)
    told = elsewhere.told()
    assert len(told) == count
    assert all(each.startswith("POST /v1/Services 201: ") for each in told)


def test_the_description_that_npm_has_is_the_one_that_was_given(
    contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = official_description()
    monkeypatch.delenv(VARIABLE)
    packaged = official_description()
    if packaged is None:
        missing("npm has no description")
    assert given is not None
    assert set(Contract(read_description(packaged)).operations()) == contract.operations()
