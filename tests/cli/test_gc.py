"""gc as a user sees it: by age and count, with the previews, what stays and why, what holds what."""

from __future__ import annotations

import signal
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.messages import Answer
from tests.cli.fixtures import stage_of_its_own
from tests.cli.held import Held
from tests.cli.stage import Ran, Running, Stage, Terminal
from tests.fakes.clock import Calendar, HastyClock
from tests.fakes.world import Bend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from assetsync.emulator.messages import Request

NIGHTLY = ("gc", "--previews", "--builds-keep", "1", "--older-than", "14d", "--yes")


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def site(
    home: Path,
    tmp_path: Path,
    calendar: Calendar,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Stage]:
    """Four releases, ten days apart, each with a page of its own; the last one is live."""
    settings = {"retention": timedelta(days=1000), "build_retention": None}
    with stage_of_its_own(tmp_path, calendar, monkeypatch, capsys, **settings) as stage:
        for number in range(4):
            calendar.now += timedelta(days=10)
            for old in stage.root.glob("public/only-*"):
                old.unlink()
            stage.write({"page.html": f"release {number}", f"only-{number}.html": str(number)})
            stage.apply("--allow-deletes")
        calendar.now += timedelta(days=2)
        yield stage


def labels(stage: Stage) -> list[str]:
    return sorted(name.partition(" ")[0] for name in stage.outside.assets().values())


def asset(stage: Stage, path: str) -> str:
    return next(sid for sid, name in stage.outside.assets().items() if name.startswith(f"{path} "))


def preview(stage: Stage, name: str = "pr-42", ttl: str = "7d") -> Ran:
    ran = stage.run("apply", "--yes", "-e", name, "--create-environment", "--ttl", ttl)
    return ran.holds(0)


# By age and by count


def test_the_count_and_the_age_have_to_agree(site: Stage) -> None:
    ran = site.run("gc", "--yes", "--builds-keep", "0", "--older-than", "2w")
    ran.holds(0, "Deleted 2 Builds, 2 Assets.", "1 younger than 14 days")
    assert labels(site) == ["/only-2.html", "/only-3.html", "/page.html"]


def test_an_age_alone_deletes_no_build(site: Stage) -> None:
    ran = site.run("gc", "--yes", "--older-than", "36h")
    ran.holds(0, "Nothing to delete.", "3 for rollbacks (--builds-keep deletes old ones)")
    assert ran.writes == ()


@pytest.mark.parametrize("age", ["14", "d", "-1d", "1.5d", "two weeks", "14D", "", "23h", "59m", "366d", "999999w"])
def test_an_age_that_is_none_or_less_than_a_day_is_told_before_any_request(site: Stage, age: str) -> None:
    ran = site.run("gc", "--yes", "--older-than", age).holds(64, "--older-than", "such as 36h, 14d or 4w")
    assert ran.requests == ()


def test_the_build_that_a_rollback_goes_to_stays_with_one_to_keep(site: Stage) -> None:
    """It is not the newest: going back made an older one live."""
    site.run("rollback", "--yes").holds(0)
    site.run("gc", "--yes", "--builds-keep", "1").holds(
        0, "Deleted 1 Build, 1 Asset.", "1 for the next rollback", "1 among the newest 1"
    )
    site.run("rollback", "--yes").holds(0)
    assert site.outside.visit("/only-1.html").text == "1"


def test_what_stays_is_counted_by_reason_in_text_and_json(site: Stage) -> None:
    site.outside.post("/Assets", {"FriendlyName": "/foreign"})
    site.outside.post("/Assets", {"FriendlyName": "/x [as1 other]"})
    site.outside.post("/Assets", {"FriendlyName": "/new [as1 website]"})
    arguments = ("gc", "--dry-run", "--builds-keep", "1", "--older-than", "14d")
    said = "Assets that stay: 1 of other manifests, 1 foreign, 2 live, 1 held by a Build, 1 younger than 14 days."
    site.run(*arguments).holds(0, "Builds that stay: 1 live, 1 for the next rollback.", said)
    document = site.run(*arguments, "--format", "json").holds(0).document
    assert document["stays"] == {
        "builds": {"live": 1, "rollback": 1},
        "assets": {"other_manifests": 1, "foreign": 1, "live": 2, "held": 1, "young": 1},
    }
    assert (document["young"], document["young_builds"]) == (1, 0)
    service = site.outside.get()["sid"]
    assert (document["service"], document["owner"]) == ({"sid": service, "unique_name": "my-site"}, "website")
    assert document["errors"] == []
    assert document["terms"] == {"builds_keep": 1, "older_than_seconds": 14 * 24 * 3600}
    assert [each["path"] for each in document["assets"]] != []
    assert len(document["builds"]) == 2


