"""Pipelines, and other tools, that deploy at the very same time: one wins, the others say so, nobody's work is lost.

The order in which the service works on their requests is drawn from a seed, which is in the name of each test; a
failure tells the whole order. Why exactly one wins is in `docs/decisions/0007-exactly-one-of-several-runs-wins.md`.
"""

from __future__ import annotations

import random
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from assetsync.apply.once import Pace
from assetsync.apply.release import Release
from assetsync.emulator.faults import NoFaults
from assetsync.errors import Conflict
from assetsync.events import silent
from tests.cli.held import Held, is_upload
from tests.cli.stage import Running, run_process
from tests.fakes.world import SERVICE, TestClock
from tests.reliability.arena import KEYS, TOOL, Arena
from tests.reliability.figures import LONG, note
from tests.reliability.turns import Drawn, every_order, is_deployment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from assetsync.emulator.messages import Answer, Outcome, Request
    from tests.cli.stage import Stage
    from tests.reliability.arena import Files, Side
    from tests.reliability.turns import Asked, Choice

SUITE = "races"
CONFLICT = 4
BASE: Files = {"index.html": b"base", "shared.txt": b"shared", "old.txt": b"old"}


def seeds(few: int, many: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("seed", range(many if LONG else few), ids="seed {}".format)


def files_of(name: str) -> Files:
    return {"index.html": f"of {name}".encode(), "shared.txt": b"shared", f"only-{name}.txt": name.encode()}


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    with Arena(tmp_path) as arena:
        yield arena


@pytest.fixture
def based(arena: Arena) -> Arena:
    """With something live in production, made by a machine that is gone."""
    assert arena.side("base", BASE).apply() == 0
    arena.sides.clear()
    return arena


def rivals(arena: Arena, rng: random.Random, count: int) -> None:
    """Sides with files of their own, each with one to four connections."""
    for name in "abcd"[:count]:
        arena.side(name, files_of(name), concurrency=rng.randint(1, 4))


def check_one_winner(arena: Arena, codes: dict[str, int], base: Files) -> Side:
    """One run was done and is live, every other one conflicted, and nobody ever saw a mixture."""
    assert sorted(codes.values()) == [0] + [CONFLICT] * (len(arena.sides) - 1), (codes, arena.log)
    winner = next(side for side in arena.sides if codes[side.name] == 0)
    assert arena.site() == winner.files, (codes, arena.log)
    allowed = [base, *(side.files for side in arena.sides)]
    assert all(seen in allowed for _, seen in arena.seen), arena.log
    return winner


def check_next_run(arena: Arena, winner: Side) -> None:
    """One that conflicted runs again, and is live."""
    loser = next(side for side in arena.sides if side is not winner)
    assert loser.apply() == 0
    assert arena.site() == loser.files
    assert loser.pending() == 0


@seeds(24, 200)
def test_of_two_applies_at_once_exactly_one_is_live_and_the_other_says_so(based: Arena, seed: int) -> None:
    rivals(based, random.Random(seed), 2)
    codes = based.race(Drawn(seed))
    winner = check_one_winner(based, codes, BASE)
    crossed = len(based.deployers()) > 1
    check_next_run(based, winner)
    note(SUITE, interleavings=1, both_deployed=crossed)


@seeds(4, 100)
@pytest.mark.parametrize("count", [3, 4])
def test_of_three_or_four_applies_at_once_exactly_one_is_live(based: Arena, seed: int, count: int) -> None:
    rivals(based, random.Random(seed), count)
    codes = based.race(Drawn(seed))
    winner = check_one_winner(based, codes, BASE)
    deployers = len(based.deployers())
    check_next_run(based, winner)
    note(SUITE, interleavings=1, of=count, deployers=deployers)


@seeds(4, 50)
def test_of_two_first_applies_at_once_exactly_one_is_live(arena: Arena, seed: int) -> None:
    """There is no Service yet, or (each second time) nothing in it."""
    if seed % 2:
        arena.remote.post("/Services", {"UniqueName": SERVICE, "FriendlyName": SERVICE})
    rivals(arena, random.Random(seed), 2)
    codes = arena.race(Drawn(seed))
    winner = check_one_winner(arena, codes, {})
    check_next_run(arena, winner)
    note(SUITE, interleavings=1, first=1)


@seeds(3, 60)
def test_of_applies_that_begin_anyhow_each_that_is_done_was_planned_on_the_one_before(based: Arena, seed: int) -> None:
    """Also where one plans while another one deploys: those done are a chain, and its end is live."""
    rivals(based, random.Random(seed), 3)
    codes = based.race(Drawn(seed, together=False))
    assert set(codes.values()) <= {0, CONFLICT}, (codes, based.log)
    names = {side.machine.key.sid: side.name for side in based.sides}
    first: dict[str, int] = {}
    for client, asked, status in based.log:
        if is_deployment(asked) and status == 201:
            first.setdefault(names[client], len(first))
    done = sorted((first[name], name) for name, code in codes.items() if code == 0)
    assert done, (codes, based.log)
    assert based.site() == files_of(done[-1][1]), (codes, based.log)
    note(SUITE, interleavings=1, of=3, done=len(done))


@seeds(1, 10)
def test_of_two_processes_at_once_exactly_one_is_live(home: Path, based: Arena, seed: int) -> None:
    """The command itself, in processes of their own."""
    rivals(based, random.Random(seed), 2)
    codes = {}

    def applying(side: Side) -> Callable[[], object]:
        manifest = side.project.root / "assetsync.yaml"
        manifest.write_text(
            f"version: 1\nname: website\nservice: {SERVICE}\nenvironments:\n  - name: production\n"
            "folders:\n  - source: public\n    target: /\n    visibility: public\n"
        )
        variables = {
            "ASSETSYNC_API_URL": based.url,
            "ASSETSYNC_CACHE_DIR": str(side.machine.cache),
            "TWILIO_ACCOUNT_SID": based.world.core.account.sid,
            "TWILIO_API_KEY": side.machine.key.sid,
            "TWILIO_API_SECRET": side.machine.key.secret,
        }

        def run() -> None:
            ran = run_process("apply", "--yes", "-m", str(manifest), "--concurrency", "2", **variables)
            codes[side.name] = ran.code
            ran.holds(ran.code, *(("run again",) if ran.code else ()))

        return run

    runs = {side.machine.key.sid: applying(side) for side in based.sides}
    based.together(Drawn(seed), runs, many=True)
    winner = check_one_winner(based, codes, BASE)
    check_next_run(based, winner)
    note(SUITE, interleavings=1, processes=2)


@seeds(4, 100)
def test_what_another_tool_deploys_while_two_applies_race_is_live_in_the_end(based: Arena, seed: int) -> None:
    rivals(based, random.Random(seed), 2)
    codes = based.race(Drawn(seed), **{TOOL.sid: based.tool("/theirs.txt", b"theirs")})
    assert sorted(codes.values()) in ([0, CONFLICT], [CONFLICT, CONFLICT]), (codes, based.log)
    assert based.site() == BASE | {"theirs.txt": b"theirs"}, (codes, based.log)
    note(SUITE, interleavings=1, with_another_tool=1)


class Releases:
    """Nothing but releases: for each order a new Environment with a base live, and a Build for each that deploys."""

    def __init__(self, arena: Arena, clients: int) -> None:
        self._arena, self.orders = arena, 0
        arena.remote.post("/Services", {"UniqueName": SERVICE, "FriendlyName": SERVICE})
        asset = arena.remote.new_asset("/a.txt")
        self._versions = [arena.remote.upload(asset, "/a.txt", f"{each}".encode()) for each in range(clients + 2)]
        self._clients = {key.sid: arena.client(key) for key in KEYS[:clients]}

    def race(self, choose: Choice, *, tool: bool = False) -> tuple[dict[str, int], str | None]:
        """Exit codes by key, and the key whose Build is live in the end."""
        self.orders += 1
        name, remote = f"order-{self.orders}", self._arena.remote
        place = f"/Services/{SERVICE}/Environments"
        sid = remote.post(place, {"UniqueName": name, "DomainSuffix": f"o{self.orders}"})["sid"]
        keys = [*self._clients, *((TOOL.sid,) if tool else ())]
        base, *builds = (remote.build([version]) for version in self._versions[: len(keys) + 1])
        remote.deploy(name, base)
        build_of = dict(zip(keys, builds, strict=True))
        environment = self._clients[keys[0]].fetch_environment(SERVICE, sid)
        codes: dict[str, int] = {}

        def release(key: str) -> Callable[[], object]:
            one = Release(self._clients[key], environment, base, emit=silent, pace=Pace(TestClock(), threading.Event()))
            return lambda: codes.update({key: _released(one, build_of[key])})

        runs = {key: release(key) for key in self._clients}
        if tool:
            runs[TOOL.sid] = self._arena.deployment(sid, build_of[TOOL.sid])
        self._arena.together(choose, runs)
        live = remote.get(f"{place}/{sid}")["build_sid"]
        remote.http.delete(f"/v1{place}/{sid}").raise_for_status()
        return codes, next((key for key, build in build_of.items() if build == live), None)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Releases]:
    with Arena(tmp_path_factory.mktemp("three")) as arena:
        yield Releases(arena, 3)


