"""`${VAR}` and `${VAR:-default}`: where they may stand, and what they become."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from assetsync.manifest.findings import Finding, child, label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MARKER = "${"
_ALLOWED_AT = re.compile(
    r"/service|/environments/[0-9]+/(?:name|suffix)|/folders/[0-9]+/rules/[0-9]+/environments/[0-9]+"
)
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<fallback>:-(?P<default>[^${}]*))?\}")


def has_variables(text: str) -> bool:
    return MARKER in text


def unset_variables(text: str, variables: Mapping[str, str]) -> tuple[str, ...]:
    """The variables of `text` that have neither a value nor a default, each once; an empty value is none.

    Empty counts as unset because a pipeline that lost a variable must not end on the bare domain.
    """
    found = (match for match in _VARIABLE.finditer(text) if match["fallback"] is None)
    return tuple(dict.fromkeys(match["name"] for match in found if not variables.get(match["name"])))


def expand(text: str, variables: Mapping[str, str]) -> str:
    """`text` with its variables replaced, once: what they hold is not expanded again. `$$` is not special.

    A default counts where the variable is unset or empty, as in a shell. Unset ones without a default become empty.
    """
    return _VARIABLE.sub(lambda match: variables.get(match["name"]) or match["default"] or "", text)


def may_become(text: str, value: str, variables: Mapping[str, str]) -> bool:
    """Whether `text` becomes `value`, where a variable that has neither a value nor a default may hold anything."""
    pattern, at = "", 0
    for match in _VARIABLE.finditer(text):
        held = variables.get(match["name"]) or match["default"]
        anything = ".*" if match["fallback"] is None and not held else re.escape(held or "")
        pattern, at = pattern + re.escape(text[at : match.start()]) + anything, match.end()
    return re.fullmatch(pattern + re.escape(text[at:]), value, re.DOTALL) is not None


def malformed(text: str) -> str | None:
    """The first thing in `text` that looks like a variable and is none, None where all are well formed."""
    rest = _VARIABLE.sub(" ", text)
    start = rest.find(MARKER)
    if start < 0:
        return None
    end = rest.find("}", start)
    return rest[start:] if end < 0 else rest[start : end + 1]


def misplaced_variables(tree: Any, pointer: str = "") -> Iterator[Finding]:
    """Every text that holds `${` where variables are not expanded.

    A rule names an Environment as it is written, so that one may stand there too; it is compared, not expanded.
    """
    if isinstance(tree, str):
        if has_variables(tree) and not _ALLOWED_AT.fullmatch(pointer):
            message = f"{label(pointer)} holds `{MARKER}`, but variables are not expanded here"
            yield Finding(pointer, message, tree, "they are in `service`, environment names and suffixes only")
        return
    for key, value in _members(tree):
        yield from misplaced_variables(value, child(pointer, key))


def _members(tree: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(tree, dict):
        yield from tree.items()
    elif isinstance(tree, list):
        yield from enumerate(tree)