def test_several_declared_environments_need_no_choice(site: Stage) -> None:
    site.manifest(environments="  - name: production\n  - {name: staging, suffix: stg}")
    site.run("gc", "--dry-run").holds(0, "Nothing to delete.")


# Builds and previews together


def test_one_command_deletes_ended_previews_then_builds_then_assets(site: Stage, calendar: Calendar) -> None:
    site.write({"only-3.html": "a preview's", "preview.html": "p"})
    preview(site)
    calendar.now += timedelta(days=30)
    ran = site.run(*NIGHTLY)
    ran.holds(0, "- preview pr-42", "To delete: 1 preview, 2 Builds,", "Deleted 1 preview, 2 Builds,")
    kinds = [path.split("/")[-2] for method, path in ran.writes if method == "DELETE"]
    assert kinds == sorted(kinds, key=("Environments", "Builds", "Assets").index)
    assert {each["unique_name"] for each in site.outside.every("/Environments")} == {"production"}
    assert site.outside.visit("/only-3.html").text == "3"
    again = site.run(*NIGHTLY).holds(0, "Nothing to delete.")
    assert again.writes == ()


def test_what_only_an_ended_preview_served_goes_in_the_same_run(site: Stage, calendar: Calendar) -> None:
    site.write({"preview.html": "p"})
    preview(site)
    calendar.now += timedelta(days=30)
    site.run("gc", "--previews", "--builds-keep", "0", "--yes").holds(0, "- /preview.html")
    assert labels(site) == ["/only-3.html", "/page.html"]


def test_the_json_tells_what_was_freed(site: Stage, calendar: Calendar) -> None:
    preview(site)
    calendar.now += timedelta(days=30)
    document = site.run(*NIGHTLY, "--format", "json").holds(0).document
    assert document["previews"] == {"to_delete": ["pr-42"], "held": []}
    result = document["result"]
    assert result["previews"] == ["pr-42"]
    freed = {"previews": 1, "builds": len(result["builds"]), "assets": len(result["assets"])}
    assert result["deleted"] == freed
    assert (result["kept"], result["refused"], result["errors"]) == ([], [], [])


def test_without_asking_for_it_no_preview_is_looked_at(site: Stage, calendar: Calendar) -> None:
    preview(site)
    calendar.now += timedelta(days=30)
    ran = site.run("gc", "--yes", "--builds-keep", "0").holds(0)
    assert not [path for _, path in ran.requests if "Variables" in path]
    assert len(site.outside.every("/Environments")) == 2


def test_a_preview_that_serves_what_is_not_ours_stays_unless_it_is_agreed_to(site: Stage, calendar: Calendar) -> None:
    preview(site)
    site.outside.publish("pr-42", site.outside.upload("/theirs.txt"))
    calendar.now += timedelta(days=30)
    site.run(*NIGHTLY).holds(
        1, "pr-42 stays", "--allow-foreign=1", "1 preview could not be deleted", "Deleted 0 previews"
    )
    assert len(site.outside.every("/Environments")) == 2
    site.run(*NIGHTLY, "--allow-foreign=1").holds(0, "Deleted 1 preview")
    assert "/theirs.txt" in labels(site)


def test_a_preview_that_the_manifest_declares_by_now_stays(site: Stage, calendar: Calendar) -> None:
    preview(site)
    calendar.now += timedelta(days=30)
    site.manifest(environments="  - name: production\n  - {name: pr-42, suffix: pr-42}")
    site.run(*NIGHTLY).holds(0, "Deleted 0 previews")
    assert len(site.outside.every("/Environments")) == 2


