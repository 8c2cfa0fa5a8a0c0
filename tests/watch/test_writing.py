"""Files that somebody is writing, slowly: whatever the reason to look, half of one is never published."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.faults.document import parse_faults
from assetsync.watch import local_side, loop, rest, settling, troubles
from assetsync.watch.happenings import AsItIs, Failed, Live, ManifestRead, Recovered, Warned
from tests.watch.following import Following, changed_paths, following

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.stage import Stage

SITE = {"a.css": b"a {}", "old.bin": b"whole before"}
PIECE, PIECES, PAUSE = b"x" * 1000, 25, 0.1
WHOLE = PIECE * PIECES
MORE = "  - source: more\n    target: /more\n    visibility: public\n"


@contextmanager
def being_written(file: Path, *, held: bool = False) -> Iterator[threading.Event]:
    """Somebody who writes a piece, and another, and leaves the file open meanwhile.

    Where it is `held` they write the last piece again and again until what this yields is set.
    """
    finish = threading.Event()
    if not held:
        finish.set()

    def write() -> None:
        with file.open("wb", buffering=0) as stream:
            for _ in range(PIECES):
                stream.write(PIECE)
                threading.Event().wait(PAUSE)
            while not finish.wait(PAUSE):
                stream.seek(-len(PIECE), os.SEEK_END)
                stream.write(PIECE)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield finish
    finally:
        finish.set()
        thread.join()


def in_one_piece(site: Following, path: str, before: bytes | None) -> None:
    """Wait for the whole; nothing is served until then but what was served before."""
    seen: set[bytes | None] = set()

    def is_there() -> bool:
        seen.add(site.served(path))
        return WHOLE in seen

    site.until_true(is_there)
    assert seen <= {before, WHOLE}
    assert sum(path in paths for paths in changed_paths(site)[1:]) == 1, "one Build has it"


@pytest.mark.parametrize(("name", "before"), [("new.bin", None), ("old.bin", b"whole before")])
def test_a_long_write_keeps_other_files_from_nothing_and_is_served_whole(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str, before: bytes | None
) -> None:
    monkeypatch.setattr(settling, "MOST_WRITING", 0.3)
    monkeypatch.setattr(local_side, "LONG", 0.3)
    stage.write(SITE)
    with following(stage) as site, being_written(site.file(name), held=True) as finish:
        site.file("a.css").write_bytes(b"saved meanwhile")
        site.until_served("/a.css", b"saved meanwhile")
        finish.set()
        in_one_piece(site, f"/{name}", before)
        assert not site.all(Failed)
        assert [name in each.message for each in site.all(Warned) if "all the time" in each.message] == [True]


def test_a_look_without_a_reason_leaves_it_alone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "LOOK_ANYWAY", 0.1)
    monkeypatch.setattr(loop, "RESTLESS", 0.05)
    monkeypatch.setattr(loop, "AT_REST", 0.0)
    stage.write(SITE)
    with following(stage) as site, being_written(site.file("new.bin")):
        in_one_piece(site, "/new.bin", None)


def test_what_is_tried_again_leaves_it_alone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(troubles, "RETRIES", (0.1,))
    stage.write(SITE)
    with following(stage) as site:
        site.stage.emulator.core.bend(parse_faults(b"rules:\n  - {match: 'POST /v1/**', answer: 503}\n", "faults"))
        site.file("a.css").write_bytes(b"refused at first")
        site.until(Failed)
        with being_written(site.file("new.bin"), held=True) as finish:
            site.stage.emulator.core.bend(None)
            site.until(Recovered)
            finish.set()
            in_one_piece(site, "/new.bin", None)


def test_a_file_that_gets_content_in_steps_is_waited_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Emptied, left empty for longer than an editor would, then written in steps. However slow the machine is."""
    monkeypatch.setattr(local_side, "EMPTY_PATIENCE", 60.0)
    monkeypatch.setattr(settling, "WRITING_QUIET", 60.0)
    stage.write(SITE)
    with following(stage) as site:
        looks = site.looks
        with site.file("old.bin").open("wb", buffering=0) as stream:
            site.until_true(lambda: site.looks > looks + 1)
            site.file("a.css").write_bytes(b"saved meanwhile")
            stream.write(b"half")
            site.until_served("/a.css", b"saved meanwhile")
            stream.write(b" and half")
        site.until_served("/old.bin", b"half and half")
        assert sum("/old.bin" in paths for paths in changed_paths(site)[1:]) == 1


def test_where_nothing_tells_of_changes_a_file_has_to_rest_first(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "AT_REST", 3.0)
    stage.write(SITE)
    with following(stage, poll=0.05) as site, being_written(site.file("new.bin")):
        in_one_piece(site, "/new.bin", None)


def test_a_draft_that_is_renamed_before_it_is_closed_is_not_waited_for(stage: Stage) -> None:
    stage.write(SITE)
    with following(stage) as site:
        draft = site.file(".draft")
        with draft.open("wb") as stream:
            stream.write(b"b {}")
            stream.flush()
            draft.rename(site.file("a.css"))
        began = site.clocks.now()
        site.until_served("/a.css", b"b {}")
        pending = site.watch._settling.ripe_at
        assert pending is None or pending - began < settling.WRITING_QUIET
        assert not site.all(AsItIs)


