"""What this machine remembers: private, durable, and never a reason to fail."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import stat
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from assetsync.apply.journal import Journal
from assetsync.errors import Conflict
from assetsync.twilio.memory import Entry
from assetsync.twilio.snapshot import JournalView
from tests.unit.twilio.sids import sid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URL = "https://serverless.twilio.com"
ZS, ZH, OTHER = sid("ZS"), sid("ZH"), sid("ZH", 1)
DAY = 24 * 3600.0


def known(number: int) -> Entry:
    return Entry(f"{number:032x}", f"{number:024x}", f"{number:06x}", sid("ZN", number))


@contextmanager
def opened(folder: Path | None, *, now: float = 0.0, url: str = URL) -> Iterator[Journal]:
    with closing(Journal(folder, url, now=lambda: now)) as journal:
        yield journal


def test_it_survives_reopening_newest_first(tmp_path: Path) -> None:
    for now, number in ((1.0, 7), (3.0, 5), (2.0, 6)):
        with opened(tmp_path, now=now) as journal:
            journal.asset_made(ZS, ZH)
            journal.version_made(ZS, ZH, known(number))
            journal.version_made(ZS, OTHER, known(number + 10))
    with opened(tmp_path) as journal:
        assert journal.view(ZS) == JournalView(
            {ZH: (known(5), known(6), known(7)), OTHER: (known(15), known(16), known(17))}, frozenset({ZH})
        )


def test_a_row_is_on_disk_before_the_call_returns(tmp_path: Path) -> None:
    """Another process sees it at once; this one may be killed."""
    with opened(tmp_path) as writer, opened(tmp_path) as reader:
        writer.version_made(ZS, ZH, known(1))
        assert reader.view(ZS).entries == {ZH: (known(1),)}


def test_the_same_version_twice_is_one_row(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.version_made(ZS, ZH, known(1))
        journal.version_made(ZS, ZH, known(1))
        assert journal.view(ZS).entries == {ZH: (known(1),)}


def test_other_services_and_other_addresses_are_kept_apart(tmp_path: Path) -> None:
    with opened(tmp_path) as journal, opened(tmp_path, url="http://127.0.0.1:1") as local:
        journal.version_made(ZS, ZH, known(1))
        journal.asset_made(ZS, ZH)
        assert journal.view(sid("ZS", 1)) == JournalView()
        assert local.view(ZS) == JournalView()
        local.asset_made(ZS, OTHER)
        assert journal.view(ZS).made == {ZH}


def test_only_the_user_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "cache"
    with opened(folder) as journal, journal.locked(ZS):
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert set(modes.values()) == {0o600}
    assert len(modes) == 2
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_after_30_days_it_forgets(tmp_path: Path) -> None:
    """A Version that no Build holds is gone after 7 (F1.7)."""
    with opened(tmp_path, now=0.0) as journal:
        journal.version_made(ZS, ZH, known(1))
        journal.asset_made(ZS, ZH)
    with opened(tmp_path, now=30 * DAY) as journal:
        assert journal.view(ZS) == JournalView({ZH: (known(1),)}, frozenset({ZH}))
    with opened(tmp_path, now=30 * DAY + 1) as journal:
        assert journal.view(ZS) == JournalView()


@pytest.mark.parametrize("rubbish", [b"no database at all, but long enough to be read as one" * 20, b"x"])
def test_a_corrupt_file_is_begun_afresh(tmp_path: Path, rubbish: bytes) -> None:
    (tmp_path / "journal.sqlite").write_bytes(rubbish)
    with opened(tmp_path) as journal:
        assert journal.view(ZS) == JournalView()
        journal.version_made(ZS, ZH, known(1))
    with opened(tmp_path) as journal:
        assert journal.view(ZS).entries == {ZH: (known(1),)}


def test_a_file_whose_damage_sqlite_quotes_in_no_text_is_begun_afresh(tmp_path: Path) -> None:
    """Python fails to decode the message, which is no error of SQLite's any more."""
    with opened(tmp_path) as journal:
        journal.version_made(ZS, ZH, known(1))
    file = tmp_path / "journal.sqlite"
    file.write_bytes(file.read_bytes().replace(b"tableversionversion", b"table\xffersionversion"))
    with closing(sqlite3.connect(file)) as damaged, pytest.raises(UnicodeDecodeError):
        damaged.execute("SELECT * FROM version")
    with opened(tmp_path) as journal:
        assert journal.view(ZS) == JournalView()
        journal.version_made(ZS, ZH, known(2))
    with opened(tmp_path) as journal:
        assert journal.view(ZS).entries == {ZH: (known(2),)}


