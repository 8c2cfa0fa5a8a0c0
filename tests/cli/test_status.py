"""status: what is live, what others did to it, and what Twilio will do to what nobody uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from assetsync.cli.status_look import MOST_BUILDS

if TYPE_CHECKING:
    from tests.cli.stage import Stage

TODAY = {"format_version", "service", "environment", "errors", "account_sid", "assets", "functions", "runtime"}
ENVIRONMENT = ("name", "sid", "suffix", "domain", "url", "build_sid")
MORE = {"environments", "drift", "limits", "retention"}


def status(stage: Stage, *arguments: str) -> dict[str, Any]:
    ran = stage.run("status", "--format", "json", *arguments).holds(0)
    assert ran.writes == ()
    assert len(ran.requests) <= (4 if "--brief" in arguments else 8)
    return ran.document


def limit(found: dict[str, Any], name: str) -> tuple[int, int, bool]:
    (one,) = [each for each in found["limits"] if each["name"] == name]
    return one["used"], one["limit"], one["at_least"]


def own(stage: Stage) -> list[str]:
    """The Versions that are live."""
    return [each["sid"] for each in (stage.outside.live() or {})["asset_versions"]]


def test_brief_tells_of_the_one_environment_and_the_rest_of_the_service_too(live: Stage) -> None:
    brief, whole = status(live, "--brief"), status(live)

    assert set(brief) == TODAY
    assert set(whole) == TODAY | MORE
    assert {key: whole[key] for key in TODAY} == brief


def test_all_environments_are_told_and_what_is_live_there(live: Stage) -> None:
    live.outside.new_environment("staging", "stg")

    found = status(live)
    text = live.run("status").holds(0, "nothing is deployed")

    told = {each["name"]: (each["domain"], each["build_sid"]) for each in found["environments"]}
    there = live.outside.every("/Environments")
    assert told == {each["unique_name"]: (each["domain_name"], each["build_sid"]) for each in there}
    assert [line.split()[1] for line in text.out.splitlines() if line.startswith("  * ")] == ["production"]


def test_visibilities_are_counted_whoever_the_assets_are_of(live: Stage) -> None:
    live.manifest("    rules:\n      - {match: 'page-1.html', visibility: private}\n")
    live.apply()
    live.outside.publish("production", *own(live), live.outside.upload("/theirs", visibility="protected"))

    assert status(live)["assets"]["visibilities"] == {"public": 9, "protected": 1, "private": 1}
    live.run("status").holds(0, "; 9 public, 1 protected, 1 private")


def test_limits_are_those_in_use(live: Stage) -> None:
    live.outside.new_environment("staging", "stg")
    live.outside.publish("production", *own(live), live.outside.upload("/secret", visibility="private"))

    found = status(live)

    assert limit(found, "public_and_protected") == (10, 1000, False)
    assert limit(found, "private") == (1, 50, False)
    assert limit(found, "environments") == (2, 25, False)
    assert limit(found, "builds_last_hour") == (2, 100, False)
    assert limit(found, "services")[1] == 50
    live.run("status").holds(0, "Limits: 10 of 1000 public and protected assets, 1 of 50 private assets")


def test_what_is_nearly_used_up_is_told_once_more(live: Stage) -> None:
    secrets = [live.outside.upload(f"/{number}", visibility="private") for number in range(45)]
    live.outside.publish("production", *own(live), *secrets)

    assert "45 of 50 private assets" in live.run("status").holds(0).out.partition("nearly used up:")[2]


def test_no_apply_of_ours_is_taken_for_somebody_else(live: Stage) -> None:
    live.write({"page-0.html": "another", "new.html": "new"})
    live.apply()
    (live.root / "public/new.html").unlink()
    live.apply()
    live.run("rollback", "--yes").holds(0)

    found = status(live)

    assert found["drift"] == {"unknown": [], "looked_at": 3, "deployments": []}
    assert "Not by an apply" not in live.run("status").out


def test_a_build_of_somebody_else_that_drops_ours_is_told(live: Stage) -> None:
    before = set(live.outside.paths())
    build = live.outside.publish("production", *own(live)[2:], live.outside.upload("/theirs"))
    dropped = sorted(before - set(live.outside.paths()))
    live.apply()

    (found,) = status(live)["drift"]["deployments"]

    assert (found["build_sid"], found["dropped"], found["foreign"]) == (build, dropped, ["/theirs"])
    live.run("status").holds(0, "Not by an apply of this manifest", "2 of ours taken off line", "1 not ours brought")


def test_a_version_of_ours_that_somebody_else_uploaded_is_told_with_its_deployment_alone(live: Stage) -> None:
    build = live.outside.live() or {}
    (page,) = [each for each in build["asset_versions"] if each["path"] == "/page-0.html"]
    foreign = live.outside.add_version(page["asset_sid"], "/page-0.html", b"hand made")
    theirs = live.outside.publish("production", foreign, *(sid for sid in own(live) if sid != page["sid"]))
    live.outside.publish("production", *own(live), live.outside.upload("/more"))

    found = status(live)

    assert found["drift"]["unknown"] == ["/page-0.html"]
    (told,) = found["drift"]["deployments"]
    assert (told["build_sid"], told["unknown"]) == (theirs, ["/page-0.html"])


def test_another_manifest_that_works_beside_ours_is_no_drift(live: Stage) -> None:
    other = live.outside.upload("/docs", name="/docs [as1 docs]")
    live.outside.publish("production", *own(live)[1:], other)

    assert status(live)["drift"]["deployments"] == []


def test_what_was_forgotten_to_make_room_is_not_laid_to_others_charge(live: Stage) -> None:
    for number in range(8):
        live.write({"page-0.html": f"release {number}"})
        live.apply()
    for file in live.root.parent.rglob("journal.sqlite"):
        file.unlink()

    assert status(live)["drift"]["deployments"] == []


def test_builds_that_are_gone_leave_less_to_tell(live: Stage) -> None:
    live.outside.publish("production", *own(live)[2:], live.outside.upload("/theirs"))
    live.apply()
    for build in live.outside.every("/Builds"):
        if build["sid"] != live.outside.environment("production")["build_sid"]:
            live.outside.delete(f"/Builds/{build['sid']}")

    assert status(live)["drift"]["deployments"] == []


def test_assets_of_ours_in_no_build_are_warned_of(live: Stage) -> None:
    assert status(live)["retention"] == {"unheld": 0, "paths": []}
    (live.root / "public/page-3.html").unlink()
    live.apply()
    assert status(live)["retention"] == {"unheld": 0, "paths": []}, "the Build before holds it"
    live.outside.post("/Assets", {"FriendlyName": "/foreign"})
    for build in live.outside.every("/Builds"):
        if build["sid"] != live.outside.environment("production")["build_sid"]:
            live.outside.delete(f"/Builds/{build['sid']}")

    assert status(live)["retention"] == {"unheld": 1, "paths": ["/page-3.html"]}
    live.run("status").holds(0, "1 Asset of ours in no Build: /page-3.html", "within 7 days")


def test_of_too_many_builds_nothing_is_claimed(live: Stage) -> None:
    versions = own(live)
    for _ in range(MOST_BUILDS):
        live.outside.post("/Builds", {"AssetVersions": versions[:1]})

    found = status(live)

    assert found["retention"] is None
    assert limit(found, "builds_last_hour") == (MOST_BUILDS, 100, True)
    live.run("status").holds(0, "at least 150 of 100 Builds in the last hour", "too many Builds")


@pytest.mark.parametrize("brief", [(), ("--brief",)])
def test_an_environment_that_is_not_there_yet(live: Stage, brief: tuple[str, ...]) -> None:
    live.manifest(environments="  - {name: staging, suffix: stg}")

    found = status(live, *brief)

    assert found["environment"] == dict.fromkeys((*ENVIRONMENT, "deployed_at")) | {"name": "staging"}
    assert [each["name"] for each in found.get("environments", ())] == ([] if brief else ["production"])
    live.run("status", *brief).holds(0, "The Environment staging of", "does not exist yet")
