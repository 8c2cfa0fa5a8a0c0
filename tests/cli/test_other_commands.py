"""status, gc, schema, validate, explain and init."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import jsonschema_rs
import pytest
import yaml

from tests.cli.fixtures import stage_of_its_own
from tests.cli.stage import REPOSITORY, Stage, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Calendar:
    """The service's clock."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def old(
    home: Path,
    tmp_path: Path,
    calendar: Calendar,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Stage]:
    """A live site after three releases of one page, two days later; one foreign Asset that nothing holds."""
    with stage_of_its_own(tmp_path, calendar, monkeypatch, capsys, retention=timedelta(days=100)) as stage:
        for number in range(3):
            stage.write({"page.html": f"release {number}", f"only-{number}.html": str(number)})
            if number:
                (stage.root / f"public/only-{number - 1}.html").unlink()
            stage.apply("--allow-deletes")
        stage.outside.post("/Assets", {"FriendlyName": "/foreign"})
        calendar.ahead = timedelta(days=2)
        yield stage


def builds(stage: Stage) -> int:
    return len(stage.outside.every("/Builds"))


def test_gc_leaves_what_any_build_holds(old: Stage) -> None:
    before = old.outside.assets()
    assert old.run("gc", "--yes").holds(0, "Nothing to delete.").writes == ()
    assert old.outside.assets() == before


def test_a_dry_run_of_gc_shows_what_would_go_and_deletes_nothing(old: Stage) -> None:
    ran = old.run("gc", "--dry-run", "--builds-keep", "0")
    ran.holds(0, "To delete: 2 Builds, 2 Assets.", "- /only-0.html", "- /only-1.html")
    assert ran.writes == ()
    assert "Deleted" not in ran.out


def test_gc_deletes_old_builds_and_then_what_only_they_held(old: Stage) -> None:
    live = old.outside.live()
    old.run("gc", "--yes", "--builds-keep", "0").holds(0, "Deleted 2 Builds, 2 Assets.")
    assert builds(old) == 1
    assert old.outside.live() == live
    labels = sorted(name.partition(" ")[0] for name in old.outside.assets().values())
    assert labels == ["/foreign", "/only-2.html", "/page.html"]
    old.run("plan", "--detailed-exitcode").holds(0, "No changes.")


def test_gc_keeps_the_newest_builds_that_it_is_told_to_keep(old: Stage) -> None:
    old.run("gc", "--yes", "--builds-keep", "1").holds(0, "Deleted 1 Build, 1 Asset.")
    assert builds(old) == 2


def test_gc_leaves_alone_what_is_younger_than_a_day(old: Stage, calendar: Calendar) -> None:
    calendar.ahead = timedelta()
    ran = old.run("gc", "--yes", "--builds-keep", "0").holds(0, "Nothing to delete.")
    assert ran.writes == ()
    assert builds(old) == 3


def test_gc_asks_on_a_terminal_and_a_no_deletes_nothing(old: Stage) -> None:
    with Terminal("gc", "--builds-keep", "0") as terminal:
        terminal.read_until("Delete these?")
        terminal.enter("n")
        terminal.end().holds(130, "nothing was deleted")
    assert builds(old) == 3
    with Terminal("gc", "--builds-keep", "0") as terminal:
        terminal.read_until("Delete these?")
        terminal.enter("y")
        terminal.end().holds(0, "Deleted 2 Builds, 2 Assets.")
    assert builds(old) == 1


def test_what_gc_finds_goes_to_standard_output_also_beside_a_terminal(old: Stage, tmp_path: Path) -> None:
    file = tmp_path / "found.txt"
    with (
        file.open("wb") as stream,
        Terminal("gc", "--dry-run", "--builds-keep", "0", stdout=stream.fileno()) as terminal,
    ):
        terminal.end().holds(0)
    assert "To delete: 2 Builds, 2 Assets." in file.read_text()
    assert "To delete" not in terminal.seen


def test_gc_of_a_service_that_does_not_exist_is_wrong_usage(stage: Stage) -> None:
    assert stage.run("gc", "--yes").holds(64, f"the Service {stage.service} does not exist").writes == ()


def test_status_tells_what_is_live_in_a_handful_of_requests(live: Stage) -> None:
    build = live.outside.live()
    assert build is not None
    own = [each["sid"] for each in build["asset_versions"]]
    function = live.outside.upload("/call", b"exports.handler = 1", kind="Functions")
    other = live.outside.upload("/other.txt", name="/other.txt [as1 other]")
    live.outside.publish("production", *own, live.outside.upload("/x.txt"), other, functions=(function,))
    ran = live.run("status", "--brief").holds(
        0, "10 assets of ours, 2 foreign, 1 Function", "other manifests here: other"
    )
    assert live.outside.environment("production")["build_sid"] in ran.out
    assert live.outside.environment("production")["domain_name"] in ran.out
    assert len(ran.requests) <= 5
    assert ran.writes == ()
    assert "that nobody remembers" not in ran.out