def test_all_of_it_is_asked_for_with_one_question(site: Stage, calendar: Calendar) -> None:
    preview(site)
    calendar.now += timedelta(days=30)
    with Terminal("gc", "--previews", "--builds-keep", "0") as terminal:
        terminal.read_until("Delete these?")
        terminal.enter("n")
        terminal.end().holds(130, "nothing was deleted")
    assert len(site.outside.every("/Environments")) == 2


# What goes wrong on the way


def refusing(stage: Stage, pattern: str, status: int) -> None:
    """Every deletion of such a thing is answered with this status."""
    stage.clock = HastyClock()
    stage.emulator.core.faults = Bend("DELETE", pattern, first=Answer(status, b"{}"), times=1000)


def asked_to_delete(ran: Ran, kind: str) -> set[str]:
    return {path for method, path in ran.writes if method == "DELETE" and f"/{kind}/" in path}


@pytest.mark.parametrize(("status", "code"), [(503, 1), (429, 1), (401, 77)])
def test_a_service_that_fails_midway_ends_the_run_and_what_went_is_told(site: Stage, status: int, code: int) -> None:
    """Nothing more is asked of it: each of a thousand Assets would be tried for minutes."""
    refusing(site, "/Assets/", status)

    ran = site.run("gc", "--yes", "--builds-keep", "0", "--format", "json")

    ran.holds(code, "Warning: the rest was not reached", f"HTTP {status}")
    result = ran.document["result"]
    assert result["deleted"] == {"previews": 0, "builds": 3, "assets": 0}
    assert (result["kept"], result["refused"]) == ([], [])
    assert [each["exit_code"] for each in ran.document["errors"]] == [code]
    assert len(asked_to_delete(ran, "Assets")) == 1


def test_what_the_service_will_not_delete_leaves_with_1_and_the_rest_goes(site: Stage) -> None:
    refusing(site, f"/Assets/{asset(site, '/only-1.html')}", 403)

    ran = site.run("gc", "--yes", "--builds-keep", "0")

    ran.holds(1, "Deleted 3 Builds, 2 Assets.", "(/only-1.html) stays: ", "1 thing could not be deleted")
    assert labels(site) == ["/only-1.html", "/only-3.html", "/page.html"]


def test_what_a_build_holds_that_could_not_be_deleted_stays_for_that_reason(site: Stage) -> None:
    refusing(site, "/Builds/", 403)

    ran = site.run("gc", "--yes", "--builds-keep", "0", "--format", "json").holds(1, "6", "could not be deleted")

    assert len(ran.document["result"]["refused"]) == 3
    assert {each.rpartition("stays: ")[2] for each in ran.document["result"]["kept"]} == {"a Build holds it"}
    assert asked_to_delete(ran, "Assets") == set()


def test_where_the_previews_cannot_be_reached_nothing_behind_them_is_begun(site: Stage, calendar: Calendar) -> None:
    preview(site, "pr-1")
    preview(site, "pr-2")
    calendar.now += timedelta(days=30)
    refusing(site, "/Environments/", 500)

    ran = site.run("gc", "--yes", "--previews", "--builds-keep", "0").holds(
        1, "Deleted 0 previews, 0 Builds, 0 Assets.", "the rest was not reached", "HTTP 500"
    )

    assert len(asked_to_delete(ran, "Environments")) == 1
    assert asked_to_delete(ran, "Builds") == set()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("gc", "--previews", "--builds-keep", "0"), "1 preview, 0 Builds, 0 Assets"),
        (("previews", "--expire"), "1 Environment"),
    ],
    ids=["gc", "previews"],
)
def test_a_signal_between_deletions_leaves_with_its_own_code(
    site: Stage, calendar: Calendar, command: tuple[str, ...], said: str, number: signal.Signals, code: int
) -> None:
    preview(site, "pr-1")
    preview(site, "pr-2")
    calendar.now += timedelta(days=30)
    with Held(site.emulator.core, is_deletion) as held, Running(*command, "--yes") as running:
        held.wait_for()
        running.signal(number)
        held.release()
        running.end().holds(code, f"Deleted {said}.", "the rest was not reached", f"interrupted after {said}")
    assert len(site.outside.every("/Environments")) == 2


