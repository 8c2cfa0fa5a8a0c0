"""Who wants to be told at once that something changed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Watchers:
    """Safe for many threads. What is called must neither wait nor use what it is told about."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tells: dict[object, Callable[[], object]] = {}

    def __len__(self) -> int:
        return len(self._tells)

    def add(self, tell: Callable[[], object]) -> Callable[[], None]:
        """Call `tell` after every change, until what is returned is called; never after that."""
        key = object()
        with self._lock:
            self._tells[key] = tell

        def forget() -> None:
            with self._lock:
                del self._tells[key]

        return forget

    def tell(self) -> None:
        with self._lock:
            for tell in self._tells.values():
                tell()