def _released(release: Release, build: str) -> int:
    try:
        assert release.look_back(release.deploy(build), build) == ()
    except Conflict:
        return CONFLICT
    return 0


def test_in_every_order_that_two_releases_can_meet_in_exactly_one_is_live(arena: Arena) -> None:
    releases = Releases(arena, 2)
    for script in every_order():
        codes, live = releases.race(script)
        assert sorted(codes.values()) == [0, CONFLICT], (codes, arena.log)
        assert live is not None
        assert codes[live] == 0, (codes, live, arena.log)
    assert releases.orders > 20
    note(SUITE, orders=releases.orders, of=2)


@seeds(15, 2000)
def test_of_three_releases_exactly_one_is_live(three: Releases, seed: int) -> None:
    codes, live = three.race(Drawn(seed))
    assert sorted(codes.values()) == [0, CONFLICT, CONFLICT], codes
    assert live is not None
    assert codes[live] == 0, codes
    note(SUITE, orders=1, of=3)


def test_in_every_order_that_two_releases_and_another_tool_can_meet_in_the_tools_is_live(arena: Arena) -> None:
    """By default a part of the orders."""
    releases, orders = Releases(arena, 2), every_order() if LONG else (Drawn(seed) for seed in range(25))
    for order in orders:
        codes, live = releases.race(order, tool=True)
        assert sorted(codes.values()) in ([0, CONFLICT], [CONFLICT, CONFLICT]), (codes, arena.log)
        assert live == TOOL.sid, (codes, live, arena.log)
    note(SUITE, orders=releases.orders, of=2, with_another_tool=1)


