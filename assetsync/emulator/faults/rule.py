"""What a fault file says, as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assetsync.emulator.messages import Request

ANY_METHOD = "ANY"


@dataclass(frozen=True, slots=True)
class Respond:
    """An answer of our own. `body` None is what Twilio says with that status, `content_type` None its usual type."""

    status: int
    retry_after: int | None = None
    body: str | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class CutConnection:
    """No answer at all."""


@dataclass(frozen=True, slots=True)
class Drip:
    """The answer, at so many bytes a second."""

    bytes_per_second: int


@dataclass(frozen=True, slots=True)
class Truncate:
    """The answer announces all of its body; the connection is cut after so many bytes of it."""

    after_bytes: int


@dataclass(frozen=True, slots=True)
class Malform:
    """The answer's body ends halfway, and its length says so: JSON that nobody can read."""


@dataclass(frozen=True, slots=True)
class HalfPage:
    """A list without the second half of its items; everything else in it is as it was."""


@dataclass(frozen=True, slots=True)
class Retype:
    """The answer with another content type."""

    content_type: str


Effect = Respond | CutConnection | Drip | Truncate | Malform | HalfPage | Retype


@dataclass(frozen=True, slots=True)
class Match:
    """method: None is any; pattern: of the path without its query, `*` within a segment, `**` across them."""

    method: str | None
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, method: str | None, path: str) -> Match:
        parts = (re.escape(part).replace(r"\*", "[^/]*") for part in path.split("**"))
        return cls(None if method == ANY_METHOD else method, re.compile(".*".join(parts), re.DOTALL))

    def fits(self, request: Request) -> bool:
        return self.method in {None, request.method} and self.pattern.fullmatch(request.path) is not None


@dataclass(frozen=True, slots=True)
class FaultRule:
    """Strikes at the `at`-th matching calls, or with a `chance`, or always; at most `times` times.

    effect: None only delays; delay: seconds, before the work unless `after_work`; source: the rule as it was written
    """

    match: Match
    at: frozenset[int] | None
    chance: float | None
    times: int | None
    delay: float
    after_work: bool
    effect: Effect | None
    source: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Faults:
    """A whole file. concurrency: more API requests at once than this are answered with 429, None is any number."""

    rules: tuple[FaultRule, ...] = ()
    seed: int | None = None
    concurrency: int | None = None
    retry_after: int | None = None
