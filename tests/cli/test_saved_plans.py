"""A saved plan is compared, never executed: each difference in effect leaves with 4 and says what differs."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.stage import Stage

SAVED = "site.assetsync-plan.json"


@pytest.fixture
def saved(live: Stage) -> Stage:
    """Ten live files, one of them edited, one removed, one added, and a plan of that."""
    live.write({"page-0.html": "changed", "new.txt": "new"})
    (live.root / "public/page-9.html").unlink()
    live.run("plan", "--out", SAVED).holds(0)
    return live


def add(stage: Stage) -> None:
    stage.write({"late.txt": "late"})


def edit(stage: Stage) -> None:
    stage.write({"new.txt": "newer"})


def edit_unchanged(stage: Stage) -> None:
    stage.write({"page-5.html": "edited"})


def remove_added(stage: Stage) -> None:
    (stage.root / "public/new.txt").unlink()


def remove_live(stage: Stage) -> None:
    (stage.root / "public/page-5.html").unlink()


def bring_back(stage: Stage) -> None:
    stage.write({"page-9.html": "page 9"})


def rule_of_visibility(stage: Stage) -> None:
    stage.manifest('    rules: [{match: "new.txt", visibility: protected}]\n')


def rule_of_type(stage: Stage) -> None:
    stage.manifest('    rules: [{match: "new.txt", content_type: text/x-new}]\n')


def deploy_between(stage: Stage) -> None:
    build = stage.outside.live()
    assert build is not None
    versions = [each["sid"] for each in build["asset_versions"]]
    stage.outside.publish("production", *versions, stage.outside.upload("/foreign.txt"))


def another_owner(stage: Stage) -> None:
    stage.manifest(name="another")


def another_environment(stage: Stage) -> None:
    stage.manifest(environments="  - {name: staging, suffix: stg}")


def another_service(stage: Stage) -> None:
    stage.outside.new_service(name=f"{stage.service}-b")
    stage.service += "-b"
    stage.manifest()


DIFFERENCES = {
    "a file added": (add, "/late.txt is in the files and was not in the plan"),
    "a file edited": (edit, "the content of /new.txt changed since the plan"),
    "an unchanged file edited": (edit_unchanged, "the content of /page-5.html changed since the plan"),
    "a file removed": (remove_added, "/new.txt was in the plan and is not in the files any more"),
    "a live file removed": (remove_live, "/page-5.html was in the plan and is not in the files any more"),
    "a file brought back": (bring_back, "/page-9.html is in the files and was not in the plan"),
    "a rule of visibility": (rule_of_visibility, "the visibility of /new.txt changed since the plan"),
    "a rule of content type": (rule_of_type, "the content type of /new.txt changed since the plan"),
    "another deployment": (deploy_between, "somebody deployed since: the live Build was ZB"),
    "another owner": (another_owner, "it is of the manifest named website, this one is named another"),
    "another environment": (another_environment, "it is for the Environment production, this run for staging"),
    "another service": (another_service, "it is for the Service ZS"),
}


@pytest.mark.parametrize(("change", "message"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_what_differs_is_said_and_nothing_is_written(
    saved: Stage, change: Callable[[Stage], None], message: str
) -> None:
    change(saved)
    saved.emulator.core.requests.clear()
    ran = saved.run("apply", SAVED).holds(4, "this is not the plan that was saved: ", message, "nothing was written")
    assert ran.writes == ()


@pytest.fixture
def shared(live: Stage) -> Stage:
    """The same beside an asset and a Function of another tool, one of our files where that tool has one too."""
    outside = live.outside
    build = outside.live()
    assert build is not None
    ours = [each["sid"] for each in build["asset_versions"]]
    foreign = [outside.upload("/foreign.txt"), outside.upload("/taken.txt")]
    function = outside.upload("/function", b"exports.handler = 1", kind="Functions")
    outside.publish("production", *ours, *foreign, functions=(function,))
    live.write({"page-0.html": "changed", "taken.txt": "ours"})
    live.run("plan", "--allow-replace", "--out", SAVED).holds(0)
    return live


def drop_foreign(stage: Stage) -> None:
    stage.manifest(more="unmanaged: drop\n")


def give_away(stage: Stage) -> None:
    """Somebody makes an Asset of ours theirs, without a Deployment."""
    ours = next(sid for sid, name in stage.outside.assets().items() if name.startswith("/page-5.html "))
    stage.outside.post(f"/Assets/{ours}", {"FriendlyName": "mine now"})


def give_away_and_leave_alone(stage: Stage) -> None:
    give_away(stage)
    (stage.root / "public/page-5.html").unlink()


def make_environment_again(stage: Stage) -> None:
    stage.outside.delete(f"/Environments/{stage.outside.environment('production')['sid']}")
    stage.outside.new_environment("production")


def delete_environment(stage: Stage) -> None:
    stage.outside.delete(f"/Environments/{stage.outside.environment('production')['sid']}")


def delete_service(stage: Stage) -> None:
    stage.outside.delete("")


SHARED_DIFFERENCES = {
    "foreign assets are to go": (drop_foreign, "is carried over only in the plan"),
    "an asset of ours became foreign": (give_away, "is replaced now, and was not in the plan"),
    "an asset became foreign and its file is gone": (
        give_away_and_leave_alone,
        "/page-5.html was in the plan and is not in the files any more",
    ),
    "the Environment is another one": (make_environment_again, "is now another one: ZE"),
    "the Environment is gone": (delete_environment, "the Environment production existed then, and does not any more"),
    "the Service is gone": (delete_service, "existed then, and does not any more"),
}


@pytest.mark.parametrize(("change", "message"), SHARED_DIFFERENCES.values(), ids=SHARED_DIFFERENCES)
def test_what_differs_of_what_is_not_ours_is_said_too(
    shared: Stage, change: Callable[[Stage], None], message: str
) -> None:
    change(shared)
    ran = shared.run("apply", SAVED).holds(4, "this is not the plan that was saved: ", message, "nothing was written")
    assert ran.writes == ()


def test_a_plan_beside_what_is_not_ours_is_applied_with_the_consent_in_it(shared: Stage) -> None:
    shared.run("apply", SAVED).holds(0)
    assert shared.outside.paths().keys() >= {"/foreign.txt", "/taken.txt", "/page-0.html"}
    assert shared.outside.visit("/taken.txt").content == b"ours"


def test_a_plan_for_what_did_not_exist_is_not_applied_once_somebody_made_it(stage: Stage) -> None:
    stage.write({"a.txt": "a"})
    stage.run("plan", "--create-service", "--out", SAVED).holds(0)
    stage.outside.new_service()
    ran = stage.run("apply", SAVED).holds(4, f"the Service {stage.service} did not exist then, and does now")
    assert ran.writes == ()
    stage.run("plan", "--out", SAVED).holds(0)
    stage.outside.new_environment("production")
    ran = stage.run("apply", SAVED).holds(4, "the Environment production did not exist then, and does now")
    assert ran.writes == ()
    stage.run("plan", "--out", SAVED).holds(0)
    stage.outside.publish("production", stage.outside.upload("/theirs.txt"))
    assert stage.run("apply", SAVED).holds(4, "the live Build was none and is ZB").writes == ()


def edited(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def edit(file: Path) -> None:
        document = json.loads(file.read_text())
        change(document)
        file.write_text(json.dumps(document))

    return edit


FOREIGN = {"path": "/foreign.txt", "asset_sid": "ZH0000", "version_sid": "ZN0000", "owner": None}
TAMPERED = {
    "another account": (edited(lambda d: d.update(account_sid="AC" + "0" * 32)), 4, "it is for the account AC000"),
    "another Environment of the name": (
        edited(lambda d: d["environment"].update(sid="ZE" + "0" * 32)),
        4,
        "the Environment ZE0000",
    ),
    "another suffix": (edited(lambda d: d["environment"].update(suffix="x")), 4, "its domain suffix was x and is none"),
    "a digest": (
        edited(lambda d: d["actions"][0].update(digest="xxh3_128:" + "0" * 32)),
        4,
        "changed since the plan",
    ),
    "an action taken out": (edited(lambda d: d["actions"].pop(0)), 4, "was not in the plan"),
    "another manifest": (edited(lambda d: d.update(owner="shop")), 4, "it is of the manifest named shop"),
    "another Service": (
        edited(lambda d: d["service"].update(sid="ZS" + "0" * 32)),
        4,
        "it is for the Service ZS0000",
    ),
    "another Environment": (
        edited(lambda d: d["environment"].update(name="staging")),
        4,
        "it is for the Environment staging, this run for production",
    ),
    "another base": (
        edited(lambda d: d["environment"].update(build_sid="ZB" + "0" * 32)),
        4,
        "somebody deployed since: the live Build was ZB0000",
    ),
    "a visibility": (
        edited(lambda d: d["actions"][0].update(visibility="private")),
        4,
        "the visibility of /new.txt changed since the plan",
    ),
    "a content type": (
        edited(lambda d: d["actions"][0].update(content_type="text/html; charset=utf-8")),
        4,
        "the content type of /new.txt changed since the plan",
    ),
    "a path": (
        edited(lambda d: d["actions"][0].update(path="/else.txt")),
        4,
        "/else.txt was in the plan and is not in the files any more",
    ),
    "a delete added": (
        edited(lambda d: d["actions"].append({**d["actions"][0], "action": "delete", "path": "/gone.txt"})),
        4,
        "/gone.txt would stop being served only in the plan",
    ),
    "something carried over added": (
        edited(lambda d: d["carried"].append(FOREIGN)),
        4,
        "/foreign.txt (ZN0000) is carried over only in the plan",
    ),
    "something replaced added": (
        edited(lambda d: d["replaced"].append(FOREIGN)),
        4,
        "/foreign.txt (ZN0000) is replaced only in the plan",
    ),
    "something dropped added": (
        edited(lambda d: d["dropped"].append(FOREIGN)),
        4,
        "/foreign.txt (ZN0000) is dropped only in the plan",
    ),
    "a Function added": (
        edited(lambda d: d["functions"].append(FOREIGN)),
        4,
        "/foreign.txt (ZN0000) is a Function carried over only in the plan",
    ),
    "a delete taken out": (
        edited(lambda d: d.update(actions=[each for each in d["actions"] if each["action"] != "delete"])),
        4,
        "/page-9.html would stop being served now, and was not in the plan",
    ),
    "a part taken out": (edited(lambda d: d.pop("actions")), 4, "the plan file is damaged or was edited"),
    "safety taken out": (edited(lambda d: d.pop("safety")), 4, "the plan file is damaged or was edited"),
    "a part of another kind": (edited(lambda d: d.update(actions=7)), 4, "the plan file is damaged or was edited"),
    "safety of another kind": (edited(lambda d: d.update(safety=[7])), 4, "the plan file is damaged or was edited"),
    "another format": (edited(lambda d: d.update(format_version=2)), 64, "has plan format 2, this assetsync reads 1"),
    "no format": (edited(lambda d: d.pop("format_version")), 64, "is not a plan file"),
    "a list": (lambda f: f.write_text("[]"), 64, "is not a plan file"),
    "half of it": (lambda f: f.write_text(f.read_text()[:500]), 64, "is not a plan file"),
    "an empty file": (lambda f: f.write_text(""), 64, "is not a plan file"),
    "bytes": (lambda f: f.write_bytes(b"\xff\xfe\x00"), 64, "is not a plan file"),
    "nothing": (lambda f: f.unlink(), 64, f"the plan {SAVED} cannot be read"),
}


@pytest.mark.parametrize(("tamper", "code", "message"), TAMPERED.values(), ids=TAMPERED)
def test_a_plan_file_that_was_tampered_with_is_not_applied(
    saved: Stage, tamper: Callable[[Path], object], code: int, message: str
) -> None:
    tamper(saved.root / SAVED)
    ran = saved.run("apply", SAVED).holds(code, message)
    assert ran.writes == ()


def test_the_reorganised_files_of_the_same_effect_are_the_same_plan(saved: Stage) -> None:
    before = saved.run("plan", "--format", "json").plan["actions"]
    assert {each["action"] for each in before} == {"upload", "create", "delete"}
    saved.write({"notes/other.txt": "x"})
    saved.manifest('    exclude: ["notes/"]\n')
    saved.run("apply", SAVED).holds(0)


def test_how_an_effect_is_reached_may_differ(live: Stage) -> None:
    """Between plan and apply another Environment makes a Version that may be restored instead of uploaded."""
    environments = "  - name: production\n  - {name: staging, suffix: stg}"
    live.manifest(environments=environments)
    live.apply("-e", "staging")
    live.write({"page-0.html": "changed"})
    live.run("plan", "-e", "production", "--out", SAVED).holds(0, "Plan: 1 to create, 9 unchanged.")
    live.apply("-e", "staging")
    live.run("apply", "-e", "production", SAVED).holds(0, "Plan: 1 to restore, 9 unchanged.")
    assert live.outside.visit("/page-0.html").content == b"changed"


def test_the_saved_plan_is_private_valid_and_holds_every_action(saved: Stage) -> None:
    file = saved.root / SAVED
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    document = json.loads(file.read_text())
    assert [each["action"] for each in document["actions"]].count("unchanged") == 8
    shown = saved.run("plan", "--all", "--format", "json").plan
    assert document == shown


def test_the_saved_plan_replaces_an_older_one_and_leaves_no_draft(saved: Stage) -> None:
    file = saved.root / SAVED
    file.chmod(0o644)
    add(saved)
    saved.run("plan", "--out", SAVED).holds(0)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "/late.txt" in file.read_text()
    assert sorted(each.name for each in saved.root.iterdir()) == ["assetsync.yaml", "public", SAVED]


def test_the_saved_plan_names_no_absolute_path_and_no_secret(saved: Stage) -> None:
    text = (saved.root / SAVED).read_text()
    assert str(saved.root) not in text
    assert str(saved.root.parent) not in text
    assert saved.emulator.core.account.auth_token not in text
    document = json.loads(text)
    sources = {each["source"] for each in document["actions"] if each["source"]}
    assert sources == {f"public/page-{number}.html" for number in range(9)} | {"public/new.txt"}


def test_a_plan_that_is_refused_is_saved_too(live: Stage) -> None:
    live.write({"server.key": "x"})
    live.run("plan", "--out", SAVED).holds(3)
    document = json.loads((live.root / SAVED).read_text())
    assert [each["reason"] for each in document["safety"]] == ["secrets"]
    assert stat.S_IMODE((live.root / SAVED).stat().st_mode) == 0o600
    live.run("apply", SAVED, "--allow-secrets=1").holds(0, "Allowed by --allow-secrets=1")


def test_a_consent_is_for_the_figure_of_then(live: Stage) -> None:
    live.write({"server.key": "x"})
    live.run("plan", "--allow-secrets", "--out", SAVED).holds(0)
    live.write({"other.key": "x"})
    assert live.run("apply", SAVED).holds(4, "/other.key is in the files and was not in the plan").writes == ()


def test_a_plan_that_cannot_be_saved_fails_and_says_so(live: Stage) -> None:
    live.write({"new.txt": "new"})
    live.run("plan", "--out", "no/such/folder.json").holds(1, "the plan cannot be saved to no/such/folder.json")


def test_an_applied_plan_does_not_apply_again(saved: Stage) -> None:
    saved.run("apply", SAVED).holds(0)
    assert saved.run("apply", SAVED).holds(4, "somebody deployed since").writes == ()


def test_a_plan_is_not_saved_over_what_is_no_file(live: Stage) -> None:
    pipe = live.root / "pipe"
    os.mkfifo(pipe)
    live.run("plan", "--out", "pipe").holds(1, "cannot be saved to pipe", "it is not a file")
    assert pipe.is_fifo()


def test_a_plan_is_not_saved_where_it_would_be_published(live: Stage) -> None:
    live.run("plan", "--out", "public/next.json").holds(64, "source folder public", "next.assetsync-plan.json")
    assert not (live.root / "public/next.json").exists()
    live.run("plan", "--out", "public/next.assetsync-plan.json").holds(0)
    live.run("plan", "--detailed-exitcode").holds(0)


def test_a_plan_file_without_end_is_refused(live: Stage) -> None:
    with (live.root / "endless.json").open("wb") as file:
        file.truncate(65 * 2**20)
    live.run("apply", "endless.json").holds(64, "is not a plan file", "larger than 64")
