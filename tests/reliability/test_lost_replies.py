"""A write that the service has done although nobody heard so is not done twice: objects are counted from outside.

By default the first write of each kind loses its reply in each way; with ASSETSYNC_LONG=1 every write does.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.emulator.faults.document import parse_faults
from tests.reliability.change_set import write
from tests.reliability.figures import LONG, note
from tests.reliability.kill_switch import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.cli.stage import Json, Stage

SUITE = "lost replies"
LOSSES = {
    "cut": "drop: true, after_work: true",
    "502": "answer: 502, after_work: true",
    "504": "answer: 504, after_work: true",
    "truncated": "truncate: 20",
    "malformed": "malformed: true",
    "not JSON": "content_type: text/html",
    "hollow": "answer: 201, body: '{}', content_type: application/json, after_work: true",
}
"""Ways in which the reply to a write that was done is of no use, as in a fault file."""

FILES = {"index.html": b"<h1>", "css/a.css": b"a{}", "js/a.js": b"1"}
OLDER = FILES | {"back.txt": b"first"}
OLD = FILES | {"back.txt": b"second", "old.txt": b"the same text", "gone.txt": b"gone"}
NEW = FILES | {"index.html": b"<h2>", "back.txt": b"first", "new.txt": b"the same text", "late.txt": b"late"}

FIRST_WRITES = {"service": 1, "environment": 1, "asset": 3, "version": 3, "name": 3, "build": 1, "deployment": 1}
UPDATE_WRITES = {"asset": 1, "version": 3, "name": 3, "build": 1, "deployment": 1}
LOOKED_FOR = ("service", "environment", "asset", "build", "deployment")
"""What is looked for when its reply was lost; Versions and names are simply sent again."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many objects there are: Services of the account, the rest of one Service."""

    services: int = 0
    environments: int = 0
    assets: int = 0
    versions: int = 0
    builds: int = 0
    deployments: int = 0

    @classmethod
    def of(cls, stage: Stage) -> Counts:
        account = stage.emulator.core.account
        with httpx.Client(auth=(account.sid, account.auth_token), trust_env=False, timeout=30) as client:

            def every(path: str) -> list[Json]:
                answer = client.get(f"{stage.emulator.url}/v1/Services{path}", params={"PageSize": 1000})
                if answer.status_code == 404:
                    return []
                page = answer.json()
                assert page["meta"]["next_page_url"] is None
                found: list[Json] = page[page["meta"]["key"]]
                return found

            place = f"/{stage.service}"
            environments, assets = every(f"{place}/Environments"), every(f"{place}/Assets")
            return cls(
                len(every("")),
                len(environments),
                len(assets),
                sum(len(every(f"{place}/Assets/{each['sid']}/Versions")) for each in assets),
                len(every(f"{place}/Builds")),
                sum(len(every(f"{place}/Environments/{each['sid']}/Deployments")) for each in environments),
            )

    def minus(self, earlier: Counts) -> Counts:
        mine, its = asdict(self), asdict(earlier)
        return Counts(**{name: mine[name] - its[name] for name in mine})


def _cases(writes: Mapping[str, int], losses: Iterable[str]) -> list[tuple[str, int, str]]:
    """Kind, rank, and how its reply is lost. A hollow reply to an upload has a test of its own."""
    return [
        (kind, rank, loss)
        for kind, count in writes.items()
        for rank in range(1, count + 1 if LONG else 2)
        for loss in losses
        if (kind, loss) != ("version", "hollow")
    ]


@pytest.fixture
def updated(stage: Stage) -> Stage:
    """A live site whose folder has changed: one file each to create, upload, restore, rename and delete."""
    public = stage.root / "public"
    write(public, OLDER)
    stage.apply()
    write(public, OLD)
    stage.apply()
    write(public, NEW, OLD)
    return stage


@pytest.mark.parametrize(("kind", "rank", "loss"), _cases(FIRST_WRITES, LOSSES))
def test_a_first_apply_makes_nothing_twice_when_a_reply_is_lost(stage: Stage, kind: str, rank: int, loss: str) -> None:
    stage.write(FILES)
    before = Counts.of(stage)
    lose(stage, rule(kind, loss, f"at: {rank}"))
    apply(stage)
    assert struck(stage) == 1
    assert Counts.of(stage).minus(before) == Counts(1, 1, 3, 3 + (kind == "version"), 1, 1)
    check(stage, FILES)
    note(SUITE, runs=1, lost=1)


@pytest.mark.parametrize(("kind", "rank", "loss"), _cases(UPDATE_WRITES, LOSSES if LONG else ("cut", "malformed")))
def test_an_update_makes_nothing_twice_when_a_reply_is_lost(updated: Stage, kind: str, rank: int, loss: str) -> None:
    before = Counts.of(updated)
    lose(updated, rule(kind, loss, f"at: {rank}"))
    summary = apply(updated)["summary"]
    assert [summary[each] for each in ("create", "upload", "restore", "rename", "delete")] == [1] * 5
    assert struck(updated) == 1
    assert Counts.of(updated).minus(before) == Counts(0, 0, 1, 3 + (kind == "version"), 1, 1)
    check(updated, NEW)
    note(SUITE, runs=1, lost=1)


