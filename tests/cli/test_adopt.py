"""adopt: a Service that others filled comes under a manifest, without an upload, and can be given back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from assetsync.twilio.retry import SystemClock
from tests.cli.fixtures import KEY
from tests.cli.stage import Ran, Stage, Terminal

if TYPE_CHECKING:
    import threading
    from pathlib import Path

RULES = "    rules:\n      - {match: 'in/**', visibility: protected}\n      - {match: 'deep/**', visibility: private}\n"


@pytest.fixture(autouse=True)
def at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits until sites have settled: here they have at once."""
    monkeypatch.setenv("ASSETSYNC_SETTLE", "0")


@pytest.fixture
def filled(stage: Stage) -> Stage:
    """Another tool has filled the Service from the same folder, but for `/changed.txt`; `/other` is somebody's."""
    stage.manifest(RULES)
    stage.write({"a.txt": "a", "css/b.txt": "\x00\x01", "in/c.txt": "signed", "deep/d.txt": "nobody's"})
    stage.write({"changed.txt": "new"})
    outside = stage.outside
    outside.new_service(("production", ""))
    function = outside.upload("/hello", b"exports.handler = () => {}", kind="Functions")
    outside.publish(
        "production",
        outside.upload("/a.txt", b"a", name="a file"),
        outside.upload("/css/b.txt", b"\x00\x01"),
        outside.upload("/changed.txt", b"old"),
        outside.upload("/in/c.txt", b"signed", visibility="protected"),
        outside.upload("/deep/d.txt", b"nobody's", visibility="private"),
        outside.upload("/other", b"somebody's"),
        functions=(function,),
        Dependencies=json.dumps([{"name": "lodash", "version": "4.17.21"}]),
    )
    return stage


def verdicts(ran: Ran) -> dict[str, str]:
    return {each["path"]: each["verdict"] for each in ran.document["assets"]}


def undo_file(stage: Stage) -> Path:
    (file,) = stage.root.glob("*.assetsync-undo.json")
    return file


def uploads(ran: Ran) -> int:
    return sum(path.endswith("/Versions") for _method, path in ran.writes)


def test_what_is_equal_is_ours_and_only_the_rest_is_sent(filled: Stage) -> None:
    before = filled.outside.live() or {}

    ran = filled.run("adopt", "--yes", "--format", "json").holds(0)

    assert verdicts(ran) == {
        "/a.txt": "equal",
        "/changed.txt": "bytes",
        "/css/b.txt": "equal",
        "/deep/d.txt": "unreadable",
        "/in/c.txt": "equal",
    }
    assert {path.rpartition("/")[0].rpartition("/")[2] for _method, path in ran.writes} == {"Assets"}
    assert filled.outside.live() == before, "nothing that is served changes"
    filled.run("apply", "--yes").holds(3, "--allow-replace=2")
    applied = filled.run("apply", "--yes", "--allow-replace=2").holds(0)
    assert uploads(applied) == 2, "what differs, and what nobody can read back"
    after = filled.outside.live() or {}
    assert filled.outside.visit("/changed.txt").text == "new"
    assert filled.outside.visit("/other").text == "somebody's"
    assert after["function_versions"] == before["function_versions"]
    assert after["dependencies"] == before["dependencies"]
    filled.run("plan").holds(0, "No changes.")


def test_the_table_tells_each_verdict_and_the_way_on(filled: Stage) -> None:
    ran = filled.run("adopt", "--yes").holds(
        0,
        "3 to take over, 1 differs, 1 cannot be compared.",
        "= /a.txt called 'a file'",
        "~ /changed.txt other bytes are served",
        "? /deep/d.txt it is private: nobody can read it back",
        "3 assets are ours now.",
    )

    assert f"assetsync adopt --undo {undo_file(filled).name}" in ran.flat


def test_a_dry_run_writes_neither_names_nor_a_file(filled: Stage) -> None:
    ran = filled.run("adopt", "--dry-run").holds(0, "3 to take over")

    assert not ran.writes
    assert not list(filled.root.glob("*.assetsync-undo.json"))


def test_undo_gives_every_name_back(filled: Stage) -> None:
    names = filled.outside.assets()
    filled.run("adopt", "--yes").holds(0)
    assert filled.outside.assets() != names

    filled.run("adopt", "--undo", str(undo_file(filled)), "--yes").holds(0, "3 assets called as before")

    assert filled.outside.assets() == names
    filled.run("plan").holds(3, "--allow-replace=5")


