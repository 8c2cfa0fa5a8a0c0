"""Digests of files, against whole-file hashing."""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from typing import TYPE_CHECKING

import pytest
import xxhash

from assetsync.errors import FileChanged
from assetsync.local.digest import read_contents, sha256_of

if TYPE_CHECKING:
    from pathlib import Path

MIB = 2**20


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 65536 + MIB - 1, 65536 + MIB, 65536 + MIB + 1, 3 * MIB])
def test_digests_are_those_of_the_whole_file(size: int, tmp_path: Path) -> None:
    content = (bytes(range(251)) * (size // 251 + 1))[:size]
    file = tmp_path / "file"
    file.write_bytes(content)
    plain, both = read_contents(str(file)), read_contents(str(file), want_sha256=True)
    assert plain.digest == both.digest == xxhash.xxh3_128(content).hexdigest()
    assert (plain.sha256, both.sha256) == (None, hashlib.sha256(content).hexdigest())
    assert both.state.size == size
    assert sha256_of(file) == hashlib.sha256(content).hexdigest()


def test_a_large_file_takes_little_memory(tmp_path: Path) -> None:
    file = tmp_path / "large"
    with file.open("wb") as stream:
        stream.truncate(64 * MIB)
    tracemalloc.start()
    try:
        read_contents(str(file))
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [10, 70_000])
def test_a_file_that_changes_once_is_read_again(size: int, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"a" * size)
    changes = [b"b" * (size + 1)]

    def change() -> None:
        if changes:
            file.write_bytes(changes.pop())

    assert read_contents(str(file), after_read=change).digest == xxhash.xxh3_128(b"b" * (size + 1)).hexdigest()


@pytest.mark.parametrize("size", [10, 70_000])
def test_a_file_that_keeps_changing_is_given_up(size: int, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"a" * size)

    def change() -> None:
        with file.open("ab") as stream:
            stream.write(b"more")

    with pytest.raises(FileChanged, match="changed while it was read"):
        read_contents(str(file), after_read=change)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    """A fifo or a link that took a file's place holds nobody up."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("fifo")
    with pytest.raises(FileChanged):
        read_contents(str(tmp_path / "fifo"))
    with pytest.raises(OSError, match="symbolic links"):
        read_contents(str(tmp_path / "link"))


def test_a_file_whose_size_lies_is_given_up() -> None:
    """In /proc sizes are 0 whatever the content."""
    with pytest.raises(FileChanged):
        read_contents("/proc/version")


HEADER = b"-----BEGIN RSA PRIVATE KEY-----"


@pytest.mark.parametrize("before", [0, 60_000, 65_520, 70_000, 65_536 + 2**20 - 10, 3 * 2**20])
def test_a_private_key_is_seen_wherever_it_stands(before: int, tmp_path: Path) -> None:
    """Also where one read ends within it."""
    file = tmp_path / "file"
    file.write_bytes(b" " * before + HEADER + b" " * 60_000)
    assert read_contents(str(file)).secret == "its content says PRIVATE KEY"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_private_key_is_seen_in_wide_characters(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes((" " * 70_000 + HEADER.decode()).encode(encoding))
    assert read_contents(str(file)).secret is not None


def test_the_mere_words_are_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"Keep your PRIVATE KEY to yourself. " * 10_000)
    assert read_contents(str(file)).secret is None
