"""The client is killed by SIGKILL at every write: what is served is old or new, and the next run finishes the work.

By default two writes of each kind, one before it was worked on and one after it; with ASSETSYNC_LONG=1 every write,
before and after.
"""

from __future__ import annotations

import shutil
import signal
from collections import Counter
from dataclasses import dataclass
from itertools import count, product
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.cli.stage import PATIENCE, Running, clean_environment, connect
from tests.laws.oracle import Witness
from tests.reliability import change_set
from tests.reliability.change_set import CHANGED, CONSENTS, ENVIRONMENT, NEW, OLD, OLDER, SENT, WRITES, Page
from tests.reliability.figures import LONG, note
from tests.reliability.ground import Ground, Journalled
from tests.reliability.kill_switch import KillSwitch, kind_of
from tests.reliability.launcher import Launcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.stage import Json, Outside

SUITE = "crash matrix"
KEPT_FOREIGN = {"/foreign.txt", "/images/foreign.txt", "/private.txt"}


@dataclass(frozen=True, slots=True)
class Kill:
    """The client is killed at the `rank`-th write of a kind, `concurrency` being its own."""

    kind: str
    rank: int
    before: bool
    concurrency: int = 4

    def __str__(self) -> str:
        return f"{'before' if self.before else 'after'} {self.kind} {self.rank}, concurrency {self.concurrency}"


def _kills() -> Iterator[Kill]:
    """One write at a time is exact, many at a time is what users run: the concurrency goes round.

    Not so many where an answer may have come that is not in the journal yet: else little would be held to be there.
    """
    turns = count()
    for kind, writes in WRITES.items():
        everything = product(range(1, writes + 1), (True, False))
        for rank, before in everything if LONG else zip(_sampled(kind, writes), (True, False), strict=True):
            many = (1, 4, 4) if kind in {"asset", "version"} else (1, 4, 50)
            yield Kill(kind, rank, before, many[next(turns) % 3])


def _sampled(kind: str, writes: int) -> tuple[int, int]:
    """Two writes of each kind, so that over the kinds the first, a middle and the last are met before and after."""
    first, middle, last = 1, (writes + 1) // 2, writes
    return {"asset": (first, middle), "version": (last, first), "name": (middle, last)}.get(kind, (first, last))


FIRST_FILES = {"index.html": b"<h1>first</h1>", "a.txt": b"a", "b.txt": b"b" * 9000}
FIRST_KILLS = tuple(
    Kill(kind, 1, before)
    for kind in ("service", "environment", "asset", "version", "build", "name", "deployment")
    for before in (True, False)
    if LONG or (kind, before) in {("service", False), ("environment", True)}
)


@dataclass(frozen=True, slots=True)
class Before:
    """The state before the change, as an outsider sees it."""

    ground: Ground
    foreign: Json
    build: Json
    journal: Journalled


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as started:
        yield started


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, launcher: Launcher) -> Iterator[Before]:
    """The old site is live beside foreign files and a Function; the folder and the manifest are the new ones."""
    with Ground(tmp_path_factory.mktemp("crash"), launcher) as ground:
        public = ground.project / "public"
        with ground.serving(ground.service) as outside:
            outside.new_service((ENVIRONMENT, ""))
            ground.manifest(change_set.OLD_RULES)
            change_set.write(public, OLD | OLDER)
            ground.apply(outside, ground.cache)
            change_set.write(public, OLD, OLDER)
            ground.apply(outside, ground.cache)
            publish_foreign(outside)
            assert visit(outside) == change_set.old_site()
            ground.manifest(change_set.NEW_RULES)
            change_set.write(public, NEW, OLD)
            found = Before(ground, foreign(outside), live(outside), Journalled.read(ground.cache))
        yield found


