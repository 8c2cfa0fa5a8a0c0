"""What goes wrong around a watch: it is told, nothing is deployed that nobody meant, and the watch goes on."""

from __future__ import annotations

import shutil
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest

from assetsync.apply.journal import Journal
from assetsync.emulator.faults.document import parse_faults
from assetsync.errors import CredentialsError, InvalidInput
from assetsync.manifest.load import load_manifest
from assetsync.plan.board import Candidate
from assetsync.prepare import verify
from assetsync.watch.happenings import (
    AsItIs,
    Changing,
    Failed,
    Gathering,
    Live,
    ManifestRead,
    Overtaken,
    Paused,
    Recovered,
    Resumed,
)
from assetsync.watch.local_side import LocalSide
from assetsync.watch.remote_side import REFRESH_AFTER
from assetsync.watch.settling import Kind, Touch
from tests.unit.plan.scene import Scene, want
from tests.unit.twilio.sids import sid
from tests.watch.following import Following, changed_paths, following, lives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.stage import Stage

SITE = {"index.html": b"<p>first</p>", "a.css": b"a {}", "sub/b.txt": b"b"}
MANY = {f"{number:02}.txt": b"%d" % number for number in range(40)}
NAMES = sorted(MANY)


@pytest.fixture
def site(stage: Stage) -> Iterator[Following]:
    stage.write(SITE)
    with following(stage) as found:
        yield found


def test_credentials_that_are_revoked_while_it_uploads_do_not_end_it(site: Following) -> None:
    core = site.stage.emulator.core
    core.bend(parse_faults(b"rules:\n  - {match: 'POST /v1/**', answer: 401}\n", "faults"))
    site.file("new.txt").write_bytes(b"new")
    assert isinstance(site.until(Failed).error, CredentialsError)
    core.bend(None)
    site.clocks.ahead += 120
    site.until(Recovered)
    assert site.served("/new.txt") == b"new"


def test_a_file_that_goes_while_the_plan_is_made_is_a_problem_of_that_file() -> None:
    asset, scene = want("/gone.txt"), Scene()
    candidate = Candidate(asset.path, sid("ZH"), sid("ZN"), "ab")
    with pytest.raises(InvalidInput) as caught:
        verify(None, scene.snapshot, (asset,), (candidate,))  # type: ignore[arg-type]
    assert [problem.file for problem in caught.value.problems] == [asset.source]


def take_others_instead(site: Following) -> None:
    """The first 15 come back, and as many others go."""
    for name in NAMES[:15]:
        site.file(name).write_bytes(MANY[name])
    for name in NAMES[15:30]:
        site.file(name).unlink()


def test_a_figure_agrees_to_what_was_shown_and_to_nothing_else(stage: Stage) -> None:
    stage.write(MANY)
    with following(stage) as site:
        for name in NAMES[:15]:
            site.file(name).unlink()
        site.until(Paused)
        take_others_instead(site)
        shown = site.until(Paused, 2)
        assert [each.path for each in shown.plan.changes] == [f"/{name}" for name in NAMES[15:30]]
        assert lives(site) == 1
        site.watch.answer("15")
        site.until(Live, 2)
        assert site.served(f"/{NAMES[0]}") == MANY[NAMES[0]]
        assert site.served(f"/{NAMES[20]}") is None


def test_what_was_agreed_to_is_asked_again_when_other_files_are_meant_by_then(stage: Stage) -> None:
    stage.write(MANY)
    with following(stage) as site:
        for name in NAMES[:15]:
            site.file(name).unlink()
        site.until(Paused)
        core = site.stage.emulator.core
        core.bend(parse_faults(b"rules:\n  - {match: 'POST /v1/**', answer: 503}\n", "faults"))
        site.watch.answer("15")
        site.until(Failed)
        take_others_instead(site)
        core.bend(None)
        site.clocks.ahead += 120
        shown = site.until(Paused, 2)
        assert [each.path for each in shown.plan.changes] == [f"/{name}" for name in NAMES[15:30]]
        assert lives(site) == 1


