"""Sorting a Service into ours and foreign, and what may be written to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assetsync.model import Asset, AssetVersion, Build
from assetsync.twilio.memory import Entry, write
from assetsync.twilio.snapshot import JournalView, Snapshot, snapshot_of
from tests.unit.twilio.sids import sid

NOW = datetime(2026, 1, 1, tzinfo=UTC)
A, B, C = sid("ZH", 0xA), sid("ZH", 0xB), sid("ZH", 0xC)
OLD = NOW - timedelta(days=1)


def known(number: int) -> Entry:
    return Entry(f"{number:032x}", f"{number:024x}", f"{number:06x}", sid("ZN", number))


def build(*versions: tuple[int, str], number: int = 0) -> Build:
    found = tuple(AssetVersion(sid("ZN", version), asset, "/a", "public") for version, asset in versions)
    return Build(sid("ZB", number), "completed", found)


def take(
    *assets: Asset, live: Build | None = None, now: datetime | None = NOW, journal: JournalView | None = None
) -> Snapshot:
    return snapshot_of(
        owner="website",
        service_sid=sid("ZS"),
        environment=None,
        live=live,
        assets=assets,
        now=now,
        journal=journal or JournalView(),
    )


def test_ours_by_its_owner_foreign_by_any_other_name() -> None:
    snapshot = take(
        Asset(A, write("/a", "website", [known(1)])),
        Asset(B, write("/a", "shop", [known(2)])),
        Asset(C, "/a"),
    )
    assert list(snapshot.own) == [A]
    assert snapshot.own[A].label == "/a"
    assert snapshot.own[A].entries == (known(1),)
    assert snapshot.owners == {B: "shop"}


def test_an_asset_is_ours_from_birth() -> None:
    assert take(Asset(A, "/a [as1 website]")).own[A].entries == ()


def test_nothing_is_there() -> None:
    snapshot = take()
    assert (snapshot.live_versions, snapshot.own, snapshot.owners) == ((), {}, {})
    assert snapshot.served_elsewhere == frozenset()


def test_what_the_journal_knows_comes_after_what_the_name_says_each_once() -> None:
    journal = JournalView({A: (known(3), known(1)), B: (known(9),)})
    own = take(Asset(A, write("/a", "website", [known(1), known(2)])), journal=journal).own[A]
    assert own.entries == (known(1), known(2), known(3))
    assert own.named == 2
    assert [own.names(sid("ZN", number)) for number in (1, 2, 3)] == [True, True, False]
    assert own.entry_of(sid("ZN", 3)) == known(3)
    assert own.entry_of(sid("ZN", 4)) is None


class TestCopiedNames:
    def test_a_name_that_claims_a_live_version_of_another_asset_is_not_ours(self) -> None:
        name = write("/a", "website", [known(1)])
        snapshot = take(Asset(A, name), Asset(B, name), live=build((1, A)))
        assert list(snapshot.own) == [A]
        assert B not in snapshot.owners

    def test_it_is_found_out_by_what_other_environments_serve_as_well(self) -> None:
        name = write("/a", "website", [known(1)])
        snapshot = take(Asset(A, name), Asset(B, name))
        assert set(snapshot.own) == {A, B}
        others = [build((1, A), number=1), build((5, C), number=2)]
        seen = snapshot.with_others(iter(others))
        assert list(seen.own) == [A]
        assert seen.others == tuple(others)
        assert seen.served_elsewhere == {A, C}

    def test_one_false_claim_among_true_ones_is_enough(self) -> None:
        name = write("/a", "website", [known(2), known(1)])
        snapshot = take(Asset(A, name), live=build((1, B), (2, A)))
        assert snapshot.own == {}

    def test_a_live_version_unmasks_a_copy_when_the_others_are_read(self) -> None:
        name = write("/a", "website", [known(1)])
        snapshot = take(Asset(A, name), live=build((1, A)))
        assert list(snapshot.with_others(()).own) == [A]
        assert snapshot.with_others(()).others == ()


class TestIdle:
    @pytest.mark.parametrize(
        ("updated", "now", "idle"),
        [
            (NOW - timedelta(minutes=59, seconds=59), NOW, False),
            (NOW - timedelta(hours=1), NOW, True),
            (NOW + timedelta(days=1), NOW, False),
            (None, NOW, False),
            (OLD, None, False),
        ],
        ids=["less than an hour", "an hour", "the future", "no date", "no clock"],
    )
    def test_an_asset_left_alone_for_an_hour_by_the_services_clock(
        self, updated: datetime | None, now: datetime | None, idle: bool
    ) -> None:
        assert take(Asset(A, "/a [as1 website]", updated), now=now).own[A].idle is idle

    def test_an_asset_that_this_machine_made_is_idle_at_once(self) -> None:
        snapshot = take(
            Asset(A, "/a [as1 website]", NOW),
            Asset(B, "/b [as1 website]", NOW),
            now=None,
            journal=JournalView(made=frozenset({A})),
        )
        assert [snapshot.own[each].idle for each in (A, B)] == [True, False]

    @pytest.mark.parametrize(
        ("created", "now", "newborn"),
        [
            (NOW - timedelta(minutes=59, seconds=59), NOW, [True, False]),
            (NOW - timedelta(hours=1), NOW, [False, False]),
            (None, NOW, [False, False]),
            (NOW, None, [False, False]),
        ],
        ids=["less than an hour", "an hour", "no date", "no clock"],
    )
    def test_an_asset_that_this_machine_made_within_the_hour_is_newborn(
        self, created: datetime | None, now: datetime | None, newborn: list[bool]
    ) -> None:
        snapshot = take(
            Asset(A, "/a [as1 website]", NOW, created),
            Asset(B, "/b [as1 website]", NOW, created),
            now=now,
            journal=JournalView(made=frozenset({A})),
        )
        assert [snapshot.own[each].newborn for each in (A, B)] == newborn
