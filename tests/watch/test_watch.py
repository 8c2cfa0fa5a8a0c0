"""Save a file, see it served: real editors' ways of saving, real folders, a real socket."""

from __future__ import annotations

import shutil
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.faults.document import parse_faults
from assetsync.plan.safety import Consent
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
    Warned,
    Watching,
)
from assetsync.watch.remote_side import REFRESH_AFTER
from tests.watch.following import Following, changed_paths, following, lives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.stage import Stage

SITE = {"index.html": b"<p>first</p>", "a.css": b"a {}", "sub/b.txt": b"b"}


@pytest.fixture
def site(stage: Stage) -> Iterator[Following]:
    stage.write(SITE)
    with following(stage) as found:
        yield found


def in_place(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def renamed_over(file: Path, content: bytes) -> None:
    """As sed -i and most editors do."""
    draft = file.with_name(f"{file.name}.tmp123~")
    draft.write_bytes(content)
    draft.replace(file)


def with_backup(file: Path, content: bytes) -> None:
    """As vim does: the old file becomes the backup, which goes in the end."""
    probe, backup = file.with_name("4913"), file.with_name(f"{file.name}~")
    probe.touch()
    probe.unlink()
    file.rename(backup)
    file.write_bytes(content)
    backup.unlink()


def deleted_and_created(file: Path, content: bytes) -> None:
    file.unlink()
    file.write_bytes(content)


def truncated_then_written(file: Path, content: bytes) -> None:
    """Empty for a while, which nobody may ever see."""
    with file.open("wb") as stream:
        stream.flush()
        threading.Event().wait(0.4)
        stream.write(content)


def in_pieces(file: Path, content: bytes) -> None:
    with file.open("wb") as stream:
        for place in range(len(content)):
            stream.write(content[place : place + 1])
            stream.flush()
            threading.Event().wait(0.03)


SAVES = (in_place, renamed_over, with_backup, deleted_and_created, truncated_then_written, in_pieces)


@pytest.mark.parametrize("save", SAVES, ids=lambda each: each.__name__)
def test_each_way_of_saving_is_one_change_to_the_new_content(
    site: Following, save: Callable[[Path, bytes], None]
) -> None:
    seen: set[bytes | None] = set()
    over = threading.Event()

    def visit() -> None:
        while not over.is_set():
            seen.add(site.served("/index.html"))

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        save(site.file("index.html"), b"<p>second</p>")
        site.until(Live, 2)
        site.until_served("/index.html", b"<p>second</p>")
    finally:
        over.set()
        visitor.join()
    assert seen == {SITE["index.html"], b"<p>second</p>"}
    assert changed_paths(site)[1:] == [["/index.html"]]


def test_a_save_costs_one_upload_and_no_list(site: Following) -> None:
    """From the second on: the first one finds out what the first apply has made of the Service."""
    site.file("a.css").write_bytes(b"b {}")
    site.until(Live, 2)
    site.until_true(lambda: site.stage.run("plan", "--detailed-exitcode").code == 0)
    log = site.stage.emulator.core.requests
    log.clear()
    site.file("a.css").write_bytes(b"c {}")
    site.until(Live, 3)
    site.until_true(lambda: any("/Assets/ZH" in each.path and each.method == "POST" for each in log.api()))
    asked = [(each.method, each.path.partition("?")[0].rpartition("/")[2]) for each in log.api()]
    assert (
        asked.count(("POST", "Versions"))
        == asked.count(("POST", "Builds"))
        == asked.count(("POST", "Deployments"))
        == 1
    )
    assert not {("GET", "Assets"), ("GET", "Environments"), ("GET", "Builds")} & set(asked)
    assert len(asked) <= 10
    assert site.stage.run("plan", "--detailed-exitcode").code == 0


def test_a_save_that_changes_no_byte_asks_for_nothing(site: Following) -> None:
    log = site.stage.emulator.core.requests
    log.clear()
    site.file("a.css").write_bytes(SITE["a.css"])
    site.until(AsItIs)
    assert not log.api()
    assert lives(site) == 1


def test_a_thousand_files_at_once_are_one_build(site: Following) -> None:
    for number in range(990):
        file = site.file(f"many/{number % 10}/{number}.txt")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"%d" % number)
    site.until_served("/many/9/989.txt", b"989")
    assert len(site.all(Changing)) == 2
    assert len(site.all(Changing)[1].plan.changes) == 990


