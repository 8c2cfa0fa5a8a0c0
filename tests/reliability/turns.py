"""Several clients of one service take turns, one request at a time, in an order drawn from a seed.

A fault plan that holds every request of the clients that it knows until it is that request's turn. The next turn is
given when the last request is answered and every client that still runs has asked for something, so that the order
is a matter of choice and not of luck. What a client does with more than one connection at a time arrives within
`SETTLING` seconds or is chosen from a turn later.
"""

from __future__ import annotations

import base64
import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from assetsync.emulator.messages import Answer, Outcome, Request

PATIENCE = 60.0
SETTLING = 0.008

Asked = tuple[str, str]
"""Method and path."""


class Choice(Protocol):
    """Which client's which request goes on; `open_` holds what each client that still runs has asked for, sorted."""

    def __call__(self, open_: Mapping[str, Sequence[Asked]]) -> tuple[str, Asked]: ...


@dataclass(eq=False)
class _Held:
    client: str
    asked: Asked
    turn: threading.Event = field(default_factory=threading.Event)


class Turns:
    """`clients`: the user names by which requests are told apart; other requests pass. `log` is who did what."""

    def __init__(self, clients: Iterable[str], choose: Choice, *, many: bool) -> None:
        self._running, self._choose, self._many = set(clients), choose, many
        self._known = frozenset(self._running)
        self._changed = threading.Condition()
        self._held: list[_Held] = []
        self._working: _Held | None = None
        self.log: list[tuple[str, Asked, int]] = []
        self.after_turn: Callable[[str, Asked, int], None] = lambda _client, _asked, _status: None

    def before(self, request: Request) -> Outcome | None:
        client = user_of(request)
        if client not in self._known:
            return None
        held = _Held(client, (request.method, request.path))
        with self._changed:
            self._held.append(held)
            self._changed.notify_all()
        assert held.turn.wait(PATIENCE), f"{client} waits for {held.asked} without end"
        return None

    def after(self, request: Request, answer: Answer) -> Outcome | None:
        client = user_of(request)
        if client in self._known:
            asked = (request.method, request.path)
            self.after_turn(client, asked, answer.status)
            with self._changed:
                self.log.append((client, asked, answer.status))
                self._working = None
                self._changed.notify_all()
        return None

    def finished(self, client: str) -> None:
        """`client` asks for nothing more."""
        with self._changed:
            self._running.discard(client)
            self._changed.notify_all()

    def run(self) -> None:
        """Give turns until every client has finished; if that fails, let them all go."""
        try:
            self._give_turns()
        finally:
            self._known = frozenset()
            for held in self._held:
                held.turn.set()

    def _give_turns(self) -> None:
        while self._all_have_asked():
            if self._many:
                self._settle()
            with self._changed:
                open_ = {
                    client: sorted(held.asked for held in self._held if held.client == client)
                    for client in sorted(self._running)
                }
                client, asked = self._choose(open_)
                chosen = next(held for held in self._held if (held.client, held.asked) == (client, asked))
                self._held.remove(chosen)
                self._working = chosen
            chosen.turn.set()

    def _all_have_asked(self) -> bool:
        """Wait for it; False when nobody is left."""

        def ready() -> bool:
            return self._working is None and self._running <= {held.client for held in self._held}

        with self._changed:
            assert self._changed.wait_for(ready, PATIENCE), f"no end of {self._working or self._running}: {self.log}"
            return bool(self._running)

    def _settle(self) -> None:
        """Until nothing more arrives for a moment."""
        with self._changed:
            count, deadline = len(self._held), time.monotonic() + SETTLING
            while (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)
                if len(self._held) != count:
                    count, deadline = len(self._held), time.monotonic() + SETTLING


def user_of(request: Request) -> str:
    """The name in a request's Basic credentials."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return base64.b64decode(token).decode().partition(":")[0] if kind == "Basic" else ""


def is_deployment(asked: Asked) -> bool:
    return asked[0] == "POST" and asked[1].endswith("/Deployments")


class Drawn:
    """Choices drawn from a seed, in a manner drawn from it too.

    evenly: each client is as likely as another; else one goes on until, now and then, who comes first is drawn anew
    together: nobody writes before everybody has planned
    meeting: nobody deploys before everybody is about to
    """

    def __init__(self, seed: int, *, together: bool = True) -> None:
        self._rng = random.Random(seed)
        self._evenly, self._together, self._meeting = self._rng.random() < 0.5, together, self._rng.random() < 0.6
        self._order: list[str] = []

    def __call__(self, open_: Mapping[str, Sequence[Asked]]) -> tuple[str, Asked]:
        allowed = self._allowed(open_)
        if self._evenly or not set(self._order) >= set(open_) or self._rng.random() < 0.15:
            self._order = self._rng.sample(sorted(open_), len(open_))
        client = min(allowed, key=self._order.index)
        return client, self._rng.choice(allowed[client])

    def _allowed(self, open_: Mapping[str, Sequence[Asked]]) -> dict[str, list[Asked]]:
        """What may go on. Once all have come to a gate it is open for good."""
        if self._together:
            if reading := _without(open_, lambda asked: asked[0] != "GET"):
                return reading
            self._together = False
        if self._meeting:
            if working := _without(open_, is_deployment):
                return working
            self._meeting = False
        return {client: list(asked) for client, asked in open_.items()}


class Script:
    """The n-th choice is the n-th number of `script`, and 0 where that ends; `others` are the scripts not tried yet.

    Tried one after the other, from the empty one on, they are all orders there are. For one connection a client.
    """

    def __init__(self, script: tuple[int, ...]) -> None:
        self._script, self._taken, self._options = script, list[int](), list[int]()

    def __call__(self, open_: Mapping[str, Sequence[Asked]]) -> tuple[str, Asked]:
        at, clients = len(self._taken), sorted(open_)
        self._taken.append(self._script[at] if at < len(self._script) else 0)
        self._options.append(len(clients))
        client = clients[self._taken[-1]]
        return client, open_[client][0]

    def others(self) -> Iterator[tuple[int, ...]]:
        for at in range(len(self._script), len(self._taken)):
            for other in range(1, self._options[at]):
                yield (*self._taken[:at], other)


def every_order() -> Iterator[Script]:
    """Scripts to be run as they come, until there is no order left."""
    left: list[tuple[int, ...]] = [()]
    while left:
        script = Script(left.pop())
        yield script
        left += script.others()


def _without(open_: Mapping[str, Sequence[Asked]], barred: Callable[[Asked], bool]) -> dict[str, list[Asked]]:
    """The requests of those clients that have not come to the bar yet."""
    free = {client: [each for each in asked if not barred(each)] for client, asked in open_.items()}
    return {client: asked for client, asked in free.items() if asked and len(asked) == len(open_[client])}
