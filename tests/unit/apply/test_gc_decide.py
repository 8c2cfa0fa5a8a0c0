"""What may be collected: own, held by nothing, older than a day by the service's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assetsync.apply.gc import Doomed, Inventory, Sweep, decide
from assetsync.model import Asset, AssetVersion, Build, Environment
from assetsync.twilio.memory import Entry, write
from tests.unit.twilio.sids import sid

NOW = datetime(2026, 1, 10, tzinfo=UTC)
OLD, YOUNG = NOW - timedelta(days=2), NOW - timedelta(hours=23)
A, B, C, D = (sid("ZH", number) for number in (0xA, 0xB, 0xC, 0xD))


def own(asset: str, path: str = "/a", updated: datetime | None = OLD) -> Asset:
    return Asset(asset, write(path, "website"), updated)


def build(number: int, *assets: str, created: datetime | None = OLD) -> Build:
    versions = tuple(AssetVersion(each.replace("ZH", "ZN"), each, "/a", "public") for each in assets)
    return Build(sid("ZB", number), "completed", versions, date_created=created)


def environment(number: int, live: int | None) -> Environment:
    suffix = f"e{number}"
    build_sid = None if live is None else sid("ZB", live)
    return Environment(sid("ZE", number), sid("AC"), sid("ZS"), suffix, suffix, f"{suffix}.twil.io", build_sid)


def decided(
    assets: list[Asset], builds: list[Build], live: list[int | None] | None = None, keep: int | None = None
) -> Sweep:
    environments = tuple(environment(number, each) for number, each in enumerate(live or []))
    return decide(Inventory("website", tuple(assets), tuple(builds), environments, NOW), builds_keep=keep)


def test_an_own_asset_that_nothing_holds_goes() -> None:
    assert decided([own(B, "/b"), own(A)], []) == Sweep((), (Doomed(A, "/a"), Doomed(B, "/b")))


def test_any_build_holds_what_is_in_it_live_or_not() -> None:
    assert decided([own(A), own(B), own(C)], [build(1, A), build(2, B)], [1]).assets == (Doomed(C, "/a"),)


def test_another_owners_and_unnamed_assets_are_never_looked_at() -> None:
    foreign = [Asset(A, write("/a", "shop"), OLD), Asset(B, "/b", OLD), Asset(C, "/a [as1 website", OLD)]
    assert decided(foreign, []) == Sweep((), ())


@pytest.mark.parametrize(
    ("updated", "goes"),
    [(NOW - timedelta(days=1), False), (NOW - timedelta(days=1, seconds=1), True), (YOUNG, False), (None, False)],
)
def test_what_is_younger_than_a_day_or_tells_no_date_is_left_alone_and_counted(
    updated: datetime | None, goes: bool
) -> None:
    sweep = decided([own(A, updated=updated)], [])
    assert (len(sweep.assets), sweep.young) == ((1, 0) if goes else (0, 1))


def test_a_copied_name_is_not_ours() -> None:
    """A foreign tool copied the name of an Asset whose Version some Build still holds."""
    name = write("/a", "website", [Entry("0" * 32, "0" * 24, "0" * 6, sid("ZN", 0xA))])
    assets = [Asset(A, name, OLD), Asset(B, name, OLD)]
    assert decided(assets, [build(1, A)]) == Sweep((), ())


BUILDS = [build(number, A, created=NOW - timedelta(days=20 - number)) for number in range(1, 6)]


class TestOldBuilds:
    def test_no_build_goes_unless_it_is_asked_for(self) -> None:
        assert decided([own(A)], BUILDS) == Sweep((), ())

    def test_the_newest_n_stay_and_the_oldest_go_first(self) -> None:
        assert decided([own(A)], BUILDS[::-1], keep=2).builds == tuple(sid("ZB", each) for each in (1, 2, 3))
        assert decided([own(A)], BUILDS, keep=9).builds == ()

    def test_live_ones_stay_besides(self) -> None:
        assert decided([own(A)], BUILDS, [1, None, 3], keep=1).builds == (sid("ZB", 2), sid("ZB", 4))

    def test_what_only_they_hold_goes_with_them(self) -> None:
        builds = [build(1, A, B), build(2, A)]
        assert decided([own(A), own(B, "/b")], builds, [2], keep=0) == Sweep((sid("ZB", 1),), (Doomed(B, "/b"),))

    def test_builds_that_hold_nothing_of_ours_stay(self) -> None:
        assert decided([own(A), Asset(D, "/d", OLD)], [build(1, D), build(2)], keep=0).builds == ()

    def test_young_builds_and_those_without_a_date_stay(self) -> None:
        builds = [build(1, A, created=YOUNG), build(2, A, created=None)]
        assert decided([own(A)], builds, keep=0) == Sweep((), (), young_builds=1)
