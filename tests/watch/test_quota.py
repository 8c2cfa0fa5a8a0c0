"""Builds an hour, against a plain list of when they were."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assetsync.watch.quota import Quota

STEPS = st.lists(st.floats(0, 100, allow_nan=False), max_size=40)


@given(STEPS, st.integers(1, 5))
def test_in_no_window_are_more_than_allowed(steps: list[float], most: int) -> None:
    quota, now, spent = Quota(most, window=60.0), 0.0, list[float]()
    for step in steps:
        now += step
        inside = [at for at in spent if at > now - 60.0]
        assert quota.left(now) == most - len(inside)
        free_at = quota.free_at(now)
        assert free_at == (now if len(inside) < most else inside[0] + 60.0)
        if free_at <= now:
            quota.spend(now)
            spent.append(now)


def test_without_end() -> None:
    quota = Quota(None)
    for number in range(1000):
        quota.spend(number)
        assert quota.left(number) is None
        assert quota.free_at(number) == number