def test_a_check_that_fails_does_not_deploy_over_somebody_else(site: Following) -> None:
    core, outside = site.stage.emulator.core, site.stage.outside
    outside.publish("production", outside.upload("/theirs.txt", b"theirs"))
    core.bend(parse_faults(b"rules:\n  - {match: 'GET /v1/**', drop: true}\n", "faults"))
    site.clocks.ahead += REFRESH_AFTER
    site.until(Failed)
    core.bend(None)
    site.clocks.ahead += 120
    assert site.until(Overtaken).differing == len(SITE)
    site.until(Recovered)
    assert lives(site) == 1
    assert site.served("/index.html") is None


def test_only_builds_that_were_begun_are_counted(stage: Stage) -> None:
    stage.write(SITE)
    with following(stage, builds_an_hour=3) as site:
        core = stage.emulator.core
        core.bend(parse_faults(b"rules:\n  - {match: 'POST /v1/**', answer: 503}\n", "faults"))
        site.file("a.css").write_bytes(b"b {}")
        site.until(Failed)
        for _ in range(3):
            core.requests.clear()
            site.clocks.ahead += 60
            site.until_true(lambda: any(each.method == "POST" for each in core.requests.api()))
        core.bend(None)
        site.clocks.ahead += 60
        site.until(Recovered)
        assert site.all(Gathering) == []
        assert site.all(Live)[-1].builds_left == 1


def test_gathering_is_told_each_time_that_it_begins(stage: Stage) -> None:
    stage.write(SITE)
    with following(stage, builds_an_hour=1) as site:
        site.file("a.css").write_bytes(b"b {}")
        site.until(Gathering)
        site.file("a.css").write_bytes(SITE["a.css"])
        site.until(AsItIs)
        site.file("a.css").write_bytes(b"c {}")
        site.until(Gathering, 2)
        assert lives(site) == 1


def test_another_error_is_told_though_there_are_as_many(site: Following) -> None:
    site.file("bad\\name.txt").write_bytes(b"x")
    assert "bad" in str(site.until(Failed).error.problems)  # type: ignore[attr-defined]
    site.file("bad\\name.txt").rename(site.file("worse\\name.txt"))
    assert "worse" in str(site.until(Failed, 2).error.problems)  # type: ignore[attr-defined]


def test_a_source_that_is_a_link_is_followed_when_it_leads_elsewhere(stage: Stage) -> None:
    stage.write(SITE)
    (stage.root / "public").rename(stage.root / "one")
    shutil.copytree(stage.root / "one", stage.root / "two")
    (stage.root / "public").symlink_to("one")
    with following(stage) as site:
        (stage.root / "two/index.html").write_bytes(b"<p>two</p>")
        (stage.root / "next").symlink_to("two")
        (stage.root / "next").replace(stage.root / "public")
        site.until_served("/index.html", b"<p>two</p>")
        (stage.root / "two/index.html").write_bytes(b"<p>two again</p>")
        site.until_served("/index.html", b"<p>two again</p>")
        assert changed_paths(site)[1:] == [["/index.html"]] * 2


def test_what_is_written_but_served_to_nobody_is_waited_for_once(stage: Stage) -> None:
    """A server's log below a served folder, which is always open."""
    stage.write(SITE | {"debug.log": b"a line"})
    stage.manifest('    include: ["**"]\n    exclude: ["*.log"]\n')
    side = LocalSide(partial(load_manifest, stage.root / "assetsync.yaml", environment=None, variables={}))
    log = Touch(str(stage.root.resolve() / "public/debug.log"), Kind.WRITING, 0.0)
    served = Touch(str(stage.root.resolve() / "public/a.css"), Kind.WRITING, 0.0)
    assert side.judged(log).kind is side.judged(served).kind is Kind.WRITING
    side.took(side.select((), 0.0, is_told=True))
    assert side.judged(log).kind is Kind.TOUCHED
    assert side.judged(served).kind is Kind.WRITING
    side.judged(Touch(str(stage.root.resolve() / "public/.assetsyncignore"), Kind.WRITTEN, 0.0))
    assert side.judged(log).kind is Kind.WRITING


