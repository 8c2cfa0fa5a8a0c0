"""The main job through the command line: init, plan, apply, and again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from assetsync.report.text import MOST_LINES

if TYPE_CHECKING:
    import pytest

    from tests.cli.stage import Stage

SITE = {
    "index.html": b"<h1>hello</h1>",
    "css/style.css": b"h1 { color: red }",
    "img/logo.svg": b"<svg/>",
    "data/all.bin": bytes(range(256)) * 8,
}


def test_from_an_empty_folder_to_a_served_site_and_a_plan_that_is_empty(stage: Stage) -> None:
    (stage.root / "assetsync.yaml").unlink()
    stage.write(SITE)
    stage.run("init", "--service", stage.service, "--name", "website").holds(0, "Wrote assetsync.yaml")
    planned = stage.run("plan", "--create-service", "--detailed-exitcode")
    planned.holds(2, "Plan: 5 to create, 0 unchanged.")
    assert not planned.writes

    applied = stage.run("apply", "--yes", "--create-service").holds(0)
    urls = re.findall(r"^  (http://\S+)$", applied.out, re.MULTILINE)
    served = {url.partition("//")[2].partition("/")[2]: stage.outside.visit_url(url).content for url in urls}
    assert served == SITE | {"": SITE["index.html"]}

    again = stage.run("plan", "--detailed-exitcode").holds(0)
    assert again.out == "No changes. production serves what the manifest says.\n"
    assert len(again.requests) == 3
    third = stage.run("apply", "--yes").holds(0)
    assert not third.writes
    assert third.out.splitlines()[0] == "No changes. production serves what the manifest says."


def test_each_edit_is_the_action_that_it_is_and_the_sentence_counts_them(live: Stage) -> None:
    public = live.root / "public"
    (public / "page-0.html").write_text("changed")
    (public / "page-1.html").unlink()
    (public / "page-2.html").rename(public / "moved.html")
    (public / "new.txt").write_text("new")
    plan = live.run("plan", "--detailed-exitcode").holds(2)
    assert "Plan: 1 to create, 1 to upload, 1 to rename, 1 to delete, 7 unchanged." in plan.out.splitlines()
    assert re.search(r"^  \+ /new.txt +3 B  new$", plan.out, re.MULTILINE)
    assert re.search(r"^  ~ /page-0.html +7 B  content$", plan.out, re.MULTILINE)
    assert re.search(r"^  > /page-2.html -> /moved.html +6 B  ", plan.out, re.MULTILINE)
    assert re.search(r"^  - /page-1.html", plan.out, re.MULTILINE)
    live.apply()
    assert sorted(live.outside.paths()) == sorted(
        ["/page-0.html", "/moved.html", "/new.txt", *(f"/page-{number}.html" for number in range(3, 10))]
    )
    assert live.outside.visit("/page-0.html").content == b"changed"
    assert live.outside.visit("/page-1.html").status_code == 404


def test_a_saved_plan_is_applied_without_a_question(live: Stage) -> None:
    live.write({"new.txt": "new"})
    planned = live.run("plan", "--out", "site.assetsync-plan.json", "--detailed-exitcode").holds(2)
    assert not planned.writes
    live.run("apply", "site.assetsync-plan.json").holds(0, "Plan: 1 to create, 10 unchanged.", "/new.txt")
    assert live.outside.visit("/new.txt").content == b"new"


def test_the_cost_that_is_told_is_what_the_service_was_asked(stage: Stage) -> None:
    stage.write(SITE)
    applied = stage.apply()
    told = re.search(r"^(\d+) requests, (.+) sent, \S+ s\. Build (ZB\w{32})\.$", applied.out, re.MULTILINE)
    assert told is not None
    assert int(told[1]) == len(applied.requests)
    assert told[3] == stage.outside.environment("production")["build_sid"]
    stage.write({"more.txt": "more"})
    as_json = stage.run("apply", "--yes", "--format", "json").holds(0)
    assert as_json.plan["result"]["requests"] == len(as_json.requests)


def test_the_estimate_of_a_plan_is_near_what_the_apply_then_asks(stage: Stage) -> None:
    stage.write(SITE)
    estimate = stage.run("plan", "--create-service", "--format", "json").plan["requests"]
    applied = stage.apply()
    assert abs(estimate - len(applied.writes)) <= 6


def test_the_result_names_every_path_with_the_sids_that_are_live(live: Stage) -> None:
    live.write({"new.txt": "new"})
    found = live.run("apply", "--yes", "--format", "json").holds(0).plan["result"]
    build = live.outside.live()
    assert build is not None
    assert found["build_sid"] == build["sid"]
    assert {(each["path"], each["asset_sid"], each["version_sid"]) for each in found["versions"]} == {
        (each["path"], each["asset_sid"], each["sid"]) for each in build["asset_versions"]
    }
    assert {each["url"] for each in found["versions"]} == {f"{found['site']}{path}" for path in live.outside.paths()}


def test_a_private_file_has_no_url_and_a_protected_one_says_what_it_needs(stage: Stage) -> None:
    rules = (
        '    rules:\n      - {match: "in/**", visibility: private}\n      - {match: "me/**", visibility: protected}\n'
    )
    stage.manifest(rules)
    stage.write({"in/a.txt": "a", "me/b.txt": "b", "c.txt": "c"})
    applied = stage.apply("--format", "json").plan
    urls = {each["path"]: each["url"] for each in applied["result"]["versions"]}
    assert urls["/in/a.txt"] is None
    assert urls["/c.txt"] == f"{applied['result']['site']}/c.txt"
    assert stage.outside.visit("/in/a.txt").status_code == 403
    assert stage.outside.visit("/me/b.txt").status_code == 403
    stage.write({"in/a.txt": "aa", "me/b.txt": "bb"})
    text = stage.apply().out
    assert re.search(r"^  http://\S+/me/b.txt  \(needs a Twilio signature\)$", text, re.MULTILINE)
    assert not re.search(r"http://\S+/in/a.txt", text)


def test_thousands_of_lines_are_cut_and_all_shows_them(stage: Stage) -> None:
    stage.write({f"{number:03}.txt": str(number) for number in range(MOST_LINES + 25)})
    short = stage.run("plan", "--create-service").holds(0, "and 25 more (--all shows them)")
    whole = stage.run("plan", "--create-service", "--all").holds(0)
    assert len(re.findall(r"^  \+ /", short.out, re.MULTILINE)) == MOST_LINES
    assert len(re.findall(r"^  \+ /", whole.out, re.MULTILINE)) == MOST_LINES + 25


def test_all_shows_unchanged_files_also_when_nothing_changes(live: Stage) -> None:
    assert re.findall(r"^  = (/\S+)", live.run("plan", "--all").out, re.MULTILINE) == [
        f"/page-{number}.html" for number in range(10)
    ]
    assert live.run("plan", "--format", "json").plan["actions"] == []
    assert len(live.run("plan", "--all", "--format", "json").plan["actions"]) == 10


def test_a_second_machine_sees_the_same_empty_plan(live: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSETSYNC_CACHE_DIR", str(live.root.parent / "another machine"))
    live.run("plan", "--detailed-exitcode").holds(0, "No changes.")


def test_going_back_to_old_content_sends_nothing(live: Stage) -> None:
    live.write({"page-0.html": "changed"})
    live.apply()
    live.write({"page-0.html": "page 0"})
    live.run("plan").holds(0, "restore (nothing is sent): 1", "0 B to send")
    applied = live.apply("--format", "json")
    assert applied.plan["result"]["bytes_sent"] < 5000
    assert not [each for each in applied.writes if each[1].endswith("/Versions")]
    assert live.outside.visit("/page-0.html").content == b"page 0"


def test_everything_gone_and_agreed_to_is_served_no_more(live: Stage) -> None:
    for file in (live.root / "public").iterdir():
        file.unlink()
    live.run("apply", "--yes", "--allow-empty", "--allow-deletes").holds(0, "Nothing is served by production any more.")
    assert live.outside.environment("production")["build_sid"] is None
    assert live.outside.visit("/page-0.html").status_code == 404
    live.run("plan", "--detailed-exitcode").holds(0, "No changes.")
