"""The moment at which a client is killed: right before or right after one chosen write was worked on."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from typing import TYPE_CHECKING, Self

from assetsync.emulator.messages import Drop
from tests.laws.oracle import Witness

if TYPE_CHECKING:
    from types import TracebackType

    from assetsync.emulator.messages import Answer, Outcome, Request

PATIENCE = 60.0
KINDS = {
    "service": "/v1/Services",
    "environment": "/v1/Services/*/Environments",
    "asset": "/v1/Services/*/Assets",
    "version": "/v1/Services/*/Assets/*/Versions",
    "name": "/v1/Services/*/Assets/*",
    "build": "/v1/Services/*/Builds",
    "deployment": "/v1/Services/*/Environments/*/Deployments",
}
"""What an apply POSTs to; `*` is one segment, as in a fault file."""


def kind_of(method: str, path: str) -> str:
    """What a write is about; what no apply ever sends is told as it is."""
    fits = (kind for kind, place in KINDS.items() if re.fullmatch(place.replace("*", "[^/]+"), path))
    return next(fits, f"POST {path}") if method == "POST" else f"{method} {path}"


class KillSwitch:
    """A fault plan that stops the service at the `rank`-th write of a kind and waits for the client's death.

    From that write's arrival on no other is begun, as if the client had not sent it; what was at work already is
    finished. What is held is dropped at the end of `with`, when the client is no more. `rank` 0 never strikes.

    witness: every write that was worked on; acknowledged: the Versions whose 201 was sent
    """

    def __init__(self, kind: str, rank: int, *, before: bool) -> None:
        self._kind, self._rank, self._before = kind, rank, before
        self._lock = threading.Lock()
        self._begun: Counter[str] = Counter()
        self._fatal: Request | None = None
        self._reached, self._is_dead = threading.Event(), threading.Event()
        self.witness = Witness()
        self.acknowledged: set[str] = set()

    @property
    def writes(self) -> Counter[str]:
        """How many writes of each kind were worked on."""
        return Counter(kind_of(each.method, each.path) for each in self.witness.writes)

    def wait(self) -> None:
        """Until the service has come to the chosen write."""
        assert self._reached.wait(PATIENCE), f"write {self._rank} of the kind {self._kind} never came"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_dead.set()

    def before(self, request: Request) -> Outcome | None:
        if request.method == "GET":
            return None
        with self._lock:
            late = self._fatal is not None
            if not late and self._is_chosen(request):
                self._fatal = request
        if late:
            return self._hold()
        if request is self._fatal and self._before:
            self._reached.set()
            return self._hold()
        return None

    def after(self, request: Request, answer: Answer) -> Outcome | None:
        self.witness.after(request, answer)
        if request is self._fatal:
            self._reached.set()
            return self._hold()
        if kind_of(request.method, request.path) == "version" and answer.status == 201:
            assert isinstance(answer.body, bytes)
            self.acknowledged.add(json.loads(answer.body)["sid"])
        return None

    def _is_chosen(self, request: Request) -> bool:
        kind = kind_of(request.method, request.path)
        self._begun[kind] += 1
        return kind == self._kind and self._begun[kind] == self._rank

    def _hold(self) -> Outcome:
        self._is_dead.wait(PATIENCE)
        return Drop.CONNECTION
