from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from assetsync.local.whole_file import regular_target, write_whole

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


def test_what_is_no_file_is_not_replaced_by_one(tmp_path: Path) -> None:
    pipe, folder, link = tmp_path / "pipe", tmp_path / "folder", tmp_path / "link"
    os.mkfifo(pipe)
    folder.mkdir()
    link.symlink_to(pipe)
    for place in (pipe, folder, link):
        with pytest.raises(OSError, match="it is not a file"):
            regular_target(place)


def test_a_link_stays_and_what_it_leads_to_is_meant(tmp_path: Path) -> None:
    target, link, dangling = tmp_path / "target", tmp_path / "link", tmp_path / "dangling"
    target.write_text("old")
    link.symlink_to(target)
    dangling.symlink_to(tmp_path / "new")
    assert regular_target(link) == target
    assert regular_target(dangling) == tmp_path / "new"
    assert regular_target(tmp_path / "fresh") == tmp_path / "fresh"
