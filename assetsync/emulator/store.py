"""State that survives restarts and kills: one SQLite database and the content files beside it.

One connection, one lock: requests are so short that taking turns costs less than any scheme that does not, and each
request sees and makes one consistent change. The slow part of an upload (receiving, hashing, flushing) is done
outside the lock.
"""

from __future__ import annotations

import contextlib
import random
import secrets
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

from assetsync.emulator.content import Contents
from assetsync.emulator.reset import check_openable
from assetsync.emulator.schema import MIGRATIONS
from assetsync.emulator.settings import Account, Synchronous
from assetsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Row = sqlite3.Row

_MADE = (
    r"SELECT type, name FROM sqlite_master WHERE type IN ('table', 'index') AND name NOT LIKE 'sqlite\_%' ESCAPE '\'"
)


class Transaction:
    """One request's view of the database; nothing of it is seen by others before it ends well."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.unused: set[str] = set()

    def one(self, sql: str, *values: Any) -> Row | None:
        row: Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, *values: Any) -> list[Row]:
        return self._connection.execute(sql, values).fetchall()

    def number(self, sql: str, *values: Any) -> int:
        """The single number that a `SELECT COUNT(*)` gives."""
        value: int = self._connection.execute(sql, values).fetchone()[0]
        return value

    def run(self, sql: str, *values: Any) -> None:
        self._connection.execute(sql, values)

    def run_many(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self._connection.executemany(sql, rows)

    def unref(self, rows: Iterable[Row]) -> None:
        """Versions went away: their content goes with the transaction's end, unless another Version has the same."""
        self.unused.update(row["digest"] for row in rows)


_UNUSABLE = (OSError, sqlite3.Error, UnicodeDecodeError)
"""The last where SQLite quotes what is damaged in a message that Python cannot decode."""


def _unusable(folder: Path, problem: Exception | str) -> UsageError:
    reason = "its database is damaged" if isinstance(problem, UnicodeDecodeError) else problem
    return UsageError(
        f"The state folder {folder} of the local service cannot be used: {reason}.",
        hint="Name another folder, or delete this one to start afresh.",
    )


class Store:
    """The state below `folder`, which is made if missing (mode 0700: the auth token lies in it).

    Raises UsageError when the folder cannot be used, holds other things, or a newer program wrote it.
    """

    def __init__(self, folder: Path, synchronous: Synchronous = Synchronous.NORMAL, seed: int | None = None) -> None:
        self._lock = threading.RLock()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            check_openable(folder)
            self.contents = Contents(
                folder, flush=synchronous is not Synchronous.OFF, flush_folders=synchronous is Synchronous.FULL
            )
            self._connection = _connect(folder / "state.sqlite3", synchronous)
        except _UNUSABLE as problem:
            raise _unusable(folder, problem) from problem
        try:
            _migrate(self._connection, folder)
            with self.transaction() as tx:
                self.random = _random(tx, seed)
        except _UNUSABLE as problem:
            self._connection.close()
            raise _unusable(folder, problem) from problem
        except BaseException:
            self._connection.close()
            raise

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All or nothing, one at a time. Content that nothing names any more is deleted after the commit."""
        with self._lock:
            tx = Transaction(self._connection)
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield tx
                gone = [digest for digest in sorted(tx.unused) if not _is_used(tx, digest)]
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # after some errors SQLite has rolled back by itself
                    self._connection.execute("ROLLBACK")
                raise
            self.contents.forget(gone)

    def account(self) -> Account:
        """The state folder's own credentials, drawn on first use."""
        with self.transaction() as tx:
            sid = _fact(tx, "account_sid", "AC" + secrets.token_hex(16))
            return Account(sid=sid, auth_token=_fact(tx, "auth_token", secrets.token_hex(16)))

    def sweep(self) -> int:
        """Delete content that no Version names, left by a kill between rename and commit; how many files."""
        with self.transaction() as tx:
            gone = [digest for digest in self.contents.digests() if not _is_used(tx, digest)]
            self.contents.forget(gone)
        return len(gone)

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _connect(file: Path, synchronous: Synchronous) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        file.chmod(0o600)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA busy_timeout = 10000")
        connection.execute("PRAGMA synchronous = " + synchronous.value)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, folder: Path) -> None:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version < 0 or (version == 0 and _parts(connection)):
        raise _unusable(folder, f"its database says that it is of version {version}")
    if version > len(MIGRATIONS):
        raise UsageError(
            f"The state folder {folder} was written by a newer assetsync.",
            hint="Upgrade assetsync, or name another folder.",
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")
    missing = sorted(_parts_wanted() - _parts(connection))
    if missing:
        raise _unusable(folder, f"its database lacks {', '.join(missing)}")


def _parts(connection: sqlite3.Connection) -> set[str]:
    """The tables and indexes that somebody made."""
    return {f"{kind} {name}" for kind, name in connection.execute(_MADE)}


def _parts_wanted() -> set[str]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        model.executescript("".join(MIGRATIONS))
        return _parts(model)


def _fact(tx: Transaction, name: str, default: str) -> str:
    tx.run("INSERT OR IGNORE INTO facts (name, value) VALUES (?, ?)", name, default)
    row = tx.one("SELECT value FROM facts WHERE name = ?", name)
    assert row is not None
    value: str = row["value"]
    return value


def _random(tx: Transaction, seed: int | None) -> random.Random:
    """A seeded source differs from one opening of the folder to the next, or SIDs would repeat after a restart."""
    if seed is None:
        return random.SystemRandom()
    opened = int(_fact(tx, "opened", "0")) + 1
    tx.run("UPDATE facts SET value = ? WHERE name = 'opened'", str(opened))
    return random.Random(f"{seed}/{opened}")  # noqa: S311 reproducible on purpose, guards nothing


def _is_used(tx: Transaction, digest: str) -> bool:
    return tx.one("SELECT 1 FROM versions WHERE digest = ? LIMIT 1", digest) is not None