def test_a_file_of_another_release_is_begun_afresh(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as database:
        database.execute("CREATE TABLE version (something TEXT)")
        database.execute("PRAGMA user_version = 99")
    with opened(tmp_path) as journal:
        journal.version_made(ZS, ZH, known(1))
        assert journal.view(ZS).entries == {ZH: (known(1),)}


def test_a_corrupt_file_in_a_folder_that_is_read_only_does_not_hinder(tmp_path: Path) -> None:
    """It cannot be removed, but for root."""
    (tmp_path / "journal.sqlite").write_bytes(b"no database at all" * 100)
    tmp_path.chmod(0o500)
    with opened(tmp_path) as journal:
        journal.version_made(ZS, ZH, known(1))
        assert journal.view(ZS).entries == {ZH: (known(1),)}
    tmp_path.chmod(0o700)


def test_a_folder_in_the_place_of_the_file_does_not_hinder(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite" / "x").mkdir(parents=True)
    with opened(tmp_path) as journal:
        journal.version_made(ZS, ZH, known(1))
        assert journal.view(ZS).entries == {ZH: (known(1),)}


def test_where_nothing_can_be_written_it_remembers_in_memory(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with opened(blocked / "cache") as journal:
        journal.version_made(ZS, ZH, known(1))
        assert journal.view(ZS).entries == {ZH: (known(1),)}
        with journal.locked(ZS):
            pass
    with opened(blocked / "cache") as journal:
        assert journal.view(ZS) == JournalView()


def test_without_a_folder_it_remembers_in_memory_and_locks_nothing() -> None:
    with opened(None) as journal, opened(None) as other:
        journal.asset_made(ZS, ZH)
        assert journal.view(ZS).made == {ZH}
        assert other.view(ZS).made == frozenset()
        with journal.locked(ZS), other.locked(ZS):
            pass


def test_a_disk_that_refuses_makes_it_forget_not_fail(tmp_path: Path) -> None:
    with opened(tmp_path) as journal, closing(sqlite3.connect(tmp_path / "journal.sqlite")) as other:
        journal.version_made(ZS, ZH, known(1))
        other.execute("DROP TABLE version")
        other.commit()
        journal.version_made(ZS, ZH, known(2))
        assert journal.view(ZS) == JournalView()


@pytest.mark.parametrize(
    "edit",
    [
        f"digest = '{1:032x}'",
        "sha256 = NULL",
        "type_tag = 7",
        "digest = x'00'",
        f"asset_sid = '{OTHER}'",
        f"version_sid = '{sid('ZN', 9)}'",
        "seal = NULL",
        "seal = ''",
    ],
)
def test_a_row_that_was_edited_is_passed_over_and_the_others_count(tmp_path: Path, edit: str) -> None:
    with opened(tmp_path) as journal:
        journal.version_made(ZS, ZH, known(1))
        journal.version_made(ZS, ZH, known(2))
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as database, database:
        database.execute(f"UPDATE version SET {edit} WHERE version_sid = ?", (sid("ZN", 2),))
    with opened(tmp_path) as journal:
        assert journal.view(ZS).entries == {ZH: (known(1),)}
        journal.version_made(ZS, ZH, known(2))
        assert set(journal.view(ZS).entries[ZH]) == {known(1), known(2)}


def test_a_row_does_not_count_for_another_service_or_address(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        journal.version_made(ZS, ZH, known(1))
        journal.asset_made(ZS, ZH)
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as database, database:
        for table in ("asset", "version"):
            database.execute(f"UPDATE {table} SET service_sid = ?", (sid("ZS", 1),))
    with opened(tmp_path) as journal:
        assert journal.view(sid("ZS", 1)) == JournalView()


class TestLock:
    def test_a_second_run_on_the_same_service_is_a_conflict(self, tmp_path: Path) -> None:
        with opened(tmp_path) as first, opened(tmp_path) as second:
            with first.locked(ZS), pytest.raises(Conflict, match="another assetsync run"), second.locked(ZS):
                pass
            with second.locked(ZS):
                pass

    def test_another_service_or_address_is_none(self, tmp_path: Path) -> None:
        with (
            opened(tmp_path) as first,
            opened(tmp_path, url="http://127.0.0.1:1") as second,
            first.locked(ZS),
            first.locked(sid("ZS", 1)),
            second.locked(ZS),
        ):
            pass

    def test_it_is_let_go_when_the_run_fails(self, tmp_path: Path) -> None:
        with opened(tmp_path) as first, opened(tmp_path) as second:
            with pytest.raises(OSError, match="failed"), first.locked(ZS):
                raise OSError("failed")
            with second.locked(ZS):
                pass

    def test_it_is_let_go_when_the_process_dies(self, tmp_path: Path) -> None:
        """A child takes the lock and is gone without a word."""
        with opened(tmp_path) as journal:
            with journal.locked(ZS):
                (lock,) = tmp_path.glob("apply-*.lock")
            child = os.posix_spawnp("flock", ["flock", "--nonblock", str(lock), "true"], os.environ, setsid=True)
            assert os.waitpid(child, 0)[1] == 0
            with journal.locked(ZS):
                pass

    def test_nobody_waits_where_the_lock_file_cannot_be_made(self, tmp_path: Path) -> None:
        with opened(tmp_path) as journal:
            (tmp_path / "journal.sqlite").unlink()
            tmp_path.rmdir()
            with journal.locked(ZS):
                pass

    def test_nobody_waits_where_the_file_system_has_no_locks(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_handle: int, _operation: int) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr(fcntl, "flock", refuse)
        with opened(tmp_path) as journal, journal.locked(ZS):
            pass


def test_many_threads_write_and_read_at_once(tmp_path: Path) -> None:
    threads, each = 8, 25
    failures: list[BaseException] = []
    with opened(tmp_path) as journal:

        def work(number: int) -> None:
            try:
                for step in range(each):
                    journal.version_made(ZS, ZH, known(number * each + step))
                    journal.view(ZS)
            except BaseException as error:  # noqa: BLE001
                failures.append(error)

        workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert not failures
        assert set(journal.view(ZS).entries[ZH]) == {known(number) for number in range(threads * each)}