@pytest.mark.parametrize("kill", tuple(_kills()), ids=str)
def test_killed_at_a_write_it_serves_old_or_new_and_the_next_run_finishes_the_work(
    before: Before, kill: Kill, tmp_path: Path
) -> None:
    ground, switch = before.ground, KillSwitch(kill.kind, kill.rank, before=kill.before)
    state, cache, twin = tmp_path / "service", tmp_path / "cache", tmp_path / "twin"
    shutil.copytree(ground.service, state)
    shutil.copytree(ground.cache, cache)
    apply = ("apply", "--yes", *CONSENTS, "--concurrency", str(kill.concurrency))
    with ground.serving(state, switch) as outside, switch:
        variables = ground.variables(outside, cache)
        with ground.launcher.start(*apply, cwd=ground.project, **variables) as victim:
            switch.wait()
            victim.kill()
    assert switch.writes[kill.kind] == kill.rank - kill.before, "another write of this kind was worked on"
    journalled = Journalled.read(cache).since(before.journal)
    check_journal(journalled, switch, kill)
    remembered = {switch.witness.uploads[sid].path for sid in journalled.versions}
    deployed = switch.writes["deployment"] == 1
    shutil.copytree(state, twin)

    with ground.serving(state) as outside:
        assert visit(outside) == (change_set.new_site() if deployed else change_set.old_site())
        check_whole(outside, before)
        again = finish(outside, before, cache)
        sent = Counter(each.path for each in again.sent)
        assert sent == Counter(set() if deployed else SENT - remembered), "not just what was not acknowledged was sent"
        assert new_assets(again) == (0 if deployed else WRITES["asset"] - len(journalled.assets))
        ground.empty_plan(outside, tmp_path / "another")
    with ground.serving(twin) as outside:
        elsewhere = finish(outside, before, tmp_path / "fresh")
        assert Counter(each.path for each in elsewhere.sent) <= Counter(SENT), "it sent what it need not"
    note(
        SUITE,
        kills=1,
        served_old=int(not deployed),
        served_new=int(deployed),
        journalled=len(remembered),
        sent_again=len(sent.keys() & remembered),
    )