def is_deletion(request: Request) -> bool:
    return request.method == "DELETE"


# What holds what


def test_explain_tells_which_builds_hold_an_asset_and_where_they_are_live(site: Stage) -> None:
    page, live = asset(site, "/page.html"), site.outside.environment("production")["build_sid"]
    ran = site.run("gc", "--explain", page)
    ran.holds(0, f"/page.html {page}", "ours (website); made 2026-12-03", f"in Build {live}, live in production")
    ran.holds(
        0, "gc leaves it alone:", f"Build {live} holds it: live in production", "old Builds go with --builds-keep"
    )
    assert ran.writes == ()
    (found,) = site.run("gc", "--explain", page, "--format", "json").holds(0).document["assets"]
    assert (found["ours"], found["owner"], found["would_delete"]) == (True, "website", False)
    builds = {build["sid"]: build["live_in"] for each in found["versions"] for build in each["builds"]}
    assert len(builds) == len(found["versions"]) == 4
    assert builds[live] == ["production"]


def test_explain_says_what_gc_would_do_with_these_options(site: Stage, calendar: Calendar) -> None:
    explain = ("gc", "--explain", "/only-2.html", "--builds-keep")
    site.run(*explain, "1").holds(0, "the next rollback goes there, among the newest 1")
    site.run(*explain, "0").holds(0, "gc would delete it now")
    site.run(*explain, "0", "--older-than", "14d").holds(0, "younger than 14 days", "gc leaves it alone")
    calendar.now += timedelta(days=14)
    site.run(*explain, "0", "--older-than", "14d").holds(0, "gc would delete it now")
    sid = asset(site, "/only-2.html")
    site.run("gc", "--yes", "--builds-keep", "0", "--older-than", "14d").holds(0)
    assert sid not in site.outside.assets()


def test_explain_lists_every_asset_that_bears_a_path(site: Stage) -> None:
    ours = site.outside.assets()[asset(site, "/page.html")]
    theirs = site.outside.upload("/page.html", name="/page.html")
    other = site.outside.post("/Assets", {"FriendlyName": "/page.html [as1 other]"})["sid"]
    copied = site.outside.post("/Assets", {"FriendlyName": ours})["sid"]
    ran = site.run("gc", "--explain", "/page.html", "--builds-keep", "0")
    ran.holds(0, "it belongs to the manifest other, not to website", "its name is not one that website gave")
    ran.holds(
        0,
        other,
        copied,
        "of the manifest other;",
        "not ours, whatever its name says;",
        "its name was copied from another Asset",
        f"Version {theirs}",
        "in no Build",
    )
    assert ran.out.count("gc leaves it alone") == 4


def test_explain_of_what_is_not_there_names_what_is_like_it(site: Stage) -> None:
    site.run("gc", "--explain", "/pages.html").holds(64, "has no Asset /pages.html", "did you mean /page.html")
    site.run("gc", "--explain", "ZH" + "0" * 32).holds(
        64, "has no Asset ZH0000", "by its SID (ZH...) or by its URL path"
    )
    ran = site.run("gc", "--explain", "/pages.html", "--format", "json")
    assert ran.document["errors"][0]["exit_code"] == 64


def test_explain_counts_an_ended_preview_as_gone_where_gc_would_delete_it(site: Stage, calendar: Calendar) -> None:
    site.write({"preview.html": "p"})
    preview(site)
    calendar.now += timedelta(days=30)
    explain = ("gc", "--explain", "/preview.html", "--builds-keep", "0")
    site.run(*explain).holds(0, "holds it: live in pr-42")
    site.run(*explain, "--previews").holds(0, "live in pr-42", "gc would delete it now")


def test_explain_tells_of_builds_that_hold_nothing_of_ours_and_of_those_that_are_live(site: Stage) -> None:
    foreign = site.outside.upload("/theirs")
    live = [each["sid"] for each in (site.outside.live() or {})["asset_versions"]]
    site.outside.publish("production", foreign)
    site.outside.publish("production", foreign, *live)

    ran = site.run("gc", "--explain", "/theirs")

    ran.holds(0, "nothing in it is ours", "live in production")