@pytest.fixture
def trees() -> Callable[[random.Random], Files]:
    names = ["index.html", "a.txt", "b.txt", "css/c.css", "d.js", "moved.txt"]

    def tree(rng: random.Random) -> Files:
        return {name: rng.choice([b"one", b"two", b"three"]) for name in rng.sample(names, rng.randint(3, 6))}

    return tree


def test_two_environments_at_once_serve_what_they_should_and_hardly_ever_disturb_each_others_plan(
    tmp_path: Path, trees: Callable[[random.Random], Files]
) -> None:
    """Of a hundred interleavings at least 97 leave two empty plans, and all do after one more run."""
    count, disturbed = 200 if LONG else 8, []
    for seed in range(count):
        rng = random.Random(seed)
        with Arena(tmp_path / f"{seed}") as arena:
            old, new = trees(rng), trees(rng)
            sides = [
                arena.side(name, rng.choice([old, trees(rng)]), environment=name, concurrency=rng.randint(1, 4))
                for name in ("production", "staging")
            ]
            assert [side.apply() for side in sides] == [0, 0]
            sides = [arena.rewrite(side, rng.choice([new, trees(rng)])) for side in sides]
            codes = arena.race(Drawn(seed, together=rng.random() < 0.7))
            assert codes == {"production": 0, "staging": 0}, (seed, arena.log)
            _check_served(arena, sides, f"seed {seed}: {arena.log}")
            if any(side.pending() for side in sides):
                disturbed.append(seed)
                assert [side.apply() for side in sides] == [0, 0], seed
                _check_served(arena, sides, f"seed {seed}, after one more run")
                assert [side.pending() for side in sides] == [0, 0], seed
    assert len(disturbed) <= 0.03 * count, disturbed
    note(SUITE, interleavings=count, environments=2, plans_not_empty=len(disturbed))


def _check_served(arena: Arena, sides: list[Side], which: str) -> None:
    for side in sides:
        assert arena.site(side.environment) == side.files, which


