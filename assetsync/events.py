"""What the core says while it works. Renderers in `report/` turn these into text, a bar or JSON lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestRetried:
    """A request failed in a way that is worth another try; it is sent again after `delay` seconds."""

    operation: str
    reason: str
    attempt: int
    delay: float


@dataclass(frozen=True, slots=True)
class Scanned:
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class UploadsStarted:
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class BytesSent:
    """`count` more bytes of `path` went out; negative when a try is begun again."""

    path: str
    count: int


@dataclass(frozen=True, slots=True)
class UploadDone:
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class UploadFailed:
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class BuildStarted:
    build_sid: str
    assets: int
    functions: int


@dataclass(frozen=True, slots=True)
class BuildPolled:
    build_sid: str
    status: str
    seconds: float


@dataclass(frozen=True, slots=True)
class NamesWritten:
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Deployed:
    deployment_sid: str
    build_sid: str | None
    domain: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """So many of the paths of a site were fetched."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for a person that is neither result nor error."""

    message: str


Event = (
    RequestRetried
    | Scanned
    | UploadsStarted
    | BytesSent
    | UploadDone
    | UploadFailed
    | BuildStarted
    | BuildPolled
    | NamesWritten
    | Deployed
    | Fetched
    | Note
)

Emit = Callable[[Event], None]


def silent(_event: Event) -> None:
    """The renderer that shows nothing."""