def test_the_whole_project_may_go_and_come_back(site: Following) -> None:
    aside = site.stage.root.with_name("aside")
    site.stage.root.rename(aside)
    site.clocks.ahead += 60
    site.until(Failed)
    aside.rename(site.stage.root)
    site.file("a.css").write_bytes(b"back {}")
    site.clocks.ahead += 60
    site.until_served("/a.css", b"back {}")


def test_each_change_that_is_told_has_an_outcome(site: Following) -> None:
    core = site.stage.emulator.core
    core.bend(parse_faults(b"rules:\n  - {match: 'POST /v1/**/Versions', answer: 400}\n", "faults"))
    for number in range(3):
        site.file("a.css").write_bytes(b"save %d" % number)
        site.until(Failed, number + 1)
    core.bend(None)
    site.file("a.css").write_bytes(b"the last")
    site.until_served("/a.css", b"the last")
    told = [type(each) for each in site.happened if isinstance(each, Changing | Live | Failed)]
    assert told == [Changing, Live, *[Changing, Failed] * 3, Changing, Live]
    assert [each.again for each in site.all(Failed)] == [False, True, True]


def test_after_somebody_else_deployed_any_save_brings_ours_back(site: Following) -> None:
    outside = site.stage.outside
    outside.publish("production", outside.upload("/theirs.txt", b"theirs"))
    site.clocks.ahead += REFRESH_AFTER
    site.until(Overtaken)
    assert site.served("/a.css") is None
    site.file("a.css").write_bytes(SITE["a.css"])
    site.until_served("/a.css", SITE["a.css"])


def test_another_run_on_this_machine_is_waited_for_without_a_word(site: Following) -> None:
    folder, url = site.stage.root.parent / "cache", site.stage.emulator.url
    service = site.stage.outside.get()["sid"]
    journal = Journal(folder, url, now=site.clocks.wall)
    with closing(journal):
        with journal.locked(service):
            asked = site.stage.emulator.core.requests.count
            site.file("a.css").write_bytes(b"b {}")
            site.until(Changing, 2)
            site.until_true(lambda: site.stage.emulator.core.requests.count > asked + 2)
            assert site.served("/a.css") == SITE["a.css"]
        site.until_served("/a.css", b"b {}")
    assert not site.all(Failed)
    assert len(site.all(Changing)) == 2


def test_when_the_files_are_back_nothing_is_asked_any_more(stage: Stage) -> None:
    files = {f"{number}.txt": b"%d" % number for number in range(12)}
    stage.write(files)
    with following(stage) as site:
        for name in list(files)[1:]:
            site.file(name).unlink()
        site.until(Paused)
        stage.write(files)
        site.until(Resumed)
        assert lives(site) == 1


@pytest.mark.parametrize("poll", [None, 0.05], ids=["told", "polling"])
def test_a_problem_with_the_files_that_passes_by_itself_is_over_then(stage: Stage, poll: float | None) -> None:
    stage.write(SITE)
    with following(stage, poll=poll) as site:
        bad = site.file("bad\\name.txt")
        bad.write_bytes(b"x")
        site.until(Failed)
        bad.unlink()
        site.until(Recovered)


def test_what_is_asked_is_asked_again_when_the_manifest_was_edited(stage: Stage) -> None:
    stage.write(MANY)
    with following(stage) as site:
        for name in NAMES[:20]:
            site.file(name).unlink()
        site.until(Paused)
        manifest = stage.root / "assetsync.yaml"
        manifest.write_text(f"{manifest.read_text()}    exclude: ['*.none']\n")
        site.until(ManifestRead)
        site.until(Paused, 2)