def test_fifty_saves_in_a_row_are_few_builds_and_the_last_one_is_live(site: Following) -> None:
    for number in range(50):
        site.file("index.html").write_bytes(b"save %d" % number)
        threading.Event().wait(0.05)
    site.until_served("/index.html", b"save 49")
    assert lives(site) - 1 <= 4


def test_a_folder_that_moves_and_one_that_is_made_and_filled(site: Following) -> None:
    site.file("sub").rename(site.file("moved"))
    site.until_served("/moved/b.txt", b"b")
    site.until_served("/sub/b.txt", None)
    site.file("new/deep").mkdir(parents=True)
    site.file("new/deep/c.txt").write_bytes(b"c")
    site.until_served("/new/deep/c.txt", b"c")


def test_the_source_folder_itself_deleted_and_made_again(site: Following) -> None:
    """As a build tool does that empties its output first; what it serves stays until the new files are there."""
    shutil.rmtree(site.file(""))
    site.until(Failed)
    assert site.served("/index.html") == SITE["index.html"]
    site.stage.write(SITE | {"index.html": b"<p>built again</p>"})
    site.until_served("/index.html", b"<p>built again</p>")
    site.until(Recovered)
    site.file("a.css").write_bytes(b"after {}")
    site.until_served("/a.css", b"after {}")


def test_a_mass_deletion_pauses_until_the_files_come_back(stage: Stage) -> None:
    files = {f"{number}.txt": b"%d" % number for number in range(20)}
    stage.write(files)
    with following(stage) as site:
        for name in files:
            if name != "0.txt":
                site.file(name).unlink()
        paused = site.until(Paused)
        assert [each.override for each in paused.refusals] == ["--allow-deletes"]
        assert site.served("/7.txt") == b"7"
        stage.write(files)
        site.until(AsItIs)
        site.watch.answer("19\n")  # too late: nobody is asked any more
        stage.write({"0.txt": b"edited"})
        site.until_served("/0.txt", b"edited")
        assert site.served("/7.txt") == b"7"
        assert changed_paths(site)[1:] == [["/0.txt"]]
        for name in files:
            if name != "0.txt":
                site.file(name).unlink()
        site.until(Paused, 2)
        assert site.served("/7.txt") == b"7"


@pytest.mark.parametrize("way", ["typed", "consented"])
def test_a_mass_deletion_happens_when_somebody_agrees_to_its_figure(stage: Stage, way: str) -> None:
    files = {f"{number}.txt": b"%d" % number for number in range(20)}
    stage.write(files)
    given = (Consent("--allow-deletes", 19),) if way == "consented" else ()
    with following(stage, *given) as site:
        for name in files:
            if name != "0.txt":
                site.file(name).unlink()
        if way == "typed":
            site.until(Paused)
            site.watch.answer("18\n")
            site.until(Paused, 2)
            site.watch.answer("19\n")
        site.until_served("/7.txt", None)
        assert len(site.all(Paused)) == (2 if way == "typed" else 0)


def test_a_broken_manifest_is_told_and_the_old_one_stays_in_force(site: Following) -> None:
    file = site.stage.root / "assetsync.yaml"
    good = file.read_bytes()
    file.write_bytes(good.replace(b"visibility: public", b"visibility: pubic"))
    failed = site.until(Failed)
    assert "assetsync.yaml" in str(getattr(failed.error, "problems", ""))
    site.file("a.css").write_bytes(b"meanwhile {}")
    site.until_served("/a.css", b"meanwhile {}")
    file.write_bytes(good.replace(b"visibility: public", b"visibility: protected"))
    site.until(ManifestRead)
    site.until_true(lambda: set(site.stage.outside.paths().values()) == {"protected"})
    assert len(site.all(Failed)) == 1


def test_a_manifest_that_names_another_environment_deploys_nothing_there(site: Following) -> None:
    file = site.stage.root / "assetsync.yaml"
    file.write_text(file.read_text().replace("name: production", "name: staging\n    suffix: stg"))
    failed = site.until(Failed)
    assert "start it again" in (failed.error.hint or "")
    site.file("a.css").write_bytes(b"meanwhile {}")
    site.until_served("/a.css", b"meanwhile {}")
    assert [each["unique_name"] for each in site.stage.outside.every("/Environments")] == ["production"]


