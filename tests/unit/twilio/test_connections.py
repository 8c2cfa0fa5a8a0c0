"""Connections are lent one at a time, the warmest first, and closed when nobody needs them any more."""

from __future__ import annotations

from contextlib import ExitStack

import httpx

from assetsync.twilio.connections import IDLE, Connections, Timeouts


class Pool:
    """Connections without a network, and a clock that the test turns."""

    def __init__(self) -> None:
        self.now = 0.0
        self.connections = Connections(Timeouts(), httpx.MockTransport(lambda _: httpx.Response(200)), lambda: self.now)

    def lend(self, count: int) -> list[httpx.Client]:
        """So many at the same time."""
        with ExitStack() as stack:
            return [stack.enter_context(self.connections.one()) for _ in range(count)]


def test_nobody_shares_one() -> None:
    assert len(set(Pool().lend(5))) == 5


def test_what_was_given_back_last_is_lent_first() -> None:
    pool = Pool()
    pool.lend(3)
    with pool.connections.one() as warm:
        pass
    assert pool.lend(1) == [warm]


def test_what_nobody_used_for_long_is_closed_when_one_is_lent() -> None:
    pool = Pool()
    clients = pool.lend(4)
    pool.now = IDLE + 1
    (kept,) = pool.lend(1)
    assert not kept.is_closed
    assert all(client.is_closed for client in clients if client is not kept)
    assert len(set(pool.lend(2))) == 2


def test_all_are_closed_with_it_also_those_that_are_lent() -> None:
    pool = Pool()
    with pool.connections.one() as lent:
        (other,) = pool.lend(1)
        pool.connections.close()
        assert lent.is_closed
        assert other.is_closed
