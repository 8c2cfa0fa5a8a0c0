from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from assetsync.local.private import make_private

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_is_missing_is_made_for_the_user_alone_and_what_is_there_stays(tmp_path: Path, umask: int) -> None:
    there = tmp_path / "there"
    there.mkdir()
    there.chmod(0o755)
    before = os.umask(umask)
    try:
        make_private(there / "a/b")
        make_private(there / "a/b")
    finally:
        os.umask(before)
    modes = {each: stat.S_IMODE(each.stat().st_mode) for each in (there, there / "a", there / "a/b")}
    assert list(modes.values()) == [0o755, 0o700, 0o700]


def test_a_file_in_its_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        make_private(tmp_path / "file/below")
    with pytest.raises(FileExistsError):
        make_private(tmp_path / "file")
