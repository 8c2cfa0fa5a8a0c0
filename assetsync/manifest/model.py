"""The manifest as values: what `assetsync.yaml` says, after every check that needs no folder and no network."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from assetsync.model import Visibility


class Names(StrEnum):
    """What becomes of file names that a URL cannot carry."""

    REJECT = "reject"
    ENCODE = "encode"


class Unmanaged(StrEnum):
    """What becomes of foreign Assets in the live Build."""

    KEEP = "keep"
    DROP = "drop"


class DigestKind(StrEnum):
    XXH3 = "xxh3"
    SHA256 = "sha256"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the manifest; `line` and `column` count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class MaxDelete:
    """How many paths may stop being served: `percent` of those served, or `count`; exactly one is set."""

    percent: float | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Properties for the files that `match` (gitignore syntax, relative to the folder's source) names.

    None means that the rule does not speak about the property. `environments` None counts everywhere.
    """

    match: str
    visibility: Visibility | None = None
    content_type: str | None = None
    charset: str | None = None
    allow_secret: bool | None = None
    environments: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder mapping. `source` is as written, `target` begins and ends with `/`."""

    source: str
    target: str
    visibility: Visibility
    include: tuple[str, ...] = ("**",)
    exclude: tuple[str, ...] = ()
    index: str | None = None
    names: Names = Names.REJECT
    charset: str | None = None
    visibility_from_name: bool = False
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class EnvironmentSpec:
    """An Environment by its name; `suffix` None is the bare domain (F7.4), unless any_suffix will do."""

    name: str
    suffix: str | None = None
    any_suffix: bool = False


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who owns what in which Service, whichever Environment is meant. `environments` are as they are written."""

    name: str
    service: str
    environments: tuple[EnvironmentSpec, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest with its variables expanded for one selected Environment.

    path: the file as the user named it; root: the project root, absolute and resolved
    environment: the selected one; environments: every declared one, unexpanded names as written
    max_delete: None where the manifest says nothing and the default holds
    retain: so many Builds keep what the folders have no more; 0 none
    marks: JSON pointer of a key or item (`/folders/0/source`) to its place, for messages of later stages
    """

    path: Path
    root: Path
    name: str
    service: str
    environment: EnvironmentSpec
    environments: tuple[EnvironmentSpec, ...]
    folders: tuple[Folder, ...]
    max_delete: MaxDelete | None = None
    unmanaged: Unmanaged = Unmanaged.KEEP
    digest: DigestKind = DigestKind.XXH3
    retain: int = 0
    marks: Mapping[str, Mark] = field(default_factory=dict)

    def mark(self, pointer: str) -> Mark:
        """The place of `pointer`, or of the nearest key above it."""
        while pointer and pointer not in self.marks:
            pointer = pointer.rpartition("/")[0]
        return self.marks.get(pointer, Mark(1, 1))
