"""The local service of a state folder, for `--local`: the one that runs already, or one started here.

The process that serves holds an exclusive lock on `<folder>/lock` and says in `<folder>/server.json` where it is.
Each process that found it there shares a lock on `<folder>/guests`, and the one that serves stays until it has that one
for itself. Locks go with their process however it ends, so a stale file deceives nobody.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from assetsync.emulator.address import LOOPBACK, Address, answers, forget_address, read_address, write_address
from assetsync.emulator.locks import GUESTS, LOCK, only_lock, open_lock, takes_lock, try_lock, unusable
from assetsync.emulator.reset import empty, has_state
from assetsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType, ModuleType, TracebackType
    from typing import Self

    from assetsync.emulator.faults.rule import Faults
    from assetsync.emulator.one_site import SitePort
    from assetsync.emulator.server import RunningEmulator
    from assetsync.emulator.settings import Settings

DEFAULT_PORT = 4080

_PROBES = 100
_PAUSE = 0.1
_TICK = 0.1
"""How often a wait looks round: a signal that came just before a wait without end would not be seen."""
_SILENT_TURNS = 5
_EXTRA = frozenset({"starlette", "uvicorn", "python_multipart", "anyio", "h11"})


class LocalService:
    """A context manager round a running local service; leaving it stops the service only if it was started here.

    `guests` is the descriptor of the lock that tells who else uses it: shared by us where we attached ourselves.
    """

    def __init__(
        self, folder: Path, address: Address, guests: int, owned: tuple[int, RunningEmulator] | None = None
    ) -> None:
        self.address = address
        self._folder = folder
        self._guests: int | None = guests
        self._owned = owned
        self._stopped = threading.Event()
        self._is_asked_to_stop = False
        self._is_hurried = False

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
        return None if self._owned is None else self._owned[1].one_site_url

    @property
    def started_here(self) -> bool:
        return self._owned is not None

    def bend(self, faults: Faults | None) -> None:
        """Put faults in force from now on; only where the service was started here."""
        if self._owned is not None:
            self._owned[1].core.bend(faults)

    def wait_until_stopped(self) -> None:
        """Return on SIGINT or SIGTERM (on the main thread), on `close`, or when the process that serves has got one.

        Where we attached ourselves, the other process no longer waits for us then.
        """
        if not self.started_here:
            threading.Thread(target=self._wait_for_lock, name="assetsync-local-wait", daemon=True).start()
        with self.heeding_signals():
            while not (self._is_asked_to_stop or self._is_dismissed() or self._stopped.wait(_TICK)):
                pass
        if not self.started_here:
            self.close()

    def run(self, announce: Callable[[LocalService], None]) -> None:
        """Announce and wait; a signal that comes during the announcement counts already."""
        with self.heeding_signals():
            announce(self)
            self.wait_until_stopped()

    def close(self) -> None:
        """Stop what was started here once nobody else uses it, drop its address and free the folder.

        A signal meanwhile ends every wait. Doing it twice does no harm.
        """
        self._stopped.set()
        guests, self._guests = self._guests, None
        if guests is None:
            return
        try:
            if self._owned is not None:
                with self.heeding_signals():
                    self._stop(*self._owned, guests)
        finally:
            os.close(guests)

    @contextlib.contextmanager
    def heeding_signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM ask to stop, then to hurry, then end the process; only the main thread arranges that."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, self._on_signal) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Takes no lock, nor sets an event, which takes one: the code that it interrupts may hold that very lock."""
        if self._is_hurried:
            os._exit(128 + number)
        self._is_asked_to_stop, self._is_hurried = True, self._is_asked_to_stop

    def _stop(self, lock: int, emulator: RunningEmulator, guests: int) -> None:
        if self._is_asked_to_stop:
            forget_address(self._folder, self.address)  # nobody new, and those who only wait for our end may go
        self._is_asked_to_stop = True
        self._wait_for_guests(guests)
        emulator.stop(lambda: self._is_hurried)
        if emulator.has_cut:
            _say("Requests that were still open were cut off.")
        forget_address(self._folder, self.address)
        os.close(lock)

    def _wait_for_guests(self, guests: int) -> None:
        for turn in itertools.count():
            if takes_lock(guests, fcntl.LOCK_EX):
                return
            if self._is_hurried:
                _say("The local service ends while another command uses it.")
                return
            if turn == _SILENT_TURNS:
                _say("Another command still uses this local service, which ends after it. Ctrl-C ends it now.")
            time.sleep(_TICK)

    def _is_dismissed(self) -> bool:
        return not self.started_here and read_address(self._folder) != self.address

    def _wait_for_lock(self) -> None:
        lock = open_lock(self._folder, LOCK)
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
        lock = try_lock(state_dir)
        if lock is not None:
            return _start(state_dir, lock, settings, host, port, or_any_port=True)
        attached = _attach(state_dir)
        if attached is not None:
            return attached
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
    lock = only_lock(state_dir)
    local = _start(state_dir, lock, settings, host, port, or_any_port=False, one_site=one_site)
    with local.heeding_signals(), local:
        local.bend(faults)
        local.run(announce)


def reset(state_dir: Path) -> None:
    """Remove what the folder holds. Raises UsageError when it is served, or is not a state folder of ours."""
    if has_state(state_dir):
        lock = only_lock(state_dir)
        try:
            empty(state_dir)
        except OSError as problem:
            raise unusable(state_dir, problem) from problem
        finally:
            os.close(lock)


def _attach(folder: Path) -> LocalService | None:
    """The service that another process runs, None while it is not there yet or about to end."""
    guests = open_lock(folder, GUESTS)
    if takes_lock(guests, fcntl.LOCK_SH):  # before the question, so that a yes stays true
        address = read_address(folder)
        if address is not None and answers(address):
            return LocalService(folder, address, guests)
    os.close(guests)
    return None


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
    guests = open_lock(folder, GUESTS)
    try:
        emulator = _server().RunningEmulator(
            folder, settings, host=host, port=port, or_any_port=or_any_port, one_site=one_site
        )
    except BaseException:
        os.close(guests)
        os.close(lock)
        raise
    address = Address(emulator.url, emulator.core.account.sid, emulator.core.account.auth_token)
    try:
        write_address(folder, address)
    except OSError as problem:
        emulator.stop()
        os.close(guests)
        os.close(lock)
        raise unusable(folder, problem) from problem
    return LocalService(folder, address, guests, (lock, emulator))


def _say(sentence: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()


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
