"""The actions of a plan: data, closed, and matched with `assert_never` wherever they are handled."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assetsync.model import DesiredAsset


class Reason(StrEnum):
    """Why an action is there, in the words that a user reads."""

    NEW = "new"
    CONTENT = "content"
    VISIBILITY = "visibility"
    CONTENT_TYPE = "content-type"
    UNKNOWN_CONTENT = "unknown content"
    VERSION_GONE = "version gone"
    SHA256_DIFFERS = "sha-256 differs"
    COPY_ON_WRITE = "copy on write"
    REPLACES_FOREIGN = "replaces foreign"
    NOT_WANTED = "not wanted"


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The live Version is what the manifest wants."""

    asset: DesiredAsset
    asset_sid: str
    version_sid: str

    @property
    def path(self) -> str:
        return self.asset.path


@dataclass(frozen=True, slots=True)
class Restore:
    """A Version that exists already is put into the Build; nothing is uploaded."""

    asset: DesiredAsset
    asset_sid: str
    version_sid: str
    reasons: tuple[Reason, ...]

    @property
    def path(self) -> str:
        return self.asset.path


@dataclass(frozen=True, slots=True)
class Upload:
    """A new Version into an Asset of ours that exists."""

    asset: DesiredAsset
    asset_sid: str
    reasons: tuple[Reason, ...]

    @property
    def path(self) -> str:
        return self.asset.path


@dataclass(frozen=True, slots=True)
class Rename:
    """The same content under a new path: `asset_sid` gets the new Version, or, where it is None, a new Asset does."""

    asset: DesiredAsset
    previous_path: str
    asset_sid: str | None
    reasons: tuple[Reason, ...]

    @property
    def path(self) -> str:
        return self.asset.path


@dataclass(frozen=True, slots=True)
class Create:
    """A new Asset and its first Version."""

    asset: DesiredAsset
    reasons: tuple[Reason, ...]

    @property
    def path(self) -> str:
        return self.asset.path


@dataclass(frozen=True, slots=True)
class Delete:
    """The path stops being served. The Asset stays, for restore and rollback, until it is collected."""

    path: str
    visibility: str
    asset_sid: str
    version_sid: str
    reasons: tuple[Reason, ...] = (Reason.NOT_WANTED,)


Sending = Upload | Rename | Create
Serving = Unchanged | Restore | Sending
Action = Serving | Delete
