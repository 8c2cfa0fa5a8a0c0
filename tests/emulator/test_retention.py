"""What vanishes after a week (F1.7), and what never does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from assetsync.emulator.retention import Collected
from tests.emulator.driver import made

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.driver import Api, Json

START = datetime(2026, 1, 1, tzinfo=UTC)
WEEK = timedelta(days=7)
MOMENT = timedelta(seconds=1)


def _versions(api: Api, item: Json) -> list[str]:
    place = f"/Services/{item['service_sid']}/Assets/{item['sid']}/Versions"
    return [version["sid"] for version in api.get(place).json()["asset_versions"]]


def test_versions_in_no_build_vanish_after_a_week_and_others_stay(make_api: Callable[..., Api]) -> None:
    now = START
    api = make_api(clock=lambda: now, build_retention=None)
    service = api.service()
    environment = api.environment(service)
    item = api.item(service)
    live, built, unused = (made(api.send(item, content=text)) for text in (b"live", b"built", b"unused"))
    api.build(service, built)
    api.publish(service, environment, live)
    now = START + WEEK
    assert api.core.collect() == Collected(0, 0, 0)
    now += MOMENT
    fresh = made(api.send(item, content=b"fresh"))
    assert api.core.collect() == Collected(builds=0, versions=1, items=0)
    assert _versions(api, item) == [fresh["sid"], built["sid"], live["sid"]]
    assert unused["sid"] not in _versions(api, item)
    assert api.site(environment).content == b"live"


def test_assets_and_functions_without_versions_vanish_after_a_week(make_api: Callable[..., Api]) -> None:
    api = make_api(clock=lambda: START, build_retention=None)
    service = api.service()
    empty, function = api.item(service), api.item(service, "/f", "Functions")
    filled = api.upload(service)
    api.build(service, filled)
    later = START + WEEK + MOMENT
    assert api.core.collect(START + WEEK) == Collected(0, 0, 0)
    assert api.core.collect(later) == Collected(builds=0, versions=0, items=2)
    assert api.get(f"/Services/{service['sid']}/Assets/{empty['sid']}").status_code == 404
    assert api.get(f"/Services/{service['sid']}/Functions/{function['sid']}").status_code == 404
    assert api.get(f"/Services/{service['sid']}/Assets/{filled['asset_sid']}").status_code == 200


def test_an_old_asset_goes_with_its_last_version_and_the_content_with_it(make_api: Callable[..., Api]) -> None:
    api = make_api(clock=lambda: START)
    service = api.service()
    api.upload(service, content=b"gone")
    assert api.core.collect(START + WEEK + MOMENT) == Collected(builds=0, versions=1, items=1)
    spool = api.core.new_spool()
    spool.discard()
    assert not list((spool.path.parent.parent / "content").glob("*/*"))


def test_a_build_that_is_served_until_the_next_has_spread_stays(make_api: Callable[..., Api]) -> None:
    now = START
    api = make_api(clock=lambda: now, propagation_seconds=60, build_retention=WEEK, retention=WEEK)
    service = api.service()
    environment = api.environment(service)
    item = api.item(service)
    api.publish(service, environment, made(api.send(item, content=b"old")))
    now += WEEK + MOMENT
    api.publish(service, environment, made(api.send(item, content=b"new")))
    assert api.core.collect() == Collected(0, 0, 0)
    assert api.site(environment).content == b"old"
    now += timedelta(seconds=60)
    assert api.core.collect() == Collected(builds=1, versions=1, items=0)
    assert api.site(environment).content == b"new"


def test_unused_builds_go_after_a_week_unless_the_settings_let_them_stay(make_api: Callable[..., Api]) -> None:
    for folder, switches, hours, builds in (
        ("a", {"build_retention": None}, 24 * 30, 0),
        ("b", {"build_retention": timedelta(hours=24)}, 25, 1),
        ("c", {}, 24 * 7 - 1, 0),
        ("d", {}, 24 * 7 + 1, 1),
    ):
        api = make_api(folder=folder, clock=lambda: START, **switches)
        service = api.service()
        environment = api.environment(service)
        version = api.upload(service)
        api.build(service, version)
        live = api.publish(service, environment, version)
        assert api.core.collect(START + timedelta(hours=hours)) == Collected(builds=builds, versions=0, items=0)
        assert api.get(f"/Services/{service['sid']}/Builds/{live['sid']}").status_code == 200


def test_another_time_may_be_set(make_api: Callable[..., Api]) -> None:
    api = make_api(clock=lambda: START, retention=timedelta(hours=1))
    api.upload(api.service())
    assert api.core.collect(START + timedelta(hours=1)) == Collected(0, 0, 0)
    assert api.core.collect(START + timedelta(hours=1) + MOMENT) == Collected(builds=0, versions=1, items=1)
