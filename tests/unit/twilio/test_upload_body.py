from __future__ import annotations

import hashlib
import os
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from assetsync.errors import FileChanged, UsageError
from assetsync.twilio.body import FileBody
from assetsync.twilio.multipart import CHUNK, Multipart, multipart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BIG = CHUNK * 2 + 7


class Pieces:
    """A body that is what it is told to be."""

    def __init__(self, *pieces: bytes, size: int | None = None) -> None:
        self.pieces = pieces
        self.size = sum(map(len, pieces)) if size is None else size

    def chunks(self) -> Iterator[bytes]:
        yield from self.pieces


def framed(body: Pieces, path: str = "/a", filename: str = "a.html", content_type: str = "text/html") -> Multipart:
    return multipart(path=path, visibility="public", content_type=content_type, filename=filename, body=body)


def parts(upload: Multipart) -> dict[str, tuple[str | None, str, object]]:
    """Read back by the standard library: name -> (filename, content type, bytes)."""
    head = f"Content-Type: {upload.content_type}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + b"".join(upload.chunks()))
    return {
        str(part.get_param("name", header="content-disposition")): (
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    }


def collect(chunks: Iterator[bytes], each: Callable[[bytes], None]) -> None:
    for chunk in chunks:
        each(chunk)


def test_the_three_fields_arrive() -> None:
    upload = framed(Pieces(b"<p>", b"hello"), "/img/a b.html", "/img/a.html", "text/html; charset=utf-8")
    found = parts(upload)
    assert list(found) == ["Path", "Visibility", "Content"]
    assert found["Path"][2] == b"/img/a b.html"
    assert found["Visibility"][2] == b"public"
    assert found["Content"] == ("a.html", "text/html", b"<p>hello")
    assert b"Content-Type: text/html; charset=utf-8\r\n" in b"".join(upload.chunks())


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_the_size_that_is_announced_is_the_size_that_is_sent(pieces: list[bytes]) -> None:
    upload = framed(Pieces(*pieces))
    body = b"".join(upload.chunks())
    assert len(body) == upload.size
    assert b"".join(upload.chunks()) == body
    assert b"".join(pieces) in body


@given(st.text(max_size=60))
def test_no_file_name_can_leave_its_header(filename: str) -> None:
    head = framed(Pieces(b""), filename=filename).head.split(b"\r\n\r\n")[-2].decode()
    assert head.count('"') == 4
    assert head.count("\r\n") == 3
    assert head.isascii()
    assert "/" not in head.partition("filename=")[2].partition("\r\n")[0]


def test_only_the_last_segment_of_a_file_name_is_told() -> None:
    assert b'filename="x%22y.html"' in framed(Pieces(b""), filename='/secret/place/x"y.html').head
    assert b'filename="file"' in framed(Pieces(b""), filename="/").head


@pytest.mark.parametrize("content_type", ["text/html\r\nX: y", "text/\u00fc", "text/html\x00"])
def test_a_content_type_that_would_leave_its_header_is_refused(content_type: str) -> None:
    with pytest.raises(UsageError, match=r"^/a: the content type"):
        framed(Pieces(b""), content_type=content_type)


@pytest.mark.parametrize("size", [3, 5])
def test_a_body_of_another_size_never_gets_its_tail(size: int) -> None:
    upload = framed(Pieces(b"ab", b"cd", size=size))
    sent: list[bytes] = []
    with pytest.raises(FileChanged, match="announced"):
        collect(upload.chunks(), sent.append)
    assert upload.tail not in sent


def test_large_bodies_are_streamed_and_small_ones_are_not() -> None:
    assert framed(Pieces(b"", size=1000 * 1000)).prebuilt
    assert not framed(Pieces(b"", size=1024 * 1024)).prebuilt


def planned(file: Path, content: bytes, sent: list[int] | None = None) -> FileBody:
    file.write_bytes(content)
    counts = [] if sent is None else sent
    return FileBody(file, len(content), xxhash.xxh3_128_hexdigest(content), counts.append)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, BIG])
def test_a_file_goes_out_as_it_is_in_bounded_pieces(size: int, tmp_path: Path) -> None:
    content, sent = os.urandom(size), list[int]()
    body = planned(tmp_path / "a", content, sent)
    assert body.sha256 is None
    chunks = list(body.chunks())
    assert b"".join(chunks) == content
    assert all(0 < len(chunk) <= CHUNK for chunk in chunks)
    assert sum(sent) == size
    assert body.sha256 == hashlib.sha256(content).hexdigest()


