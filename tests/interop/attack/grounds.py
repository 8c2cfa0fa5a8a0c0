"""A state worth attacking: something in every collection, and the SIDs and page tokens that lead to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.emulator.driver import made

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.emulator.driver import Api

UNIQUE_NAME = "attacked"

Sids = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Grounds:
    """By collection: `lasting` is there to be read and changed, `doomed` to be deleted; a page token for each list.

    Versions are found as `AssetVersions` and `FunctionVersions`, those of the first Asset (Function) that lasts.
    `buildable` are Versions that go into one Build together.
    """

    lasting: Mapping[str, list[str]]
    doomed: Mapping[str, list[str]]
    buildable: Mapping[str, list[str]]
    page_tokens: Mapping[str, str]


def prepare(api: Api) -> Grounds:
    service = api.service(UNIQUE_NAME)
    environment = api.environment(service)
    here = f"/Services/{service['sid']}"
    there = f"{here}/Environments/{environment['sid']}"
    lasting: Sids = {"Services": [service["sid"], UNIQUE_NAME], "Environments": [environment["sid"]], "Logs": []}
    doomed: Sids = {
        "Services": [api.service()["sid"] for _ in range(3)],
        "Environments": [api.environment(service, f"e{n}", DomainSuffix=f"e{n}")["sid"] for n in range(3)],
    }
    lists = {"Services": "/Services"} | {name: f"{here}/{name}" for name in ("Environments", "Builds")}
    lists |= {name: f"{there}/{name}" for name in ("Deployments", "Variables")}
    buildable: Sids = {}
    for kind, word in (("Assets", "asset"), ("Functions", "function")):
        versions = [api.upload(service, f"/{word}/{n}", kind=kind) for n in range(4)]
        lasting[kind] = [version[f"{word}_sid"] for version in versions]
        first = {"service_sid": service["sid"], "sid": lasting[kind][0]}
        lasting[f"{kind[:-1]}Versions"] = [made(api.send(first, f"/{word}/0", kind=kind))["sid"] for _ in range(3)]
        doomed[kind] = [api.item(service, kind=kind)["sid"] for _ in range(3)]
        buildable[f"{kind[:-1]}Versions"] = [version["sid"] for version in versions]
        lists |= {kind: f"{here}/{kind}", f"{kind[:-1]}Versions": f"{here}/{kind}/{first['sid']}/Versions"}
    builds = [_made(api, f"{here}/Builds", AssetVersions=sid) for sid in buildable["AssetVersions"]]
    lasting["Builds"] = builds
    lasting["Deployments"] = [_made(api, f"{there}/Deployments", BuildSid=sid) for sid in builds]
    doomed["Builds"] = [_made(api, f"{here}/Builds", AssetVersions=sid) for sid in buildable["AssetVersions"][:3]]
    for sids, stem in ((lasting, "K"), (doomed, "D")):
        sids["Variables"] = [_made(api, f"{there}/Variables", Key=f"{stem}{number}", Value="v") for number in range(3)]
    return Grounds(lasting, doomed, buildable, {name: _page_token(api, place) for name, place in lists.items()})


def _made(api: Api, place: str, **form: str) -> str:
    return str(made(api.post(place, **form))["sid"])


def _page_token(api: Api, place: str) -> str:
    """For what is newer than all that lasts, so that nobody who deletes what is listed first deletes that."""
    first = api.get(place, PageSize=2).json()
    second = api.client.get(first["meta"]["next_page_url"]).json()
    (token,) = parse_qs(urlsplit(str(second["meta"]["previous_page_url"])).query)["PageToken"]
    return token
