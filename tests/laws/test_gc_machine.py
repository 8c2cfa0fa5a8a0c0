"""Random histories in which `gc` runs at any moment, also while pipelines stand still between two of their requests.

After every step each live Build is whole and served with the right bytes. What a `gc` deletes is held against what an
outsider would let it delete, by plain HTTP and by what this machine knows to be foreign. In the end each manifest is
applied everywhere, which must succeed and serve exactly its folder. A history can be replayed and shrunk.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from assetsync.errors import AssetsyncError
from assetsync.manifest.model import EnvironmentSpec, Folder
from assetsync.model import Visibility
from tests.fakes.world import SERVICE, Killed, World
from tests.laws.oracle import Want, Witness, read_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assetsync.apply.gc import Swept
    from assetsync.emulator.messages import Outcome, Request
    from tests.fakes.world import Machine

T = TypeVar("T")
Json = dict[str, Any]

ENVIRONMENTS = (EnvironmentSpec("production"), EnvironmentSpec("staging", "stg"))
NAMES = tuple(each.name for each in ENVIRONMENTS)
TARGETS = {"website": "/", "podcast": "/podcast/"}
OWNERS = tuple(TARGETS)
PREVIEW = "preview"
"""Stands for the one of the owner at work."""
TOOL_PATHS = ("/tool.txt", "/tool/b.txt", "/podcast/tool.txt")
HOURS = (1.1, 13.3, 25.7, 49.3, 197.9)
AGES = (timedelta(days=1), timedelta(days=1), timedelta(hours=36), timedelta(days=7))
MARK = re.compile(r"as1 (?P<owner>[a-z0-9-]+) (?P<expiry>.+)Z")

SOME = st.integers(0, 11)
OWNER = st.sampled_from(OWNERS)
ENVIRONMENT = st.sampled_from(NAMES)
ANYWHERE = st.sampled_from((*NAMES, PREVIEW))
FILES = st.dictionaries(
    st.sampled_from(("a.txt", "b.txt", "c/d.txt")), st.sampled_from((b"one", b"two", b"three")), min_size=1
)
TIME = st.sampled_from(HOURS)


@dataclass(frozen=True, slots=True)
class Terms:
    """The options of one `gc`."""

    builds_keep: int | None
    older_than: timedelta
    previews: bool


TERMS = st.builds(Terms, st.sampled_from((0, 0, 1, None, 2)), st.sampled_from(AGES), st.booleans())
MOVES = st.one_of(
    st.tuples(st.just("apply"), OWNER, ANYWHERE),
    st.tuples(st.just("change"), OWNER, FILES),
    st.tuples(st.just("gc"), OWNER, TERMS),
    st.tuples(st.just("gc"), OWNER, TERMS),
    st.tuples(st.just("pass"), TIME),
    st.tuples(st.just("pass"), TIME),
    st.tuples(st.just("tool"), OWNER, ANYWHERE, SOME),
    st.tuples(st.just("roll back"), OWNER, ENVIRONMENT),
)
"""What may happen while somebody stands still."""


@dataclass
class Watcher(Witness):
    """The witness, by which one of assetsync's requests may be held up: `act` is done before it is worked on."""

    act: Callable[[], None] | None = None
    countdown: int = 0
    _counting: Any = field(default_factory=threading.Lock)

    def hold_up(self, nth: int, act: Callable[[], None]) -> None:
        self.countdown, self.act = nth, act

    def before(self, request: Request) -> Outcome | None:
        act = None
        if request.headers.get("user-agent", "").startswith("assetsync/"):
            with self._counting:
                self.countdown -= 1
                if self.countdown == 0:
                    act, self.act = self.act, None
        if act is not None:
            act()
        return super().before(request)


@dataclass(frozen=True, slots=True)
class Seen:
    """A Service as an outsider reads it, by SID; `versions` by Asset, `marks` and `back` by Environment.

    marks: the values of the Variables; back: the Build that going back leads to
    """

    assets: dict[str, Json]
    builds: dict[str, Json]
    environments: dict[str, Json]
    versions: dict[str, list[Json]]
    marks: dict[str, list[str]]
    back: dict[str, str | None]
    now: datetime

    @property
    def live(self) -> dict[str, str | None]:
        return {sid: each["build_sid"] for sid, each in self.environments.items()}

    def is_old(self, thing: Json, key: str, age: timedelta) -> bool:
        return self.now - datetime.fromisoformat(thing[key]) > age

    def holds(self, build: str) -> set[str]:
        return {version["asset_sid"] for version in self.builds[build]["asset_versions"]}