def test_undo_after_an_apply_and_twice_does_no_harm(filled: Stage) -> None:
    names = filled.outside.assets()
    filled.run("adopt", "--yes").holds(0)
    filled.write({"a.txt": "changed since"})
    filled.run("apply", "--yes", "--allow-replace").holds(0)

    for _ in range(2):
        filled.run("adopt", "--undo", str(undo_file(filled)), "--yes").holds(0)

    assert {sid: name for sid, name in filled.outside.assets().items() if sid in names} == names


def test_a_name_that_somebody_else_gave_since_stays(filled: Stage) -> None:
    filled.run("adopt", "--yes").holds(0)
    sid = next(sid for sid, name in filled.outside.assets().items() if name.startswith("/a.txt "))
    filled.outside.post(f"/Assets/{sid}", {"FriendlyName": "theirs"})

    ran = filled.run("adopt", "--undo", str(undo_file(filled)), "--yes")

    ran.holds(1, "1 name was not written", "it was called otherwise meanwhile: theirs")
    assert filled.outside.assets()[sid] == "theirs"


def test_a_name_that_changes_between_the_table_and_the_consent_stays(filled: Stage) -> None:
    with Terminal("adopt", cwd=filled.root) as terminal:
        terminal.read_until("Take over 3 assets")
        sid = next(sid for sid, name in filled.outside.assets().items() if name == "a file")
        filled.outside.post(f"/Assets/{sid}", {"FriendlyName": "theirs"})
        terminal.enter("y")
        terminal.end().holds(1, "2 assets are ours now", "it was called otherwise meanwhile")

    assert filled.outside.assets()[sid] == "theirs"


def test_a_person_may_say_no(filled: Stage) -> None:
    names = filled.outside.assets()
    with Terminal("adopt", cwd=filled.root) as terminal:
        terminal.read_until("[y/N]:")
        terminal.enter("n")
        terminal.end().holds(130, "nothing was written")

    assert filled.outside.assets() == names
    assert not list(filled.root.glob("*.assetsync-undo.json"))


def test_without_a_terminal_it_wants_a_yes(filled: Stage) -> None:
    assert not filled.run("adopt").holds(64, "add --yes").requests


def test_only_some(filled: Stage) -> None:
    filled.run("adopt", "--yes", "--only", "css/").holds(0, "1 asset is ours now")


def test_another_manifests_assets_stay_theirs(stage: Stage) -> None:
    stage.write({"a.txt": "a"})
    stage.apply()
    stage.manifest(name="second")

    ran = stage.run("adopt", "--yes").holds(0, "! /a.txt it belongs to the manifest website", "0 to take over")

    assert not ran.writes


def test_a_type_that_differs_comes_with_the_rule_that_keeps_it(filled: Stage) -> None:
    outside = filled.outside
    item = outside.post("/Assets", {"FriendlyName": "x"})["sid"]
    live = [each["sid"] for each in (outside.live() or {})["asset_versions"]]
    outside.publish("production", outside.add_version(item, "/x.css", b"x{}", content_type="text/plain"), *live)
    filled.write({"x.css": "x{}"})

    filled.run("adopt", "--dry-run").holds(0, '- {match: "*.css", content_type: text/plain}')
    filled.manifest(RULES + '      - {match: "*.css", content_type: text/plain}\n')

    assert verdicts(filled.run("adopt", "--dry-run", "--format", "json"))["/x.css"] == "equal"


