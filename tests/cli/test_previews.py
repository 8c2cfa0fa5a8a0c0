"""Preview Environments as a user sees them: made with a time to live, shown, deleted. The oracle is another client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.messages import Answer
from tests.cli.fixtures import stage_of_its_own
from tests.cli.stage import Ran, Stage, Terminal
from tests.fakes.clock import Calendar
from tests.fakes.world import Bend
from tests.reliability.stepping import before_request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "ASSETSYNC_PREVIEW"
NUMBERED = "  - name: production\n  - {name: 'pr-${NUMBER}', suffix: 'p${NUMBER}'}"


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
    """A live site of two files, on a service with a calendar."""
    with stage_of_its_own(tmp_path, calendar, monkeypatch, capsys, flex_guard=False) as stage:
        stage.write({"index.html": "<h1>", "a.txt": "a"})
        stage.apply()
        yield stage


def preview(stage: Stage, name: str, ttl: str = "7d", *more: str) -> Ran:
    return stage.run("apply", "--yes", "-e", name, "--create-environment", "--ttl", ttl, *more)


def made(stage: Stage, *names: str, ttl: str = "7d") -> None:
    for name in names:
        preview(stage, name, ttl).holds(0)


def variables(stage: Stage, name: str) -> dict[str, str]:
    place = f"/Environments/{stage.outside.environment(name)['sid']}/Variables"
    found = stage.outside.every(place)
    assert len({each["key"] for each in found}) == len(found)
    return {each["key"]: each["value"] for each in found}


def set_variable(stage: Stage, name: str, value: str, key: str = KEY) -> None:
    """As somebody else would: there already, or not."""
    place = f"/Environments/{stage.outside.environment(name)['sid']}/Variables"
    old = next((each["sid"] for each in stage.outside.every(place) if each["key"] == key), None)
    stage.outside.post(f"{place}/{old}" if old else place, {"Key": key, "Value": value})


def names(stage: Stage) -> set[str]:
    return {each["unique_name"] for each in stage.outside.every("/Environments")}


def uploads(ran: Ran) -> list[str]:
    return [path for _method, path in ran.writes if path.endswith("/Versions")]


# Making one


def test_a_preview_is_marked_with_its_owner_and_its_end_before_anything_else_is_written(site: Stage) -> None:
    site.write({"new.txt": "new"})

    ran = preview(site, "pr-42").holds(0, "pr-42 is live at", "A preview until 2026-11-30 12:00 UTC")

    assert variables(site, "pr-42") == {KEY: "as1 website 2026-11-30T12:00:00Z"}
    kinds = [path.rpartition("/")[2] for _method, path in ran.writes]
    assert kinds[:2] == ["Environments", "Variables"]
    assert kinds.count("Variables") == 1
    assert site.outside.visit("/new.txt", "pr-42").text == "new"


def test_the_json_tells_its_end(site: Stage) -> None:
    document = preview(site, "pr-42", "90m", "--format", "json").holds(0).plan

    assert document["result"]["expires_at"] == "2026-11-23T13:30:00+00:00"
    again = site.run("apply", "--yes", "-e", "pr-42", "--create-environment", "--format", "json").holds(0).plan
    assert "expires_at" not in again["result"]


def test_the_end_is_put_off_by_each_apply_with_a_time_to_live_and_left_alone_by_one_without(
    site: Stage, calendar: Calendar
) -> None:
    made(site, "pr-42")
    calendar.now += timedelta(days=2)
    site.write({"a.txt": "changed"})
    site.run("apply", "--yes", "-e", "pr-42", "--create-environment").holds(0)
    assert variables(site, "pr-42") == {KEY: "as1 website 2026-11-30T12:00:00Z"}

    changed = preview(site, "pr-42", "2w").holds(0, "No changes.", "A preview until 2026-12-09 12:00 UTC")

    assert variables(site, "pr-42") == {KEY: "as1 website 2026-12-09T12:00:00Z"}
    assert len(changed.writes) == 1, "where nothing is to be deployed, the mark alone is written"


def test_a_renewal_is_written_before_anything_is_uploaded(site: Stage, calendar: Calendar) -> None:
    made(site, "pr-42")
    calendar.now += timedelta(days=2)
    site.write({"a.txt": "changed"})

    ran = preview(site, "pr-42").holds(0)

    assert "/Variables/" in ran.writes[0][1]
    assert uploads(ran)


@pytest.mark.parametrize(
    ("ttl", "sentence"),
    [
        ("7", "'7' is not a time to live write a number and m, h, d or w"),
        ("7 d", "is not a time to live"),
        ("-7d", "is not a time to live"),
        ("1.5d", "is not a time to live"),
        ("\u0667d", "is not a time to live"),
        ("", "is not a time to live"),
        ("0m", "0m is not between 15 minutes and 365 days"),
        ("366d", "366d is not between 15 minutes and 365 days"),
        ("53w", "53w is not between 15 minutes and 365 days"),
        ("999999w", "999999w is not between 15 minutes and 365 days"),
    ],
)
def test_a_time_that_is_none_is_wrong_usage_before_any_request(site: Stage, ttl: str, sentence: str) -> None:
    assert preview(site, "pr-42", ttl).holds(64, sentence).requests == ()


@pytest.mark.parametrize(("ttl", "end"), [("15m", "2026-11-23T12:15:00Z"), ("365d", "2027-11-23T12:00:00Z")])
def test_the_shortest_and_the_longest_time_are_times(site: Stage, ttl: str, end: str) -> None:
    made(site, "pr-42", ttl=ttl)

    assert variables(site, "pr-42") == {KEY: f"as1 website {end}"}


def test_a_time_to_live_takes_create_environment(site: Stage) -> None:
    ran = site.run("apply", "--yes", "-e", "pr-42", "--ttl", "7d").holds(64, "that takes --create-environment")

    assert ran.requests == ()


def test_what_the_manifest_declares_is_never_marked(site: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert preview(site, "production").holds(64, "production is declared in the manifest").requests == ()
    site.manifest(environments=NUMBERED)
    assert preview(site, "pr-42").holds(64, "as `pr-${NUMBER}`").requests == (), "an unset variable may be anything"
    monkeypatch.setenv("NUMBER", "42")
    assert preview(site, "pr-42").holds(64, "as `pr-${NUMBER}`").requests == ()
    preview(site, "pr-7").holds(0)


def test_what_was_there_before_is_never_marked(site: Stage) -> None:
    site.outside.new_environment("deployed", "deployed")
    site.outside.publish("deployed", site.outside.upload("/theirs"))
    site.outside.new_environment("emptied", "emptied")
    site.outside.publish("emptied", site.outside.upload("/gone"))
    site.outside.post(f"/Environments/{site.outside.environment('emptied')['sid']}/Deployments")
    site.outside.new_environment("begun", "begun")
    set_variable(site, "begun", "x", "DATABASE")
    for name in ("deployed", "emptied", "begun"):
        before = variables(site, name)

        ran = preview(site, name).holds(64, f"the Environment {name} was there before")

        assert ran.writes == ()
        assert variables(site, name) == before


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("as1 shop 2026-11-30T12:00:00Z", "pr-42 is a preview of another manifest, shop"),
        ("as2 website 2026-11-30T12:00:00Z", f"has a Variable {KEY} that assetsync did not write"),
        ("", f"has a Variable {KEY} that assetsync did not write"),
    ],
)
def test_a_mark_that_is_not_ours_is_never_written_over(site: Stage, value: str, sentence: str) -> None:
    site.outside.new_environment("pr-42", "pr-42")
    set_variable(site, "pr-42", value)

    assert preview(site, "pr-42").holds(64, sentence).writes == ()

    assert variables(site, "pr-42") == {KEY: value}


def test_what_a_killed_run_made_and_did_not_mark_is_marked_by_the_next(site: Stage) -> None:
    site.outside.new_environment("pr-42", "pr-42")

    preview(site, "pr-42").holds(0)

    assert variables(site, "pr-42") == {KEY: "as1 website 2026-11-30T12:00:00Z"}


def test_a_mark_that_comes_between_the_look_and_the_write_is_left_alone(site: Stage) -> None:
    site.outside.new_environment("pr-42", "pr-42")
    before_request(
        site, "GET", "/Variables", lambda: set_variable(site, "pr-42", "as1 shop 2026-11-30T12:00:00Z"), nth=2
    )

    ran = preview(site, "pr-42").holds(64, "another manifest, shop")

    assert variables(site, "pr-42") == {KEY: "as1 shop 2026-11-30T12:00:00Z"}
    assert uploads(ran) == []


def test_another_run_that_marks_it_at_the_same_moment_is_no_error(site: Stage) -> None:
    """The service refuses the second Variable of that key; the one that is there is made to say what we want."""
    before_request(site, "POST", "/Variables", lambda: set_variable(site, "pr-42", "as1 website 2026-11-24T12:00:00Z"))

    preview(site, "pr-42").holds(0)

    assert variables(site, "pr-42") == {KEY: "as1 website 2026-11-30T12:00:00Z"}


def test_one_that_is_deleted_while_it_is_planned_is_a_conflict(site: Stage) -> None:
    made(site, "pr-42")
    site.write({"a.txt": "changed"})
    sid = site.outside.environment("pr-42")["sid"]
    before_request(site, "GET", "/Variables", lambda: site.outside.delete(f"/Environments/{sid}"), nth=2)

    assert uploads(preview(site, "pr-42").holds(4, "pr-42 was deleted meanwhile", "run again")) == []


# The limit


def fill(stage: Stage, upto: int) -> None:
    for number in range(len(names(stage)), upto):
        stage.outside.new_environment(f"other-{number}", f"other-{number}")


def test_of_thirty_previews_there_is_room_for_22_and_the_others_are_refused_before_anything_is_sent(
    site: Stage,
) -> None:
    fill(site, 3)
    refused = 0
    for number in range(30):
        site.write({"a.txt": f"preview {number}"})
        ran = preview(site, f"pr-{number}")
        if ran.code == 0:
            assert not refused
            continue
        refused += 1
        ran.holds(78, f"the Environment pr-{number} cannot be made: the Service my-site has 25, and Twilio allows 25")
        ran.holds(78, "assetsync previews --expire", "assetsync destroy -e NAME")
        assert ran.writes == ()
    assert refused == 8
    assert len(names(site)) == 25
    assert site.outside.visit("/a.txt", "pr-21").text == "preview 21"


def test_a_plan_tells_it_too_and_what_exists_goes_on(site: Stage) -> None:
    made(site, "pr-1")
    fill(site, 25)
    site.run("plan", "-e", "pr-2", "--create-environment").holds(78, "has 25, and Twilio allows 25")
    site.write({"a.txt": "changed"})
    preview(site, "pr-1").holds(0)
    site.apply()


def test_where_another_run_took_the_last_place_the_services_refusal_is_told_with_the_way_out(site: Stage) -> None:
    fill(site, 24)
    site.write({"a.txt": "changed"})
    before_request(site, "POST", r"/Environments\?", lambda: site.outside.new_environment("faster", "faster"))

    ran = preview(site, "pr-1").holds(
        1, "the Environment pr-1 cannot be made", "the Service has 25", "assetsync previews --expire"
    )

    assert "nothing was uploaded" in ran.flat
    assert uploads(ran) == []


# Deleting one


def test_a_preview_is_destroyed_with_its_domain_and_no_asset_goes(site: Stage) -> None:
    made(site, "pr-42")
    assets = site.outside.assets()

    ran = site.run("destroy", "-e", "pr-42", "--yes").holds(
        0, "2 assets of ours", "No Asset is deleted", "Deleted pr-42"
    )

    assert [method for method, _path in ran.writes] == ["DELETE"]
    assert names(site) == {"production"}
    assert site.outside.assets() == assets
    assert site.outside.visit("/a.txt").text == "a"


def test_what_is_gone_already_is_destroyed_with_success(site: Stage) -> None:
    ran = site.run("destroy", "-e", "pr-42", "--yes", "--format", "json").holds(0)

    assert ran.writes == ()
    assert ran.document["result"] == {"deleted": False, "errors": []}
    site.run("destroy", "-e", "pr-42", "--yes").holds(0, "There is no Environment pr-42", "nothing to delete")


def test_one_that_goes_between_the_look_and_the_deletion_is_gone_as_well(site: Stage) -> None:
    made(site, "pr-42")
    sid = site.outside.environment("pr-42")["sid"]
    before_request(site, "GET", rf"/Environments/{sid}\?", lambda: site.outside.delete(f"/Environments/{sid}"))

    site.run("destroy", "-e", "pr-42", "--yes").holds(0, "pr-42 is gone already")


def test_destroy_does_not_guess_and_wants_a_yes(site: Stage) -> None:
    assert site.run("destroy", "--yes").holds(64, "name it with -e NAME").requests == ()
    assert site.run("destroy", "-e", "pr-42").holds(64, "there is no terminal", "--yes").requests == ()
    site.service = "no-such-service"
    site.manifest()
    assert site.run("destroy", "-e", "pr-42", "--yes").holds(64, "does not exist").writes == ()


def test_a_dry_run_of_destroy_shows_and_deletes_nothing(site: Stage) -> None:
    made(site, "pr-42")

    assert site.run("destroy", "-e", "pr-42", "--dry-run").holds(0, "To delete: the Environment").writes == ()


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "pr-42 bears no mark of a preview that website made"),
        ("as1 shop 2026-01-01T00:00:00Z", "pr-42 bears no mark of a preview that website made"),
        ("as1 website", "pr-42 bears no mark of a preview that website made"),
    ],
)
def test_what_is_no_preview_of_ours_is_destroyed_only_with_a_consent(
    site: Stage, value: str | None, sentence: str
) -> None:
    site.outside.new_environment("pr-42", "pr-42")
    if value is not None:
        set_variable(site, "pr-42", value)

    ran = site.run("destroy", "-e", "pr-42", "--yes").holds(3, sentence, "--allow-unmarked=1")
    assert ran.writes == ()
    assert "pr-42" in names(site)
    assert site.run("destroy", "-e", "pr-42", "--dry-run").holds(3).writes == ()

    site.run("destroy", "-e", "pr-42", "--yes", "--allow-unmarked").holds(0, "Allowed by --allow-unmarked")
    assert "pr-42" not in names(site)


def test_what_the_manifest_declares_is_destroyed_only_with_a_consent_whatever_it_bears(site: Stage) -> None:
    made(site, "staging")
    site.manifest(environments="  - name: production\n  - {name: staging, suffix: staging}")
    for name in ("production", "staging"):
        ran = site.run("destroy", "-e", name, "--yes").holds(
            3, f"{name} is declared in the manifest", "--allow-unmarked"
        )
        assert ran.writes == ()


@pytest.fixture
def shared(site: Stage) -> Stage:
    """A preview whose time is over, to which others added an asset and a Function."""
    made(site, "pr-42", ttl="15m")
    outside = site.outside
    live = outside.live("pr-42") or {}
    asset = outside.upload("/theirs")
    function = outside.upload("/hello", b"exports.handler = () => {}", kind="Functions")
    outside.publish("pr-42", asset, *(each["sid"] for each in live["asset_versions"]), functions=(function,))
    return site


def test_what_is_not_ours_goes_off_line_only_with_a_consent(shared: Stage) -> None:
    ran = shared.run("destroy", "-e", "pr-42", "--yes", "--format", "json").holds(
        3, "2 things that are not ours would go off line with pr-42: the asset /theirs, the Function /hello"
    )
    assert ran.writes == ()
    assert ran.document["serves"] == {
        "ours": ["/a.txt", "/index.html"],
        "foreign": ["/theirs"],
        "functions": ["/hello"],
    }
    shared.run("destroy", "-e", "pr-42", "--yes", "--allow-foreign=1").holds(3)
    shared.run("destroy", "-e", "pr-42", "--yes", "--allow-unmarked").holds(3)

    shared.run("destroy", "-e", "pr-42", "--yes", "--allow-foreign=2").holds(0)

    assert names(shared) == {"production"}


def test_a_person_is_asked_for_the_figure_and_for_the_whole(shared: Stage) -> None:
    with Terminal("destroy", "-e", "pr-42", cwd=shared.root) as terminal:
        terminal.read_until("Type 2 to agree:")
        terminal.enter("y")
        terminal.end().holds(3, "refused (foreign)")
    with Terminal("destroy", "-e", "pr-42", cwd=shared.root) as terminal:
        terminal.read_until("Type 2 to agree:")
        terminal.enter("2")
        terminal.read_until("Delete the Environment pr-42 and its domain? [y/N]:")
        terminal.enter("n")
        terminal.end().holds(130, "nothing was deleted")
    assert "pr-42" in names(shared)
    with Terminal("destroy", "-e", "pr-42", cwd=shared.root) as terminal:
        terminal.read_until("Type 2 to agree:")
        terminal.enter("2")
        terminal.read_until("[y/N]:")
        terminal.enter("y")
        terminal.end().holds(0, "Deleted pr-42")
    assert "pr-42" not in names(shared)


def test_what_somebody_deploys_between_the_look_and_the_deletion_is_not_destroyed(site: Stage) -> None:
    made(site, "pr-42")
    sid = site.outside.environment("pr-42")["sid"]
    before_request(
        site, "GET", rf"/Environments/{sid}\?", lambda: site.outside.publish("pr-42", site.outside.upload("/theirs"))
    )

    site.run("destroy", "-e", "pr-42", "--yes").holds(4, "somebody deployed to pr-42 meanwhile")

    assert site.outside.visit("/theirs", "pr-42").status_code == 200


# Showing them, and deleting those that are over


def test_previews_shows_ours_with_url_build_and_end(site: Stage, calendar: Calendar) -> None:
    made(site, "pr-1", ttl="2h")
    made(site, "pr-2")
    site.outside.new_environment("empty", "empty")
    set_variable(site, "empty", "as1 website 2026-11-24T12:00:00Z")
    site.outside.new_environment("theirs", "theirs")
    set_variable(site, "theirs", "as1 shop 2026-11-24T12:00:00Z")
    calendar.now += timedelta(hours=3)

    ran = site.run("previews").holds(0, "3 previews of website in my-site; 5 of 25 Environments in use.")

    lines = [line.split() for line in ran.out.splitlines()]
    assert [line[0] for line in lines[:-1]] == ["pr-1", "empty", "pr-2"], "the first to end comes first"
    assert site.outside.visit_url(f"{lines[0][1]}a.txt").text == "a"
    assert lines[0][3] == site.outside.environment("pr-1")["build_sid"]
    assert "expired 1 h ago (2026-11-23 14:00 UTC)" in " ".join(lines[0])
    assert "nothing expires in 21 h" in " ".join(lines[1])
    assert "expires in 6 d 21 h" in " ".join(lines[2])
    assert ran.writes == ()


def test_the_json_of_previews_tells_the_same(site: Stage, calendar: Calendar) -> None:
    made(site, "pr-1", ttl="2h")
    calendar.now += timedelta(hours=2)

    (found,) = site.run("previews", "--format", "json").holds(0).document["previews"]

    environment = site.outside.environment("pr-1")
    assert (found["sid"], found["build_sid"]) == (environment["sid"], environment["build_sid"])
    assert (found["expires_at"], found["expired"], found["declared"]) == ("2026-11-23T14:00:00+00:00", True, False)


def test_a_service_that_is_not_there_has_no_previews(stage: Stage) -> None:
    stage.run("previews").holds(0, f"The Service {stage.service} does not exist yet.")
    assert stage.run("previews", "--expire", "--yes").holds(0, "Nothing to delete.").writes == ()


def test_previews_needs_no_environment_to_be_chosen(site: Stage) -> None:
    site.manifest(environments=NUMBERED)

    site.run("previews").holds(0, "0 previews of website")


def test_expire_deletes_what_is_over_and_ours_and_nothing_else(site: Stage, calendar: Calendar) -> None:
    made(site, "over-1", "over-2", "declared", "renewed", ttl="1h")
    made(site, "young", ttl="3h")
    made(site, "exactly", ttl="121m")
    site.outside.new_environment("theirs", "theirs")
    set_variable(site, "theirs", "as1 shop 2026-01-01T00:00:00Z")
    site.outside.new_environment("unmarked", "unmarked")
    site.outside.new_environment("odd", "odd")
    set_variable(site, "odd", "as1 website 2026-01-01")
    site.manifest(environments="  - name: production\n  - {name: declared, suffix: declared}")
    calendar.now += timedelta(hours=2)
    renewed = site.outside.environment("renewed")["sid"]
    before_request(
        site,
        "GET",
        rf"/Environments/{renewed}/Variables",
        lambda: set_variable(site, "renewed", "as1 website 2026-12-24T12:00:00Z"),
        nth=2,
    )

    ran = site.run("previews", "--expire", "--yes").holds(
        0, "Deleted 2 Environments.", "renewed was not deleted: it was renewed until 2026-12-24 12:00 UTC"
    )

    assert names(site) == {
        *("production", "declared", "renewed", "young", "exactly", "theirs", "unmarked", "odd"),
    }
    assert [method for method, _path in ran.writes if method == "DELETE"] == ["DELETE", "DELETE"]
    assert site.outside.visit("/a.txt", "renewed").text == "a"
    calendar.now += timedelta(minutes=1)
    site.run("previews", "--expire", "--yes").holds(0, "Deleted 1 Environment.")
    assert "exactly" not in names(site), "when its time is over to the second, it is over"


def test_the_time_is_the_services_and_not_this_machines(site: Stage, calendar: Calendar) -> None:
    """Their clocks are apart by as much as the test was written before it runs; then by years."""
    calendar.now = datetime(2001, 1, 1, tzinfo=UTC)
    made(site, "pr-1", ttl="1h")
    assert variables(site, "pr-1") == {KEY: "as1 website 2001-01-01T01:00:00Z"}

    site.run("previews", "--expire", "--yes").holds(0, "Nothing to delete.")

    assert "pr-1" in names(site)


def test_one_that_the_service_keeps_is_told_and_the_others_go(site: Stage, calendar: Calendar) -> None:
    made(site, "pr-1", "pr-2", "pr-3", ttl="15m")
    calendar.now += timedelta(hours=1)
    kept = site.outside.environment("pr-2")["sid"]
    body = b'{"code": 20001, "message": "It is in use.", "status": 400}'
    site.emulator.core.faults = Bend("DELETE", kept, first=Answer(400, body))

    ran = site.run("previews", "--expire", "--yes", "--format", "json").holds(1, "pr-2 stays: ", "It is in use.")

    assert ran.document["result"]["deleted"] == ["pr-1", "pr-3"]
    assert ran.document["errors"][0]["message"] == "1 preview could not be deleted"
    assert names(site) == {"production", "pr-2"}


def test_one_that_serves_what_is_not_ours_stays_and_the_others_go(shared: Stage, calendar: Calendar) -> None:
    made(shared, "pr-1", ttl="15m")
    calendar.now += timedelta(hours=1)

    shared.run("previews", "--expire", "--yes").holds(
        1, "Deleted 1 Environment.", "pr-42 stays: 2 things that are not ours", "--allow-foreign=2"
    )

    assert names(shared) == {"production", "pr-42"}
    assert shared.run("previews", "--expire", "--yes").holds(1, "1 preview could not be deleted").writes == ()
    shared.run("previews", "--expire", "--yes", "--allow-foreign=2").holds(0)
    assert names(shared) == {"production"}


def test_one_that_is_deployed_to_or_gone_meanwhile_is_left_alone(site: Stage, calendar: Calendar) -> None:
    made(site, "pr-1", "pr-2", ttl="15m")
    calendar.now += timedelta(hours=1)
    sids = [site.outside.environment(name)["sid"] for name in ("pr-1", "pr-2")]

    def meanwhile() -> None:
        site.outside.publish("pr-1", site.outside.upload("/theirs"))
        site.outside.delete(f"/Environments/{sids[1]}")

    before_request(site, "GET", rf"/Environments/{sids[0]}\?", meanwhile)

    site.run("previews", "--expire", "--yes").holds(
        1, "somebody deployed to pr-1 meanwhile", "pr-2 was not deleted: it is gone already"
    )

    assert names(site) == {"production", "pr-1"}


@pytest.mark.parametrize("value", ["as1 shop 2026-01-01T00:00:00Z", "as1 website", ""])
def test_one_whose_mark_is_no_longer_ours_is_left_alone(site: Stage, calendar: Calendar, value: str) -> None:
    made(site, "pr-1", ttl="15m")
    calendar.now += timedelta(hours=1)
    before_request(site, "GET", "/Variables", lambda: set_variable(site, "pr-1", value), nth=3)

    site.run("previews", "--expire", "--yes").holds(0, "pr-1 was not deleted: it is no preview of ours any more")

    assert names(site) == {"production", "pr-1"}


def test_expire_asks_and_a_dry_run_shows(site: Stage, calendar: Calendar) -> None:
    made(site, "pr-1", ttl="15m")
    calendar.now += timedelta(hours=1)
    assert site.run("previews", "--expire").holds(64, "there is no terminal", "--yes").requests == ()
    assert site.run("previews", "--expire", "--dry-run").holds(0, "- pr-1", "To delete: 1 Environment").writes == ()
    with Terminal("previews", "--expire", cwd=site.root) as terminal:
        terminal.read_until("Delete these? [y/N]:")
        terminal.enter("n")
        terminal.end().holds(130, "nothing was deleted")
    assert "pr-1" in names(site)
    with Terminal("previews", "--expire", cwd=site.root) as terminal:
        terminal.read_until("Delete these? [y/N]:")
        terminal.enter("y")
        terminal.end().holds(0, "Deleted 1 Environment.")
    assert "pr-1" not in names(site)
