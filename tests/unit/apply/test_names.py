"""What a name says after an apply, and whose names are never written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.apply.names import Wanted, merged_name, write_names
from assetsync.events import Event, NamesWritten
from assetsync.twilio.memory import Entry, Memory, parse, write
from tests.unit.apply.wire import Wire, pace, world_and_client
from tests.unit.twilio.sids import sid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from assetsync.twilio.client import ServerlessClient
    from tests.fakes.world import World


def known(number: int) -> Entry:
    return Entry(f"{number:032x}", f"{number:024x}", f"{number:06x}", sid("ZN", number))


def entries(name: str) -> list[int]:
    memory = parse(name)
    assert memory is not None
    return [int(each.version_sid.removeprefix("ZN"), 16) for each in memory.entries]


def current(*numbers: int, label: str = "/a") -> Memory:
    return Memory(label, "o", tuple(map(known, numbers)))


class TestMerging:
    def test_the_new_one_then_what_is_served_here_then_the_rest_newest_first(self) -> None:
        wanted = Wanted("/a", known(9), frozenset({sid("ZN", 2)}), ())
        assert entries(merged_name(wanted, current(3, 2))) == [9, 2, 3]

    def test_what_does_not_fit_is_the_oldest_that_nobody_here_serves(self) -> None:
        wanted = Wanted("/a", known(9), frozenset({sid("ZN", 1)}), ())
        assert entries(merged_name(wanted, current(3, 2, 1))) == [9, 1, 3]

    def test_what_we_know_besides_comes_last(self) -> None:
        wanted = Wanted("/a", known(9), frozenset({sid("ZN", 5)}), (known(4), known(5)))
        assert entries(merged_name(wanted, current(3))) == [9, 5, 3]

    def test_nothing_new_keeps_what_is_there(self) -> None:
        assert entries(merged_name(Wanted("/a", None, frozenset(), ()), current(2, 1))) == [2, 1]

    def test_a_rename_takes_the_new_path_and_the_owner_stays(self) -> None:
        memory = parse(merged_name(Wanted("/new", known(9), frozenset(), ()), current(1, label="/old")))
        assert memory is not None
        assert (memory.label, memory.owner) == ("/new", "o")

    def test_a_name_with_room_for_one_keeps_the_new_one(self) -> None:
        wanted = Wanted("/" + "p" * 249, known(9), frozenset({sid("ZN", 1)}), ())
        assert entries(merged_name(wanted, current(1))) == [9]


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[tuple[World, ServerlessClient, Wire]]:
    with world_and_client(tmp_path) as found:
        yield found


def names(client: ServerlessClient, wanted: dict[str, Wanted], events: list[Event] | None = None) -> tuple[str, ...]:
    emit = (lambda _event: None) if events is None else events.append
    return write_names(client, "my-site", "website", wanted, concurrency=4, emit=emit, pace=pace()).warnings


def wanting(number: int, path: str = "/a", *, only_if_missing: bool = False) -> Wanted:
    return Wanted(path, known(number), frozenset(), (), only_if_missing)


class TestWriting:
    def test_each_name_that_differs_is_written_once(self, setting: tuple[World, ServerlessClient, Wire]) -> None:
        world, client, _ = setting
        one, two = (world.remote.new_asset(write(path, "website")) for path in ("/a", "/b"))
        done = world.remote.new_asset(write("/c", "website", [known(3)]))
        world.remote.clear_log()
        events: list[Event] = []
        wanted = {one: wanting(1), two: wanting(2, "/b"), done: wanting(3, "/c")}
        assert names(client, wanted, events) == ()
        found = world.remote.assets()
        assert {each: found[each] for each in (one, two, done)} == {
            one: write("/a", "website", [known(1)]),
            two: write("/b", "website", [known(2)]),
            done: write("/c", "website", [known(3)]),
        }
        assert len(world.remote.writes()) == 2
        assert events == [NamesWritten(1, 2), NamesWritten(2, 2)]

    def test_what_the_name_says_now_is_kept(self, setting: tuple[World, ServerlessClient, Wire]) -> None:
        """Another pipeline wrote into it since our snapshot."""
        world, client, _ = setting
        asset = world.remote.new_asset(write("/a", "website", [known(7)]))
        names(client, {asset: wanting(1)})
        assert entries(world.remote.assets()[asset]) == [1, 7]

    def test_with_nothing_wanted_nothing_is_asked(self, setting: tuple[World, ServerlessClient, Wire]) -> None:
        world, client, _ = setting
        world.remote.clear_log()
        assert names(client, {}) == ()
        assert world.remote.requests() == []

    @pytest.mark.parametrize("name", ["/a", write("/a", "shop"), "somebody renamed it"])
    def test_a_foreign_name_is_left_alone(self, setting: tuple[World, ServerlessClient, Wire], name: str) -> None:
        world, client, _ = setting
        asset = world.remote.new_asset(name)
        world.remote.clear_log()
        assert names(client, {asset: wanting(1)}) == ()
        assert world.remote.assets()[asset] == name
        assert world.remote.writes() == []

    def test_an_asset_that_vanished_is_none_of_our_concern(self, setting: tuple[World, ServerlessClient, Wire]) -> None:
        world, client, _ = setting
        world.remote.clear_log()
        assert names(client, {sid("ZH", 1): wanting(1)}) == ()
        assert world.remote.writes() == []

    def test_one_that_vanishes_before_it_is_written_is_no_warning(
        self, setting: tuple[World, ServerlessClient, Wire]
    ) -> None:
        world, client, wire = setting
        asset = world.remote.new_asset(write("/a", "website"))
        wire.bend = lambda request: httpx.Response(404, json={"code": 20404}) if request.method == "POST" else None
        assert names(client, {asset: wanting(1)}) == ()

    def test_one_that_the_list_does_not_show_yet_is_asked_for(
        self, setting: tuple[World, ServerlessClient, Wire]
    ) -> None:
        """Lists may lag (F4.6)."""
        world, client, wire = setting
        asset = world.remote.new_asset(write("/a", "website"))
        empty = {"assets": [], "meta": {"key": "assets", "next_page_url": None}}
        wire.bend = lambda request: httpx.Response(200, json=empty) if request.url.path.endswith("/Assets") else None
        assert names(client, {asset: wanting(1)}) == ()
        assert entries(world.remote.assets()[asset]) == [1]

    def test_an_entry_that_stands_there_already_is_not_moved_to_the_front(
        self, setting: tuple[World, ServerlessClient, Wire]
    ) -> None:
        world, client, _ = setting
        there = world.remote.new_asset(write("/a", "website", [known(7), known(1)]))
        lost = world.remote.new_asset(write("/b", "website", [known(7)]))
        names(
            client,
            {there: wanting(1, only_if_missing=True), lost: wanting(2, "/b", only_if_missing=True)},
        )
        found = world.remote.assets()
        assert entries(found[there]) == [7, 1]
        assert entries(found[lost]) == [2, 7]


class TestFailing:
    def test_a_name_that_cannot_be_written_is_a_warning_and_the_others_are_written(
        self, setting: tuple[World, ServerlessClient, Wire]
    ) -> None:
        world, client, wire = setting
        good, bad, worse = (world.remote.new_asset(write(path, "website")) for path in ("/a", "/b", "/c"))

        def bend(request: httpx.Request) -> httpx.Response | None:
            refused = request.method == "POST" and not request.url.path.endswith(good)
            return httpx.Response(400, json={"code": 20001, "message": "no such luck"}) if refused else None

        wire.bend = bend
        (warning,) = names(client, {good: wanting(1), bad: wanting(2, "/b"), worse: wanting(3, "/c")})
        assert warning.startswith("the names of 2 assets could not be written (")
        assert "no such luck" in warning
        assert entries(world.remote.assets()[good]) == [1]

    def test_a_lost_answer_is_repeated(self, setting: tuple[World, ServerlessClient, Wire]) -> None:
        world, client, wire = setting
        asset = world.remote.new_asset(write("/a", "website"))
        lost = [True]

        def bend(request: httpx.Request) -> httpx.Response | None:
            return httpx.Response(502, text="bad gateway") if request.method == "POST" and lost and lost.pop() else None

        wire.bend = bend
        assert names(client, {asset: wanting(1)}) == ()
        assert entries(world.remote.assets()[asset]) == [1]

    def test_a_list_that_fails_is_one_warning_for_all(self, setting: tuple[World, ServerlessClient, Wire]) -> None:
        world, client, wire = setting
        asset = world.remote.new_asset(write("/a", "website"))
        wire.bend = lambda _request: httpx.Response(503, text="away")
        (warning,) = names(client, {asset: wanting(1)})
        assert warning.startswith("the name of 1 asset could not be written (")
        assert warning.endswith("the next run on another machine uploads them again")
