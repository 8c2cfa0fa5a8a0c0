"""The tree of text to a tree of values, each converted to what the schema says it is.

So `suffix: no`, `name: 007` and dates mean what they say, while `version: 1` is a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assetsync.manifest import nodes
from assetsync.manifest.findings import Finding, Places, child, label
from assetsync.manifest.source import control_character

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assetsync.manifest.model import Mark

_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Values:
    """`tree` is of dict, list, str, int, bool and None; `findings` are values that hold control characters."""

    tree: Any
    places: Places
    findings: tuple[Finding, ...]


def typed(root: nodes.Node, schema: Mapping[str, Any]) -> Values:
    """The values of a document. Only unquoted text becomes a number, a truth value or nothing."""
    walk = _Walk()
    tree = walk.value(root, schema, "", root.mark)
    return Values(tree, Places(walk.values, walk.keys, walk.flows), tuple(walk.findings))


def types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """The types that a fragment of the schema allows; none where it does not say."""
    named: str | list[str] = schema.get("type", [])
    return (named,) if isinstance(named, str) else tuple(named)


@dataclass(slots=True)
class _Walk:
    values: dict[str, Mark] = field(default_factory=dict)
    keys: dict[str, Mark] = field(default_factory=dict)
    flows: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def value(self, node: nodes.Node, schema: Mapping[str, Any], pointer: str, key: Mark) -> Any:
        """`key` is where the key is, or the list item: the place of what has no text of its own."""
        if isinstance(node, nodes.Scalar):
            self.values[pointer] = node.mark if node.text else key
            return self._scalar(node, schema, pointer)
        self.values[pointer] = key if node.flow is None else node.mark
        if node.flow is not None:
            self.flows[pointer] = node.flow
        if isinstance(node, nodes.Sequence):
            items: Mapping[str, Any] = schema.get("items", {})
            return [self.value(item, items, child(pointer, at), item.mark) for at, item in enumerate(node.items)]
        return {entry.key: self._entry(entry, schema, child(pointer, entry.key)) for entry in node.entries}

    def _entry(self, entry: nodes.Entry, schema: Mapping[str, Any], pointer: str) -> Any:
        self.keys[pointer] = entry.mark
        return self.value(entry.value, schema.get("properties", {}).get(entry.key, {}), pointer, entry.mark)

    def _scalar(self, node: nodes.Scalar, schema: Mapping[str, Any], pointer: str) -> str | int | bool | None:
        character = control_character(node.text)
        if character is not None:
            hint = "write it on one line" if character in {"U+000A", "U+000D"} else "remove it"
            message = f"{label(pointer)} holds the control character {character}"
            self.findings.append(Finding(pointer, message, node.text, hint))
            return None
        return _converted(node.text, types(schema)) if node.plain else node.text


def _converted(text: str, allowed: tuple[str, ...]) -> str | int | bool | None:
    if text in _NOTHING:
        return None
    if "boolean" in allowed and text in _TRUTH:
        return _TRUTH[text]
    if "integer" in allowed and _INTEGER.fullmatch(text):
        return int(text)
    return text
