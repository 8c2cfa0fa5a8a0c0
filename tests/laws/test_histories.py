"""Random histories of one Service: what three Environments serve is right after every run, whatever happened before.

Two owners, other tools, the service's own clean-up, lost names and dead machines take turns. All choices are numbers
that mean something in every state (modulo what there is), so that a history can be replayed and shrunk.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, rule

from assetsync.errors import AssetsyncError, Conflict
from assetsync.manifest.model import EnvironmentSpec, Folder, Rule
from assetsync.model import Visibility
from tests.fakes.world import SERVICE, Killed, Machine, Project, World
from tests.laws.oracle import (
    Run,
    Scene,
    Storm,
    Want,
    Witness,
    check_nothing_needless,
    check_served,
    check_untouched,
    look,
    needs_nothing,
    owned,
    read_name,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

ENVIRONMENTS = (EnvironmentSpec("production"), EnvironmentSpec("staging", "stg"), EnvironmentSpec("preview", "pv"))
NAMES = tuple(each.name for each in ENVIRONMENTS)
LONG_PATH = f"{'l' * 120}/{'m' * 124}.txt"
FILES = {
    "website": ("a.txt", "b.txt", "c.html", "d", "d/a.txt", "podcast/x.txt", LONG_PATH),
    "podcast": ("x.txt", "y.html", "z/a.txt"),
}
TARGETS = {"website": "/", "podcast": "/podcast/"}
TYPES = {"txt": "text/plain", "html": "text/html"}
CONTENTS = (b"", b"zero", b"one", b"two", b"three" * 100)
TOOL_PATHS = ("/a.txt", "/tool.txt", "/tool/b.txt", "/podcast/x.txt", "/podcast/tool.txt")
OWNERS = tuple(FILES)
HOURS = (0.1, 2, 24 * 8)

SOME = st.integers(0, 11)
OWNER = st.sampled_from(OWNERS)
ENVIRONMENT = st.sampled_from(NAMES)
CONTENT = st.sampled_from(CONTENTS)


@dataclass
class Owner:
    """What one manifest wants: its files, and rules `(file, Environment or None, visibility, content type)`."""

    project: Project
    files: dict[str, bytes] = field(default_factory=dict)
    rules: list[tuple[str, str | None, str | None, str | None]] = field(default_factory=list)

    def put(self, name: str, content: bytes | None) -> None:
        """A file takes the place of a folder of its name, and a folder that of a file."""
        self.files.pop(name, None)
        if content is not None:
            for other in list(self.files):
                if other.startswith(f"{name}/") or name.startswith(f"{other}/"):
                    del self.files[other]
            self.files[name] = content

    def save(self) -> None:
        target = TARGETS[self.project.name]
        rules = tuple(
            Rule(
                f"/{name}",
                Visibility(visibility) if visibility else None,
                kind,
                environments=(where,) if where else None,
            )
            for name, where, visibility, kind in self.rules
        )
        self.project.folders = (Folder("public", target, Visibility.PUBLIC, rules=rules),)
        self.project.write(self.files)

    def desired(self, environment: str) -> dict[str, Want]:
        target = TARGETS[self.project.name]
        return {target + name: self._want(name, environment) for name in self.files}

    def _want(self, name: str, environment: str) -> Want:
        visibility, kind = "public", TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        for match, where, its_visibility, its_kind in self.rules:
            if where in {None, environment} and (name == match or name.startswith(f"{match}/")):
                visibility, kind = its_visibility or visibility, its_kind or kind
        return Want.of(self.files[name], kind, visibility)


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="histories-"))
        self.world = World(self.folder, build_retention=timedelta(days=7), refuse_empty_files=False)
        self.remote = self.world.remote
        self.witness = Witness()
        self.world.core.faults = self.witness
        self.owners = {
            name: Owner(self.world.project(name, environments=ENVIRONMENTS), {FILES[name][0]: b"one"})
            for name in OWNERS
        }
        for owner in self.owners.values():
            owner.save()
        self.machines = [self._machine(), self._machine()]
        self.known: dict[Path, set[str]] = {}
        self.settled: dict[tuple[str, str], dict[str, Want]] = {}

    def teardown(self) -> None:
        self.world.close()
        shutil.rmtree(self.folder)

    # what people do to their files

    @rule(owner=OWNER, file=SOME, content=CONTENT)
    def edit(self, owner: str, file: int, content: bytes) -> None:
        self._change(owner, {_pick(FILES[owner], file): content})

    @rule(owner=OWNER, file=SOME, other=SOME, kind=st.sampled_from(("remove", "move", "swap", "copy", "clear")))
    def rearrange(self, owner: str, file: int, other: int, kind: str) -> None:
        one, two = _pick(FILES[owner], file), _pick(FILES[owner], other)
        files = self.owners[owner].files
        match kind:
            case "remove":
                self._change(owner, {one: None})
            case "move" if one != two and one in files:
                self._change(owner, {one: None, two: files[one]})
            case "swap":
                self._change(owner, {one: files.get(two), two: files.get(one)})
            case "copy" if one in files:
                self._change(owner, {two: files[one]})
            case "clear":
                self._change(owner, dict.fromkeys(files))
            case _:
                pass

    @rule(
        owner=OWNER,
        file=SOME,
        where=st.sampled_from((None, *NAMES)),
        visibility=st.sampled_from((None, "public", "protected", "private")),
        kind=st.sampled_from((None, "text/plain", "text/markdown; charset=utf-8")),
    )
    def say(self, owner: str, file: int, where: str | None, visibility: str | None, kind: str | None) -> None:
        """A rule more; after four they are all taken back."""
        rules = self.owners[owner].rules
        if len(rules) == 4:
            rules.clear()
        rules.append((_pick(FILES[owner], file), where, visibility, kind))
        self._change(owner, {})

    # runs

    @rule(owner=OWNER, environment=ENVIRONMENT, machine=SOME)
    def apply(self, owner: str, environment: str, machine: int) -> None:
        self._apply(owner, environment, self._chosen(machine))

    @rule(owner=OWNER, machine=SOME, order=st.permutations(NAMES))
    def apply_everywhere(self, owner: str, machine: int, order: list[str]) -> None:
        for environment in order:
            self._apply(owner, environment, self._chosen(machine))

    @rule(
        owner=OWNER,
        environment=ENVIRONMENT,
        machines=st.tuples(SOME, SOME),
        n=st.integers(1, 12),
        before=st.booleans(),
    )
    def killed(self, owner: str, environment: str, machines: tuple[int, int], n: int, before: bool) -> None:
        """Killed at a write, before or after the service did it; the next run finishes, without any override."""
        victim, finisher = map(self._chosen, machines)
        first = {each.reason for each in victim.plan(self.owners[owner].project, environment).refusals}
        run = self._run(owner, environment, victim)
        victim.kill = (n, before)
        try:
            victim.apply(self.owners[owner].project, environment)
        except Killed:
            finished = False
        else:
            finished = True
        victim.kill = (0, True)
        after = self._look()
        check_untouched(run, after, self.witness)
        acknowledged = self.witness.sent
        if not finished and not before and len(self.witness.writes) == n and self.witness.writes[-1].upload:
            acknowledged = acknowledged[:-1]
        self._journal(victim).update(each.sid for each in acknowledged)
        if finished or after.at(environment).build != run.before.at(environment).build:
            check_served(run, after, self.witness, self.remote)
        again = {each.reason for each in finisher.plan(self.owners[owner].project, environment).refusals}
        assert again <= first, "the repair of a killed run needs an override that the run did not need"
        self._apply(owner, environment, finisher)

    @rule(owner=OWNER, environment=ENVIRONMENT, machines=st.tuples(SOME, SOME), seed=st.integers(0, 2**16))
    def stormy(self, owner: str, environment: str, machines: tuple[int, int], seed: int) -> None:
        """Two of five requests fail: what is live is as wanted or as it was, and the next run does the rest."""
        self._ensure(environment)
        victim, finisher = map(self._chosen, machines)
        run = self._run(owner, environment, victim)
        storm = self.witness.storm = Storm(seed)
        try:
            victim.apply(self.owners[owner].project, environment)
        except AssetsyncError:
            finished = False
        else:
            finished = True
        self.witness.storm = None
        after = self._look()
        check_untouched(run, after, self.witness)
        self._journal(victim).update(each.sid for each in self.witness.sent if each.sid not in storm.lost)
        if (finished and run.desired) or after.at(environment).build != run.before.at(environment).build:
            check_served(run, after, self.witness, self.remote)
            self._others_change(run)
        self._apply(owner, environment, finisher)

    @rule(owner=OWNER, machine=SOME, builds_keep=st.none() | st.integers(0, 2), hours=st.sampled_from((0, 26)))
    def gc(self, owner: str, machine: int, builds_keep: int | None, hours: int) -> None:
        """Our own clean-up takes nothing that is live, that a Build holds, or that is another's."""
        self._ensure(NAMES[0])
        self.world.pass_time(hours * 3600)
        before = self._look()
        own = owned(before, owner, self.witness)
        swept = self._chosen(machine).gc(self.owners[owner].project, builds_keep)
        after = self._look()
        assert after.live == before.live, "gc changed what is live"
        gone = before.names.keys() - after.names.keys()
        assert gone == {each.sid for each in swept.assets}, "gc took what it did not tell, or told what it did not take"
        assert gone <= own, "gc took what is not ours"
        assert {sid: before.names[sid] for sid in after.names} == after.names, "gc changed a name"
        builds = {each["sid"] for each in self.remote.every(f"/Services/{SERVICE}/Builds")}
        assert builds.isdisjoint(swept.builds)
        assert builds_keep is not None or not swept.builds, "gc took Builds without having been asked to"

    @rule(owner=OWNER, environment=ENVIRONMENT, machine=SOME, how=SOME, content=CONTENT, late=st.booleans())
    def raced(self, owner: str, environment: str, machine: int, how: int, content: bytes, late: bool) -> None:
        """Somebody deploys while we upload, or in the moment before our Deployment: theirs stays live, we conflict."""
        self._ensure(environment)
        self._settle_nothing(environment)
        chosen = self._chosen(machine)
        run = self._run(owner, environment, chosen)
        theirs: list[str | None] = []

        def act() -> None:
            ours = list(self.witness.writes)
            self._meanwhile(owner, environment, how, content)
            self.witness.writes[:] = ours
            theirs.append(self._look().at(environment).build)

        crossed = False
        self.witness.before_deployment = act if late else None
        try:
            chosen.apply(self.owners[owner].project, environment, meanwhile=None if late else lambda _plan: act())
        except Conflict:
            crossed = True
        self.witness.before_deployment = None
        self._journal(chosen).update(each.sid for each in self.witness.sent)
        moved = bool(theirs) and theirs[0] != run.before.at(environment).build
        if crossed or self.witness.writes:
            assert crossed == moved, "a conflict is raised when somebody deployed, and only then"
        if moved:
            assert self._look().at(environment).build == theirs[0], "the other's Deployment was not left live"
        self._apply(owner, environment, chosen)

    @rule(owner=OWNER, environments=st.tuples(ENVIRONMENT, ENVIRONMENT), machines=st.tuples(SOME, SOME))
    def together(self, owner: str, environments: tuple[str, str], machines: tuple[int, int]) -> None:
        """Two pipelines of one owner in two Environments at the very same time: both serve what is wanted."""
        one, two = environments
        if one == two:
            return
        self._ensure(one)
        self._ensure(two)
        self.settled.clear()
        desired = self.owners[owner].desired
        run = self._run(owner, one, self._chosen(machines[0]))

        def other(_plan: object) -> None:
            self._fresh().apply(self.owners[owner].project, two)

        self._chosen(machines[0]).apply(self.owners[owner].project, one, meanwhile=other)
        after = self._look()
        check_served(run, after, self.witness, self.remote)
        check_served(Run(owner, two, desired(two), run.before, frozenset()), after, self.witness, self.remote)

    # what others do

    @rule(environment=ENVIRONMENT, path=st.sampled_from(TOOL_PATHS), content=CONTENT, drop=SOME, private=st.booleans())
    def tool_deploys(self, environment: str, path: str, content: bytes, drop: int, private: bool) -> None:
        """Another tool adds a file of its own and may drop others: it takes the path over."""
        self._ensure(environment)
        self._settle_nothing(environment)
        self._tool_deploys(environment, path, content, drop=drop, visibility="private" if private else "public")

    @rule(environment=ENVIRONMENT, content=CONTENT, runtime=st.sampled_from(("node18", "node20")))
    def tool_adds_function(self, environment: str, content: bytes, runtime: str) -> None:
        self._ensure(environment)
        function = self.remote.post(f"/Services/{SERVICE}/Functions", {"FriendlyName": "fn"})["sid"]
        answer = self.remote.http.post(
            f"/v1/Services/{SERVICE}/Functions/{function}/Versions",
            data={"Path": "/fn", "Visibility": "public"},
            files={"Content": ("fn.js", b"exports.handler=1;" + content, "application/javascript")},
        )
        assert answer.status_code == 201, answer.text
        live = self._look().at(environment)
        more: dict[str, Any] = {
            "FunctionVersions": [answer.json()["sid"]],
            "Dependencies": '[{"name":"left-pad","version":"1.3.0"}]',
            "Runtime": runtime,
        }
        self.remote.deploy(environment, self.remote.build([each[0] for each in live.versions.values()], **more))

    @rule(environment=ENVIRONMENT, which=SOME, content=CONTENT)
    def tool_writes_into_any_asset(self, environment: str, which: int, content: bytes) -> None:
        """Another tool puts a Version of its own into an Asset that is live, ours perhaps, and deploys it."""
        live = self._look().at(environment)
        if not live.versions:
            return
        self._settle_nothing(environment)
        path = _pick(sorted(live.versions), which)
        version, asset, visibility = live.versions[path]
        new = self.remote.upload(asset, path, content, visibility=visibility)
        self._rebuild(environment, {each[0] for each in live.versions.values()} - {version} | {new})

    @rule(source=ENVIRONMENT, to=ENVIRONMENT)
    def promote(self, source: str, to: str) -> None:
        """Somebody deploys the Build of one Environment in another one."""
        self._ensure(to)
        self._promote(source, to)

    @rule(environment=ENVIRONMENT)
    def undeploy(self, environment: str) -> None:
        if self._look().at(environment).build is not None:
            self._settle_nothing(environment)
            self.remote.deploy(environment, None)

    @rule(which=SOME, source=SOME, kind=st.sampled_from(("clear", "forget", "copy", "give away")))
    def lose_name(self, which: int, source: int, kind: str) -> None:
        """Somebody overwrites a friendly name: with another word, without its entries, by a copy, by another owner."""
        names = dict(sorted(self._look().names.items()))
        if not names:
            return
        self.settled.clear()
        sid, memory = _pick(list(names), which), read_name(_pick(list(names.values()), which))
        name = "no memory"
        if kind == "forget" and memory is not None:
            name = f"{memory[0]} [as1 {memory[1]}]"
        elif kind == "copy":
            name = _pick(list(names.values()), source)
        elif kind == "give away" and memory is not None:
            other = OWNERS[OWNERS[0] == memory[1]]
            name = names[sid].replace(f" [as1 {memory[1]}", f" [as1 {other}")
        self.remote.post(f"/Services/{SERVICE}/Assets/{sid}", {"FriendlyName": name})

    @rule(hours=st.sampled_from(HOURS))
    def collect(self, hours: float) -> None:
        """Time passes, and the service deletes what it deletes."""
        self.world.pass_time(hours * 3600)
        self.world.core.collect()

    @rule(machine=SOME)
    def lose_journal(self, machine: int) -> None:
        chosen = _pick(self.machines, machine)
        shutil.rmtree(chosen.cache, ignore_errors=True)
        self.known.pop(chosen.cache, None)

    # how it is done

    def _change(self, owner: str, files: dict[str, bytes | None]) -> None:
        for name, content in sorted(files.items(), key=lambda each: each[1] is not None):
            self.owners[owner].put(name, content)
        self.owners[owner].save()
        for environment in NAMES:
            if self.settled.get((owner, environment)) != self.owners[owner].desired(environment):
                self.settled.pop((owner, environment), None)

    def _look(self) -> Scene:
        return look(self.remote, SERVICE)

    def _machine(self) -> Machine:
        machine = self.world.machine()
        machine.concurrency = 1
        return machine

    def _fresh(self) -> Machine:
        return self._machine()

    def _chosen(self, number: int) -> Machine:
        """One of the two that remember, or, each third time, a fresh one."""
        return self._fresh() if number % 3 == 2 else self.machines[number % 3]

    def _journal(self, machine: Machine) -> set[str]:
        return self.known.setdefault(machine.cache, set())

    def _run(self, owner: str, environment: str, machine: Machine) -> Run:
        run = Run(
            owner,
            environment,
            self.owners[owner].desired(environment),
            self._look(),
            frozenset(self._journal(machine)),
        )
        self.witness.begin()
        return run

    def _apply(self, owner: str, environment: str, machine: Machine) -> None:
        """Apply, and hold the outcome against every law."""
        project = self.owners[owner].project
        run = self._run(owner, environment, machine)
        machine.apply(project, environment)
        self._journal(machine).update(each.sid for each in self.witness.sent)
        after = self._look()
        check_untouched(run, after, self.witness)
        if run.desired or run.before.at(environment).build:
            check_served(run, after, self.witness, self.remote)
        check_nothing_needless(run, self.witness, self._exists)
        if needs_nothing(run, self.witness):
            assert not self.witness.writes, "everything was as wanted, and something was written"
        for again in (machine, self._fresh()):
            self.witness.begin()
            prepared, _ = again.apply(project, environment)
            assert not prepared.plan.build_needed, "the second plan is not empty"
            assert not self.witness.writes, "the second run wrote something"
        self._others_change(run)
        self.settled[owner, environment] = dict(run.desired)
        for (who, where), desired in self.settled.items():
            if where != environment and desired == self.owners[who].desired(where):
                plan = self._fresh().plan(self.owners[who].project, where).plan
                assert not plan.changes, f"a run in {environment} disturbed the plan of {where}"

    def _exists(self, asset: str, version: str) -> bool:
        """Nothing is collected during a run: what exists after it existed before."""
        return self.remote.http.get(f"/v1/Services/{SERVICE}/Assets/{asset}/Versions/{version}").status_code == 200

    def _others_change(self, run: Run) -> None:
        """Another owner whose Version this run replaced is no longer served what it wants."""
        lost = run.before.at(run.environment).versions.keys() & run.desired.keys()
        for owner in OWNERS:
            if owner != run.owner and lost & self.owners[owner].desired(run.environment).keys():
                self.settled.pop((owner, run.environment), None)

    def _settle_nothing(self, environment: str) -> None:
        for owner in OWNERS:
            self.settled.pop((owner, environment), None)

    def _ensure(self, environment: str) -> None:
        """Another tool makes the Service and the Environment where they are missing."""
        if self.remote.http.get(f"/v1/Services/{SERVICE}").status_code == 404:
            self.remote.post("/Services", {"UniqueName": SERVICE, "FriendlyName": "tool"})
        if environment not in self._look().live:
            suffix = next(each.suffix for each in ENVIRONMENTS if each.name == environment)
            data = {"UniqueName": environment, **({"DomainSuffix": suffix} if suffix else {})}
            self.remote.post(f"/Services/{SERVICE}/Environments", data)

    def _rebuild(self, environment: str, versions: set[str]) -> None:
        live = self._look().at(environment)
        more: dict[str, Any] = {}
        if live.functions:
            more = {
                "FunctionVersions": sorted(live.functions),
                "Dependencies": live.dependencies,
                "Runtime": live.runtime,
            }
        self.remote.deploy(environment, self.remote.build(sorted(versions), **more))

    def _tool_deploys(
        self, environment: str, path: str, content: bytes, *, drop: int = 11, visibility: str = "public"
    ) -> None:
        asset = self.remote.new_asset(path)
        version = self.remote.upload(asset, path, content, visibility=visibility)
        live = self._look().at(environment).versions
        kept = [each[0] for at, each in sorted(live.items()) if at != path]
        if drop < len(kept):
            del kept[drop]
        self._rebuild(environment, {version, *kept})

    def _promote(self, source: str, target: str) -> None:
        scene = self._look()
        build = scene.at(source).build
        if build is not None and build != scene.at(target).build:
            self._settle_nothing(target)
            self.remote.deploy(target, build)

    def _meanwhile(self, owner: str, environment: str, how: int, content: bytes) -> None:
        """What happens between a plan and its Deployment."""
        match how % 4:
            case 0:
                self._tool_deploys(environment, _pick(TOOL_PATHS, how), content)
            case 1:
                self._promote(NAMES[how % 3], environment)
            case 2:
                if self._look().at(environment).build is not None:
                    self.remote.deploy(environment, None)
            case _:
                other = OWNERS[OWNERS[0] == owner]
                with suppress(Conflict):
                    self._fresh().apply(self.owners[other].project, environment)


def _pick(things: Sequence[T], number: int) -> T:
    return things[number % len(things)]


LONG = os.environ.get("ASSETSYNC_HYPOTHESIS") == "long"
TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=25 if LONG else 20,
    stateful_step_count=1000 if LONG else 40,
    suppress_health_check=list(HealthCheck),
)
if LONG:
    pytestmark = pytest.mark.timeout(0)
__all__ = ["TestHistories"]
