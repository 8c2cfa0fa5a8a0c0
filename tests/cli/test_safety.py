"""Every guard through the command line: exit 3, the whole plan first, no write; its own flag with the right figure."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.cli.stage import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.stage import Stage


def lose_four(stage: Stage) -> None:
    for number in range(4):
        (stage.root / f"public/page-{number}.html").unlink()


def lose_all(stage: Stage) -> None:
    """All but the limit of deletes, which has a flag of its own."""
    stage.manifest(more="safety: {max_delete: 100%}\n")
    for file in (stage.root / "public").iterdir():
        file.unlink()


def empty_a_folder(stage: Stage) -> None:
    folders = "  - {source: docs, target: /docs, visibility: public}\n"
    stage.manifest(folders)
    stage.write({"a.txt": "a", "b.txt": "b"}, "docs")
    stage.apply()
    for file in (stage.root / "docs").iterdir():
        file.unlink()


def replace_foreign(stage: Stage) -> None:
    _publish_beside(stage, stage.outside.upload("/x.txt"), stage.outside.upload("/y.txt"))
    stage.write({"x.txt": "x", "y.txt": "y"})


def take_over(stage: Stage) -> None:
    names = [f"/{letter}.txt [as1 other]" for letter in "xyz"]
    _publish_beside(stage, *(stage.outside.upload(name.partition(" ")[0], name=name) for name in names))
    stage.write({"x.txt": "x", "y.txt": "y", "z.txt": "z"})


def drop_foreign(stage: Stage) -> None:
    _publish_beside(stage, stage.outside.upload("/x.txt"), stage.outside.upload("/y.txt"))
    stage.manifest(more="unmanaged: drop\n")


def change_plugins(stage: Stage) -> None:
    stage.write({"plugins/a/bundle.js": "a", "plugins/b/bundle.js": "b"})


def publish_secrets(stage: Stage) -> None:
    stage.write({"server.key": "x", "notes.txt": "-----BEGIN RSA PRIVATE KEY-----\n"})


def _publish_beside(stage: Stage, *versions: str) -> None:
    """What is live, and these."""
    build = stage.outside.live()
    assert build is not None
    stage.outside.publish("production", *(each["sid"] for each in build["asset_versions"]), *versions)


class Guard(NamedTuple):
    trip: Callable[[Stage], None]
    figure: int
    message: str
    flag: str
    line: str


GUARDS = {
    "deletes": Guard(
        lose_four, 4, "4 of 10 paths would stop being served, 40.00 %: over 30 %", "--allow-deletes", "  - /page-0.html"
    ),
    "everything": Guard(
        lose_all, 10, "nothing is left to serve: all 10 paths of website would go", "--allow-empty", "  - /page-0.html"
    ),
    "an empty folder": Guard(
        empty_a_folder,
        2,
        "the folder docs is empty while it serves 2 paths below /docs/",
        "--allow-empty",
        "  - /docs/a.txt",
    ),
    "a replacement": Guard(
        replace_foreign,
        2,
        "2 assets that assetsync did not make would be replaced: /x.txt, /y.txt",
        "--allow-replace",
        "  ! /x.txt  not made by assetsync",
    ),
    "a takeover": Guard(
        take_over,
        3,
        "3 assets of another manifest (other) would be taken over: /x.txt, /y.txt, /z.txt",
        "--allow-takeover",
        "  ! /x.txt  of other",
    ),
    "a drop": Guard(
        drop_foreign,
        2,
        "unmanaged: drop would take 2 assets off line: /x.txt, /y.txt",
        "--allow-drop",
        "  - /x.txt  not made by assetsync",
    ),
    "plugins of Flex": Guard(
        change_plugins, 2, "2 paths under /plugins/ would change", "--allow-flex", "  + /plugins/a/bundle.js"
    ),
    "secrets": Guard(
        publish_secrets,
        2,
        "2 files that look like secrets would be public: public/notes.txt (its content says PRIVATE KEY)",
        "--allow-secrets",
        "  + /server.key",
    ),
}
FLAGS = sorted({guard.flag for guard in GUARDS.values()})
by_guard = pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)


@by_guard
def test_a_guard_refuses_after_the_whole_plan_and_before_any_write(live: Stage, guard: Guard) -> None:
    guard.trip(live)
    for command in (("plan",), ("plan", "--detailed-exitcode"), ("apply", "--yes")):
        ran = live.run(*command).holds(3, guard.message, f"if this is meant: {guard.flag}={guard.figure}")
        assert ran.writes == ()
        lines = ran.out.splitlines()
        where = {
            each: next(at for at, line in enumerate(lines) if line.startswith(each)) for each in (guard.line, "Plan:")
        }
        refused = next(at for at, line in enumerate(lines) if line.startswith("Refused: "))
        assert max(where.values()) < refused
        assert ran.err.splitlines()[-1].strip() == f"if this is meant: {guard.flag}={guard.figure}"
        assert "nothing was written" in ran.err


@by_guard
def test_its_flag_with_the_figure_lets_it_through(live: Stage, guard: Guard) -> None:
    guard.trip(live)
    ran = live.run("apply", "--yes", f"{guard.flag}={guard.figure}")
    ran.holds(0, f"Allowed by {guard.flag}={guard.figure}: {guard.message}")
    assert ran.writes
    live.run("plan", "--detailed-exitcode").holds(0, "No changes.")


@by_guard
def test_its_flag_without_a_figure_lets_it_through(live: Stage, guard: Guard) -> None:
    guard.trip(live)
    live.run("plan", guard.flag, "--detailed-exitcode").holds(2, f"Allowed by {guard.flag}: {guard.message}")


@by_guard
def test_its_flag_with_too_small_a_figure_and_all_other_flags_refuse(live: Stage, guard: Guard) -> None:
    guard.trip(live)
    others = [flag for flag in FLAGS if flag != guard.flag]
    ran = live.run("apply", "--yes", *others, "--create-service", f"{guard.flag}={guard.figure - 1}")
    assert ran.holds(3, guard.message).writes == ()


@by_guard
def test_a_consent_given_at_the_plan_counts_for_the_saved_plan(live: Stage, guard: Guard) -> None:
    guard.trip(live)
    live.run("plan", "--out", "refused.json").holds(3)
    assert live.run("apply", "refused.json").holds(3, guard.message).writes == ()
    live.run("plan", guard.flag, "--out", "agreed.json").holds(0)
    live.run("apply", "agreed.json").holds(0, f"Allowed by {guard.flag}={guard.figure}")


@by_guard
def test_on_a_terminal_the_figure_agrees_and_anything_else_refuses(live: Stage, guard: Guard) -> None:
    guard.trip(live)
    before = live.outside.environment("production")["build_sid"]
    for answer in ("", "yes", str(guard.figure + 1)):
        with Terminal("apply") as terminal:
            terminal.read_until(f"Type {guard.figure} to agree")
            terminal.enter(answer)
            terminal.end().holds(3, guard.message)
    assert live.outside.environment("production")["build_sid"] == before
    with Terminal("apply") as terminal:
        terminal.read_until(f"Type {guard.figure} to agree")
        terminal.enter(str(guard.figure))
        terminal.read_until("Apply this to production?")
        terminal.enter("y")
        terminal.end().holds(0, "requests,")
    assert live.outside.environment("production")["build_sid"] != before


def test_a_service_that_does_not_exist_is_created_only_when_asked_for(stage: Stage) -> None:
    stage.write({"a.txt": "a"})
    message = f"the Service {stage.service} does not exist in this account and region and would be created"
    ran = stage.run("apply", "--yes", *FLAGS).holds(3, message, "if this is meant: --create-service")
    assert ran.writes == ()
    assert "a new Service and Environment" in ran.out
    stage.run("apply", "--yes", "--create-service").holds(0)
    assert stage.outside.get()["ui_editable"] is False
    assert stage.outside.paths() == {"/a.txt": "public"}


def test_the_service_of_flex_is_refused_whatever_changes_in_it(stage: Stage) -> None:
    stage.write({"a.txt": "a"})
    stage.service = "default"
    stage.manifest()
    ran = stage.run("apply", "--yes", "--create-service").holds(3, "the Service default belongs to Twilio Flex")
    assert ran.writes == ()
    stage.run("plan", "--create-service", "--allow-flex=1").holds(0)


def test_several_refusals_are_told_at_once_and_each_wants_its_own_flag(live: Stage) -> None:
    lose_four(live)
    publish_secrets(live)
    ran = live.run("apply", "--yes").holds(3, "--allow-deletes=4 --allow-secrets=2")
    assert ran.writes == ()
    for flag in ("--allow-deletes=4", "--allow-secrets=2"):
        assert live.run("apply", "--yes", flag).holds(3).writes == ()
    live.run("apply", "--yes", "--allow-deletes=4", "--allow-secrets=2").holds(0)


def test_three_lost_paths_are_never_too_many_by_default_and_a_count_is_taken_literally(live: Stage) -> None:
    for number in range(3):
        (live.root / f"public/page-{number}.html").unlink()
    live.run("plan", "--detailed-exitcode").holds(2)
    live.manifest(more="safety: {max_delete: 2}\n")
    live.run("plan").holds(3, "3 of 10 paths would stop being served: over the limit of 2")
    live.manifest(more="safety: {max_delete: 3}\n")
    live.run("plan").holds(0)


def test_a_new_fingerprint_is_no_loss(stage: Stage) -> None:
    names = [f"chunk-{number}" for number in range(8)]
    stage.write({f"{name}.{0x7A3F9C10 + at:08x}.js": name for at, name in enumerate(names)})
    stage.apply()
    for file in (stage.root / "public").iterdir():
        file.unlink()
    stage.write({f"{name}.{0x9B1E4D20 + at:08x}.js": f"{name} new" for at, name in enumerate(names)})
    stage.run("apply", "--yes").holds(0, "8 to create, 8 to delete")


def test_no_at_the_question_writes_nothing(live: Stage) -> None:
    live.write({"new.txt": "new"})
    for answer in ("n", ""):
        with Terminal("apply") as terminal:
            terminal.read_until("Apply this to production?")
            terminal.enter(answer)
            terminal.end().holds(130, "not applied; nothing was written")
    assert "/new.txt" not in live.outside.paths()


def test_nothing_is_asked_when_nothing_changes(live: Stage) -> None:
    with Terminal("apply") as terminal:
        ran = terminal.end().holds(0, "No changes.")
    assert "Apply this" not in ran.out


def test_every_flag_of_the_guards_is_tried_here() -> None:
    from assetsync.cli.options import OVERRIDES

    assert sorted(OVERRIDES) == FLAGS
    assert all(first.message != second.message for first, second in itertools.combinations(GUARDS.values(), 2))
