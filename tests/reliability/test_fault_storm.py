"""A quarter of all requests fails, in every way: an apply ends in the new content or, with a sentence, in the old.

Each seed is a story: a first apply and an update, each in a storm of its own, beside foreign assets and a Function. By
default a few stories, one of them of 500 files; with ASSETSYNC_LONG=1 twenty of 500. What a visitor gets is read with
plain httpx. Waits are shortened, but for the story of a process of its own.
"""

from __future__ import annotations

import random
import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.emulator.faults.document import parse_faults
from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import Settings, Synchronous
from tests.cli.stage import Outside, Stage, connect, run_process
from tests.fakes.clock import HastyClock
from tests.reliability.figures import LONG, note

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.cli.stage import Json, Ran

SUITE = "fault storm"
pytestmark = pytest.mark.timeout(900 if LONG else 290)

_ANSWERS = (
    "answer: 429",
    "answer: 429, retry_after: 1",
    "answer: 500",
    "answer: 500, after_work: true",
    "answer: 502",
    "answer: 502, after_work: true",
    "answer: 503, retry_after: 1",
    "answer: 503, after_work: true",
    "drop: true",
    "drop: true, after_work: true",
    "truncate: 25",
    "malformed: true",
    "content_type: text/html",
)
FOREIGN = {"/theirs.txt": b"of another tool", "/their/other.txt": b"of another tool too"}
TRIES = 8
"""So many runs in a storm at most until one succeeds; where one in a hundred fails, the eighth is not seen."""

BLUNDERS = re.compile("Traceback|internal error")


@dataclass(frozen=True, slots=True)
class Weather:
    """How large a share of the requests that `match` fails."""

    share: float = 0.25
    match: str = "/v1/**"

    def file(self, seed: int) -> bytes:
        """A fault file in which each kind of failure is as frequent as the others."""
        chance = 1 - (1 - self.share) ** (1 / len(_ANSWERS))
        rules = [f"  - {{match: {self.match}, chance: {chance:.5f}, {answer}}}" for answer in _ANSWERS]
        return "\n".join((f"seed: {seed}", "rules:", *rules)).encode()

    def __str__(self) -> str:
        return f"{self.share:.0%} of {self.match}"


QUARTER = Weather()
WORSE = (Weather(0.6), Weather(0.85, "POST /v1/**/Versions"), Weather(0.9, "/v1/**/Deployments"))
"""Of a quarter hardly any request fails for good; these days are for what happens when some do."""


@dataclass
class Struck:
    """What the storms of a story did: requests that came, and those that failed."""

    requests: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Wreath:
    """What is foreign in the Service: Assets and their names, the Function's Version."""

    assets: Mapping[str, str]
    function: str


