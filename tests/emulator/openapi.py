"""Answers held against the official OpenAPI description, when ASSETSYNC_OPENAPI names its file."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import yaml

if TYPE_CHECKING:
    import httpx

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
        if not request.url.path.startswith("/v1/") or not response.is_success:
            return
        for (path, method), (pattern, status, schema) in self._schemas.items():
            if method == request.method.lower() and pattern.fullmatch(request.url.path):
                assert response.status_code == status, (method, path)
                self.checked.add((path, method))
                if schema is not None:
                    response.read()
                    jsonschema_rs.validate(schema, response.json())
                return
        raise AssertionError(f"{request.method} {request.url.path} succeeds, but is not described")

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
            return self._plain(self._description["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
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


def contract_from_environment() -> Contract | None:
    name = os.environ.get(VARIABLE)
    return Contract(yaml.safe_load(Path(name).read_text(encoding="utf-8"))) if name else None
