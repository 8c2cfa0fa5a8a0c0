"""What whoever watches a site says of it: JSON into a value, or what is wrong with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from assetsync.emulator.refusals import invalid
from assetsync.emulator.settings import MIB

_KEYS: Final = {"live": "changed", "failed": "message"}
"""The states, each with what has to be told of it."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The site is as its folder is; these paths of it changed just now."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The last attempt to make it so did not succeed."""

    message: str


News = Changed | Failed


def parse_news(raw: bytes) -> News:
    """Raises Refusal with the first thing that is wrong."""
    if len(raw) > MIB:
        raise invalid(f"The body is longer than {MIB} bytes")
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as problem:
        raise invalid("The body is not JSON") from problem
    if not isinstance(value, dict):
        raise invalid("The body is not a JSON object")
    state = value.get("state")
    if not isinstance(state, str) or state not in _KEYS:
        raise invalid('`state` must be "live" or "failed"')
    odd = sorted(set(value) - {"state", _KEYS[state]})
    if odd:
        raise invalid(f"With the state {state} there is no `{odd[0][:100]}`")
    told = value.get(_KEYS[state])
    return Changed(_paths(told)) if state == "live" else Failed(_message(told))


def _paths(told: Any) -> tuple[str, ...]:
    if not isinstance(told, list) or not all(isinstance(path, str) and path.startswith("/") for path in told):
        raise invalid("`changed` must be a list of paths, each with its leading slash")
    return tuple(map(_writable, told))


def _message(told: Any) -> str:
    if not isinstance(told, str) or not told.strip():
        raise invalid("`message` must be some text")
    return _writable(told)


def _writable(text: str) -> str:
    """JSON may name half a character, which no encoding can write."""
    return text.encode(errors="replace").decode()