def test_an_ignore_file_and_a_mapping_that_comes_are_followed(site: Following) -> None:
    site.file(".assetsyncignore").write_bytes(b"*.css\n")
    site.until_served("/a.css", None)
    site.stage.write({"more.txt": b"more"}, folder="other")
    site.stage.manifest(more="  - source: other\n    target: /other/\n    visibility: public\n")
    site.until_served("/other/more.txt", b"more")
    (site.stage.root / "other/more.txt").write_bytes(b"edited")
    site.until_served("/other/more.txt", b"edited")


def test_somebody_else_who_deploys_is_noticed_and_their_files_are_kept(site: Following) -> None:
    outside = site.stage.outside
    live = outside.live()
    assert live is not None
    version = outside.upload("/theirs.txt", b"theirs")
    outside.publish("production", version, *(each["sid"] for each in live["asset_versions"]))
    site.file("index.html").write_bytes(b"on top")
    site.until_served("/index.html", b"on top")
    assert "deployed by somebody else" in site.until(Failed).error.message
    assert site.served("/theirs.txt") == b"theirs"


def test_somebody_else_who_deploys_while_nothing_is_saved_is_told_of(site: Following) -> None:
    outside = site.stage.outside
    live = outside.live()
    assert live is not None
    version = outside.upload("/theirs.txt", b"theirs")
    build = outside.publish("production", version, *(each["sid"] for each in live["asset_versions"]))
    site.clocks.ahead += REFRESH_AFTER
    assert site.until(Overtaken) == Overtaken(build, differing=0)
    assert lives(site) == 1
    site.file("index.html").write_bytes(b"on top")
    site.until_served("/index.html", b"on top")
    assert site.served("/theirs.txt") == b"theirs"
    assert site.all(Failed) == []


def test_how_much_of_the_folder_somebody_else_has_taken_away_is_told(site: Following) -> None:
    """It comes back with the next save, not before: they may have meant it."""
    outside = site.stage.outside
    outside.publish("production", outside.upload("/theirs.txt", b"theirs"))
    site.clocks.ahead += REFRESH_AFTER
    assert site.until(Overtaken).differing == len(SITE)
    assert site.served("/index.html") is None
    site.file("index.html").write_bytes(b"on top")
    site.until_served("/index.html", b"on top")
    assert site.served("/a.css") == SITE["a.css"]
    assert site.served("/theirs.txt") == b"theirs"


def test_a_service_that_fails_is_told_once_and_caught_up_with(site: Following) -> None:
    core = site.stage.emulator.core
    core.bend(parse_faults(b"rules:\n  - {match: 'POST /v1/**', answer: 503}\n", "faults"))
    try:
        site.file("index.html").write_bytes(b"during")
        site.until(Failed)
        for _ in range(3):
            core.requests.clear()
            site.clocks.ahead += 60
            site.until_true(lambda: core.requests.count > 0)
        site.file("index.html").write_bytes(b"after all")
    finally:
        core.bend(None)
    site.clocks.ahead += 120
    site.until_served("/index.html", b"after all")
    site.until(Recovered)
    assert len(site.all(Failed)) == 1


def test_a_network_that_fails_while_nothing_is_saved_is_told_once_until_it_works_again(site: Following) -> None:
    core = site.stage.emulator.core
    core.bend(parse_faults(b"rules:\n  - {match: 'GET /v1/**', drop: true}\n", "faults"))
    try:
        site.clocks.ahead += REFRESH_AFTER
        site.until(Failed)
        for _ in range(2):
            core.requests.clear()
            site.clocks.ahead += 60
            site.until_true(lambda: core.requests.count > 0)
        assert site.all(Recovered) == []
    finally:
        core.bend(None)
    site.clocks.ahead += 60
    site.until(Recovered)
    assert len(site.all(Failed)) == 1
    assert lives(site) == 1


