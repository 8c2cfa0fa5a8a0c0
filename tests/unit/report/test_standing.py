"""How things stand with a watch, after each thing that can happen."""

from __future__ import annotations

import pytest

from assetsync.errors import ServiceError
from assetsync.plan.plan import Plan
from assetsync.plan.safety import Refusal
from assetsync.report.standing import Standing, standing
from assetsync.watch.happenings import (
    AsItIs,
    Changing,
    Failed,
    Gathering,
    Happening,
    Live,
    ManifestRead,
    Overtaken,
    Paused,
    Recovered,
    Resumed,
)
from tests.unit.plan.scene import OWNER, TARGET, ZB

PLAN = Plan(OWNER, TARGET, ())
LIVE = Live(PLAN, ZB, "my-site-1234.twil.io", 0.5, 88)
NO_NETWORK = Failed(ServiceError("no network"), 2.0)
BROKEN = Failed(ServiceError("a bracket"), None, manifest=True)
PAUSED = Paused(PLAN, (Refusal("deletes", "7 of 9", 7, "2", "--allow-deletes"),))
WELL = "live in 0.50 s, 88 Builds left this hour"


@pytest.mark.parametrize(
    ("happenings", "said"),
    [
        ((), "watching"),
        ((LIVE,), WELL),
        ((Live(PLAN, ZB, "d", None, None),), "live"),
        ((LIVE, NO_NETWORK), "NOT live: no network"),
        ((LIVE, NO_NETWORK, Changing(PLAN)), "NOT live: no network"),
        ((LIVE, NO_NETWORK, Recovered()), WELL),
        ((LIVE, PAUSED), "PAUSED: 7 to agree to"),
        ((LIVE, PAUSED, Resumed()), WELL),
        ((PAUSED, LIVE), WELL),
        ((LIVE, BROKEN), f"{WELL}, by an older manifest: the new one is broken"),
        ((LIVE, BROKEN, NO_NETWORK, AsItIs()), f"{WELL}, by an older manifest: the new one is broken"),
        ((LIVE, BROKEN, ManifestRead()), WELL),
        ((LIVE, Overtaken(ZB, 2)), "somebody else deployed"),
        ((LIVE, Overtaken(ZB, 2), LIVE), WELL),
        ((LIVE, NO_NETWORK, Overtaken(ZB, 2)), "NOT live: no network"),
    ],
)
def test_it_tells_what_the_last_happenings_left(happenings: tuple[Happening, ...], said: str) -> None:
    found = Standing()
    for happening in happenings:
        found = standing(happening, found)
    assert str(found) == said


def test_while_changes_are_gathered_it_tells_until_when() -> None:
    assert str(standing(Gathering(60, 90), Standing())).startswith("gathering changes until ")
