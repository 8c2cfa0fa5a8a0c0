"""What was sent, counted while many threads send."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Tally:
    """`requests` counts every try, `retries` those after the first, `bytes_sent` the bytes of request bodies."""

    requests: int = 0
    retries: int = 0
    bytes_sent: int = 0


class Meter:
    """Counts into a `Tally`; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tally = Tally()

    @property
    def tally(self) -> Tally:
        return self._tally

    def add(self, *, requests: int = 0, retries: int = 0, bytes_sent: int = 0) -> None:
        with self._lock:
            before = self._tally
            self._tally = replace(
                before,
                requests=before.requests + requests,
                retries=before.retries + retries,
                bytes_sent=before.bytes_sent + bytes_sent,
            )
