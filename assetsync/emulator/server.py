"""The local service on a socket: Uvicorn in a background thread of this process."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from assetsync.emulator.app import ABORT, CLOSE, make_app
from assetsync.emulator.console.stream import LEAVING
from assetsync.emulator.core import Core
from assetsync.emulator.moments import Clock, system_clock
from assetsync.emulator.one_site import OneSite, SitePort
from assetsync.emulator.upkeep import Upkeep
from assetsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from assetsync.emulator.faults import FaultPlan
    from assetsync.emulator.messages import Outcome, Request
    from assetsync.emulator.settings import Settings

_IDLE_SECONDS = 75
_DRAIN_SECONDS = 5


class _Protocol(H11Protocol):
    """Lets the application cut the connection, which ASGI has no word for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.leaving = asyncio.Event()
        self.app_state = {
            **self.app_state,
            ABORT: transport.abort,
            CLOSE: transport.close,
            LEAVING: self.leaving,
        }

    def shutdown(self) -> None:
        """Answers that have no end of their own end now."""
        self.leaving.set()
        super().shutdown()


class _Server(uvicorn.Server):
    """Tells when it listens (or never will), so that nobody has to ask again and again."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()


class EmulatorThread:
    """A core served on `host:port` from a background thread until `stop`. Port 0 is any free one.

    `handle` answers in the core's place. Raises UsageError where the port is taken, unless `or_any_port`.
    """

    def __init__(
        self,
        core: Core,
        host: str,
        port: int,
        *,
        or_any_port: bool,
        handle: Callable[[Request], Outcome] | None = None,
    ) -> None:
        self._socket = _listen(host, port, or_any_port=or_any_port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        self._server = _Server(
            uvicorn.Config(
                make_app(core, handle),
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=_IDLE_SECONDS,
                timeout_graceful_shutdown=_DRAIN_SECONDS,
            )
        )
        self._thread = threading.Thread(target=self._run, name="assetsync-emulator", daemon=True)
        self._thread.start()
        self._server.settled.wait()
        if not self._server.started:
            self._socket.close()
            raise RuntimeError("the server thread ended before it listened")

    def stop(self) -> None:
        """Finish what is running, close every connection and end the thread. Doing it twice does no harm."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        finally:
            self._server.settled.set()


class RunningEmulator:
    """`with RunningEmulator(folder) as emulator:` a local service at `emulator.url`, its state below the folder.

    `emulator.core` is at hand in the same process: its account, request log, faults and clean-up, which also runs by
    itself. `one_site` is served on a port of its own at `emulator.one_site_url`.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        or_any_port: bool = False,
        clock: Clock = system_clock,
        faults: FaultPlan | None = None,
        one_site: SitePort | None = None,
    ) -> None:
        self.core = Core(folder, settings, clock=clock, faults=faults)
        self._threads: list[EmulatorThread] = []
        try:
            self._threads.append(EmulatorThread(self.core, host, port, or_any_port=or_any_port))
            if one_site is not None:
                site = OneSite(self.core, one_site.domain)
                self._threads.append(
                    EmulatorThread(self.core, host, one_site.port, or_any_port=False, handle=site.handle)
                )
        except BaseException:
            self._close()
            raise
        self.url = self._threads[0].url
        self.port = self._threads[0].port
        self.one_site_url = self._threads[1].url if one_site is not None else None
        self._upkeep = Upkeep(self.core)

    def stop(self) -> None:
        self._upkeep.stop()
        self._close()

    def _close(self) -> None:
        self.core.release()
        for thread in self._threads:
            thread.stop()
        self.core.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _listen(host: str, port: int, *, or_any_port: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it on, answers wait 40 ms for an ACK
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bind(listener, host, port, or_any_port=or_any_port)
        listener.listen(2048)
    except OSError as problem:
        listener.close()
        raise UsageError(
            f"The local service cannot listen on {host}:{port}: {problem.strerror}.",
            hint="Name another port, or 0 for any free one.",
        ) from problem
    return listener


def _bind(listener: socket.socket, host: str, port: int, *, or_any_port: bool) -> None:
    try:
        listener.bind((host, port))
    except OSError:
        if not or_any_port:
            raise
        listener.bind((host, 0))
