"""A packed body, unpacked in pieces of a bounded size: what is a few bytes on the wire may be anything in memory."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from assetsync.twilio.lean_httpx import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCEPTED: Final = "gzip"
"""What a request says that it accepts; nothing else is unpacked, and nothing twice."""

_PIECE: Final = 256 * 1024
_GZIP: Final = 16 + zlib.MAX_WBITS


def unpacked(response: httpx.Response) -> Iterator[bytes]:
    """The body of an answer, piece by piece. Raises httpx's errors."""
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding in {"", "identity"}:
        yield from _raw(response)
        return
    if coding not in {"gzip", "x-gzip"}:
        raise httpx.DecodingError("it is packed in a way that was not asked for")
    unzip = zlib.decompressobj(_GZIP)
    for packed in _raw(response):
        left = packed
        while left:
            if unzip.eof:
                raise httpx.DecodingError("something follows the packed answer")
            yield _piece(unzip, left)
            left = unzip.unconsumed_tail or unzip.unused_data
    if not unzip.eof:
        raise httpx.DecodingError("the packed answer breaks off")


def _raw(response: httpx.Response) -> Iterator[bytes]:
    if response.is_stream_consumed:  # made of bytes that are in memory already
        yield response.content
    else:
        yield from response.iter_raw()


def _piece(unzip: zlib._Decompress, packed: bytes) -> bytes:
    try:
        return unzip.decompress(packed, _PIECE)
    except zlib.error as error:
        raise httpx.DecodingError(str(error)) from None