def test_status_names_our_assets_with_a_version_that_somebody_else_uploaded(live: Stage) -> None:
    build = live.outside.live()
    assert build is not None
    (page,) = [each for each in build["asset_versions"] if each["path"] == "/page-0.html"]
    foreign = live.outside.add_version(page["asset_sid"], "/page-0.html", b"hand made")
    others = [each["sid"] for each in build["asset_versions"] if each is not page]
    live.outside.publish("production", *others, foreign)
    live.run("status").holds(0, "1 of ours with a version that nobody remembers: /page-0.html")
    live.run("plan").holds(0, "Plan: 1 to restore, 9 unchanged.", "unknown content")


def test_status_of_what_is_not_there_yet_says_so(stage: Stage) -> None:
    stage.run("status").holds(0, f"The Service {stage.service} does not exist yet.")
    stage.outside.new_service()
    stage.run("status").holds(0, f"The Environment production of {stage.service} does not exist yet.")
    stage.outside.new_environment("production")
    stage.run("status").holds(0, "nothing is deployed")


def test_the_schemas_are_those_of_the_repository(stage: Stage) -> None:
    for arguments, name in (
        ((), "assetsync"),
        (("manifest",), "assetsync"),
        (("plan",), "plan"),
        (("events",), "events"),
    ):
        text = (REPOSITORY / f"schema/{name}.schema.json").read_text()
        assert stage.run("schema", *arguments).holds(0).out == text
        jsonschema_rs.validator_for(json.loads(text))


def test_validate_checks_every_environment_without_a_request_and_without_credentials(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWILIO_ACCOUNT_SID")
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    environments = "  - name: production\n  - {name: staging, suffix: stg}"
    stage.manifest(environments=environments)
    stage.write({"a.txt": "a", "b.key": "x"})
    ran = stage.run("validate").holds(
        0,
        "assetsync.yaml is valid for production: 2 assets, 2 B.",
        "assetsync.yaml is valid for staging: 2 assets, 2 B.",
        "public/b.key looks like a secret",
    )
    assert ran.requests == ()
    found = json.loads(stage.run("validate", "--format", "json").holds(0).out)
    assert [each["name"] for each in found["environments"]] == ["production", "staging"]
    only = stage.run("validate", "-e", "staging").holds(0, "valid for staging")
    assert "production" not in only.out


def test_validate_finds_what_is_wrong_in_one_environment_only_and_tells_it_once(stage: Stage) -> None:
    stage.manifest(
        '    rules:\n      - {match: "big.bin", visibility: private, environments: [staging]}\n',
        environments="  - name: production\n  - {name: staging, suffix: stg}",
    )
    stage.write({"big.bin": bytes(11 << 20), "two words.txt": "x"})
    stage.run("validate", "-e", "production").holds(78, "Error: 1 problem ")
    ran = stage.run("validate").holds(78, "big.bin: is 11534336 bytes large", "Error: 2 problems")
    assert ran.err.count("two words.txt: the name") == 1


def test_explain_says_what_the_plan_does(stage: Stage) -> None:
    stage.manifest(
        '    exclude: ["*.map", "!keep.map"]\n'
        "    rules:\n"
        '      - {match: "in/**", visibility: private}\n'
        '      - {match: "*.dat", content_type: text/x-dat}\n'
    )
    names = ["a.html", "b.map", "keep.map", "in/c.txt", "d.dat", ".hidden", "sub/.env", "e.unknown"]
    stage.write({name: name for name in names})
    planned = {
        each["source"]: (each["path"], each["visibility"], each["content_type"])
        for each in stage.run("plan", "--create-service", "--format", "json").plan["actions"]
    }
    ran = stage.run("explain", *(f"public/{name}" for name in names), "--format", "json").holds(0)
    assert ran.requests == ()
    explained = {}
    for each in json.loads(ran.out)["explanations"]:
        for coverage in each["coverages"]:
            if coverage["served"]:
                (path,) = coverage["paths"]
                explained[each["path"]] = (path, coverage["visibility"]["value"], coverage["content_type"]["value"])
    assert explained == planned
    text = stage.run("explain", "public/b.map", "public/in/c.txt", "elsewhere.txt").holds(0)
    for fragment in (
        "public/b.map is not served",
        '"*.map"',
        "visibility: private, by rule 1",
        "no folder of the manifest",
    ):
        assert fragment in text.flat


def test_init_writes_a_manifest_that_works_and_replaces_none(stage: Stage) -> None:
    stage.run("init").holds(64, "assetsync.yaml exists already", "--force")
    (stage.root / "assetsync.yaml").unlink()
    stage.run("init").holds(64, "none of public, dist, build", "--source FOLDER")
    stage.write({"index.html": "x"}, "dist")
    stage.run("init", "--name", "my-owner").holds(0, "for the folder dist")
    written = yaml.safe_load((stage.root / "assetsync.yaml").read_text())
    assert (written["name"], written["service"]) == ("my-owner", "my-owner")
    assert written["folders"][0]["source"] == "dist"
    assert written["folders"][0]["index"] == "index.html"
    stage.run("validate").holds(0, "2 assets")
    stage.run("init", "--force", "--name", "Not A Name").holds(78, "1 to 32 lower-case letters")
    assert yaml.safe_load((stage.root / "assetsync.yaml").read_text()) == written
