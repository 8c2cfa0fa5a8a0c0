"""Request bodies, read as they arrive: forms into pairs, uploads into spools. Neither waits for the whole body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl

from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header

from assetsync.emulator.messages import Body, FilePart
from assetsync.emulator.settings import MIB

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.emulator.content import Spool

FORM_BYTES = 4 * MIB
"""How much text a body may have outside of uploads: far more than a Build of 2050 Versions (F6.12)."""

_LONGEST_BOUNDARY = 256
"""The parser's limit; RFC 2046 knows no longer ones than 70."""

_MOST_FILES = 8
"""An upload has one; each takes a place on the disk while it arrives."""

_CONTENT_FIELD = "Content"


class BodyReader(Protocol):
    """Takes a body in chunks. `finish` is called at its end, `abandon` when the client went away."""

    def write(self, chunk: bytes) -> None: ...

    def finish(self) -> Body: ...

    def abandon(self) -> None: ...


def body_reader(content_type: str, new_spool: Callable[[], Spool]) -> BodyReader:
    """The reader for a `Content-Type` header; bodies of other types are read and ignored."""
    kind, options = parse_options_header(content_type)
    if kind == b"application/x-www-form-urlencoded":
        return _FormReader()
    if kind == b"multipart/form-data":
        boundary = options.get(b"boundary", b"")
        if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
            return _Ignored("The multipart boundary is missing or too long.")
        return _MultipartReader(boundary, new_spool)
    return _Ignored()


class RawReader:
    """A body as it is, of any type, for the service's own pages."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._too_long = False

    def write(self, chunk: bytes) -> None:
        if len(self._bytes) + len(chunk) > FORM_BYTES:
            self._too_long = True
        else:
            self._bytes += chunk

    def finish(self) -> Body:
        return Body(problem="The body is too long.") if self._too_long else Body(raw=bytes(self._bytes))

    def abandon(self) -> None:
        pass


class _Ignored:
    def __init__(self, problem: str | None = None) -> None:
        self._body = Body(problem=problem)

    def write(self, chunk: bytes) -> None:
        pass

    def finish(self) -> Body:
        return self._body

    def abandon(self) -> None:
        pass


class _FormReader:
    def __init__(self) -> None:
        self._text = bytearray()
        self._too_long = False

    def write(self, chunk: bytes) -> None:
        if len(self._text) + len(chunk) > FORM_BYTES:
            self._too_long = True
        else:
            self._text += chunk

    def finish(self) -> Body:
        if self._too_long:
            return Body(problem="The form is too long.")
        try:
            pairs = parse_qsl(self._text.decode("ascii"), keep_blank_values=True, errors="strict")
        except ValueError:
            return Body(problem="The form is not URL-encoded UTF-8.")
        return Body(fields=tuple(pairs))

    def abandon(self) -> None:
        pass


class _MultipartReader:
    """A part with a file name, or named `Content`, is an upload; every other part is a field of text."""

    def __init__(self, boundary: bytes, new_spool: Callable[[], Spool]) -> None:
        self._new_spool = new_spool
        self._fields: list[tuple[str, str]] = []
        self._files: list[FilePart] = []
        self._room = FORM_BYTES
        self._problem: str | None = None
        self._complete = False
        self._headers: dict[bytes, bytes] = {}
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._field: tuple[str, bytearray] | None = None
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begin,
                "on_header_field": self._add_header_name,
                "on_header_value": self._add_header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._part_data,
                "on_part_end": self._part_end,
                "on_end": self._end,
            },
        )

    def write(self, chunk: bytes) -> None:
        if self._problem is None and not self._complete:
            try:
                self._parser.write(chunk)
            except MultipartParseError:
                self._problem = "The multipart body is malformed."

    def finish(self) -> Body:
        self._parser.close()
        problem = self._problem or (None if self._complete else "The multipart body ends too early.")
        return Body(tuple(self._fields), tuple(self._files), problem)

    def abandon(self) -> None:
        self.finish().discard()

    def _part_begin(self) -> None:
        self._headers = {}

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _header_end(self) -> None:
        self._headers[bytes(self._header_name).lower()] = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        name = _text(options.get(b"name", b""))
        filename = options.get(b"filename")
        if filename is not None and len(self._files) == _MOST_FILES:
            self._problem = self._problem or "The form has too many files."
        if self._problem is not None or (filename is None and name != _CONTENT_FIELD):
            self._field = (name, bytearray())
            return
        declared = self._headers.get(b"content-type")
        self._files.append(
            FilePart(
                name=name,
                filename=None if filename is None else _text(filename),
                content_type=None if declared is None else declared.decode("latin-1").strip() or None,
                spool=self._new_spool(),
            )
        )

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self._files[-1].spool.write(data[start:end])
            return
        self._room -= end - start
        if self._room < 0:
            self._problem = self._problem or "The form is too long."
        else:
            self._field[1].extend(data[start:end])

    def _part_end(self) -> None:
        if self._field is not None:
            self._fields.append((self._field[0], _text(bytes(self._field[1]))))
            self._field = None

    def _end(self) -> None:
        self._complete = True


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")