class Collections(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="collections-"))
        self.world = World(self.folder)
        self.remote = self.world.remote
        self.witness = Watcher()
        self.world.core.faults = self.witness
        self.projects = {
            name: self.world.project(
                name, environments=ENVIRONMENTS, folders=(Folder("public", target, Visibility.PUBLIC),)
            )
            for name, target in TARGETS.items()
        }
        self.files: dict[str, dict[str, bytes]] = {name: {"a.txt": b"one"} for name in OWNERS}
        self.foreign: set[str] = set()
        self.machines = [self._machine(), self._machine()]
        for name in OWNERS:
            self.projects[name].write(self.files[name])
            self._apply(name, NAMES[0], self.machines[0])

    def teardown(self) -> None:
        try:
            for name in OWNERS:
                for environment in NAMES:
                    self._apply(name, environment, self._machine())
            self.everything_live_is_whole()
        finally:
            self.world.close()
            shutil.rmtree(self.folder)

    # what happens

    @rule(owner=OWNER, releases=st.lists(st.tuples(FILES, ANYWHERE), min_size=1, max_size=4), hours=TIME, machine=SOME)
    def release(self, owner: str, releases: list[tuple[dict[str, bytes], str]], hours: float, machine: int) -> None:
        for files, environment in releases:
            self._change(owner, files)
            self._apply(owner, environment, self._chosen(machine))
        self.world.pass_time(hours * 3600)

    @rule(
        kind=st.sampled_from(("deploy", "copy", "leave", "roll back", "promote")),
        owner=OWNER,
        environment=ANYWHERE,
        source=ENVIRONMENT,
        which=SOME,
    )
    def others(self, kind: str, owner: str, environment: str, source: str, which: int) -> None:
        """Another tool, or a person: deploys a file of its own, copies a name, leaves a Build of foreign things only,
        goes back, promotes.
        """
        match kind:
            case "deploy":
                self._tool_deploys(owner, environment, which)
            case "copy":
                self._copy_a_name(which)
            case "leave":
                self.remote.build([self._stranger("/alone.txt", "/alone.txt")])
            case "roll back":
                self._roll_back(owner, _name(owner, environment))
            case _:
                self._promote(source, _name(owner, environment))

    @rule(owner=OWNER, terms=TERMS, hours=TIME)
    def gc(self, owner: str, terms: Terms, hours: float) -> None:
        """Undisturbed, it deletes exactly what an outsider would let it delete."""
        self.world.pass_time(hours * 3600)
        before = self._look()
        swept = self._gc(owner, terms)
        after = self._look()
        ended = self._ended(before, owner) if terms.previews else set()
        assert before.environments.keys() - after.environments.keys() == ended
        builds, assets = self._expected(before, owner, terms, ended)
        assert before.builds.keys() - after.builds.keys() == builds == set(swept.builds)
        assert before.assets.keys() - after.assets.keys() == assets == {each.sid for each in swept.assets}
        assert {sid: after.assets[sid] for sid in after.assets} == {sid: before.assets[sid] for sid in after.assets}
        assert (swept.refused, swept.error) == ((), None), "nothing is asked for that the service refuses"
        told = [each for each in swept.kept if "version is younger" not in each]
        assert all("none of the versions that its name tells of" in each for each in told)

    # what stands still

    @rule(owner=OWNER, environment=ANYWHERE, nth=st.integers(1, 30), moves=st.lists(MOVES, min_size=1, max_size=3))
    def pipeline_stands_still(self, owner: str, environment: str, nth: int, moves: list[tuple[Any, ...]]) -> None:
        """It goes on after whatever happened, done or failed; the next run repairs it."""
        self.witness.hold_up(nth, lambda: self._all(moves))
        with suppress(AssetsyncError):
            self._run(owner, environment, self._machine())
        self.witness.act = None
        self.everything_live_is_whole()
        self._apply(owner, environment, self._machine())

    @rule(
        owner=OWNER,
        environment=ANYWHERE,
        nth=st.integers(1, 30),
        moves=st.lists(MOVES, max_size=3),
        machine=SOME,
    )
    def pipeline_is_killed(
        self, owner: str, environment: str, nth: int, moves: list[tuple[Any, ...]], machine: int
    ) -> None:
        """And run again later, on this machine or another one."""
        victim = self._chosen(machine)
        victim.kill, victim.kill_reads = (nth, True), True
        with suppress(Killed):
            self._run(owner, environment, victim)
        victim.kill, victim.kill_reads = (0, True), False
        self._all(moves)
        self.everything_live_is_whole()
        self._apply(owner, environment, self._chosen(machine))

    @rule(owner=OWNER, terms=TERMS, nth=st.integers(1, 40), moves=st.lists(MOVES, min_size=1, max_size=3))
    def gc_stands_still(self, owner: str, terms: Terms, nth: int, moves: list[tuple[Any, ...]]) -> None:
        """What is foreign or another's stays, and what is made live meanwhile; the next runs are as ever."""
        before = self._look()
        self.witness.hold_up(nth, lambda: self._all(moves))
        swept = self._gc(owner, terms)
        self.witness.act = None
        gone = {each.sid for each in swept.assets}
        assert gone <= self._ours(before, owner)
        if not any(move[0] == "gc" for move in moves):
            assert before.assets.keys() - self._look().assets.keys() == gone
        for sid in set(swept.builds) & before.builds.keys():
            assert before.holds(sid) & self._ours(before, owner)
            assert terms.builds_keep is not None

    @invariant()
    def everything_live_is_whole(self) -> None:
        """Each Version of each live Build is there, and served as it was uploaded."""
        assets = self.remote.assets()
        assert self.foreign <= assets.keys(), "something foreign is gone"
        for environment in self.remote.every(f"/Services/{SERVICE}/Environments"):
            name = environment["unique_name"]
            for path, version in self.remote.live_versions(name).items():
                assert version["asset_sid"] in assets, f"{path} is live in {name}, and its Asset is gone"
                place = f"/Services/{SERVICE}/Assets/{version['asset_sid']}/Versions/{version['sid']}"
                assert self.remote.get(place)["path"] == path
                status, content, kind = self.remote.served(name, path)
                assert (status, Want.of(content, kind)) == (200, self.witness.uploads[version["sid"]].want), path

    # how it is done

    def _all(self, moves: list[tuple[Any, ...]]) -> None:
        """Errors are no matter here: what was in the way of whom is."""
        for move in moves:
            with suppress(AssetsyncError):
                match move:
                    case "apply", owner, environment:
                        self._run(owner, environment, self._machine())
                    case "change", owner, files:
                        self._change(owner, files)
                    case "gc", owner, terms:
                        self._gc(owner, terms)
                    case "pass", hours:
                        self.world.pass_time(hours * 3600)
                    case "tool", owner, environment, path:
                        self._tool_deploys(owner, environment, path)
                    case "roll back", owner, environment:
                        self._roll_back(owner, environment)
                    case _:
                        raise AssertionError(move)

    def _change(self, owner: str, files: dict[str, bytes]) -> None:
        self.files[owner] = files
        self.projects[owner].write(files)

    def _run(self, owner: str, environment: str, machine: Machine) -> None:
        """A preview ends after a day, unless it is deployed to again."""
        machine.lifetime = timedelta(hours=24) if environment == PREVIEW else None
        machine.apply(self.projects[owner], _name(owner, environment))

    def _apply(self, owner: str, environment: str, machine: Machine) -> None:
        """It succeeds, and of this owner exactly the folder is served."""
        self._run(owner, environment, machine)
        environment = _name(owner, environment)
        target, live = TARGETS[owner], self.remote.live_versions(environment)
        wanted = {target + name: content for name, content in self.files[owner].items()}
        names = self.remote.assets()
        mine = {path for path, each in live.items() if (read_name(names[each["asset_sid"]]) or ("", ""))[1] == owner}
        assert {path for path in mine if live[path]["asset_sid"] not in self.foreign} == wanted.keys()
        for path, content in wanted.items():
            assert self.remote.served(environment, path)[:2] == (200, content), path

    def _gc(self, owner: str, terms: Terms) -> Swept:
        return self._machine().gc(
            self.projects[owner], terms.builds_keep, older_than=terms.older_than, previews=terms.previews
        )

    def _roll_back(self, owner: str, environment: str) -> None:
        with suppress(AssetsyncError, AssertionError):
            self._machine().go_back(self.projects[owner], environment)

    def _tool_deploys(self, owner: str, environment: str, path: int) -> None:
        """A file of its own besides what is live, whoever's that is."""
        environment = _name(owner, environment)
        if not self._exists(environment):
            return
        at = _pick(TOOL_PATHS, path)
        new = self._stranger(at, at)
        live = self.remote.live_versions(environment)
        self.remote.deploy(environment, self.remote.build([new, *(v["sid"] for p, v in live.items() if p != at)]))

    def _copy_a_name(self, which: int) -> None:
        """A stranger's Asset bears the name of ours, with Versions that are ours: nobody holds it, and it grows old."""
        names = {sid: name for sid, name in sorted(self.remote.assets().items()) if sid not in self.foreign}
        named = [name for name in names.values() if (read_name(name) or ("", "", ()))[2]]
        if named:
            self._stranger(_pick(named, which), "/copied.txt")

    def _promote(self, source: str, to: str) -> None:
        build = self._build_of(source)
        if build is not None and self._exists(to) and build != self._build_of(to):
            self.remote.deploy(to, build)

    def _stranger(self, name: str, path: str) -> str:
        """The Version of a new foreign Asset of this name."""
        asset = self.remote.new_asset(name)
        self.foreign.add(asset)
        return self.remote.upload(asset, path, b"theirs")

    def _machine(self) -> Machine:
        machine = self.world.machine()
        machine.concurrency = 1
        return machine

    def _chosen(self, number: int) -> Machine:
        return self._machine() if number % 3 == 2 else self.machines[number % 3]

    def _exists(self, environment: str) -> bool:
        """A preview only once it is marked: what others deployed to before is none that may be marked."""
        place = f"/Services/{SERVICE}/Environments"
        found = next((each for each in self.remote.every(place) if each["unique_name"] == environment), None)
        return found is not None and (
            environment in NAMES or bool(self.remote.every(f"{place}/{found['sid']}/Variables"))
        )

    def _build_of(self, environment: str) -> str | None:
        return self.remote.environment(environment)["build_sid"] if self._exists(environment) else None

    # what an outsider would let go

    def _look(self) -> Seen:
        place = f"/Services/{SERVICE}"
        assets, builds, environments = (
            {each["sid"]: each for each in self.remote.every(f"{place}/{kind}")}
            for kind in ("Assets", "Builds", "Environments")
        )
        versions = {sid: self.remote.every(f"{place}/Assets/{sid}/Versions") for sid in assets}
        marks = {
            sid: [each["value"] for each in self.remote.every(f"{place}/Environments/{sid}/Variables")]
            for sid in environments
        }
        back = {
            sid: _before(self.remote.every(f"{place}/Environments/{sid}/Deployments"), each["build_sid"])
            for sid, each in environments.items()
        }
        return Seen(assets, builds, environments, versions, marks, back, self.world.core.clock())

    def _ours(self, seen: Seen, owner: str) -> set[str]:
        memories = {sid: read_name(each["friendly_name"]) for sid, each in seen.assets.items()}
        return {sid for sid, memory in memories.items() if memory and memory[1] == owner} - self.foreign

    def _ended(self, seen: Seen, owner: str) -> set[str]:
        """The previews of this owner that are over and serve nothing but what is its own."""
        found, ours = set(), self._ours(seen, owner)
        for sid, environment in seen.environments.items():
            mark = next(map(MARK.fullmatch, seen.marks[sid]), None)
            if environment["unique_name"] in NAMES or mark is None or mark["owner"] != owner:
                continue
            build = environment["build_sid"]
            if datetime.fromisoformat(mark["expiry"]).replace(tzinfo=UTC) <= seen.now:
                found |= {sid} if build is None or seen.holds(build) <= ours else set()
        return found

    def _expected(self, seen: Seen, owner: str, terms: Terms, ended: set[str]) -> tuple[set[str], set[str]]:
        """The Builds and the Assets that go. Of Builds of one second a way back is the newest."""
        ours = self._ours(seen, owner)
        live = {build for sid, build in seen.live.items() if sid not in ended}
        back = {build for sid, build in seen.back.items() if sid not in ended}
        idle = [sid for sid in seen.builds if sid not in live and seen.holds(sid) & ours]
        idle.sort(key=lambda sid: (seen.builds[sid]["date_created"], sid in back, sid), reverse=True)
        builds: set[str] = set()
        if terms.builds_keep is not None:
            builds = {sid for sid in idle[terms.builds_keep :] if sid not in back or terms.builds_keep == 0}
            builds = {sid for sid in builds if seen.is_old(seen.builds[sid], "date_created", terms.older_than)}
        held = {asset for sid in seen.builds.keys() - builds for asset in seen.holds(sid)}
        assets = {
            sid
            for sid in ours - held
            if seen.is_old(seen.assets[sid], "date_updated", terms.older_than)
            and all(seen.is_old(each, "date_created", terms.older_than) for each in seen.versions[sid])
        }
        return builds, assets


def _name(owner: str, environment: str) -> str:
    return f"pr-{owner}" if environment == PREVIEW else environment


def _before(history: list[Json], live: str | None) -> str | None:
    """Where going back leads: to what was live before the Build that is, as far as nothing was gone back over."""
    stack: list[str] = []
    for each in reversed(history):
        build = each["build_sid"]
        if build in stack:
            stack = stack[: stack.index(build) + 1]
        elif build:
            stack = [*stack, build]
    return next((build for build in reversed(stack) if build != live), None)


def _pick(things: Sequence[T], number: int) -> T:
    return things[number % len(things)]


LONG = os.environ.get("ASSETSYNC_HYPOTHESIS") == "long"
TestCollections = Collections.TestCase
TestCollections.settings = settings(
    max_examples=25 if LONG else 5,
    stateful_step_count=1000 if LONG else 25,
    suppress_health_check=list(HealthCheck),
)
if LONG:
    pytestmark = pytest.mark.timeout(0)
__all__ = ["TestCollections"]