class Beforehand:
    """A fault plan: right before the n-th request of assetsync something happens. `asked` is all of those."""

    def __init__(self, n: int, act: Callable[[], object]) -> None:
        self._n, self._act = n, act
        self.asked: list[Asked] = []

    def before(self, request: Request) -> Outcome | None:
        if request.headers.get("user-agent", "").startswith("assetsync/"):
            self.asked.append((request.method, request.path))
            if len(self.asked) == self._n:
                self._act()
        return None

    def after(self, request: Request, answer: Answer) -> Outcome | None:
        return None


def _tool_deploys(stage: Stage, path: str) -> None:
    """Beside what is live."""
    live = stage.outside.live()
    assert live is not None
    stage.outside.publish(
        "production", *(each["sid"] for each in live["asset_versions"]), stage.outside.upload(path, b"theirs")
    )


def test_another_tool_that_deploys_at_any_moment_of_an_apply_is_noticed_and_never_lost(stage: Stage) -> None:
    """Before our plan it is carried over; from there to our Deployment we leave with 4; in the end theirs is served."""
    stage.write({"index.html": "edit 0", "kept.txt": "kept"})
    stage.apply()
    seen, n = [], 0
    while True:
        n += 1
        stage.write({"index.html": f"edit {n}"})
        beforehand = Beforehand(n, lambda: _tool_deploys(stage, f"/theirs-{n}.txt"))  # noqa: B023 called at once
        stage.emulator.core.faults = beforehand
        ran = stage.run("apply", "--yes", "--concurrency", "1")
        stage.emulator.core.faults = NoFaults()
        if len(beforehand.asked) < n:
            break
        planned, checked, deployed = _places(beforehand.asked)
        if n <= planned or n > deployed:
            ran.holds(0)
        else:
            ran.holds(CONFLICT, "nothing was deployed" if n <= checked else "it was put back", "run again")
        seen.append(ran.code)
        assert stage.outside.visit("/index.html").text == f"edit {n if ran.code == 0 else n - 1}"
        assert all(stage.outside.visit(f"/theirs-{each}.txt").text == "theirs" for each in range(1, n + 1))
        stage.apply()
        assert stage.outside.visit("/index.html").text == f"edit {n}"
        assert all(stage.outside.visit(f"/theirs-{each}.txt").text == "theirs" for each in range(1, n + 1))
    assert set(seen) == {0, CONFLICT}
    note(SUITE, moments=n - 1, conflicts=seen.count(CONFLICT))


def _places(asked: list[Asked]) -> tuple[int, int, int]:
    """Which request (from 1) read what is live for the plan, which looked again, which was the Deployment."""
    planned = next(at for at, (_, path) in enumerate(asked, 1) if path.endswith("/Environments"))
    checked = next(at for at, (method, path) in enumerate(asked, 1) if method == "GET" and "/Environments/" in path)
    deployed = next((at for at, each in enumerate(asked, 1) if is_deployment(each)), checked)
    return planned, checked, deployed


class TestOneMachine:
    """Two runs on one machine share a journal and would both send what is missing."""

    def test_the_second_says_that_another_run_is_at_work_and_writes_nothing(self, live: Stage) -> None:
        live.write({"page-0.html": "changed"})
        core = live.emulator.core
        with Held(core, is_upload) as held, Running("apply", "--yes", cwd=live.root) as first:
            held.wait_for()
            core.requests.clear()
            second = run_process("apply", "--yes")
            written = [each for each in core.requests.api() if each.method != "GET"]
            second.holds(
                CONFLICT, "another assetsync run on this machine is applying to the same Service", "wait until"
            )
            assert written == []
            run_process("plan").holds(0, "1 to upload")
            held.release()
            first.end().holds(0)
        run_process("apply", "--yes").holds(0)
        assert live.outside.visit("/page-0.html").text == "changed"
        note(SUITE, same_machine=1, refused=1)

    def test_a_run_that_was_killed_stands_in_nobodys_way(self, live: Stage) -> None:
        live.write({"page-0.html": "changed"})
        with Held(live.emulator.core, is_upload) as held, Running("apply", "--yes", cwd=live.root) as first:
            held.wait_for()
            first.signal(signal.SIGKILL)
            assert first.process.wait(60) == -signal.SIGKILL
            held.release()
        run_process("apply", "--yes").holds(0)
        assert live.outside.visit("/page-0.html").text == "changed"
