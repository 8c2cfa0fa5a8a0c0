"""Loaded by schemathesis: what valid data may be refused for, and how requests are made that can be repeated."""

from __future__ import annotations

import itertools
import re
from typing import Any, Final

import schemathesis

from tests.interop.attack.description import UNREADABLE

# The description knows no state: these are well-formed requests for what cannot be done now.
_REASONS: Final = {
    "CreateVariable": r"Value is longer than 450 bytes",  # the description counts characters
    "UpdateVariable": r"A Variable with the Key .* exists already|Value is longer than 450 bytes",
    # Found nowhere is what is in another Service; all fields may be left out, by the description (F6.1).
    "CreateBuild": r"(Asset|Function) Version ZN[0-9a-f]{32} was not found"
    r"|At least one Function Version or Asset Version is required for Build\.",
    "CreateDeployment": r"Environment already has requested deployment\.|Build ZB[0-9a-f]{32} was not found",
    "DeleteBuild": r"Cannot delete Build because it's part of an active Deployment\.",
    "DeleteAsset": r"Cannot delete Asset because it's part of a Build\.",
    "DeleteFunction": r"Cannot delete Function because it's part of a Build\.",
    "UploadAssetVersion": r"Content provided is empty\.",  # F2.11
    "UploadFunctionVersion": r"Content provided is empty\.",
}

# What has to be new in its place, by operation: the field, its longest value.
_NAMES: Final = {
    "CreateService": {"UniqueName": 50},
    "CreateEnvironment": {"UniqueName": 100, "DomainSuffix": 16},
    "CreateVariable": {"Key": 128},
}
_NUMBERS: Final = itertools.count(1)


@schemathesis.check
def valid_data_is_refused_for_the_state_only(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """What `positive_data_acceptance` leaves to us: a 400 whose reason is not one of these."""
    if response.status_code != 400 or not _is_valid(case):
        return
    name = _name(case)
    if name == "CreateBuild" and isinstance(case.body, dict) and case.body.get("Dependencies") in UNREADABLE:
        return
    message = response.json()["message"]
    if not re.fullmatch(_REASONS.get(name, "(?!)"), message, re.DOTALL):
        raise AssertionError(f"{name} refuses valid data: {message}")


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    """In valid requests, names are made free ones, Builds are not empty, page tokens are those of the list.

    The same request again has to do the same, or schemathesis ends its chains of them.
    """
    if not _is_valid(case):
        return
    if isinstance(case.body, dict):
        number = str(next(_NUMBERS))
        for field, limit in _NAMES.get(_name(case), {}).items():
            case.body[field] = str(case.body.get(field, ""))[: limit - len(number)] + number
        if _name(case) == "CreateBuild" and not (case.body.get("AssetVersions") or case.body.get("FunctionVersions")):
            case.body["AssetVersions"] = _form_of(case)["AssetVersions"]["items"]["enum"][:1]
    if "PageToken" in case.query and not _is_in_its_place(case):
        del case.query["PageToken"]


@schemathesis.hook
def filter_body(context: schemathesis.HookContext, body: Any) -> bool:
    """Forms with a file cannot be judged as they are sent, so paths that are only meant to be wrong are left out.

    Those are other types than text, and what schemathesis appends to break any pattern, a `*`, which this one allows.
    Nor are there any of over 255 characters with the slash (F1.10): next to a pattern a length takes minutes.
    """
    if not isinstance(body, dict) or "Path" not in body:
        return True
    path = body["Path"]
    return isinstance(path, str) and len(path) <= 254 and not path.endswith("*")


def _is_in_its_place(case: schemathesis.Case[Any]) -> bool:
    """Whether the path leads through what the description names, and not through what was found on the way."""
    for parameter in case.operation.definition.raw["parameters"]:
        if parameter["in"] == "path":
            schema = parameter["schema"]
            known = schema["enum"] if "enum" in schema else schema["anyOf"][0]["enum"]
            if case.path_parameters[parameter["name"]] not in known:
                return False
    return True


def _form_of(case: schemathesis.Case[Any]) -> Any:
    (content,) = case.operation.definition.raw["requestBody"]["content"].values()
    return content["schema"]["properties"]


def _is_valid(case: schemathesis.Case[Any]) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def _name(case: schemathesis.Case[Any]) -> str:
    return str(case.operation.definition.raw["operationId"])
