from __future__ import annotations

import contextlib
import sqlite3
import stat
from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.core import Core
from assetsync.emulator.settings import Settings, Synchronous
from assetsync.emulator.store import Store
from assetsync.errors import UsageError
from tests.emulator.driver import made

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.emulator.driver import Api


def test_a_restart_keeps_account_resources_and_content(make_api: Callable[..., Api]) -> None:
    first = make_api(seed=1)
    service = first.service()
    environment = first.environment(service)
    first.publish(service, environment, first.upload(service, content=b"kept"))
    first.core.close()
    second = make_api(seed=1)
    assert second.core.account == first.core.account
    assert second.get(f"/Services/{service['sid']}").json() == service
    assert second.site(environment).content == b"kept"
    assert second.service()["sid"] != service["sid"]


def test_folders_differ_in_account_and_sids(make_api: Callable[..., Api]) -> None:
    one, two = make_api(folder="a"), make_api(folder="b")
    assert one.core.account.sid != two.core.account.sid
    assert one.core.account.auth_token != two.core.account.auth_token
    assert one.service()["sid"] != two.service()["sid"]


@pytest.mark.parametrize("synchronous", list(Synchronous))
def test_every_level_of_safety_stores_the_same(tmp_path: Path, make_api: Callable[..., Api], synchronous: str) -> None:
    api = make_api(synchronous=Synchronous(synchronous))
    service = api.service()
    environment = api.environment(service)
    api.publish(service, environment, api.upload(service, content=b"bytes"))
    assert api.site(environment).content == b"bytes"


def test_only_the_owner_can_read_the_state(tmp_path: Path) -> None:
    Core(tmp_path / "new").close()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "state.sqlite3").stat().st_mode) == 0o600


def test_state_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / "state.sqlite3") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(UsageError, match="written by a newer assetsync"):
        Store(tmp_path)


def test_a_folder_that_is_a_file_or_a_broken_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be used"):
        Store(tmp_path / "file")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "state.sqlite3").write_bytes(b"not a database" * 100)
    with pytest.raises(UsageError, match=r"`state\.sqlite3` is not its database\. Nothing was removed"):
        Store(tmp_path / "state")


@pytest.mark.parametrize(
    "name", ["incoming/holiday.jpg", "content/ab/abstract.md", f"content/ab/ab{'0' * 62}", "notes.txt", "state.sqlite3"]
)
def test_a_folder_of_other_things_is_refused_and_left_as_it_was(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".sqlite3":
        with contextlib.closing(sqlite3.connect(file)) as other:
            other.execute("CREATE TABLE facts (mine TEXT)")
    else:
        file.write_bytes(b"mine")
    before = file.read_bytes()
    with pytest.raises(UsageError, match="is not a state folder of the local service"):
        Core(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]
    assert file.read_bytes() == before


def test_a_start_that_was_killed_before_it_made_its_tables_is_begun_again(tmp_path: Path) -> None:
    for folder in ("content", "incoming"):
        (tmp_path / folder).mkdir()
    for file in ("lock", "state.sqlite3"):
        (tmp_path / file).touch()
    with Core(tmp_path) as core:
        assert core.account.sid


def test_files_of_others_in_the_state_folder_outlive_start_and_clean_up(tmp_path: Path) -> None:
    Core(tmp_path).close()
    names = (
        *("content/.DS_Store", "content/ab/abstract.md", f"content/ab/cd{'0' * 62}", f"content/abc/ab{'0' * 62}"),
        *("incoming/holiday.jpg", f"incoming/{'0' * 31}", f"incoming/{'0' * 31}A", ".gitignore"),
    )
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")
    folders = (tmp_path / "content" / "ab" / ("ab" * 32), tmp_path / "incoming" / ("0" * 32))
    for folder in folders:
        folder.mkdir()
    with Core(tmp_path) as core:
        core.collect()
    assert {name: (tmp_path / name).read_text() for name in names} == dict.fromkeys(names, "mine")
    assert all(folder.is_dir() for folder in folders)


def _spoilt(tmp_path: Path, script: str) -> None:
    Store(tmp_path).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "state.sqlite3")) as connection:
        connection.executescript(script)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("PRAGMA user_version = 0", "cannot be used: its database says that it is of version 0."),
        ("PRAGMA user_version = -3", "cannot be used: its database says that it is of version -3."),
        ("DROP TABLE deployments", "cannot be used: its database lacks index deployments_by_environment, table dep"),
        ("DROP INDEX versions_by_digest", "cannot be used: its database lacks index versions_by_digest."),
        ("ALTER TABLE facts RENAME COLUMN value TO other", "cannot be used: "),
        ("DROP TABLE services", "is not a state folder of the local service"),
    ],
)
def test_a_database_that_is_not_as_we_left_it_is_refused_at_the_start(tmp_path: Path, script: str, reason: str) -> None:
    _spoilt(tmp_path, script)
    with pytest.raises(UsageError, match=reason):
        Store(tmp_path, seed=1)


def test_a_change_that_the_database_ends_by_itself_leaves_the_store_usable(tmp_path: Path) -> None:
    store = Store(tmp_path)
    insert = "INSERT OR ROLLBACK INTO facts (name, value) VALUES ('x', 'y')"
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"), store.transaction() as tx:
        tx.run_many(insert, [(), ()])
    with store.transaction() as tx:
        assert tx.number("SELECT COUNT(*) FROM facts WHERE name = 'x'") == 0
    store.close()


def test_a_failed_request_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with contextlib.suppress(ZeroDivisionError), store.transaction() as tx:
        tx.run("INSERT INTO facts (name, value) VALUES ('x', 'y')")
        raise ZeroDivisionError
    with store.transaction() as tx:
        assert tx.number("SELECT COUNT(*) FROM facts WHERE name = 'x'") == 0
    store.close()


def test_what_a_kill_left_behind_is_swept(tmp_path: Path, make_api: Callable[..., Api]) -> None:
    api = make_api(folder=".")
    used = made(api.send(api.item(api.service()), content=b"used"))
    api.core.close()
    orphan = tmp_path / "content" / "ff" / ("f" * 64)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"orphan")
    half = tmp_path / "incoming" / ("0" * 32)
    half.write_bytes(b"half")
    store = Store(tmp_path)
    assert store.sweep() == 1
    store.close()
    assert not orphan.exists()
    assert not half.exists()
    assert len(list((tmp_path / "content").glob("*/*"))) == 1
    assert used["sid"]


def test_settings_may_bring_their_own_account(tmp_path: Path) -> None:
    with Core(tmp_path, Settings()) as core:
        assert core.account.sid.startswith("AC")
        assert core.account.auth_token not in repr(core.account)


@pytest.mark.parametrize(
    "damage",
    [(b"tableservicesservices", b"table\xffervicesservices"), (b"CREATE TABLE services", b"CREATE TABEL services")],
)
def test_a_damaged_database_is_told_in_one_sentence(tmp_path: Path, damage: tuple[bytes, bytes]) -> None:
    """Also where SQLite quotes the damage and Python cannot read it."""
    Store(tmp_path).close()
    file = tmp_path / "state.sqlite3"
    content = file.read_bytes()
    assert damage[0] in content
    file.write_bytes(content.replace(*damage))
    with pytest.raises(UsageError, match=r"`state\.sqlite3` is not its database"):
        Store(tmp_path)
