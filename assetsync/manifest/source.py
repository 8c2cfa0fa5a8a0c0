"""The manifest as a file: bytes to text that YAML may read, or one clear Problem."""

from __future__ import annotations

import re

from yaml.reader import Reader

from assetsync.errors import InvalidInput, Problem

MAX_BYTES = 1024 * 1024
"""A manifest names folders, not files; one larger than this is a mistake or an attack."""

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def read_text(source: str | bytes, file: str) -> str:
    """The text of a manifest, without a byte order mark.

    Raises InvalidInput for what is too large, not UTF-8, or holds characters that YAML forbids.
    """
    if len(source) > MAX_BYTES or (isinstance(source, str) and len(source.encode(errors="replace")) > MAX_BYTES):
        raise _invalid(
            file, 1, 1, "the manifest is larger than 1 MiB", hint="name folders and patterns, not every file"
        )
    text = (_decode(source, file) if isinstance(source, bytes) else source).removeprefix("\ufeff")
    place = _unprintable(text)
    if place is not None:
        before = lines(text[:place])
        name = code_point(text[place])
        raise _invalid(
            file,
            len(before),
            len(before[-1]) + 1,
            f"the control character {name} is not allowed in YAML",
            hint="remove it, or save the file as plain UTF-8 text",
        )
    return text


def _unprintable(text: str) -> int | None:
    """Where the first character is that YAML forbids, or a byte order mark, which has no business inside a text."""
    found, mark = Reader.NON_PRINTABLE.search(text), text.find("\ufeff")
    places = [place for place in (found.start() if found else -1, mark) if place >= 0]
    return min(places, default=None)


def lines(text: str) -> list[str]:
    """The lines as YAML counts them: NEL, LS and PS end one as well."""
    return _LINE_BREAK.split(text)


def control_character(value: str) -> str | None:
    """The first character of `value` that no key of the manifest can mean, as U+NNNN; None where there is none."""
    found = _CONTROL.search(value)
    return code_point(found.group()) if found else None


def code_point(character: str) -> str:
    return f"U+{ord(character):04X}"


def _decode(source: bytes, file: str) -> str:
    encoding = _BYTE_ORDER_MARKS.get(source[:2])
    if encoding is not None:
        raise _invalid(file, 1, 1, f"the manifest is {encoding}, not UTF-8", hint="save the file as UTF-8")
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        before = lines(source[: error.start].decode("utf-8").removeprefix("\ufeff"))
        message = f"byte 0x{source[error.start]:02x} is not UTF-8"
        raise _invalid(file, len(before), len(before[-1]) + 1, message, hint="save the file as UTF-8") from error


def _invalid(file: str, line: int, column: int, message: str, hint: str) -> InvalidInput:
    return InvalidInput((Problem(file, line, column, message, hint=hint),))
