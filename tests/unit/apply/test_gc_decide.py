"""What may be collected: own, held by nothing, older than a day by the service's clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from assetsync.model import Asset, AssetVersion, Build, Environment
from assetsync.plan.collection import MIN_AGE, Doomed, Inventory, Stay, Sweep, Terms, decide
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
    assets: list[Asset],
    builds: list[Build],
    live: list[int | None] | None = None,
    keep: int | None = None,
    *,
    older_than: timedelta = MIN_AGE,
    ways_back: dict[str, frozenset[str]] | None = None,
) -> Sweep:
    environments = tuple(environment(number, each) for number, each in enumerate(live or []))
    inventory = Inventory("website", tuple(assets), tuple(builds), environments, NOW, ways_back or {})
    return decide(inventory, Terms(keep, older_than))


def going(sweep: Sweep) -> tuple[tuple[str, ...], tuple[Doomed, ...]]:
    return sweep.builds, sweep.assets


NOTHING: tuple[tuple[str, ...], tuple[Doomed, ...]] = ((), ())


def test_an_own_asset_that_nothing_holds_goes() -> None:
    assert going(decided([own(B, "/b"), own(A)], [])) == ((), (Doomed(A, "/a"), Doomed(B, "/b")))


def test_any_build_holds_what_is_in_it_live_or_not() -> None:
    assert decided([own(A), own(B), own(C)], [build(1, A), build(2, B)], [1]).assets == (Doomed(C, "/a"),)


def test_another_owners_and_unnamed_assets_are_never_looked_at() -> None:
    foreign = [Asset(A, write("/a", "shop"), OLD), Asset(B, "/b", OLD), Asset(C, "/a [as1 website", OLD)]
    assert going(decided(foreign, [])) == NOTHING


@pytest.mark.parametrize(
    ("updated", "goes"),
    [(NOW - timedelta(days=1), False), (NOW - timedelta(days=1, seconds=1), True), (YOUNG, False), (None, False)],
)
def test_what_is_younger_than_a_day_or_tells_no_date_is_left_alone_and_counted(
    updated: datetime | None, goes: bool
) -> None:
    sweep = decided([own(A, updated=updated)], [])
    assert (len(sweep.assets), sweep.young) == ((1, 0) if goes else (0, 1))


@pytest.mark.parametrize(("created", "goes"), [(OLD, True), (YOUNG, False)])
def test_one_that_was_never_updated_is_as_old_as_it_is(created: datetime, goes: bool) -> None:
    sweep = decided([replace(own(A, updated=None), date_created=created)], [])
    assert (len(sweep.assets), sweep.young) == ((1, 0) if goes else (0, 1))


def test_a_copied_name_is_not_ours() -> None:
    """A foreign tool copied the name of an Asset whose Version some Build still holds."""
    name = write("/a", "website", [Entry("0" * 32, "0" * 24, "0" * 6, sid("ZN", 0xA))])
    assets = [Asset(A, name, OLD), Asset(B, name, OLD)]
    assert going(decided(assets, [build(1, A)])) == NOTHING


BUILDS = [build(number, A, created=NOW - timedelta(days=20 - number)) for number in range(1, 6)]


class TestOldBuilds:
    def test_no_build_goes_unless_it_is_asked_for(self) -> None:
        assert going(decided([own(A)], BUILDS)) == NOTHING

    def test_the_newest_n_stay_and_the_oldest_go_first(self) -> None:
        assert decided([own(A)], BUILDS[::-1], keep=2).builds == tuple(sid("ZB", each) for each in (1, 2, 3))
        assert decided([own(A)], BUILDS, keep=9).builds == ()

    @pytest.mark.parametrize("status", ["failed", "building"])
    def test_one_that_nobody_can_go_back_to_is_none_of_the_newest_n(self, status: str) -> None:
        unusable = [replace(each, status=status) for each in BUILDS[3:]]
        sweep = decided([own(A)], [*BUILDS[:3], *unusable], keep=2)
        assert sweep.builds == tuple(sid("ZB", each) for each in (1, 4, 5))
        assert sweep.builds_stay == {Stay.NEWEST: 2}

    def test_live_ones_stay_besides(self) -> None:
        assert decided([own(A)], BUILDS, [1, None, 3], keep=1).builds == (sid("ZB", 2), sid("ZB", 4))

    def test_what_only_they_hold_goes_with_them(self) -> None:
        builds = [build(1, A, B), build(2, A)]
        assert going(decided([own(A), own(B, "/b")], builds, [2], keep=0)) == ((sid("ZB", 1),), (Doomed(B, "/b"),))

    def test_builds_that_hold_nothing_of_ours_stay(self) -> None:
        assert decided([own(A), Asset(D, "/d", OLD)], [build(1, D), build(2)], keep=0).builds == ()

    def test_young_builds_and_those_without_a_date_stay(self) -> None:
        builds = [build(1, A, created=YOUNG), build(2, A, created=None)]
        sweep = decided([own(A)], builds, keep=0)
        assert (going(sweep), sweep.young_builds) == (NOTHING, 2)

    def test_the_build_that_a_rollback_would_go_to_stays_besides_the_newest(self) -> None:
        back = {sid("ZE", 0): frozenset({sid("ZB", 2)})}
        sweep = decided([own(A)], BUILDS, [5], keep=1, ways_back=back)
        assert sweep.builds == (sid("ZB", 1), sid("ZB", 3))
        assert sweep.builds_stay == {Stay.LIVE: 1, Stay.ROLLBACK: 1, Stay.NEWEST: 1}

    def test_to_keep_none_lets_the_way_back_go_as_well(self) -> None:
        back = {sid("ZE", 0): frozenset({sid("ZB", 4)})}
        assert len(decided([own(A)], BUILDS, [5], keep=0, ways_back=back).builds) == 4

    def test_what_only_an_environment_that_ends_before_serves_goes_with_it(self) -> None:
        environments = (environment(0, 1), environment(1, 2))
        back = {sid("ZE", 0): frozenset({sid("ZB", 3)})}
        inventory = Inventory("website", (own(A),), tuple(BUILDS[:3]), environments, NOW, back)
        found = decide(inventory.without({sid("ZE", 0)}), Terms(builds_keep=1))
        assert found.builds == (sid("ZB", 1),)
        assert found.builds_stay == {Stay.LIVE: 1, Stay.NEWEST: 1}


class TestAge:
    WEEK = timedelta(days=7)

    def test_an_asset_has_to_be_older_than_was_asked_for(self) -> None:
        six, eight = NOW - timedelta(days=6), NOW - timedelta(days=8)
        sweep = decided([own(A, updated=six), own(B, updated=eight)], [], older_than=self.WEEK)
        assert ([each.sid for each in sweep.assets], sweep.young) == ([B], 1)

    def test_a_build_has_to_be_beyond_the_count_and_older_than_the_age(self) -> None:
        ages = dict.fromkeys((1, 2, 3, 4))
        builds = [build(number, A, created=NOW - timedelta(days=20 - 5 * number)) for number in ages]
        sweep = decided([own(A)], builds, keep=1, older_than=self.WEEK)
        assert sweep.builds == (sid("ZB", 1), sid("ZB", 2))
        assert sweep.builds_stay == {Stay.YOUNG: 1, Stay.NEWEST: 1}

    def test_an_age_alone_deletes_no_build(self) -> None:
        sweep = decided([own(A)], BUILDS, older_than=self.WEEK)
        assert (sweep.builds, sweep.builds_stay) == ((), {Stay.NOT_ASKED_FOR: 5})

    def test_what_a_build_that_is_too_young_holds_stays(self) -> None:
        builds = [build(1, A, created=NOW - timedelta(days=6))]
        assert going(decided([own(A)], builds, keep=0, older_than=self.WEEK)) == NOTHING


def test_what_stays_is_counted_once_for_its_first_reason() -> None:
    assets = [own(A), own(B, updated=YOUNG), own(C, updated=YOUNG), Asset(D, "/d", OLD)]
    assets += [Asset(sid("ZH", 0xE), write("/e", "shop"), OLD), own(sid("ZH", 0xF))]
    sweep = decided(assets, [build(1, A, D), build(2, sid("ZH", 0xF))], [1])
    assert sweep.assets_stay == {
        Stay.LIVE: 1,
        Stay.YOUNG: 2,
        Stay.FOREIGN: 1,
        Stay.OTHER_MANIFESTS: 1,
        Stay.HELD: 1,
    }
