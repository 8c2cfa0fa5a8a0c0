"""history, rollback and promote, as a user sees them; what is served is fetched by another client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.messages import json_answer
from tests.cli.stage import Ran, Stage, Terminal
from tests.fakes.world import Bend

if TYPE_CHECKING:
    from collections.abc import Iterable

TWO = "  - name: production\n  - name: staging\n    suffix: stg\n"


@pytest.fixture
def releases(stage: Stage) -> Stage:
    """Three releases of `/page`, each with a file that only it has."""
    for number in (1, 2, 3):
        stage.write({"page": f"release {number}", f"only-{number}": str(number)})
        if number > 1:
            (stage.root / f"public/only-{number - 1}").unlink()
        stage.apply()
    return stage


def builds(stage: Stage, environment: str = "production") -> list[str]:
    """The Builds that were deployed, the newest first."""
    sid = stage.outside.environment(environment)["sid"]
    return [each["build_sid"] for each in stage.outside.every(f"/Environments/{sid}/Deployments")]


def deployments(ran: Ran) -> int:
    return sum(path.endswith("/Deployments") for _method, path in ran.writes)


def reads_before_the_deployment(ran: Ran) -> int:
    first = next(place for place, (method, _path) in enumerate(ran.requests) if method == "POST")
    return sum(method == "GET" for method, _path in ran.requests[:first])


def served(stage: Stage, paths: Iterable[str], environment: str = "production") -> list[str | int]:
    answers = (stage.outside.visit(path, environment) for path in paths)
    return [each.text if each.status_code == 200 else each.status_code for each in answers]


def test_going_back_serves_the_very_bytes_of_before(releases: Stage) -> None:
    ran = releases.run("rollback", "--yes")

    ran.holds(0, "production is live at", "~ /page", "+ /only-2", "- /only-3")
    assert served(releases, ("/page", "/only-1", "/only-2", "/only-3")) == ["release 2", 404, "2", 404]


def test_it_takes_one_deployment_and_nothing_else_is_written(releases: Stage) -> None:
    ran = releases.run("rollback", "--yes").holds(0)

    assert len(ran.writes) == deployments(ran) == 1
    assert reads_before_the_deployment(ran) == 4
    assert len(ran.requests) == 6, "one more for the look back"


def test_builds_that_others_made_meanwhile_do_not_hide_the_way_back(releases: Stage) -> None:
    for number in range(6):
        releases.outside.post("/Builds", {"AssetVersions": [releases.outside.upload(f"/other-{number}")]})

    ran = releases.run("rollback", "--yes").holds(0)

    assert served(releases, ("/page",)) == ["release 2"]
    assert reads_before_the_deployment(ran) <= 6, "the two Builds are fetched, where the first of the list are others"


def test_a_list_of_builds_that_cannot_be_read_is_no_reason_not_to_go_back(releases: Stage) -> None:
    releases.emulator.core.faults = Bend("GET", r"/Builds\?", first=json_answer(400, {"message": "no list today"}))

    releases.run("rollback", "--yes").holds(0)

    assert served(releases, ("/page",)) == ["release 2"]


def test_with_the_build_named_four_requests_are_enough(releases: Stage) -> None:
    ran = releases.run("rollback", "--yes", "--to", builds(releases)[2]).holds(0)

    assert reads_before_the_deployment(ran) == 4
    assert len(ran.writes) == 1
    assert served(releases, ("/page", "/only-1")) == ["release 1", "1"]


def test_it_names_what_the_folder_has_otherwise_and_so_does_the_next_plan(releases: Stage) -> None:
    ran = releases.run("rollback", "--yes", "--format", "json").holds(0)

    assert ran.document["differs_from_folder"] == ["/only-2", "/only-3", "/page"]
    plan = releases.run("plan", "--format", "json").plan
    assert [each["path"] for each in plan["actions"]] == ["/only-2", "/only-3", "/page"]
    assert {each["action"] for each in plan["actions"]} == {"restore", "delete"}, "what was uploaded is remembered"


def test_with_retain_what_is_named_is_what_the_next_plan_names(releases: Stage) -> None:
    releases.manifest(more="retain: {builds: 5}\n")

    ran = releases.run("rollback", "--yes", "--format", "json").holds(0)

    assert ran.document["differs_from_folder"] == ["/only-3", "/page"]
    plan = releases.run("plan", "--format", "json").plan
    assert [each["path"] for each in plan["actions"]] == ["/only-3", "/page"]


def test_going_back_twice_goes_two_releases_back_and_not_to_and_fro(releases: Stage) -> None:
    releases.run("rollback", "--yes").holds(0)
    releases.run("rollback", "--yes").holds(0)

    assert served(releases, ("/page",)) == ["release 1"]
    releases.run("rollback", "--yes").holds(1, "there is no earlier Build in the last 5 Deployments of production")


def test_the_next_apply_brings_the_folder_back_without_an_upload(releases: Stage) -> None:
    releases.run("rollback", "--yes").holds(0)

    ran = releases.apply()

    assert not [path for _method, path in ran.writes if path.endswith("/Versions")]
    assert served(releases, ("/page", "/only-3")) == ["release 3", "3"]


def test_what_was_taken_off_line_comes_back(releases: Stage) -> None:
    sid = releases.outside.environment("production")["sid"]
    releases.outside.post(f"/Environments/{sid}/Deployments")
    assert served(releases, ("/page",)) == [404]

    releases.run("rollback", "--yes").holds(0)

    assert served(releases, ("/page",)) == ["release 3"]


def test_a_build_that_is_gone_is_told_and_nothing_is_deployed(releases: Stage) -> None:
    gone = builds(releases)[1]
    releases.outside.delete(f"/Builds/{gone}")

    ran = releases.run("rollback", "--yes").holds(
        1, f"Build {gone} is not there any more", "gc --builds-keep", "assetsync history"
    )

    assert not ran.writes
    assert served(releases, ("/page",)) == ["release 3"]


def test_the_build_that_is_live_needs_nothing(releases: Stage) -> None:
    ran = releases.run("rollback", "--yes", "--to", builds(releases)[0]).holds(0, "is live in production already")

    assert not ran.writes


def test_a_dry_run_shows_and_writes_nothing(releases: Stage) -> None:
    assert not releases.run("rollback", "--dry-run").holds(0, "+ /only-2").writes


def test_without_a_terminal_it_wants_a_yes(releases: Stage) -> None:
    assert not releases.run("rollback").holds(64, "add --yes").requests


@pytest.mark.parametrize("odd", ["ZB12", "../Assets", "ZN" + "0" * 32])
def test_what_is_no_build_is_refused_before_any_request(releases: Stage, odd: str) -> None:
    assert not releases.run("rollback", "--yes", "--to", odd).holds(64, "takes the SID of a Build").requests


def test_an_environment_that_does_not_exist_is_told(stage: Stage) -> None:
    stage.outside.new_service(("other", "oth"))
    stage.write({"page": "x"})

    stage.run("rollback", "--yes").holds(64, f"the Environment production of {stage.service} does not exist")
    stage.run("history").holds(64, f"the Environment production of {stage.service} does not exist")


def test_folders_that_are_wrong_are_no_reason_not_to_go_back(releases: Stage) -> None:
    (releases.root / "public/a b").write_text("a name that no URL can carry")

    ran = releases.run("rollback", "--yes", "--format", "json").holds(0, "the folders cannot be compared")

    assert ran.document["differs_from_folder"] is None
    assert served(releases, ("/page",)) == ["release 2"]


def test_a_person_is_asked_and_may_say_no(releases: Stage) -> None:
    with Terminal("rollback", cwd=releases.root) as terminal:
        terminal.read_until("Go back to this in production? [y/N]:")
        terminal.enter("n")
        terminal.end().holds(130, "nothing was deployed")
    assert served(releases, ("/page",)) == ["release 3"]

    with Terminal("rollback", cwd=releases.root) as terminal:
        terminal.read_until("Go back to this in production? [y/N]:")
        terminal.enter("y")
        terminal.end().holds(0, "production is live at")
    assert served(releases, ("/page",)) == ["release 2"]


@pytest.fixture
def shared(releases: Stage) -> Stage:
    """After the third release somebody adds an asset and a Function to what is live."""
    outside = releases.outside
    live = outside.live() or {}
    asset = outside.upload("/theirs")
    function = outside.upload("/hello", b"exports.handler = () => {}", kind="Functions")
    outside.publish("production", asset, *(each["sid"] for each in live["asset_versions"]), functions=(function,))
    return releases


def test_what_is_not_ours_goes_back_only_with_a_consent(shared: Stage) -> None:
    ran = shared.run("rollback", "--yes").holds(
        3, "2 things that are not ours would change with it: the asset /theirs, the Function /hello"
    )
    assert "--allow-foreign=2" in ran.flat
    assert not ran.writes
    shared.run("rollback", "--yes", "--allow-foreign=1").holds(3)

    document = shared.run("rollback", "--yes", "--allow-foreign=2", "--format", "json").holds(0).document

    assert document["safety"][0]["allowed_by"] == "--allow-foreign=2"
    assert served(shared, ("/page", "/theirs")) == ["release 3", 404]


def test_a_person_agrees_by_typing_the_figure(shared: Stage) -> None:
    with Terminal("rollback", cwd=shared.root) as terminal:
        terminal.read_until("Type 2 to agree:")
        terminal.enter("yes")
        terminal.end().holds(3, "refused (foreign)")
    with Terminal("rollback", cwd=shared.root) as terminal:
        terminal.read_until("Type 2 to agree:")
        terminal.enter("2")
        terminal.read_until("[y/N]:")
        terminal.enter("y")
        terminal.end().holds(0)
    assert served(shared, ("/theirs",)) == [404]


def test_the_runtime_of_functions_is_not_ours_either(releases: Stage) -> None:
    outside = releases.outside
    live = [each["sid"] for each in (outside.live() or {})["asset_versions"]]
    function = outside.upload("/hello", b"exports.handler = () => {}", kind="Functions")
    for runtime in ("node18", "node20"):
        outside.publish("production", *live, functions=(function,), Runtime=runtime)

    releases.run("rollback", "--yes").holds(3, "the runtime of the Functions", "node20 -> node18")


def test_history_tells_what_changed_and_whose_it_is(shared: Stage) -> None:
    ran = shared.run("history").holds(0, "not ours: + /theirs, + Function /hello", "- /only-2, + /only-3, ~ /page")

    lines = ran.out.splitlines()
    assert sum(line.startswith("* ") for line in lines) == 1
    assert lines[1].startswith("* "), "the newest is live"
    found = shared.run("history", "--limit", "2", "--format", "json").document["deployments"]
    assert [each["build_sid"] for each in found] == builds(shared)[:2]
    assert [each["live"] for each in found] == [True, False]
    assert [(each["path"], each["change"]) for each in found[1]["difference"]["changes"]] == [
        ("/only-2", "removed"),
        ("/only-3", "added"),
        ("/page", "content"),
    ]


def test_history_knows_which_builds_are_gone_and_when_all_was_off_line(releases: Stage) -> None:
    outside = releases.outside
    gone = builds(releases)[1]
    outside.delete(f"/Builds/{gone}")
    outside.post(f"/Environments/{outside.environment('production')['sid']}/Deployments")

    ran = releases.run("history").holds(0, f"Build {gone} is not there any more", "everything was taken off line")

    assert ran.out.count("what changed cannot be told") == 2
    assert [each["build_exists"] for each in releases.run("history", "--format", "json").document["deployments"]] == [
        None,
        True,
        False,
        True,
    ]


def test_history_of_what_was_never_deployed(stage: Stage) -> None:
    stage.outside.new_service(("production", ""))

    stage.run("history").holds(0, "nothing was ever deployed")


@pytest.fixture
def two(stage: Stage) -> Stage:
    """Staging is one release ahead of production."""
    stage.manifest(environments=TWO)
    for environment, number in (("production", 1), ("staging", 2)):
        stage.write({"page": f"release {number}"})
        stage.apply("-e", environment)
    return stage


def test_promoting_serves_the_very_build(two: Stage) -> None:
    ran = two.run("promote", "--from", "staging", "-e", "production", "--yes").holds(0, "~ /page")

    assert len(ran.writes) == deployments(ran) == 1
    assert builds(two)[0] == builds(two, "staging")[0]
    assert served(two, ("/page",)) == ["release 2"]
    two.run("plan", "-e", "production").holds(0, "No changes.")
    two.run("rollback", "-e", "production", "--yes").holds(0)
    assert served(two, ("/page",)) == ["release 1"]
    assert served(two, ("/page",), "staging") == ["release 2"]


def test_functions_of_the_other_environment_come_only_with_a_consent(two: Stage) -> None:
    outside = two.outside
    function = outside.upload("/hello", b"exports.handler = () => {}", kind="Functions")
    live = [each["sid"] for each in (outside.live("staging") or {})["asset_versions"]]
    outside.publish("staging", *live, functions=(function,))

    refused = two.run("promote", "--from", "staging", "-e", "production", "--yes")

    assert not refused.holds(3, "the Function /hello", "--allow-foreign=1").writes


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("production", "production cannot be promoted to itself"),
        ("prodution", "it has staging besides production"),
    ],
)
def test_what_cannot_be_promoted_is_told(two: Stage, source: str, sentence: str) -> None:
    assert not two.run("promote", "--from", source, "-e", "production", "--yes").holds(64, sentence).writes


def test_an_empty_environment_cannot_be_promoted(two: Stage) -> None:
    two.outside.new_environment("empty", "emp")

    two.run("promote", "--from", "empty", "-e", "production", "--yes").holds(64, "empty serves nothing")
