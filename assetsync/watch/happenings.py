"""What a watch tells while it goes on. `report/watching.py` makes lines and JSON of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assetsync.errors import AssetsyncError
    from assetsync.plan.plan import Plan
    from assetsync.plan.safety import Refusal


@dataclass(frozen=True, slots=True)
class Watching:
    """The folders are watched from now on.

    domain: of the Environment, None where it is not known yet
    polling: seconds between looks where the system does not tell of changes; because: why, if known
    """

    folders: tuple[str, ...]
    domain: str | None = None
    polling: float | None = None
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Changing:
    """A change is about to be applied."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Live:
    """What was saved is served.

    seconds: since the first of it was seen, None where that was before the watch
    builds_left: of this watch in this hour, None without end
    """

    plan: Plan
    build_sid: str | None
    domain: str
    seconds: float | None
    builds_left: int | None


@dataclass(frozen=True, slots=True)
class AsItIs:
    """Something was touched, and nothing is to be changed by it.

    awaited: a change was told, and nothing is left of it: it was taken back, or somebody else has made it live
    """

    awaited: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """retry: seconds until it is tried again, None where only a change helps.

    again: all or more of it was told before; manifest: it is the manifest, and the one before stays in force
    """

    error: AssetsyncError
    retry: float | None
    again: bool = False
    manifest: bool = False


@dataclass(frozen=True, slots=True)
class Recovered:
    """What had failed works again."""


@dataclass(frozen=True, slots=True)
class Paused:
    """Guards refuse the change; it is made when they are answered, or when the files come back."""

    plan: Plan
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Resumed:
    """What guards refused is not asked any more: the files are back, or others."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """All Builds of this hour are used up; changes are gathered for `seconds`."""

    seconds: float
    most: int


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Somebody else deployed since our last look; `build_sid` None: a Deployment without a Build.

    differing: paths of the folder that are not live any more as they are there
    """

    build_sid: str | None
    differing: int


@dataclass(frozen=True, slots=True)
class ManifestRead:
    """An edit of the manifest is in force."""


@dataclass(frozen=True, slots=True)
class Warned:
    message: str


Happening = (
    Watching
    | Changing
    | Live
    | AsItIs
    | Failed
    | Recovered
    | Paused
    | Resumed
    | Gathering
    | Overtaken
    | ManifestRead
    | Warned
)

Tell = Callable[[Happening], None]
