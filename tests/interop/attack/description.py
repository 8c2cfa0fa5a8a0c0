"""The official description made attackable: a derived copy, of which more can be checked.

The description documents successes only, requires no field of an answer, leaves lengths and characters to prose, and
has no values that lead anywhere. Each change names its reason; all but that of the runtime say more than it does.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Final

from tests.interop.attack.links import add_links

if TYPE_CHECKING:
    from tests.interop.attack.grounds import Grounds

Json = dict[str, Any]

METHODS: Final = ("get", "post", "delete")

_PREFIXES: Final = {
    "Services": "ZS",
    "Environments": "ZE",
    "Assets": "ZH",
    "Functions": "ZH",
    "AssetVersions": "ZN",
    "FunctionVersions": "ZN",
    "Builds": "ZB",
    "Deployments": "ZD",
    "Variables": "ZV",
    "Logs": "NO",
}

UNREADABLE: Final = ("null", "{}", '[{"name":"a"}]', "[" * 5000, r'[{"name":"\ud800","version":"1"}]')
"""Dependencies that are refused, although the description takes any text; the last has half of a character in it."""

# F1.10, and what names may consist of: in the description they are strings without an end.
_FIELDS: Final[dict[str, Json]] = {
    "FriendlyName": {"maxLength": 255},
    "UpdateService.FriendlyName": {"minLength": 1},
    "CreateService.UniqueName": {"pattern": "^[A-Za-z0-9-]{1,50}$"},
    "CreateEnvironment.UniqueName": {"maxLength": 100},
    "DomainSuffix": {"pattern": "^[A-Za-z0-9-]{0,16}$"},
    "Key": {"maxLength": 128},
    "Value": {"maxLength": 450},
    # A JSON list in a string (F6.1); none is as good as not given.
    "Dependencies": {"enum": ["", "[]", '[{"name":"lodash","version":"4.17.21"}]', *UNREADABLE]},
    # Any text but the retired ones (F6.10), and what is worth trying most.
    "Runtime": {
        "anyOf": [
            {"type": "string", "enum": ["", "node16", "node18", "node20", "node22"]},
            {"type": "string", "maxLength": 50, "not": {"enum": ["node8", "node10", "node12", "node14"]}},
        ]
    },
}

# F2.1 to F2.4, in the stricter reading: no empty segments and none that are dots, nor control characters, also when
# they are decoded. checks.py keeps paths short.
_CHARACTER: Final = "(?:[A-Za-z0-9_~!*=-]|%(?:2[0-9A-Da-d]|[3-9A-Fa-f][0-9A-Fa-f]))"
_SEGMENT: Final = rf"(?:{_CHARACTER}|[.]{_CHARACTER}|[.][.](?:{_CHARACTER}|[.]))(?:{_CHARACTER}|[.])*"
_PATH: Final = f"^(?:/|/?{_SEGMENT}(?:/{_SEGMENT})*/?)$"


def attackable(official: Json, grounds: Grounds, url: str) -> Json:
    """A description of the local service at `url`, with the operations of the upload host."""
    description = copy.deepcopy(official)
    description["servers"] = [{"url": url}]
    schemas = description["components"]["schemas"]
    for schema in schemas.values():
        _close(schema)
    del schemas["build_enum_runtime"]["enum"]  # any text in a request, which the answer repeats
    for kind, word in (("Assets", "asset"), ("Functions", "function")):
        versions = description["paths"][f"/v1/Services/{{ServiceSid}}/{kind}/{{{kind[:-1]}Sid}}/Versions"]
        versions["post"] = _upload(word, versions["get"])
    for path, operations in description["paths"].items():
        operations.pop("servers", None)  # nothing may lead to Twilio
        for method in METHODS:
            if method in operations:
                _lead(path, method, operations[method], grounds)
                _describe_answers(operations[method])
    add_links(description["paths"])
    return _renamed(description)


def _renamed(description: Json) -> Json:
    """`serverless.v1.service.asset.asset_version` as `AssetVersion`: by such names schemathesis knows its way."""
    text = json.dumps(description)
    for name in sorted(description["components"]["schemas"], key=len, reverse=True):
        short = "".join(word.title() for word in name.rpartition(".")[2].split("_"))
        text = text.replace(json.dumps(f"#/components/schemas/{name}"), json.dumps(f"#/components/schemas/{short}"))
        text = text.replace(f"{json.dumps(name)}: ", f"{json.dumps(short)}: ")
    renamed: Json = json.loads(text)
    return renamed


def _lead(path: str, method: str, operation: Json, grounds: Grounds) -> None:
    """Let the parameters lead to what exists, and last to one thing of each kind that does not."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            parameter["schema"] = _place(path, method, parameter["name"], grounds)
        else:
            parameter["allowEmptyValue"] = True  # as good as not given
        if parameter["name"] == "PageToken":  # opaque, made by the API (F4.2)
            parameter["schema"] = {"type": "string", "enum": [grounds.page_tokens.get(_collection(path), "")]}
    body = operation.get("requestBody")
    if body is None:
        return
    ((_, content),) = body["content"].items()
    content.pop("examples", None)  # SIDs of nobody's
    name, schema = operation["operationId"], content["schema"]
    for field, value in schema["properties"].items():
        value.update(_FIELDS.get(field, {}) | _FIELDS.get(f"{name}.{field}", {}))
        if field in schema.get("required", ()) and field != "Value":
            value["minLength"] = 1  # what is required is not empty, but for a Variable's value
    if name == "CreateDeployment":
        schema["properties"]["BuildSid"] = {"type": "string", "enum": grounds.lasting["Builds"]}
    if name == "CreateBuild":
        for field, sids in grounds.buildable.items():
            schema["properties"][field]["items"] = {"type": "string", "enum": sids}
    if "required" in schema:
        body["required"] = True  # what has required fields cannot be left out as a whole


