"""The schema, applied: which values it refuses, and which are left for the checks that it cannot say."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from assetsync.manifest.findings import Finding, child
from assetsync.manifest.wording import key_findings, value_finding
from assetsync.schemas import load_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assetsync.manifest.values import Values

MAX_FINDINGS = 500
"""More would not be read, and each costs a search for what was meant."""

_ABOUT_KEYS = frozenset({"required", "additionalProperties"})


@cache
def manifest_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(load_schema("assetsync"))
    return schema


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(manifest_schema())


def violations(values: Values, known: frozenset[str]) -> tuple[tuple[Finding, ...], frozenset[str]]:
    """Everything that the schema forbids (the first 500), and the pointers of all values that were refused.

    One finding for each refused value: an enum that is not even text is said to be no text, nothing more. What is
    `known` to be wrong already is not told again.
    """
    findings: list[Finding] = []
    refused = set(known)
    for error in sorted(_validator().iter_errors(values.tree), key=lambda error: error.kind.name != "type"):
        pointer = ""
        for step in error.instance_path:
            pointer = child(pointer, step)
        if error.kind.name in _ABOUT_KEYS:
            below = key_findings(error, pointer, fragment(error.instance_path), manifest_schema())
            findings += islice(below, max(0, MAX_FINDINGS - len(findings)))
        elif pointer not in refused:
            refused.add(pointer)
            if len(findings) < MAX_FINDINGS:
                flow = values.places.flows.get(pointer)
                findings.append(value_finding(error, pointer, fragment(error.instance_path), flow))
    return tuple(findings), frozenset(refused)


def accepted(tree: Any, refused: frozenset[str], pointer: str = "") -> Any:
    """`tree` with None for every refused value, so that the next checks see well-formed values or none."""
    if pointer in refused:
        return None
    if isinstance(tree, dict):
        return {key: accepted(value, refused, child(pointer, key)) for key, value in tree.items()}
    if isinstance(tree, list):
        return [accepted(value, refused, child(pointer, at)) for at, value in enumerate(tree)]
    return tree


def fits(value: str, path: Sequence[str | int]) -> bool:
    """Whether a text is right at `path` as it stands, without any variable."""
    return "$" not in value and re.fullmatch(fragment(path)["pattern"], value) is not None


def fragment(path: Sequence[str | int]) -> dict[str, Any]:
    """The part of the schema that speaks of the value at `path`: keys of mappings, numbers of list items."""
    schema = manifest_schema()
    for step in path:
        schema = schema["items"] if isinstance(step, int) else schema["properties"][step]
    return schema
