from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from assetsync.local.whole_file import write_whole

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("given", "made"), [(0o666, 0o644), (0o600, 0o600)])
def test_a_file_is_replaced_with_its_mode_and_nothing_else_is_touched(tmp_path: Path, given: int, made: int) -> None:
    """Also not what is named as a draft of this process might be."""
    file, other = tmp_path / "plan.json", tmp_path / f".plan.json.{os.getpid()}"
    file.write_text("old")
    other.write_text("somebody's")
    before = os.umask(0o022)
    try:
        write_whole(file, b"new", given)
    finally:
        os.umask(before)
    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == made
    assert other.read_text() == "somebody's"
    assert sorted(tmp_path.iterdir()) == sorted([file, other])


def test_where_it_cannot_be_put_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "folder/below").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "folder", b"content")
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]
