"""A service that holds some requests until the test lets them go."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from assetsync.emulator.core import Core
    from assetsync.emulator.messages import Answer, Outcome, Request

PATIENCE = 60.0


def is_upload(request: Request) -> bool:
    return request.method == "POST" and request.path.endswith("/Versions")


def is_read(request: Request) -> bool:
    return request.method == "GET"


def is_build(request: Request) -> bool:
    return request.method == "GET" and request.path.endswith("/Status")


class Held:
    """Holds the requests that `which` names, all but the first `free`, until `release`; counts those worked on."""

    def __init__(self, core: Core, which: Callable[[Request], bool], free: int = 0) -> None:
        self._core, self._which, self._free = core, which, free
        self._lock = threading.Lock()
        self._arrived = threading.Semaphore(0)
        self._released = threading.Event()
        self.seen = 0
        self.answered = 0

    def wait_for(self, count: int = 1) -> None:
        """Until so many requests are held."""
        for _ in range(count):
            assert self._arrived.acquire(timeout=PATIENCE)

    def release(self) -> None:
        self._released.set()

    def before(self, request: Request) -> Outcome | None:
        if not self._which(request):
            return None
        with self._lock:
            self.seen += 1
            free = self.seen <= self._free
        if not free:
            self._arrived.release()
            self._released.wait(PATIENCE)
        return None

    def after(self, request: Request, answer: Answer) -> Outcome | None:
        if self._which(request) and answer.status < 400:
            with self._lock:
                self.answered += 1
        return None

    def __enter__(self) -> Self:
        self._before, self._core.faults = self._core.faults, self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
        self._core.faults = self._before