def test_an_api_key_leaves_what_is_protected_alone(filled: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_API_KEY", KEY.sid)
    monkeypatch.setenv("TWILIO_API_SECRET", KEY.secret)
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")

    ran = filled.run("adopt", "--yes", "--format", "json").holds(0)

    assert verdicts(ran)["/in/c.txt"] == "unreadable"


def test_bytes_that_only_xxh3_takes_for_equal_are_not_taken_over(
    filled: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fast hash is no proof against an attacker: SHA-256 has to agree."""
    import xxhash

    class Blind:
        def __init__(self, *_: Any) -> None: ...

        def update(self, _data: bytes) -> None: ...

        def hexdigest(self) -> str:
            return "0" * 32

        def digest(self) -> bytes:
            return bytes(16)

    monkeypatch.setattr(xxhash, "xxh3_128", Blind)
    monkeypatch.setattr(xxhash, "xxh3_128_hexdigest", lambda _data: "0" * 32)

    assert verdicts(filled.run("adopt", "--dry-run", "--format", "json"))["/changed.txt"] == "bytes"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"kind": "assetsync-undo", "format_version": 1, "service_sid": "ZS", "owner": "a", "assets": []}',
    ],
)
def test_what_is_no_undo_file_is_refused(filled: Stage, text: str) -> None:
    file = filled.root / "x.json"
    file.write_text(text)

    assert not filled.run("adopt", "--undo", "x.json", "--yes").holds(64, "is not a file that").writes


def test_the_undo_file_of_another_service_is_refused(filled: Stage) -> None:
    filled.run("adopt", "--yes", "--keep", "kept.json").holds(0)
    document = json.loads((filled.root / "kept.json").read_text())
    document["service_sid"] = "ZS" + "0" * 32
    (filled.root / "kept.json").write_text(json.dumps(document))

    assert not filled.run("adopt", "--undo", "kept.json", "--yes").holds(64, "the file is about the Service").writes


def edited(stage: Stage, **changes: Any) -> None:
    """The undo file `kept.json`, with something else in its first Asset or in itself."""
    document = json.loads((stage.root / "kept.json").read_text())
    for key, value in changes.items():
        (document if key in document else document["assets"][0])[key] = value
    (stage.root / "kept.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    "changes",
    [
        {"name": None},
        {"name": "\ud800"},
        {"path": ""},
        {"adopted_as": "/a.txt"},
        {"asset_sid": "ZH12"},
        {"assets": "none"},
        {"service_sid": 3},
        {"more": 1},
    ],
)
def test_an_undo_file_that_was_edited_is_refused(filled: Stage, changes: dict[str, Any]) -> None:
    filled.run("adopt", "--yes", "--keep", "kept.json").holds(0)
    edited(filled, **changes)

    assert not filled.run("adopt", "--undo", "kept.json", "--yes").holds(64, "is not a file that").writes


def test_the_undo_file_of_another_manifest_is_refused(filled: Stage) -> None:
    filled.run("adopt", "--yes", "--keep", "kept.json").holds(0)
    filled.manifest(RULES, name="second")

    ran = filled.run("adopt", "--undo", "kept.json", "--yes").holds(
        64, "is of the manifest website, and this one is second"
    )

    assert not ran.writes


def test_an_undo_file_is_not_kept_where_it_would_be_published(filled: Stage) -> None:
    ran = filled.run("adopt", "--yes", "--keep", "public/kept.json").holds(64, "would lie in the source folder public")

    assert not ran.writes


def test_what_is_flexs_takes_a_consent(filled: Stage) -> None:
    outside = filled.outside
    live = [each["sid"] for each in (outside.live() or {})["asset_versions"]]
    outside.publish("production", outside.upload("/plugins/p.txt", b"p"), *live)
    filled.write({"plugins/p.txt": "p"})

    assert not filled.run("adopt", "--yes").holds(3, "1 asset of Twilio Flex would be taken over").writes
    filled.run("adopt", "--yes", "--allow-flex=1").holds(0, "4 assets are ours now")


def test_a_deployment_while_it_looks_is_a_conflict(filled: Stage) -> None:
    outside = filled.outside
    live = [each["sid"] for each in (outside.live() or {})["asset_versions"]]

    class Crossing:
        done = False

        def before(self, request: Any) -> None:
            if "/sites/" in request.path and not self.done:
                self.done = True
                outside.publish("production", *live)

        def after(self, request: Any, answer: Any) -> None:
            return None

    filled.emulator.core.faults = Crossing()

    ran = filled.run("adopt", "--yes").holds(4, "was deployed by somebody else meanwhile; nothing was written")

    assert not [path for method, path in ran.writes if "/Assets/" in path]


def test_it_waits_until_what_was_just_deployed_is_served_everywhere(filled: Stage) -> None:
    class Waiting(SystemClock):
        waited = 0.0

        def wait(self, seconds: float, cancelled: threading.Event) -> None:
            Waiting.waited += seconds

    filled.clock = Waiting()

    filled.run("adopt", "--dry-run", "--settle", "60").holds(
        0, "production was deployed just now, and sites lag behind"
    )

    assert 50 < Waiting.waited <= 60


def test_an_undo_file_is_never_overwritten_and_nothing_is_adopted_then(filled: Stage) -> None:
    (filled.root / "kept.json").write_text("precious")

    ran = filled.run("adopt", "--yes", "--keep", "kept.json").holds(64, "exists already")

    assert not ran.writes
    assert (filled.root / "kept.json").read_text() == "precious"


def test_the_undo_file_is_nobody_elses_and_is_never_published(filled: Stage) -> None:
    filled.run("adopt", "--yes", "--keep", "public/x.assetsync-undo.json").holds(0)

    file = filled.root / "public/x.assetsync-undo.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "undo" not in filled.run("plan", "--format", "json", "--all", "--allow-replace").out