def test_a_file_that_two_mappings_serve_keeps_both_paths(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "MOST_WRITING", 0.3)
    stage.write(SITE)
    stage.manifest("  - source: public\n    target: /v2\n    visibility: public\n")
    with following(stage) as site:
        with being_written(site.file("old.bin"), held=True):
            site.file("a.css").write_bytes(b"saved meanwhile")
            site.until_served("/v2/a.css", b"saved meanwhile")
            assert {site.served("/old.bin"), site.served("/v2/old.bin")} == {b"whole before"}
        site.until_served("/old.bin", WHOLE)
        site.until_served("/v2/old.bin", WHOLE)


def test_half_a_manifest_is_not_put_in_force(stage: Stage) -> None:
    """In place and slowly, twice: it is written by whoever edits it, but served to nobody."""
    stage.write(SITE)
    stage.write({"b.txt": b"b"}, folder="more")
    manifest = stage.manifest(MORE)
    whole = manifest.read_bytes()
    with following(stage) as site:
        for edit in (b"# once\n", b"# twice\n"):
            reads = len(site.all(ManifestRead))
            with manifest.open("wb", buffering=0) as stream:
                stream.write(whole[: whole.index(b"  - source: more")])
                site.file("a.css").write_bytes(edit)
                threading.Event().wait(1.5)
                stream.write(whole[whole.index(b"  - source: more") :] + edit)
            site.until_served("/a.css", edit)
            assert len(site.all(ManifestRead)) == reads
        assert not any("/more/b.txt" in paths for paths in changed_paths(site)[1:])


def test_where_nothing_tells_of_changes_half_a_manifest_is_not_put_in_force(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "AT_REST", 5.0)
    stage.write(SITE)
    stage.write({"b.txt": b"b"}, folder="more")
    manifest = stage.manifest(MORE)
    whole = manifest.read_bytes()
    with following(stage, poll=0.05) as site:
        with manifest.open("wb", buffering=0) as stream:
            stream.write(whole[: whole.index(b"  - source: more")])
            looks = site.looks
            site.until_true(lambda: site.looks > looks + 5)
            stream.write(whole[whole.index(b"  - source: more") :].replace(b"/more", b"/other"))
        site.until_served("/other/b.txt", b"b")
        assert len(site.all(ManifestRead)) == 1


def test_while_an_ignore_file_is_being_written_nothing_is_published(stage: Stage) -> None:
    stage.write(SITE | {"secret.txt": b"secret", ".assetsyncignore": b"/secret.txt\n"})
    with following(stage) as site:
        with site.file(".assetsyncignore").open("wb", buffering=0) as stream:
            stream.write(b"# rewritten\n")
            site.file("a.css").write_bytes(b"saved meanwhile")
            threading.Event().wait(1.5)
            assert site.served("/a.css") == SITE["a.css"]
            stream.write(b"/secret.txt\n")
        site.until_served("/a.css", b"saved meanwhile")
        assert not any("/secret.txt" in paths for paths in changed_paths(site))


def test_a_new_file_that_was_empty_for_long_is_waited_for_as_any_other(stage: Stage) -> None:
    stage.write(SITE)
    with following(stage) as site:
        file = site.file("new.bin")
        with file.open("wb"), file.open("wb"):
            pass  # written to, and closed, without content
        site.until_true(lambda: any("is empty" in each.message for each in site.all(Warned)))
        with being_written(file):
            in_one_piece(site, "/new.bin", None)


def test_where_nothing_tells_of_changes_one_that_grows_keeps_no_other_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "AT_REST", 3.0)
    stage.write(SITE)
    with following(stage, poll=0.05) as site, being_written(site.file("old.bin"), held=True) as finish:
        site.file("a.css").write_bytes(b"saved meanwhile")
        site.until_served("/a.css", b"saved meanwhile")
        finish.set()
        in_one_piece(site, "/old.bin", b"whole before")


@pytest.mark.parametrize("is_live", [False, True], ids=["new", "live"])
def test_the_first_look_waits_for_what_is_being_written_but_not_for_ever(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, is_live: bool
) -> None:
    """And never takes off line what is."""
    monkeypatch.setattr(loop, "FIRST_PATIENCE", 0.5)
    log = {"log.txt": b"yesterday\n"}
    stage.write(SITE | log)
    if is_live:
        stage.apply()
    stage.write({"empty.txt": b""})  # which is waited for, so that events come before the first look ends
    done = threading.Event()

    def write() -> None:
        with (stage.root / "public/log.txt").open("ab", buffering=0) as stream:
            while not done.is_set():
                stream.write(b"line\n")
                done.wait(0.5)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with following(stage) as site:
            site.until_true(lambda: bool(site.watch._settling.being_written(site.clocks.now())))
            site.file("empty.txt").write_bytes(b"full")
            site.until(Live)
            assert site.served("/empty.txt") == b"full"
            assert (site.served("/log.txt") is not None) is is_live
            assert not done.is_set()
    finally:
        done.set()
        writer.join()
