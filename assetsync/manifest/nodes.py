"""The manifest as YAML sees it: a tree of text with a place for everything, before any type is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assetsync.manifest.model import Mark


@dataclass(frozen=True, slots=True)
class Scalar:
    """`plain` is text without quotes, which the schema may take for a number, a truth value or nothing."""

    text: str
    plain: bool
    mark: Mark
    size: int = 1


@dataclass(frozen=True, slots=True)
class Sequence:
    """`flow` is the source of a list in brackets (of one line), None for any other."""

    items: tuple[Node, ...]
    mark: Mark
    size: int
    flow: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    mark: Mark
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """Each key once. `flow` is the source of a mapping in braces (of one line), None for any other."""

    entries: tuple[Entry, ...]
    mark: Mark
    size: int
    flow: str | None = None


Node = Scalar | Sequence | Mapping
"""`size` counts the nodes of the tree, shared ones (aliases) each time that they are met."""
