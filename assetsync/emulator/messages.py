"""Requests and answers as values, free of any web framework."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from assetsync.emulator.content import Spool

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class FilePart:
    """An uploaded file: the form field it came in, its declared type, and its bytes."""

    name: str
    filename: str | None
    content_type: str | None
    spool: Spool


@dataclass(frozen=True, slots=True)
class Body:
    """A parsed request body; `problem` says why it could not be parsed, `raw` is for the service's own pages."""

    fields: Pairs = ()
    files: tuple[FilePart, ...] = ()
    problem: str | None = None
    raw: bytes = b""

    def discard(self) -> None:
        """Forget every upload that was not kept."""
        for file in self.files:
            file.spool.discard()


@dataclass(frozen=True, slots=True)
class Request:
    """path: percent-encoded, as the client sent it; query: the raw text after `?`; headers: names in lower case.

    `scheme` and `host` (with its port) are those that the client addressed; links in answers lead back to them.
    `is_foreign` says that a browser may have been led here under a name that is not ours.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    body: Body = field(default_factory=Body)
    scheme: str = "http"
    host: str = "127.0.0.1"
    is_foreign: bool = False

    @property
    def base_url(self) -> str:
        return f"{self.scheme}://{self.host}"


@dataclass(frozen=True, slots=True)
class FileSlice:
    """`length` bytes of a file from `start`."""

    path: Path
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Answer:
    """pace: bytes of the body a second; cut_after: bytes of the body after which the connection is cut. None is off."""

    status: int
    body: bytes | FileSlice = b""
    headers: Pairs = ()
    pace: int | None = None
    cut_after: int | None = None


class Drop(Enum):
    """The connection is cut without an answer."""

    CONNECTION = "drop"


Outcome = Answer | Drop

JSON_TYPE: Final = "application/json; charset=utf-8"


def json_answer(status: int, value: Mapping[str, Any], headers: Pairs = ()) -> Answer:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return Answer(status, text.encode(), (("Content-Type", JSON_TYPE), *headers))


def text_answer(status: int, text: str, headers: Pairs = ()) -> Answer:
    return Answer(status, text.encode(), (("Content-Type", "text/plain; charset=utf-8"), *headers))


NO_CONTENT: Final = Answer(204)