class Story:
    """A Service in which foreign things are live beside ours, and the folder that becomes ours."""

    def __init__(self, stage: Stage, seed: int, files: int, weather: Weather = QUARTER) -> None:
        self.stage, self.outside, self.seed, self.weather = stage, stage.outside, seed, weather
        self.struck = Struck()
        self.storms = 0
        self._random = random.Random(seed)
        self.old: dict[str, bytes] = {}
        self.new = {self._name(number): self._content() for number in range(files)}
        self.outside.new_service(("production", ""), ("staging", "stg"))
        versions = [self.outside.upload(path, content) for path, content in FOREIGN.items()]
        function = self.outside.upload("/hello", b"exports.handler = 0", kind="Functions")
        self.outside.publish("production", *versions, functions=(function,))
        self.outside.upload("/loose.txt", b"a foreign asset that nobody serves")
        self.foreign = Wreath(self.outside.assets(), function)
        self.host = self.outside.environment("production")["domain_name"]
        stage.write(self.new)

    def _name(self, number: int) -> str:
        return f"{'abc'[number % 3]}/{number:03}.{('html', 'css', 'js', 'txt')[number % 4]}"

    def _content(self) -> bytes:
        return self._random.randbytes(self._random.choice((1, 20, 400, 3000)))

    def change(self) -> None:
        """Edits, deletes, moves and new files, of each a part."""
        self.old = dict(self.new)
        for name, content in self.old.items():
            match self._random.randrange(8):
                case 0 | 1:
                    self.new[name] = b"edited" + content
                case 2:
                    del self.new[name]
                case 3:
                    self.new[f"moved/{name}"] = self.new.pop(name)
                case _:
                    pass
        self.new |= {f"new/{number}.txt": self._content() for number in range(len(self.old) // 10)}
        for name in self.old.keys() - self.new.keys():
            (self.stage.root / "public" / name).unlink()
        self.stage.write({name: content for name, content in self.new.items() if self.old.get(name) != content})

    def visit(self) -> dict[str, bytes | None]:
        """What a visitor gets at every path of before and after; None where there is nothing."""
        emulator = self.stage.emulator
        paths = FOREIGN.keys() | {f"/{name}" for name in self.old.keys() | self.new.keys()}
        headers = {"Host": f"{self.host}:{emulator.port}"}
        with httpx.Client(base_url=emulator.url, headers=headers, trust_env=False, timeout=30) as visitor:
            answers = {path: visitor.get(path) for path in sorted(paths)}
        assert {answer.status_code for answer in answers.values()} <= {200, 404}
        return {path: answer.content if answer.status_code == 200 else None for path, answer in answers.items()}

    def site(self, files: Mapping[str, bytes]) -> dict[str, bytes | None]:
        """What a visitor should get where these files are live."""
        every = {f"/{name}": files.get(name) for name in self.old.keys() | self.new.keys()}
        return every | FOREIGN

    @contextmanager
    def storm(self) -> Iterator[None]:
        """Another storm each time, the same in each run of the story."""
        core = self.stage.emulator.core
        self.storms += 1
        core.bend(parse_faults(self.weather.file(self.seed * 1000 + self.storms), "storm.yaml"))
        try:
            yield
        finally:
            rules = core.faults_as_json()["rules"]
            self.struck.requests += rules[0]["calls"]
            self.struck.failed += sum(rule["struck"] for rule in rules)
            core.bend(None)

    def run(self, *arguments: str) -> Ran:
        """A command in the storm; what it does to the service is what it may do."""
        with self.storm():
            ran = self.stage.run(*arguments)
        assert not BLUNDERS.search(ran.said), ran.said
        touched = [path for method, path in ran.writes for sid in self.foreign.assets if sid in path]
        assert not touched, f"foreign Assets were written to: {touched}"
        return ran

    def apply(self) -> Ran:
        return self.run("apply", "--yes", "--format", "json", "--allow-deletes")

    def check_untouched(self) -> None:
        """What is foreign is as it was, and no Build holds a path or an Asset twice."""
        assets = self.outside.assets()
        assert {sid: assets.get(sid) for sid in self.foreign.assets} == self.foreign.assets
        for sid in self.foreign.assets:
            assert len(self.outside.every(f"/Assets/{sid}/Versions")) == 1
        for build in self.outside.get("/Builds", PageSize=1000)["builds"]:
            paths = [each["path"] for each in build["asset_versions"]]
            assert len(set(paths)) == len(paths), "a path twice in a Build"
        live = self.outside.live()
        assert live is not None
        assert [each["sid"] for each in live["function_versions"]] == [self.foreign.function]

    def counts(self) -> tuple[int, int]:
        sid = self.outside.environment("production")["sid"]
        builds, deployments = self.outside.every("/Builds"), self.outside.every(f"/Environments/{sid}/Deployments")
        return len(builds), len(deployments)

    def brave(self) -> int:
        """One apply in the storm, held against the law; its exit code."""
        builds, deployments = self.counts()
        assets = len(self.outside.assets())
        ran = self.apply()
        live = self.visit()
        self.check_untouched()
        if ran.code == 0:
            assert live == self.site(self.new)
            assert self.counts() == (builds + 1, deployments + 1), "one Build and one Deployment"
            assert len(self.outside.assets()) == assets + ran.document["summary"]["create"], "one Asset a path"
        else:
            assert ran.code == 1, ran.said
            self._check_failure(ran.document["errors"], live)
        return ran.code

    def _check_failure(self, errors: list[Json], live: dict[str, bytes | None]) -> None:
        """A sentence for each file that failed, or for the one thing that did; the old content is live.

        Where no look could tell whether the Deployment happened, the new one may be, and its Build is named.
        """
        assert errors
        assert all(each["exit_code"] == 1 and " " in each["message"] for each in errors)
        failed = [each["path"] for each in errors if "path" in each]
        assert len(set(failed)) == len(failed)
        assert set(failed) <= {f"/{name}" for name in self.new}
        assert len(failed) in {0, len(errors)}
        if live != self.site(self.old):
            assert live == self.site(self.new)
            assert [each["kind"] for each in errors] == ["OutcomeUnknown"]
            build = self.outside.environment("production")["build_sid"]
            assert f"create Deployment of Build {build}" in errors[0]["message"]

    def converge(self, *, calm: bool) -> int:
        """Run again until it succeeds: without faults it does at once. How many runs that took."""
        for turn in range(1, TRIES + 1):
            ran = self.stage.run("apply", "--yes", "--allow-deletes") if calm else self.apply()
            live = self.visit() if ran.writes else None  # where nothing was written, what was seen before still holds
            if ran.code == 0:
                assert live in (None, self.site(self.new))
                self.check_untouched()
                assert self.stage.run("plan", "--detailed-exitcode").holds(0).writes == ()
                return turn
            assert not calm, f"without faults the next run succeeds: {ran.said}"
            assert live in (None, self.site(self.old), self.site(self.new))
        pytest.fail(f"{TRIES} runs in a storm and none succeeded")


@pytest.fixture
def hasty(stage: Stage) -> Stage:
    stage.clock = HastyClock()
    return stage


def stories() -> list[tuple[int, int, Weather]]:
    quarter = [(seed, 500) for seed in range(20)] if LONG else [(1, 500), (2, 40), (3, 40)]
    worse = enumerate(WORSE * 10 if LONG else WORSE, start=100)
    return [*((seed, files, QUARTER) for seed, files in quarter), *((seed, 30, weather) for seed, weather in worse)]


@pytest.mark.parametrize(("seed", "files", "weather"), stories(), ids=str)
def test_in_a_storm_an_apply_brings_the_new_content_or_leaves_the_old_and_the_next_one_repairs(
    hasty: Stage, seed: int, files: int, weather: Weather
) -> None:
    story = Story(hasty, seed, files, weather)
    codes = [story.brave()]
    runs = story.converge(calm=weather != QUARTER or seed % 2 == 0)
    story.change()
    codes.append(story.brave())
    runs += story.converge(calm=weather != QUARTER or seed % 2 == 1)
    if weather == QUARTER and story.struck.requests > 1000:
        assert 0.2 < story.struck.failed / story.struck.requests < 0.3
    struck = {"requests": story.struck.requests, "failed_requests": story.struck.failed}
    ends = {"done": codes.count(0), "failed": codes.count(1), "runs_after": runs}
    note(SUITE, stories=1, files=files, share=weather.share, **ends, **struck)


@pytest.mark.parametrize("seed", range(20 if LONG else 1))
def test_in_a_storm_plan_and_status_say_what_they_say_in_calm_or_fail(hasty: Stage, seed: int) -> None:
    """A list of which a part was lost would make deletes. Where nearly all requests fail, some looks do too."""
    story = Story(hasty, seed, 200 if LONG else 40)
    story.converge(calm=True)
    story.change()
    codes = []
    for command in ("plan", "status"):
        calm = story.stage.run(command, "--format", "json").document
        for share in (0.25, 0.25, 0.8, 0.8, 0.8, 0.8, 0.8):
            story.weather = Weather(share)
            ran = story.run(command, "--format", "json", *(["--allow-deletes"] if command == "plan" else []))
            assert ran.writes == ()
            assert ran.code in {0, 1}
            codes.append(ran.code)
            if ran.code == 0:
                assert without_safety(ran.document) == without_safety(calm)
            else:
                assert ran.document["errors"]
    assert 0 in codes
    note(SUITE, looks=len(codes), told_as_in_calm=codes.count(0), failed_looks=codes.count(1))


def without_safety(document: Json) -> Json:
    """The same but for the consents that only one of the two commands was given."""
    return {key: value for key, value in document.items() if key not in {"safety", "errors"}}


class Days:
    """The service's clock, which tests move on."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def pass_by(self, days: int) -> None:
        self._ahead += timedelta(days=days)


@pytest.mark.parametrize("seed", range(20 if LONG else 1))
def test_in_a_storm_gc_deletes_nothing_but_what_it_may(
    seed: int,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It may delete old Assets of ours that no Build holds, and before them old Builds of ours that are not live."""
    clock = Days()
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    with RunningEmulator(tmp_path / "state", Settings(synchronous=Synchronous.OFF), clock=clock) as emulator:
        connect(monkeypatch, emulator)
        stage = Stage(root, emulator, Outside(emulator, "site"), capsys)
        stage.clock = HastyClock()
        stage.manifest()
        story = Story(stage, seed, 60 if LONG else 24, Weather(0.4))
        try:
            check_gc(story, clock)
        finally:
            stage.outside.close()


def check_gc(story: Story, clock: Days) -> None:
    """Three states of the folder, the first of them live in staging; a file comes and goes on the last day."""
    stage, outside = story.stage, story.outside
    story.converge(calm=True)
    staging = outside.environment("staging")["sid"]
    first = outside.environment("production")["build_sid"]
    outside.post(f"/Environments/{staging}/Deployments", {"BuildSid": first})
    for _ in range(2):
        story.change()
        story.converge(calm=True)
    clock.pass_by(2)
    old_builds = {each["sid"] for each in outside.every("/Builds")}
    young = stage.root / "public/young.txt"
    young.write_bytes(b"live for a moment")
    stage.apply("--allow-deletes")
    young.unlink()
    stage.apply("--allow-deletes")
    builds, assets = {each["sid"]: each for each in outside.every("/Builds")}, outside.assets()
    live = {first, outside.environment("production")["build_sid"]}
    holds = {sid: {each["asset_sid"] for each in build["asset_versions"]} for sid, build in builds.items()}
    ours = {sid for sid, held in holds.items() if held - story.foreign.assets.keys()}
    kept_builds = builds.keys() - ((old_builds & ours) - live)
    held = {asset for sid in kept_builds for asset in holds[sid]}
    kept_assets = held | story.foreign.assets.keys()
    assert [sid for sid, name in assets.items() if name.startswith("/young.txt ") and sid in kept_assets]
    assert builds.keys() - kept_builds
    assert assets.keys() - kept_assets
    site, refused, left = story.visit(), 0, assets
    for calm in (False, False, False, True):
        arguments = ("gc", "--yes", "--builds-keep", "0", "--format", "json")
        ran = stage.run(*arguments).holds(0) if calm else story.run(*arguments)
        assert ran.code in {0, 1}
        refused += len(ran.document.get("result", {}).get("refused", ()))
        left = outside.assets()
        assert {sid: left.get(sid) for sid in kept_assets} == {sid: assets[sid] for sid in kept_assets}
        assert kept_builds <= {each["sid"] for each in outside.every("/Builds")}
        assert story.visit() == site
        story.check_untouched()
    assert left.keys() == kept_assets
    assert {each["sid"] for each in outside.every("/Builds")} == kept_builds
    gone = {"deleted_assets": len(assets) - len(left), "deleted_builds": len(builds) - len(kept_builds)}
    note(SUITE, gc_runs=4, **gone, told_to_stay=refused)


def test_a_process_of_its_own_with_real_waits_survives_a_storm(stage: Stage) -> None:
    """The story again without any shortening; it ends long before the deadline of a subprocess."""
    story = Story(stage, seed=7, files=200 if LONG else 40)
    ended: list[int] = []
    while 0 not in ended and len(ended) < TRIES:
        with story.storm():
            ran = run_process("apply", "--yes", "--format", "json")
        assert not BLUNDERS.search(ran.said), ran.said
        assert ran.code in {0, 1}
        assert bool(ran.document.get("errors")) is (ran.code == 1)
        assert story.visit() == story.site(story.old if ran.code else story.new)
        story.check_untouched()
        ended.append(ran.code)
    assert ended[-1] == 0
    assert stage.run("plan", "--detailed-exitcode").holds(0).writes == ()
    note(SUITE, processes_with_real_waits=len(ended), processes_that_succeeded=1)