def _place(path: str, method: str, name: str, grounds: Grounds) -> Json:
    before, _, after = path.partition(f"/{{{name}}}")
    collection = _collection(before)
    known = (grounds.doomed if method == "delete" and not after else grounds.lasting)[collection]
    if collection == "Services":  # goes by its unique name too (F7.1): there is no text that is wrong for certain
        return {"anyOf": [{"type": "string", "enum": known}, {"type": "string", "not": {"enum": known}}]}
    return {"type": "string", "enum": known[:1] if after else [*known, _PREFIXES[collection] + "0" * 32]}


def _collection(path: str) -> str:
    """The name of the collection that a path ends in, as in the grounds."""
    segments = path.split("/")
    return f"{segments[-3][:-1]}Versions" if segments[-1] == "Versions" else segments[-1]


def _upload(word: str, listing: Json) -> Json:
    """F9.1: the operation of the upload host, which the description leaves out."""
    form: Json = {
        "type": "object",
        "required": ["Path", "Visibility", "Content"],
        "properties": {
            "Path": {"type": "string", "pattern": _PATH},
            "Visibility": {"type": "string", "enum": ["public", "protected", "private"]},
            "Content": {"type": "string", "format": "binary"},
        },
    }
    version = {"$ref": f"#/components/schemas/serverless.v1.service.{word}.{word}_version"}
    return {
        "operationId": f"Upload{word.title()}Version",
        "parameters": [copy.deepcopy(each) for each in listing["parameters"] if each["in"] == "path"],
        "security": listing["security"],
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": form, "encoding": {"Content": {"contentType": "text/plain"}}}
            },
        },
        "responses": {"201": {"description": "Made", "content": {"application/json": {"schema": version}}}},
    }


def _describe_answers(operation: Json) -> None:
    """Every answer: what it must hold, its headers (F3.8), and refusals in Twilio's words (F3.1, F3.5, F2.3)."""
    answers: Json = operation["responses"]
    for answer in answers.values():
        for content in answer.get("content", {}).values():
            content.pop("examples", None)
            _close(content["schema"])
    invalid = _refusal(400, 20001)
    if operation["operationId"].startswith("Upload"):
        invalid = {"oneOf": [invalid, _refusal_of_the_upload_host()]}
    refusals = {"400": invalid, "401": _refusal(401, 20003), "404": _refusal(404, 20404)}
    for status, schema in refusals.items():
        answers[status] = {"description": "Refused", "content": {"application/json": {"schema": schema}}}
    for answer in answers.values():
        answer.setdefault("headers", {}).update(
            {
                "Twilio-Request-Id": {"required": True, "schema": {"type": "string", "pattern": "^RQ[0-9a-f]{32}$"}},
                "Twilio-Concurrent-Requests": {"required": True, "schema": {"type": "integer", "minimum": 1}},
            }
        )


def _refusal(status: int, code: int) -> Json:
    return _exactly(
        {
            "code": {"type": "integer", "enum": [code]},
            "message": {"type": "string", "minLength": 1},
            "more_info": {"type": "string", "enum": [f"https://www.twilio.com/docs/errors/{code}"]},
            "status": {"type": "integer", "enum": [status]},
        }
    )


def _refusal_of_the_upload_host() -> Json:
    return _exactly(
        {
            "message": {"type": "string", "minLength": 1},
            "code": {"type": "integer", "enum": [20001]},
            "user_error": {"type": "boolean", "enum": [True]},
            "http_status_code": {"type": "integer", "enum": [400]},
            "params": {"type": "object"},
        }
    )


def _exactly(properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "additionalProperties": False, "properties": properties}


def _close(schema: Json) -> None:
    """Every property is there and no other, links are URLs: else nothing would notice a field that is missing."""
    properties = schema.get("properties")
    if isinstance(properties, dict):
        schema |= {"required": sorted(properties), "additionalProperties": False}
        for value in properties.values():
            _close(value)
    if schema.get("format") == "uri-map":
        schema |= {"additionalProperties": {"type": "string", "format": "uri"}, "minProperties": 1}
