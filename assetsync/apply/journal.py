"""The journal: what this machine uploaded, a row as each upload is acknowledged, so that no upload is sent twice.

SQLite in the user's cache folder. A row is true or its Version is gone, like an entry in a friendly name; losing
the journal costs an upload, never correctness. So the system is given each row before the upload counts, which no kill
undoes, but the disk is not waited for: a power cut may. The file is private to the user (mode 0600).

Each row bears a seal, the hash of all that it says and of the service it speaks of. A row without the right one was
damaged or edited and is passed over. Whoever can write the user's files can make a seal too: it is no signature.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import stat
import threading
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

import xxhash

from assetsync.errors import Busy
from assetsync.local.private import make_private
from assetsync.twilio.memory import Entry
from assetsync.twilio.snapshot import JournalView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_BROKEN = (sqlite3.Error, UnicodeDecodeError)
"""What a damaged file raises: SQLite quotes it in its errors, and Python cannot decode what was damaged."""

_VERSION = 2
_KEEP_SECONDS = 30 * 24 * 3600
_KEY = "base_url TEXT, service_sid TEXT, asset_sid TEXT"
_ASSETS = f"{_KEY}, at REAL, seal TEXT, PRIMARY KEY (base_url, service_sid, asset_sid)"
_FACTS = "version_sid TEXT, digest TEXT, sha256 TEXT, type_tag TEXT, at REAL, seal TEXT"
_VERSIONS = f"{_KEY}, {_FACTS}, PRIMARY KEY (base_url, service_sid, version_sid)"
_CLEAR = ("DROP TABLE IF EXISTS asset", "DROP TABLE IF EXISTS version", f"PRAGMA user_version = {_VERSION}")
_TABLES = (
    f"CREATE TABLE IF NOT EXISTS asset ({_ASSETS}) WITHOUT ROWID",
    f"CREATE TABLE IF NOT EXISTS version ({_VERSIONS}) WITHOUT ROWID",
)
_FORGET_OLD = ("DELETE FROM asset WHERE at < ?", "DELETE FROM version WHERE at < ?")


LOCKS = "apply-*.lock"
"""The files by which one Service is held against a second run. They stay behind; the locks do not."""


def remembered(folder: Path) -> int | None:
    """How many uploads the journal there tells of; None where there is no journal. Nothing is changed.

    Raises sqlite3.Error where it cannot be read or is damaged: the next run begins a new one then.
    """
    file = folder / "journal.sqlite"
    try:
        mode = file.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(mode):  # to open a pipe would wait for somebody who writes
        raise sqlite3.DatabaseError("not a file")
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as database:
        if database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("it is damaged")
        (count,) = database.execute("SELECT count(*) FROM version").fetchone()
    return int(count)


class Journal:
    """Thread-safe. No kill undoes a write once the call has returned; a disk that refuses makes it forget, not fail.

    now: seconds since 1970
    """

    def __init__(self, folder: Path | None, base_url: str, *, now: Callable[[], float]) -> None:
        self._folder, self._base_url, self._now = folder, base_url, now
        self._lock = threading.Lock()
        self._database = _open(folder, now())

    def close(self) -> None:
        self._database.close()

    def view(self, service_sid: str) -> JournalView:
        """What is remembered of one Service, newest first."""
        key = (self._base_url, service_sid)
        with self._lock, suppress(*_BROKEN):
            versions = self._database.execute(
                "SELECT seal, asset_sid, digest, sha256, type_tag, version_sid FROM version"
                " WHERE base_url = ? AND service_sid = ? ORDER BY at DESC, version_sid",
                key,
            ).fetchall()
            assets = self._database.execute(
                "SELECT seal, asset_sid FROM asset WHERE base_url = ? AND service_sid = ?", key
            ).fetchall()
            entries: dict[str, tuple[Entry, ...]] = {}
            for seal, asset_sid, *fields in versions:
                if seal == _seal(*key, asset_sid, *fields):
                    entries[asset_sid] = (*entries.get(asset_sid, ()), Entry(*fields))
            return JournalView(entries, frozenset(sid for seal, sid in assets if seal == _seal(*key, sid)))
        return JournalView()

    def asset_made(self, service_sid: str, asset_sid: str) -> None:
        seal = _seal(self._base_url, service_sid, asset_sid)
        self._write("INSERT OR REPLACE INTO asset VALUES (?, ?, ?, ?, ?)", service_sid, asset_sid, self._now(), seal)

    def version_made(self, service_sid: str, asset_sid: str, entry: Entry) -> None:
        facts = (entry.digest, entry.sha256, entry.type_tag)
        seal = _seal(self._base_url, service_sid, asset_sid, *facts, entry.version_sid)
        row = (asset_sid, entry.version_sid, *facts, self._now(), seal)
        self._write("INSERT OR REPLACE INTO version VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", service_sid, *row)

    def _write(self, statement: str, *values: str | float) -> None:
        with self._lock, suppress(*_BROKEN):
            self._database.execute(statement, (self._base_url, *values))

    @contextmanager
    def locked(self, service_sid: str) -> Iterator[None]:
        """Hold this Service against a second run on the same machine. Raises Busy when another run holds it."""
        if self._folder is None:
            yield
            return
        name = xxhash.xxh3_64_hexdigest(f"{self._base_url} {service_sid}".encode())
        try:
            handle = os.open(
                self._folder / f"apply-{name}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
        except OSError:
            yield
            return
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(
                    "another assetsync run on this machine is applying to the same Service",
                    hint="wait until it has finished, then run again",
                ) from None
            except OSError:
                pass  # a file system without locks: nobody waits
            yield
        finally:
            os.close(handle)


def _seal(*said: object) -> str:
    """Of what a row says, in this order; the types count, since SQLite keeps a number or bytes in a column of text."""
    return xxhash.xxh3_128_hexdigest(repr(said).encode(errors="surrogatepass"))


def _open(folder: Path | None, now: float, *, afresh: bool = True) -> sqlite3.Connection:
    """The journal of `folder`; `afresh` where it is corrupt, in memory where nothing can be written."""
    if folder is None:
        return _prepare(sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None), now)
    file = folder / "journal.sqlite"
    try:
        make_private(folder)
        _make_private_file(file)
        return _prepare(sqlite3.connect(file, check_same_thread=False, isolation_level=None, timeout=10), now)
    except (OSError, sqlite3.DatabaseError, UnicodeDecodeError) as error:
        corrupt = not isinstance(error, OSError | sqlite3.OperationalError)
        if not (corrupt and afresh):
            return _open(None, now)
    with suppress(OSError):
        file.unlink()
    return _open(folder, now, afresh=False)


def _make_private_file(file: Path) -> None:
    """Raises DatabaseError for anything but a file, a link included: it may lead to what is not ours to change."""
    try:
        handle = os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO, errno.EISDIR}:
            raise sqlite3.DatabaseError("not a file") from error
        raise
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise sqlite3.DatabaseError("not a file")
        with suppress(OSError):  # one that is there may be a copy that others can read
            os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def _prepare(database: sqlite3.Connection, now: float) -> sqlite3.Connection:
    try:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("BEGIN IMMEDIATE")
        current = database.execute("PRAGMA user_version").fetchone() == (_VERSION,)
        for statement in _TABLES if current else (*_CLEAR, *_TABLES):
            database.execute(statement)
        for statement in _FORGET_OLD:
            database.execute(statement, (now - _KEEP_SECONDS,))
        database.execute("COMMIT")
    except _BROKEN:
        database.close()
        raise
    return database
