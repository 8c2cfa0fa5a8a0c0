"""How the tests talk to the local service: raw httpx, never assetsync's own client."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from assetsync.emulator.core import Core

_NAMES = itertools.count(1)

Json = dict[str, Any]


def fresh_name(stem: str = "site") -> str:
    return f"{stem}-{next(_NAMES)}"


@dataclass(frozen=True, slots=True)
class Api:
    """One client of one running core; `base` is how the client addresses it."""

    client: httpx.Client
    core: Core
    base: str

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.client.get(f"/v1{path}", params=query)

    def post(self, path: str, **form: Any) -> httpx.Response:
        return self.client.post(f"/v1{path}", data=form)

    def delete(self, path: str) -> httpx.Response:
        return self.client.delete(f"/v1{path}")

    def service(self, name: str | None = None, **form: Any) -> Json:
        name = name or fresh_name()
        return made(self.post("/Services", UniqueName=name, FriendlyName=name, **form))

    def environment(self, service: Json, name: str = "production", **form: Any) -> Json:
        return made(self.post(f"/Services/{service['sid']}/Environments", UniqueName=name, **form))

    def item(self, service: Json, name: str = "/a.txt", kind: str = "Assets") -> Json:
        return made(self.post(f"/Services/{service['sid']}/{kind}", FriendlyName=name))

    def send(
        self,
        item: Json,
        path: str = "/a.txt",
        content: bytes = b"hello",
        *,
        visibility: str = "public",
        content_type: str = "text/plain",
        kind: str = "Assets",
    ) -> httpx.Response:
        return self.client.post(
            f"/v1/Services/{item['service_sid']}/{kind}/{item['sid']}/Versions",
            data={"Path": path, "Visibility": visibility},
            files={"Content": ("x", content, content_type)},
        )

    def upload(self, service: Json, path: str = "/a.txt", content: bytes = b"hello", **options: Any) -> Json:
        """A new Asset (or Function) named like its path, with one Version."""
        item = self.item(service, path, options.get("kind", "Assets"))
        return made(self.send(item, path, content, **options))

    def build(self, service: Json, *versions: Json, **form: Any) -> Json:
        return made(self.try_build(service, *versions, **form))

    def try_build(self, service: Json, *versions: Json, **form: Any) -> httpx.Response:
        names = {"AssetVersions": "asset_sid", "FunctionVersions": "function_sid"}
        lists = {name: [v["sid"] for v in versions if parent in v] for name, parent in names.items()}
        return self.post(f"/Services/{service['sid']}/Builds", **lists, **form)

    def try_deploy(self, environment: Json, build: Json | None, **form: Any) -> httpx.Response:
        chosen = {} if build is None else {"BuildSid": build["sid"]}
        place = f"/Services/{environment['service_sid']}/Environments/{environment['sid']}/Deployments"
        return self.post(place, **chosen, **form)

    def deploy(self, environment: Json, build: Json | None) -> Json:
        return made(self.try_deploy(environment, build))

    def publish(self, service: Json, environment: Json, *versions: Json) -> Json:
        build = self.build(service, *versions)
        self.deploy(environment, build)
        return build

    def site(self, environment: Json, path: str = "/a.txt", method: str = "GET", **headers: str) -> httpx.Response:
        """A request to the asset host by its domain, with the port that the client uses."""
        port = httpx.URL(self.base).port
        host = environment["domain_name"] + (f":{port}" if port else "")
        return self.client.request(
            method, path, headers={"Host": host, **{k.replace("_", "-"): v for k, v in headers.items()}}, auth=no_auth
        )


def no_auth(request: httpx.Request) -> httpx.Request:
    request.headers.pop("authorization", None)
    return request


def made(response: httpx.Response) -> Json:
    assert response.status_code == 201, response.text
    body: Json = response.json()
    return body


def error(response: httpx.Response) -> tuple[int, int, str]:
    """Status, code and message of an error in the main API's shape (F3.1)."""
    body = response.json()
    assert set(body) == {"code", "message", "more_info", "status"}
    assert body["status"] == response.status_code
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{body['code']}"
    return response.status_code, body["code"], body["message"]


def upload_error(response: httpx.Response) -> tuple[int, int, str]:
    """The same for the upload host's shape (F2.3)."""
    body = response.json()
    assert set(body) == {"message", "code", "user_error", "http_status_code", "params"}
    assert body["user_error"] is True
    assert body["http_status_code"] == response.status_code
    return response.status_code, body["code"], body["message"]


def make_client(core: Core, base: str, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """A client with the core's credentials."""
    return httpx.Client(
        base_url=base,
        auth=(core.account.sid, core.account.auth_token),
        transport=transport,
        trust_env=False,
        timeout=30,
    )
