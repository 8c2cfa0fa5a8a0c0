from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from assetsync.emulator.messages import Request, json_answer
from assetsync.emulator.witness import WITNESSES
from tests.emulator.described import Inspector, inspected
from tests.emulator.driver import made
from tests.emulator.openapi import VARIABLE, Contract, contract_from_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.driver import Api

described = pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no OpenAPI description")


@described
def test_every_operation_of_the_description_answers_as_described(make_api: Callable[..., Api]) -> None:
    contract = contract_from_environment()
    assert contract is not None
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


@described
def test_the_check_sees_a_missing_a_wrong_and_an_extra_field() -> None:
    import yaml

    contract = Contract(yaml.safe_load(Path(os.environ[VARIABLE]).read_text(encoding="utf-8")))
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
