"""The local service on a socket: Uvicorn in a background thread of this process."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from assetsync.emulator.app import ABORT, CLOSE, make_app
from assetsync.emulator.core import Core
from assetsync.emulator.event_stream import LEAVING
from assetsync.emulator.moments import Clock, system_clock
from assetsync.emulator.one_site import OneSite, SitePort
from assetsync.emulator.upkeep import Upkeep
from assetsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from starlette.types import Receive, Scope, Send

    from assetsync.emulator.faults import FaultPlan
    from assetsync.emulator.settings import Settings

_IDLE_SECONDS = 75
_GRACE_SECONDS = 2.0
"""How long requests that are open may still take when the service is stopped."""
_WORK_SECONDS = 5
"""How long threads at work may still take after that."""
_TICK = 0.1


def _never() -> bool:
    return False


class _Protocol(H11Protocol):
    """Lets the application cut the connection, which ASGI has no word for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.leaving = asyncio.Event()
        self.app_state = {
            **self.app_state,
            ABORT: self.abort,
            CLOSE: transport.close,
            LEAVING: self.leaving,
        }

    def abort(self) -> None:
        """Cut the connection. Whoever was answering finds it gone at once, not when the loop has come round to it."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.abort()

    def shutdown(self) -> None:
        """Answers that have no end of their own end now."""
        self.leaving.set()
        super().shutdown()


class _Server(uvicorn.Server):
    """Tells when it listens (or never will), so that nobody has to ask again and again.

    `has_cut` says whether requests were open still when their time to end was over; `force_exit` ends that time.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()
        self.has_cut = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Uvicorn's own, which tells of each open request with a traceback, finds none open any more."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._grace()
        self._cut()
        await super().shutdown(sockets)

    async def _grace(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS):
                while self.server_state.connections and not self.force_exit:  # noqa: ASYNC110 - Uvicorn tells of neither
                    await asyncio.sleep(_TICK)

    def _cut(self) -> None:
        for connection in list(self.server_state.connections):
            self.has_cut = True
            if isinstance(connection, _Protocol):
                connection.abort()
        for task in list(self.server_state.tasks):
            task.cancel()


class EmulatorThread:
    """A core served on `host:port` from a background thread until `stop`. Port 0 is any free one.

    `one_site` answers in the core's place. Raises UsageError where the port is taken, unless `or_any_port`.
    """

    def __init__(
        self,
        core: Core,
        host: str,
        port: int,
        *,
        or_any_port: bool,
        one_site: OneSite | None = None,
    ) -> None:
        self._socket = _listen(host, port, or_any_port=or_any_port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{_announced(host, self._socket.getsockname()[0])}:{self.port}"
        self._server = _Server(
            uvicorn.Config(
                _quiet_when_cancelled(make_app(core, one_site)),
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_keep_alive=_IDLE_SECONDS,
                timeout_graceful_shutdown=_WORK_SECONDS,
            )
        )
        self._thread = threading.Thread(target=self._run, name="assetsync-emulator", daemon=True)
        self._thread.start()
        self._server.settled.wait()
        if not self._server.started:
            self._socket.close()
            raise RuntimeError("the server thread ended before it listened")

    def stop(self, hurried: Callable[[], bool] = _never) -> None:
        """Give what is running a short while to finish, close every connection and end the thread.

        Once `hurried` holds, the short while is over. Doing it twice does no harm.
        """
        self._server.should_exit = True
        while self._thread.is_alive():
            if hurried():
                self._server.force_exit = True
            self._thread.join(_TICK)  # not for ever: a signal that came just before would not be seen
        self._socket.close()

    @property
    def has_cut(self) -> bool:
        """Whether stopping had to cut requests off."""
        return self._server.has_cut

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
                self._threads.append(EmulatorThread(self.core, host, one_site.port, or_any_port=False, one_site=site))
        except BaseException:
            self._close()
            raise
        self.url = self._threads[0].url
        self.port = self._threads[0].port
        self.one_site_url = self._threads[1].url if one_site is not None else None
        self._upkeep = Upkeep(self.core)

    @property
    def has_cut(self) -> bool:
        """Whether stopping had to cut requests off."""
        return any(thread.has_cut for thread in self._threads)

    def stop(self, hurried: Callable[[], bool] = _never) -> None:
        """Give what is running a short while to finish, or none once `hurried` holds."""
        self._upkeep.stop()
        self._close(hurried)

    def _close(self, hurried: Callable[[], bool] = _never) -> None:
        self.core.release()
        for thread in self._threads:
            thread.stop(hurried)
        self.core.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _quiet_when_cancelled(
    app: Callable[[Scope, Receive, Send], Awaitable[None]],
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The application, whose cancelled requests are cut connections: only the end of the service cancels any."""

    async def quiet(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except asyncio.CancelledError:
            scope["state"][ABORT]()

    return quiet


def _announced(host: str, bound: str) -> str:
    """The host as URLs have it; where every interface is listened on, the one that every client here reaches."""
    address = bound.partition("%")[0]
    if ipaddress.ip_address(address).is_unspecified:
        return "[::1]" if ":" in address else "127.0.0.1"
    bare = _bare(host)
    return f"[{bare}]" if ":" in bare else bare


def _bare(host: str) -> str:
    """The host without the brackets that URLs put round an IPv6 address."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def _listen(host: str, port: int, *, or_any_port: bool) -> socket.socket:
    host = _bare(host)
    if not host:
        raise UsageError(
            "The local service cannot listen on a host without a name.",
            hint="Leave the host out for loopback, or name 0.0.0.0 for every interface.",
        )
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
