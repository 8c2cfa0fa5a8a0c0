"""The clean-up that runs by itself while the service is served (F1.7)."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.emulator.core import Core

_LOG: Final = logging.getLogger("assetsync.emulator")


class Upkeep:
    """A thread that lets the core collect at once and then after every wait, until `stop`.

    The core's clock says what is old. `wait` is called with seconds and returns True when it is time to stop; by
    default it waits so long, or until `stop`. What goes wrong is said on stderr, and tried again the next time.
    """

    def __init__(self, core: Core, wait: Callable[[float], bool] | None = None) -> None:
        self._core = core
        self._stopped = threading.Event()
        self._wait = wait or self._stopped.wait
        self._seconds = core.settings.retention_interval.total_seconds()
        self._thread = threading.Thread(target=self._run, name="assetsync-upkeep", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Doing it twice does no harm."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        self._collect()
        while not (self._wait(self._seconds) or self._stopped.is_set()):
            self._collect()

    def _collect(self) -> None:
        try:
            self._core.collect()
        except Exception as problem:  # noqa: BLE001 a thread that ends would never clean up again
            _LOG.error("the clean-up of the local service failed and will be tried again: %s", problem)
