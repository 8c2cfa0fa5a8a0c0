"""Which Environment is meant, and several of them in one Service."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.cli.stage import Stage

TWO = "  - name: production\n  - {name: staging, suffix: stg}"


def test_one_declared_environment_is_the_default_and_of_several_one_must_be_named(live: Stage) -> None:
    live.run("plan").holds(0, "No changes.")
    live.manifest(environments=TWO)
    ran = live.run("plan").holds(64, "say which one with --environment name one of production, staging")
    assert ran.requests == ()
    live.run("plan", "-e", "production").holds(0, "No changes.")
    live.run("plan", "-e", "staging").holds(0, "staging of the Service", "(a new Environment)", "10 to restore")


def test_two_environments_of_one_service_do_not_disturb_each_other(live: Stage) -> None:
    live.manifest(environments=TWO)
    promoted = live.apply("-e", "staging")
    assert not [each for each in promoted.writes if each[1].endswith("/Versions")]
    live.write({"page-0.html": "staged"})
    (live.root / "public/page-1.html").unlink()
    live.apply("-e", "staging")
    assert live.outside.visit("/page-0.html", "staging").content == b"staged"
    assert live.outside.visit("/page-0.html").content == b"page 0"
    assert live.outside.visit("/page-1.html", "staging").status_code == 404
    assert live.outside.visit("/page-1.html").content == b"page 1"
    live.run("plan", "-e", "staging", "--detailed-exitcode").holds(0)
    live.write({"page-0.html": "page 0", "page-1.html": "page 1"})
    live.run("plan", "-e", "production", "--detailed-exitcode").holds(0)


def test_an_environment_is_created_on_request_with_its_name_as_suffix(live: Stage) -> None:
    live.run("apply", "--yes", "-e", "pr-7").holds(64, "declares no Environment named `pr-7`", "--create-environment")
    live.run("apply", "--yes", "-e", "pr-7", "--create-environment").holds(0, "pr-7 is live at ")
    environment = live.outside.environment("pr-7")
    assert environment["domain_suffix"] == "pr-7"
    assert environment["domain_name"].split(".")[0].endswith("-pr-7")
    live.run("plan", "-e", "pr-7", "--create-environment", "--detailed-exitcode").holds(0, "No changes. pr-7 serves")


def test_a_created_environment_takes_the_suffix_that_is_named(live: Stage) -> None:
    name = "feature-with-a-long-name"
    live.run("plan", "-e", name, "--create-environment").holds(64, "name one with --suffix")
    live.apply("-e", name, "--create-environment", "--suffix", "feat")
    assert live.outside.environment(name)["domain_suffix"] == "feat"
    live.run("plan", "-e", "other", "--create-environment", "--suffix", "feat").holds(
        78, f"the suffix feat belongs to the Environment {name} already, not to other"
    )
    live.run("plan", "-e", "production", "--suffix", "x").holds(64, "--suffix is for a new Environment")


def test_what_makes_no_environment_takes_any_that_is_there_by_its_name(live: Stage) -> None:
    live.apply("-e", "a-preview-of-many-letters", "--create-environment", "--suffix", "feat")
    for command in (
        ("status",),
        ("history",),
        ("verify",),
        ("doctor",),
        ("pull", "pulled"),
        ("promote", "--from", "production", "--dry-run"),
        ("adopt", "--dry-run", "--settle", "0"),
        ("destroy", "--dry-run"),
    ):
        ran = live.run(*command, "-e", "a-preview-of-many-letters")
        assert ran.code in {0, 3}, ran.said
        assert "--create-environment" not in ran.said
    live.write({"page-0.html": "new"})
    live.apply("-e", "a-preview-of-many-letters", "--create-environment", "--suffix", "feat")
    live.run("rollback", "--yes", "-e", "a-preview-of-many-letters").holds(0)
    assert live.outside.visit("/page-0.html", "a-preview-of-many-letters").content == b"page 0"


def test_a_name_that_is_not_there_is_told_with_those_that_are(live: Stage) -> None:
    for command in ("history", "verify", "status", "rollback"):
        ran = live.run(command, *(["--yes"] if command == "rollback" else []), "-e", "prodution")
        ran.holds(64, "the Environment prodution of", "does not exist", "did you mean `production`? the Service has: ")
        assert not ran.writes
    live.run("doctor", "-e", "prodution").holds(0, "neither declared nor there", "there are: production")
    live.run("verify", "-e", "a b").holds(64, "the Environment `a b` cannot be there")


def test_variables_choose_the_environment_and_stand_in_the_manifest(
    live: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.manifest(environments="  - name: production\n  - {name: 'pr-${NUMBER}', suffix: 'p${NUMBER:-0}'}")
    monkeypatch.setenv("ASSETSYNC_ENVIRONMENT", "production")
    live.run("plan").holds(0, "No changes.")
    monkeypatch.setenv("NUMBER", "12")
    monkeypatch.setenv("ASSETSYNC_ENVIRONMENT", "pr-12")
    live.apply()
    assert live.outside.environment("pr-12")["domain_suffix"] == "p12"


def test_a_service_is_found_by_its_sid_too(live: Stage) -> None:
    sid = live.outside.get()["sid"]
    live.service = sid
    live.manifest()
    live.run("plan", "--detailed-exitcode").holds(0, "No changes.")
    live.service = "ZS" + "0" * 32
    live.manifest()
    assert live.run("apply", "--yes", "--create-service").holds(1, "404").writes == ()


def test_an_environment_of_the_other_name_is_never_touched(live: Stage) -> None:
    before = live.outside.environment("production")
    live.manifest(environments=TWO)
    live.write({"page-0.html": "staged"})
    live.apply("-e", "staging")
    assert live.outside.environment("production") == before
