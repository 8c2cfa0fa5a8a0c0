"""What `--reset` removes, and what it never does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.local import open_local, reset
from assetsync.emulator.reset import empty, has_state
from assetsync.emulator.settings import Account, Settings
from assetsync.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def _state(folder: Path, settings: Settings | None = None) -> str:
    with open_local(folder, port=0, settings=settings) as local:
        return local.account_sid


def test_a_state_folder_is_emptied_and_begins_afresh(tmp_path: Path) -> None:
    before = _state(tmp_path)
    (tmp_path / "server.json").write_text("{}")
    (tmp_path / "server.0123456789abcdef.tmp").write_text("")
    assert has_state(tmp_path)
    reset(tmp_path)
    assert {entry.name for entry in tmp_path.iterdir()} == {"lock", "guests"}
    assert not has_state(tmp_path)
    reset(tmp_path)
    assert _state(tmp_path) != before


def test_a_folder_that_never_drew_an_account_of_its_own_is_ours_too(tmp_path: Path) -> None:
    _state(tmp_path, Settings(account=Account("AC" + "1" * 32, "token")))
    reset(tmp_path)
    assert not has_state(tmp_path)


def test_what_is_not_there_or_empty_has_no_state(tmp_path: Path) -> None:
    assert not has_state(tmp_path / "none")
    assert not has_state(tmp_path)
    empty(tmp_path)
    assert tmp_path.is_dir()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "notes.txt").write_text("mine"),
        lambda folder: (folder / "src").mkdir(),
        lambda folder: (folder / "server.json").mkdir(),
        lambda folder: (folder / "state.sqlite3-backup").write_text(""),
        lambda folder: ((folder / "incoming").rmdir(), (folder / "incoming").symlink_to(folder.parent)),
        lambda folder: (folder / "state.sqlite3").unlink(),
        lambda folder: (folder / "state.sqlite3").write_bytes(b"not a database" * 100),
    ],
)
def test_any_other_folder_is_refused_and_left_as_it_was(tmp_path: Path, spoil: object) -> None:
    folder = tmp_path / "state"
    _state(folder)
    assert callable(spoil)
    spoil(folder)
    before = sorted(entry.name for entry in folder.iterdir())
    for act in (has_state, empty, reset):
        with pytest.raises(UsageError, match="is not a state folder of the local service") as refused:
            act(folder)
        assert "Nothing was removed" in refused.value.message
    assert sorted(entry.name for entry in folder.iterdir() if "-" not in entry.name or "backup" in entry.name) == before


def test_a_database_of_somebody_else_and_a_file_are_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "state.sqlite3")) as other:
        other.execute("CREATE TABLE facts (x)")
    with pytest.raises(UsageError, match="there is no database of it"):
        has_state(tmp_path)
    file = tmp_path / "state.sqlite3"
    with pytest.raises(UsageError, match="is not a state folder"):
        has_state(file)


def test_what_is_served_is_not_reset(tmp_path: Path) -> None:
    with open_local(tmp_path, port=0) as local:
        with pytest.raises(UsageError, match=f"already at {local.url}"):
            reset(tmp_path)
        assert (tmp_path / "state.sqlite3").exists()


def test_what_cannot_be_removed_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    _state(tmp_path)
    tmp_path.chmod(0o500)
    try:
        if _may_write(tmp_path):
            pytest.skip("the superuser may write everywhere")
        with pytest.raises(UsageError, match="cannot be used"):
            reset(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def _may_write(folder: Path) -> bool:
    try:
        (folder / "probe").touch()
    except OSError:
        return False
    (folder / "probe").unlink()
    return True