def test_a_second_try_begins_again_and_takes_back_what_it_reported(tmp_path: Path) -> None:
    sent: list[int] = []
    body = planned(tmp_path / "a", b"x" * BIG, sent)
    first = body.chunks()
    next(first), next(first)
    first.close()  # type: ignore[attr-defined]
    assert len(b"".join(body.chunks())) == BIG
    assert sent == [CHUNK, -CHUNK, CHUNK, CHUNK, 7]


def refused(body: FileBody, meanwhile: Callable[[], None] | None = None) -> tuple[str, int]:
    """The message, and how many bytes got out before it; `meanwhile` happens after the first chunk."""
    got: list[bytes] = []

    def take(chunk: bytes) -> None:
        got.append(chunk)
        if meanwhile is not None and len(got) == 1:
            meanwhile()

    with pytest.raises(FileChanged) as caught:
        collect(body.chunks(), take)
    assert str(body.file) in caught.value.message
    assert caught.value.hint
    assert body.sha256 is None
    return caught.value.message, sum(map(len, got))


def test_other_content_of_the_same_size_never_gets_its_last_chunk_out(tmp_path: Path) -> None:
    body = planned(tmp_path / "a", b"x" * BIG)
    (tmp_path / "a").write_bytes(b"y" * BIG)
    message, got = refused(body)
    assert "has other content" in message
    assert got == BIG - 7


def test_other_content_in_one_chunk_sends_nothing(tmp_path: Path) -> None:
    body = planned(tmp_path / "a", b"old")
    (tmp_path / "a").write_bytes(b"new")
    assert refused(body)[1] == 0


@pytest.mark.parametrize("content", [b"", b"long", b"longer than planned"])
def test_another_size_sends_nothing(content: bytes, tmp_path: Path) -> None:
    body = planned(tmp_path / "a", b"planned")
    (tmp_path / "a").write_bytes(content)
    message, got = refused(body)
    assert "another size" in message
    assert got == 0


def test_a_file_that_shrinks_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    body = planned(tmp_path / "a", b"x" * BIG)
    message, got = refused(body, lambda: os.truncate(tmp_path / "a", CHUNK))
    assert "became shorter" in message
    assert got < BIG


def test_a_file_that_grows_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    body = planned(tmp_path / "a", b"x" * BIG)

    def grow() -> None:
        with (tmp_path / "a").open("ab") as stream:
            stream.write(b"more")

    message, got = refused(body, grow)
    assert "became longer" in message
    assert got == BIG - 7


def test_an_empty_file_that_should_be_another_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert "other content" in refused(FileBody(tmp_path / "a", 0, "0" * 32, lambda _count: None))[0]


def test_a_file_that_vanished_is_named(tmp_path: Path) -> None:
    body = planned(tmp_path / "a", b"x")
    (tmp_path / "a").unlink()
    assert "cannot be read: No such file" in refused(body)[0]


def test_a_file_that_became_a_folder_is_named(tmp_path: Path) -> None:
    body = planned(tmp_path / "a", b"x")
    (tmp_path / "a").unlink()
    (tmp_path / "a").mkdir()
    assert "no longer a regular file" in refused(body)[0]


def test_a_file_that_became_a_pipe_does_not_block(tmp_path: Path) -> None:
    body = planned(tmp_path / "a", b"x")
    (tmp_path / "a").unlink()
    os.mkfifo(tmp_path / "a")
    assert "no longer a regular file" in refused(body)[0]


def test_a_file_that_became_a_link_is_not_followed_though_the_content_is_the_same(tmp_path: Path) -> None:
    body = planned(tmp_path / "a", b"x")
    (tmp_path / "a").rename(tmp_path / "elsewhere")
    (tmp_path / "a").symlink_to("elsewhere")
    assert "cannot be read: " in refused(body)[0]


def test_a_disk_that_fails_while_it_is_read_is_the_file_s_fault() -> None:
    """/proc/self/mem opens like a file, and reading its beginning fails."""
    assert "cannot be read: " in refused(FileBody(Path("/proc/self/mem"), 0, "0" * 32, lambda _count: None))[0]


def test_an_error_of_whoever_counts_is_not_the_file_s(tmp_path: Path) -> None:
    def broken(_count: int) -> None:
        raise BrokenPipeError

    (tmp_path / "a").write_bytes(b"x")
    body = FileBody(tmp_path / "a", 1, xxhash.xxh3_128_hexdigest(b"x"), broken)
    with pytest.raises(BrokenPipeError):
        collect(body.chunks(), lambda _chunk: None)
