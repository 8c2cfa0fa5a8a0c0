"""The values that the stages hand to each other. All are frozen; all are parsed before they get here.

Twilio's words for Twilio's things: Service (ZS), Environment (ZE), Asset (ZH), Asset Version (ZN), Build (ZB),
Deployment (ZD), path, visibility, friendly name. Ours: desired asset, folder tally, live.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Visibility(StrEnum):
    """Who may fetch an Asset Version: anybody, callers with a Twilio signature, Functions only."""

    PUBLIC = "public"
    PROTECTED = "protected"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class DesiredAsset:
    """What the manifest wants served at one path.

    path: the URL path, begins with `/`, already encoded as it will be sent
    content_type: the whole header value, parameters included
    size: bytes
    digest: xxh3_128 of the raw bytes, 32 lower-case hex digits
    source: the file relative to the project root, `/`-separated, for showing and saving
    file: where to read the bytes now, an absolute path without links
    sha256: 64 hex digits where the manifest asks for `digest: sha256`, else None
    secret: why the file looks like a secret, None where it does not, is private or is allowed
    """

    path: str
    visibility: Visibility
    content_type: str
    size: int
    digest: str
    source: str
    file: str
    sha256: str | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class FolderTally:
    """How many files one folder mapping yielded, so that an empty folder can be told from a small one."""

    source: str
    target: str
    files: int


@dataclass(frozen=True, slots=True)
class DesiredTree:
    """Everything the manifest wants in one Environment, in path order, each path once."""

    assets: tuple[DesiredAsset, ...]
    folders: tuple[FolderTally, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    sid: str
    account_sid: str
    unique_name: str
    ui_editable: bool = False


@dataclass(frozen=True, slots=True)
class Environment:
    """`build_sid` is the live Build, None when nothing is deployed (F7.5); `domain_suffix` None is the bare domain."""

    sid: str
    account_sid: str
    service_sid: str
    unique_name: str
    domain_suffix: str | None
    domain_name: str
    build_sid: str | None


@dataclass(frozen=True, slots=True)
class Variable:
    """What the Functions of one Environment read from their surroundings (F1.12)."""

    sid: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Asset:
    """An Asset as the API lists it: it has no path of its own, only a friendly name (F2.8)."""

    sid: str
    friendly_name: str
    date_updated: datetime | None = None
    date_created: datetime | None = None


@dataclass(frozen=True, slots=True)
class AssetVersion:
    """One upload; `path` and `visibility` never change (F5.8). `visibility` is lower case always (F6.4)."""

    sid: str
    asset_sid: str
    path: str
    visibility: str
    date_created: datetime | None = None


@dataclass(frozen=True, slots=True)
class FunctionVersion:
    sid: str
    function_sid: str
    path: str
    visibility: str


@dataclass(frozen=True, slots=True)
class Dependency:
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Build:
    """A full snapshot of what an Environment serves (F6.2, F6.4); `status` is open: building, completed, failed."""

    sid: str
    status: str
    asset_versions: tuple[AssetVersion, ...] = ()
    function_versions: tuple[FunctionVersion, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    runtime: str | None = None
    date_created: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    sid: str
    build_sid: str | None
    date_created: datetime | None = None
