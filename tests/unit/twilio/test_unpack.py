from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetsync.twilio.unpack import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGE = 256 * 1024


def answer(*pieces: bytes, coding: str | None = "gzip") -> httpx.Response:
    def stream() -> Iterator[bytes]:
        yield from pieces

    return httpx.Response(200, headers={} if coding is None else {"Content-Encoding": coding}, content=stream())


@given(st.binary(max_size=2000), st.integers(1, 50))
def test_what_was_packed_comes_back_however_it_is_cut(content: bytes, step: int) -> None:
    packed = gzip.compress(content)
    pieces = [packed[at : at + step] for at in range(0, len(packed), step)]
    assert b"".join(unpacked(answer(*pieces))) == content
    assert b"".join(unpacked(answer(*pieces, coding="X-GZIP "))) == content


@pytest.mark.parametrize("coding", [None, "", "identity", "Identity"])
def test_what_was_not_packed_comes_as_it_is(coding: str | None) -> None:
    assert list(unpacked(answer(b"a", b"bc", coding=coding))) == [b"a", b"bc"]


def test_a_little_that_becomes_much_comes_in_bounded_pieces() -> None:
    pieces = unpacked(answer(gzip.compress(bytes(40 * LARGE))))
    sizes = [len(piece) for piece in pieces]
    assert sum(sizes) == 40 * LARGE
    assert max(sizes) <= LARGE


@pytest.mark.parametrize("coding", ["deflate", "br", "zstd", "gzip, gzip", "gzip,identity", "nonsense"])
def test_what_nobody_asked_for_is_not_unpacked(coding: str) -> None:
    with pytest.raises(httpx.DecodingError):
        list(unpacked(answer(gzip.compress(zlib.compress(b"x")), coding=coding)))


@pytest.mark.parametrize(
    "packed",
    [b"no gzip at all", gzip.compress(b"content")[:-3], b"", b"\x1f\x8b", gzip.compress(b"content") + b"\0"],
    ids=["other", "cut", "empty", "begun", "more"],
)
def test_what_is_not_whole_is_an_error(packed: bytes) -> None:
    with pytest.raises(httpx.DecodingError):
        list(unpacked(answer(packed)))


def test_what_is_in_memory_already_is_taken_from_there() -> None:
    assert b"".join(unpacked(httpx.Response(200, content=b"whole"))) == b"whole"


def test_what_follows_the_packed_content_is_not_waited_for() -> None:
    taken: list[bytes] = []

    def stream() -> Iterator[bytes]:
        for piece in (gzip.compress(b"content"), b"\0", b"\0"):
            taken.append(piece)
            yield piece

    with pytest.raises(httpx.DecodingError):
        list(unpacked(httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=stream())))
    assert len(taken) == 2
