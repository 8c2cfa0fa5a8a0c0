"""Answers held against the official OpenAPI description."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import yaml

from tests.fakes.npm import unpacked

if TYPE_CHECKING:
    import httpx

    from assetsync.emulator.messages import Answer, Request

VARIABLE = "ASSETSYNC_OPENAPI"

_UPLOADED = {
    "/v1/Services/{ServiceSid}/Assets/{AssetSid}/Versions": "serverless.v1.service.asset.asset_version",
    "/v1/Services/{ServiceSid}/Functions/{FunctionSid}/Versions": "serverless.v1.service.function.function_version",
}


class Contract:
    """The description: which schema each successful answer must fit, field for field."""

    def __init__(self, description: Any) -> None:
        self.checked: set[tuple[str, str]] = set()
        self._description = description
        self._schemas: dict[tuple[str, str], tuple[re.Pattern[str], int, Any]] = {}
        for path, operations in description["paths"].items():
            for method in ("get", "post", "delete"):
                if method in operations:
                    self._add(path, method, operations[method]["responses"])
        for path, name in _UPLOADED.items():
            schema = description["components"]["schemas"][name]
            self._add(path, "post", {"201": {"content": {"application/json": {"schema": schema}}}})

    def operations(self) -> set[tuple[str, str]]:
        return set(self._schemas)

    def check(self, response: httpx.Response) -> None:
        """Raises where a successful answer of the API is not what the description says."""
        request = response.request
        if response.is_success:
            response.read()
            self.judge(request.method, request.url.path, response.status_code, response.content)

    def judge(self, method: str, path: str, status: int, body: bytes) -> None:
        """The same for an answer in parts."""
        if not path.startswith("/v1/") or not 200 <= status < 300:
            return
        for (template, operation), (pattern, expected, schema) in self._schemas.items():
            if operation == method.lower() and pattern.fullmatch(path):
                assert status == expected, (method, template)
                self.checked.add((template, operation))
                if schema is not None:
                    jsonschema_rs.validate(schema, json.loads(body))
                return
        raise AssertionError(f"{method} {path} succeeds, but is not described")

    def problem(self, request: Request, answer: Answer) -> str | None:
        """What is wrong with an answer, in one line; None where nothing is."""
        body = answer.body if isinstance(answer.body, bytes) else b""
        try:
            self.judge(request.method, request.path, answer.status, body)
        except Exception as error:  # noqa: BLE001 whatever is wrong with it
            return f"{request.method} {request.path} {answer.status}: {' '.join(str(error).split())}"
        return None

    def _add(self, path: str, method: str, responses: Any) -> None:
        ((status, response),) = responses.items()
        content = response.get("content")
        schema = self._plain(content["application/json"]["schema"]) if content else None
        pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))
        self._schemas[path, method] = (pattern, int(status), schema)

    def _plain(self, schema: Any) -> Any:
        """JSON Schema from OpenAPI 3.0: references resolved, `nullable` a union, every property there and no other."""
        if isinstance(schema, list):
            return [self._plain(entry) for entry in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name == "build_enum_runtime":  # any text in a request, which the answer repeats
                return {"type": "string"}
            return self._plain(self._description["components"]["schemas"][name])
        plain = {key: self._plain(value) for key, value in schema.items() if key in _KEYWORDS}
        if isinstance(schema.get("properties"), dict):
            plain["properties"] = {name: self._plain(value) for name, value in schema["properties"].items()}
            plain |= {"required": sorted(plain["properties"]), "additionalProperties": False}
        if schema.get("nullable"):
            plain["type"] = [plain["type"], "null"]
        if plain.get("format") == "uri-map":
            plain |= {"additionalProperties": {"type": "string", "format": "uri"}, "minProperties": 1}
        return plain


_KEYWORDS = frozenset({"type", "items", "format", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum"})


def official_description() -> Path | None:
    """Where ASSETSYNC_OPENAPI says, else the one that the Twilio CLI ships; None without npm or its registry."""
    name = os.environ.get(VARIABLE)
    if name:
        return Path(name)
    try:
        return unpacked("@twilio/cli-core@8") / "src/services/twilio-api/twilio_serverless_v1.json"
    except pytest.skip.Exception:
        return None


def read_description(file: Path) -> Any:
    """YAML, or JSON, which is read faster."""
    text = file.read_text(encoding="utf-8")
    return json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