@pytest.mark.parametrize("kill", FIRST_KILLS, ids=str)
def test_a_first_apply_that_is_killed_is_finished_and_makes_no_second_service_or_environment(
    launcher: Launcher, kill: Kill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `python -m assetsync` of its own, as a user starts it."""
    switch = KillSwitch(kill.kind, kill.rank, before=kill.before)
    clean_environment(monkeypatch, tmp_path)
    with Ground(tmp_path, launcher) as ground:
        ground.manifest()
        change_set.write(ground.project / "public", FIRST_FILES)
        with ground.serving(ground.service, switch) as outside, switch:
            connect(monkeypatch, outside.emulator)
            arguments = ("apply", "--yes", "--create-service", "--concurrency", str(kill.concurrency))
            with Running(*arguments, cwd=ground.project) as victim:
                switch.wait()
                victim.process.kill()
                assert victim.process.wait(PATIENCE) == -signal.SIGKILL
        shutil.copytree(ground.service, tmp_path / "twin")
        for state, cache in ((ground.service, tmp_path / "cache"), (tmp_path / "twin", tmp_path / "fresh")):
            with ground.serving(state) as outside:
                ground.apply(outside, cache, "--create-service")
                served = change_set.visit(outside, (f"/{name}" for name in FIRST_FILES))
                assert served == {
                    f"/{name}": Page(200, content, change_set.TYPES[name.rpartition(".")[2]])
                    for name, content in FIRST_FILES.items()
                }
                ground.empty_plan(outside, cache)
                assert len(services(outside)) == 1
                assert len(outside.every("/Environments")) == 1
    note(SUITE, kills=1, first_applies=1)


def test_the_change_without_a_kill_makes_the_writes_that_the_matrix_counts(before: Before, tmp_path: Path) -> None:
    ground, switch = before.ground, KillSwitch("none", 0, before=True)
    assert len(CHANGED) == 40 + 6, "a rename changes two paths"
    shutil.copytree(ground.service, tmp_path / "service")
    shutil.copytree(ground.cache, tmp_path / "cache")
    with ground.serving(tmp_path / "service", switch) as outside:
        summary = ground.apply(outside, tmp_path / "cache", *CONSENTS)["summary"]
        kinds = ("create", "upload", "restore", "rename", "delete", "replaced")
        assert tuple(summary[each] for each in kinds) == (12, 12, 6, 6, 4, 4)
        assert visit(outside) == change_set.new_site()
        check_whole(outside, before)
    assert switch.writes == WRITES


def check_journal(journalled: Journalled, switch: KillSwitch, kill: Kill) -> None:
    """What stands in the journal is true, and what was acknowledged stands there.

    A thread writes the row of one upload before it sends anything else. So of the threads that had no request held,
    each can have died between an answer and its row; once the uploads are done, none can.
    """
    for sid, (asset, sha256) in journalled.versions.items():
        upload = switch.witness.uploads[sid]
        assert (upload.asset, upload.want.sha256[:24]) == (asset, sha256)
    missing = switch.acknowledged - journalled.versions.keys()
    assert len(missing) <= (kill.concurrency - 1 if kill.kind in {"asset", "version"} else 0)


def finish(outside: Outside, before: Before, cache: Path) -> Witness:
    """The next run, which must be enough, and what it wrote."""
    ground, witness = before.ground, Witness()
    deployed = live(outside)["sid"] != before.build["sid"]
    outside.emulator.core.faults = witness
    document = ground.apply(outside, cache, *CONSENTS)
    planned = {each[key] for each in document["actions"] for key in ("path", "previous_path") if each[key]}
    assert planned <= SENT if deployed else planned == CHANGED, "leftovers, or what did not change, are in the plan"
    assert {each.method for each in witness.writes} <= {"POST"}, "an apply deletes nothing"
    assert visit(outside) == change_set.new_site()
    check_whole(outside, before)
    plan = ground.empty_plan(outside, cache)
    assert plan["summary"]["unchanged"] == len(NEW)
    assert {each["path"] for each in plan["carried"]} == KEPT_FOREIGN
    return witness


def new_assets(witness: Witness) -> int:
    return sum(kind_of(each.method, each.path) == "asset" for each in witness.writes)


def check_whole(outside: Outside, before: Before) -> None:
    """Nothing foreign was touched, no Build holds a path or an Asset twice, and the Function has what it needs."""
    assert foreign(outside) == before.foreign
    for build in outside.every("/Builds"):
        paths = Counter(each["path"] for each in (*build["asset_versions"], *build["function_versions"]))
        assets = Counter(each["asset_sid"] for each in build["asset_versions"])
        assert {*paths.values(), *assets.values()} == {1}, f"twice in one Build: {paths + assets}"
    now = live(outside)
    assert (now["function_versions"], now["runtime"]) == (before.build["function_versions"], before.build["runtime"])
    assert in_order(now["dependencies"]) == in_order(before.build["dependencies"])
    kept = [[each for each in build["asset_versions"] if each["path"] in KEPT_FOREIGN] for build in (now, before.build)]
    assert in_order(kept[0]) == in_order(kept[1])


def publish_foreign(outside: Outside) -> None:
    """Another tool puts its own beside ours."""
    versions = [outside.upload(path, content) for path, content in change_set.FOREIGN.items()]
    versions.append(outside.upload("/private.txt", b"for Functions only", visibility="private"))
    function = outside.upload(change_set.FUNCTION, b"exports.handler = 0", kind="Functions")
    ours = [each["sid"] for each in live(outside)["asset_versions"]]
    needs = {"Dependencies": '[{"name": "lodash", "version": "4.17.20"}]', "Runtime": "node20"}
    outside.publish(ENVIRONMENT, *ours, *versions, functions=(function,), **needs)


def foreign(outside: Outside) -> Json:
    """All that can be read of every Asset that does not bear our memory, and of every Function."""
    found = {
        kind: [each for each in outside.every(f"/{kind}") if "[as1 " not in each["friendly_name"]]
        for kind in ("Assets", "Functions")
    }
    versions = {
        each["sid"]: outside.every(f"/{kind}/{each['sid']}/Versions") for kind, items in found.items() for each in items
    }
    return found | {"versions": versions}


def live(outside: Outside) -> Json:
    found = outside.live(ENVIRONMENT)
    assert found is not None
    return found


def visit(outside: Outside) -> change_set.Site:
    return change_set.visit(outside, change_set.old_site())


def services(outside: Outside) -> list[Json]:
    account = outside.emulator.core.account
    answer = httpx.get(f"{outside.emulator.url}/v1/Services", auth=(account.sid, account.auth_token), trust_env=False)
    found: list[Json] = answer.json()["services"]
    return found


def in_order(items: list[Json]) -> list[Any]:
    return sorted(sorted((key, str(value)) for key, value in each.items()) for each in items)