@pytest.mark.parametrize("loss", LOSSES)
def test_taking_all_off_line_is_one_deployment_when_its_reply_is_lost(stage: Stage, loss: str) -> None:
    stage.write(FILES)
    stage.apply()
    write(stage.root / "public", {}, FILES)
    before = Counts.of(stage)
    lose(stage, rule("deployment", loss, "at: 1"))
    apply(stage, "--allow-empty")
    assert struck(stage) == 1
    assert Counts.of(stage).minus(before) == Counts(deployments=1)
    check(stage, {})
    note(SUITE, runs=1, lost=1)


@pytest.mark.parametrize("loss", LOSSES)
def test_where_every_reply_is_lost_what_is_looked_for_is_found_each_time(stage: Stage, loss: str) -> None:
    stage.write(FILES)
    before = Counts.of(stage)
    lose(stage, *(rule(kind, loss) for kind in LOOKED_FOR))
    apply(stage)
    assert struck(stage) == 7
    assert Counts.of(stage).minus(before) == Counts(1, 1, 3, 3, 1, 1)
    check(stage, FILES)
    note(SUITE, runs=1, lost=7)


@pytest.mark.parametrize("seed", range(20 if LONG else 2))
def test_replies_lost_by_chance_in_a_first_apply_and_an_update_make_nothing_twice(stage: Stage, seed: int) -> None:
    """A third of all replies, in every way; Versions and names may be sent several times, and are."""
    public = stage.root / "public"
    old = {f"{number}.txt": f"{number}".encode() for number in range(12)}
    new = {name: b"new" + content for name, content in old.items()} | {"more.txt": b"more", "most.txt": b"most"}
    chances = [
        rule(kind, loss, "chance: 0.05") for kind in KINDS for loss in LOSSES if (kind, loss) != ("version", "hollow")
    ]
    lost = 0
    for files, made in ((old, Counts(1, 1, 12, 12, 1, 1)), (new, Counts(0, 0, 2, 14, 1, 1))):
        write(public, files)
        before = Counts.of(stage)
        lose(stage, *chances, seed=seed)
        stage.run("apply", "--yes", "--create-service").holds(0)
        lost += struck(stage)
        found = Counts.of(stage).minus(before)
        assert replace(found, versions=made.versions) == made, f"seed {seed}"
        assert made.versions <= found.versions
        check(stage, files)
    assert lost
    note(SUITE, runs=2, lost=lost)


def test_an_upload_answered_by_json_without_a_sid_fails_that_file_and_the_next_run_finishes_the_work(
    stage: Stage,
) -> None:
    stage.write(FILES)
    lose(stage, rule("version", "hollow", "at: 2"))
    failed = stage.run("apply", "--yes", "--create-service").holds(1, "is not a ZN SID")
    assert struck(stage) == 1
    assert "/Deployments" not in "".join(path for _, path in failed.writes)
    before = Counts.of(stage)
    apply(stage)
    assert Counts.of(stage).minus(before) == Counts(versions=1, builds=1, deployments=1)
    check(stage, FILES)
    note(SUITE, runs=1, lost=1)


def rule(kind: str, loss: str, when: str = "") -> str:
    return f"{{match: POST {KINDS[kind]}, {LOSSES[loss]}{', ' if when else ''}{when}}}"


def lose(stage: Stage, *rules: str, seed: int = 0) -> None:
    """Put these rules of a fault file in force."""
    text = "".join(f"\n  - {each}" for each in rules)
    stage.emulator.core.bend(parse_faults(f"seed: {seed}\nrules:{text}\n".encode(), "faults"))


def struck(stage: Stage) -> int:
    """How many replies were lost; none is from now on."""
    rules = stage.emulator.core.faults_as_json()["rules"]
    stage.emulator.core.bend(None)
    return sum(each["struck"] for each in rules)


def apply(stage: Stage, *arguments: str) -> Json:
    """The document of an apply that did all that it was to do."""
    document = stage.run("apply", "--yes", "--create-service", "--format", "json", *arguments).holds(0).plan
    assert document["result"]["warnings"] == []
    return document


def check(stage: Stage, files: Mapping[str, bytes]) -> None:
    """These files are served and no others, and another machine has nothing to do."""
    assert stage.outside.paths().keys() == {f"/{name}" for name in files}
    for name, content in files.items():
        page = stage.outside.visit(f"/{name}")
        assert (page.status_code, page.content) == (200, content)
    with pytest.MonkeyPatch.context() as machine:
        machine.setenv("ASSETSYNC_CACHE_DIR", str(stage.root.parent / "another machine"))
        stage.run("plan", "--detailed-exitcode", "--allow-empty").holds(0)