def test_builds_of_an_hour_are_used_up_and_changes_are_gathered(stage: Stage) -> None:
    stage.write(SITE)
    with following(stage, builds_an_hour=3) as site:
        for number in (1, 2):
            site.file("index.html").write_bytes(b"%d" % number)
            site.until(Live, number + 1)
        site.file("index.html").write_bytes(b"3")
        assert site.until(Gathering).most == 3
        site.file("a.css").write_bytes(b"gathered {}")
        site.until_true(lambda: site.served("/index.html") == b"2")
        site.clocks.ahead += 3600
        site.until_served("/a.css", b"gathered {}")
        assert site.served("/index.html") == b"3"
        assert len(site.all(Gathering)) == 1
        assert lives(site) == 4


def test_a_machine_that_slept_looks_who_is_live(site: Following) -> None:
    outside = site.stage.outside
    outside.publish("production", outside.upload("/theirs.txt", b"theirs"))
    site.clocks.asleep += 3600
    assert site.until(Overtaken).differing == len(SITE)
    assert lives(site) == 1


def test_a_machine_that_slept_reads_the_service_anew(site: Following) -> None:
    log = site.stage.emulator.core.requests
    site.clocks.asleep += 3600
    site.until(AsItIs)
    log.clear()
    site.file("index.html").write_bytes(b"awake")
    site.until_served("/index.html", b"awake")
    assert any(each.method == "GET" and each.path.endswith("/Assets") for each in log.api())


def test_looking_every_so_often_finds_what_nobody_tells(stage: Stage) -> None:
    stage.write(SITE)
    with following(stage, poll=0.2) as site:
        assert site.until(Watching).polling == 0.2
        site.file("index.html").write_bytes(b"found")
        site.until_served("/index.html", b"found")
        file = site.stage.root / "assetsync.yaml"
        file.write_text(file.read_text().replace("visibility: public", "visibility: protected"))
        site.until(ManifestRead)
        site.until_true(lambda: set(site.stage.outside.paths().values()) == {"protected"})


def test_looking_every_so_often_waits_until_a_file_is_written(stage: Stage) -> None:
    stage.write(SITE)
    with following(stage, poll=0.1) as site, site.file("index.html").open("wb", buffering=0) as file:
        for _ in range(15):
            file.write(b"a piece ")
            threading.Event().wait(0.05)
        site.until_served("/index.html", b"a piece " * 15)
        assert lives(site) == 2


def test_a_checkout_of_another_branch_is_one_change(stage: Stage) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(("git", *identity, *arguments), cwd=stage.root, check=True, capture_output=True)

    files = {f"{number % 7}/{number}.txt": b"main %d" % number for number in range(300)}
    stage.write(files)
    git("init", "-q", "-b", "main")
    git("add", "public")
    git("commit", "-qm", "main")
    git("checkout", "-qb", "other")
    stage.write({name: content.replace(b"main", b"other") for name, content in files.items()})
    git("commit", "-qam", "other")
    with following(stage) as site:
        git("checkout", "-q", "main")
        site.until_served("/0/0.txt", b"main 0")
        assert site.served("/5/299.txt") == b"main 299"
        assert len(site.all(Changing)) == 2


def test_a_lock_of_git_is_waited_for(stage: Stage) -> None:
    stage.write(SITE)
    (stage.root / ".git").mkdir()
    with following(stage) as site:
        lock = stage.root / ".git/index.lock"
        lock.touch()
        site.file("index.html").write_bytes(b"half of a branch")
        site.clocks.ahead += 20
        looks = site.looks
        site.until_true(lambda: site.looks >= looks + 3)
        assert lives(site) == 1
        site.file("a.css").write_bytes(b"the other half {}")
        lock.unlink()
        site.until_served("/index.html", b"half of a branch")
        assert changed_paths(site)[1:] == [["/a.css", "/index.html"]]


def test_a_new_file_without_content_keeps_nothing_else_from_being_served(stage: Stage) -> None:
    """The service refuses empty files, and many a tool makes a file first and writes it much later."""
    stage.write(SITE)
    with following(stage) as site:
        site.file("empty.txt").touch()
        site.until_true(lambda: any("empty.txt" in each.message for each in site.all(Warned)))
        site.file("a.css").write_bytes(b"beside it")
        site.until_served("/a.css", b"beside it")
        site.file("empty.txt").write_bytes(b"full")
        site.until_served("/empty.txt", b"full")
        warnings = [each.message for each in site.all(Warned)]
        assert sum("empty.txt" in each for each in warnings) == 1, "it is told once"
        assert len(warnings) == len(set(warnings))
        assert not site.all(Failed)
