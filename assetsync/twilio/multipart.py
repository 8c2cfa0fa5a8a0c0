"""The multipart/form-data body of an upload (F9.1), framed here: httpx's own `files=` costs twice as much time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from assetsync.errors import FileChanged, UsageError
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 256 * 1024
_PREBUILT_BELOW = 1024 * 1024  # bytes; one write is faster, and that much memory is nothing


class Body(Protocol):
    """The bytes of one file, as often as they are needed."""

    size: int

    def chunks(self) -> Iterator[bytes]:
        """All bytes, from the beginning at each call.

        Raises FileChanged where they are not what they should be, before the last chunk is yielded.
        """


@dataclass(frozen=True, slots=True)
class Multipart:
    """One framed upload; `content` can be asked for anew at every try."""

    boundary: str
    head: bytes
    body: Body
    tail: bytes

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def size(self) -> int:
        """Bytes of the whole request body."""
        return len(self.head) + self.body.size + len(self.tail)

    @property
    def prebuilt(self) -> bool:
        """Whether the body is small enough to be sent in one piece."""
        return self.size < _PREBUILT_BELOW

    def chunks(self) -> Iterator[bytes]:
        """The request body. Its tail comes after a complete file only: a failure is never taken for an upload."""
        yield self.head
        left = self.body.size
        for chunk in self.body.chunks():
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
        if left:
            raise FileChanged(f"{self.name} is not the {self.body.size} bytes that were announced")
        yield self.tail

    @property
    def name(self) -> str:
        return str(getattr(self.body, "file", "The file"))


def multipart(*, path: str, visibility: str, content_type: str, filename: str, body: Body) -> Multipart:
    """Frame `body` with the fields `Path`, `Visibility` and `Content` (F9.1).

    `content_type` is sent as given, parameters included; `filename` loses all but its last segment.
    Raises UsageError where the content type cannot stand in a header.
    """
    if not content_type.isascii() or not content_type.isprintable():
        raise UsageError(
            f"{printable(path)}: the content type '{printable(content_type)}' cannot be sent",
            hint="Use printable ASCII only, as in text/html; charset=utf-8.",
        )
    boundary = secrets.token_hex(16)
    head = "".join(
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="Path"\r\n\r\n{path}\r\n',
            f'--{boundary}\r\nContent-Disposition: form-data; name="Visibility"\r\n\r\n{visibility}\r\n',
            f'--{boundary}\r\nContent-Disposition: form-data; name="Content"; filename="{_quoted(filename)}"\r\n',
            f"Content-Type: {content_type}\r\n\r\n",
        )
    )
    return Multipart(boundary, head.encode(errors="replace"), body, f"\r\n--{boundary}--\r\n".encode())


def _quoted(filename: str) -> str:
    """The last segment, percent-encoded wherever a header or a quoted string could be left."""
    last = filename.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return quote(last, safe="-._~!*= ()[]@+,$&'", errors="replace") or "file"
