"""The local service of a state folder, for `--local`: the one that runs already, or one started here.

The process that serves holds an exclusive lock on `<folder>/lock` and says in `<folder>/server.json` where it is.
The lock goes with the process however it ends, so a stale file deceives nobody.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from assetsync.emulator.address import LOOPBACK, Address, answers, forget_address, read_address, write_address
from assetsync.emulator.reset import empty, has_state
from assetsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType, TracebackType
    from typing import Self

    from assetsync.emulator.faults.rule import Faults
    from assetsync.emulator.one_site import SitePort
    from assetsync.emulator.server import RunningEmulator
    from assetsync.emulator.settings import Settings

DEFAULT_PORT = 4080

_PROBES = 100
_PAUSE = 0.1
_EXTRA = frozenset({"starlette", "uvicorn", "python_multipart", "anyio", "h11"})


class LocalService:
    """A context manager round a running local service; leaving it stops the service only if it was started here."""

    def __init__(self, folder: Path, address: Address, lock: int | None, emulator: RunningEmulator | None) -> None:
        self.address = address
        self._folder = folder
        self._lock = lock
        self._emulator = emulator
        self._stopped = threading.Event()

    @property
    def url(self) -> str:
        return self.address.url

    @property
    def account_sid(self) -> str:
        return self.address.account_sid

    @property
    def auth_token(self) -> str:
        return self.address.auth_token

    @property
    def site_url(self) -> str:
        """A template: `http://{domain}:4080`."""
        return self.address.site_url

    @property
    def one_site_url(self) -> str | None:
        """Where the one site answers on a port of its own, None where it does not, or is another process's matter."""
        return None if self._emulator is None else self._emulator.one_site_url

    @property
    def started_here(self) -> bool:
        return self._emulator is not None

    def bend(self, faults: Faults | None) -> None:
        """Put faults in force from now on; only where the service was started here."""
        if self._emulator is not None:
            self._emulator.core.bend(faults)

    def wait_until_stopped(self) -> None:
        """Return on SIGINT or SIGTERM (on the main thread), on `close`, or when the other process has ended."""
        if not self.started_here:
            threading.Thread(target=self._wait_for_lock, name="assetsync-local-wait", daemon=True).start()
        with _signals_set(self._stopped):
            self._stopped.wait()

    def run(self, announce: Callable[[LocalService], None]) -> None:
        """Announce and wait; a signal that comes during the announcement counts already."""
        with _signals_set(self._stopped):
            announce(self)
            self.wait_until_stopped()

    def close(self) -> None:
        """Stop what was started here, drop its address and free the folder. Doing it twice does no harm."""
        self._stopped.set()
        if self._emulator is not None and self._lock is not None:
            lock, self._lock = self._lock, None
            self._emulator.stop()
            forget_address(self._folder)
            os.close(lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait_for_lock(self) -> None:
        lock = _open_lock(self._folder)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        finally:
            os.close(lock)
            self._stopped.set()


def open_local(
    state_dir: Path,
    port: int = DEFAULT_PORT,
    *,
    host: str = LOOPBACK,
    settings: Settings | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> LocalService:
    """The local service of the folder: attached to where another process serves it, else started here.

    A port that is taken is replaced by a free one. Raises UsageError when the folder cannot be used, when the
    `local` extra is not installed, or when the process that holds the folder never answers.
    """
    _check_extra()
    for _ in range(_PROBES):
        lock = _try_lock(state_dir)
        if lock is not None:
            return _start(state_dir, lock, settings, host, port, or_any_port=True)
        address = read_address(state_dir)
        if address is not None and answers(address):
            return LocalService(state_dir, address, None, None)
        pause(_PAUSE)
    raise UsageError(
        f"Another process holds the state folder {state_dir} of the local service, but does not answer.",
        hint="End that process, or name another folder.",
    )


def serve(
    settings: Settings | None = None,
    *,
    state_dir: Path,
    announce: Callable[[LocalService], None],
    port: int = DEFAULT_PORT,
    host: str = LOOPBACK,
    faults: Faults | None = None,
    one_site: SitePort | None = None,
) -> None:
    """Serve the folder until SIGINT or SIGTERM; `announce` is called once it answers.

    Raises UsageError as `open_local` does, and when the folder is served already or a port is taken.
    """
    _check_extra()
    lock = _only_lock(state_dir)
    with _start(state_dir, lock, settings, host, port, or_any_port=False, one_site=one_site) as local:
        local.bend(faults)
        local.run(announce)


def reset(state_dir: Path) -> None:
    """Remove what the folder holds. Raises UsageError when it is served, or is not a state folder of ours."""
    if has_state(state_dir):
        lock = _only_lock(state_dir)
        try:
            empty(state_dir)
        except OSError as problem:
            raise _unusable(state_dir, problem) from problem
        finally:
            os.close(lock)


def _only_lock(folder: Path) -> int:
    """The lock of a folder that nobody serves."""
    lock = _try_lock(folder)
    if lock is None:
        address = read_address(folder)
        place = f" at {address.url}" if address is not None else ""
        raise UsageError(
            f"A local service runs on the state folder {folder} already{place}.",
            hint="Use that one, or name another folder.",
        )
    return lock


def _start(
    folder: Path,
    lock: int,
    settings: Settings | None,
    host: str,
    port: int,
    *,
    or_any_port: bool,
    one_site: SitePort | None = None,
) -> LocalService:
    try:
        emulator = _server().RunningEmulator(
            folder, settings, host=host, port=port, or_any_port=or_any_port, one_site=one_site
        )
    except BaseException:
        os.close(lock)
        raise
    address = Address(emulator.url, emulator.core.account.sid, emulator.core.account.auth_token)
    try:
        write_address(folder, address)
    except OSError as problem:
        emulator.stop()
        os.close(lock)
        raise _unusable(folder, problem) from problem
    return LocalService(folder, address, lock, emulator)


def _unusable(folder: Path, problem: OSError) -> UsageError:
    return UsageError(
        f"The state folder {folder} of the local service cannot be used: {problem.strerror}.",
        hint="Name another folder.",
    )


def _open_lock(folder: Path) -> int:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise _unusable(folder, problem) from problem


def _try_lock(folder: Path) -> int | None:
    """The locked file's descriptor, None while another holds it."""
    lock = _open_lock(folder)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


@contextlib.contextmanager
def _signals_set(event: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM set the event instead of what they did. Only the main thread may arrange that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda _number, _frame: event.set()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _check_extra() -> None:
    _server()


def _server() -> ModuleType:
    """The module that needs the `local` extra, imported when it is needed."""
    try:
        from assetsync.emulator import server
    except ModuleNotFoundError as problem:
        if (problem.name or "").partition(".")[0] not in _EXTRA:
            raise
        raise UsageError(
            f"The local service needs {problem.name}, which is not installed.",
            hint="Run: pip install 'assetsync[local]'",
        ) from problem
    return server
