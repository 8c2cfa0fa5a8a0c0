"""init --from: a manifest for what a Service serves, such that its files come in and are taken over as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from tests.cli.stage import Stage


def fill(stage: Stage, *paths: str, environment: str = "production", **kinds: tuple[str, ...]) -> None:
    """Another tool deploys these; `protected`, `private` name paths of that visibility."""
    versions = [stage.outside.upload(path, path.encode()) for path in paths]
    for visibility, found in kinds.items():
        versions += [stage.outside.upload(path, path.encode(), visibility=visibility) for path in found]
    stage.outside.publish(environment, *versions)


def begin(stage: Stage, *arguments: str) -> dict[str, object]:
    (stage.root / "assetsync.yaml").unlink()
    stage.run("init", "--from", stage.service, "--name", "website", *arguments).holds(0, "Wrote assetsync.yaml")
    document: dict[str, object] = yaml.safe_load((stage.root / "assetsync.yaml").read_text())
    return document


def test_what_others_filled_is_taken_over_in_three_commands(stage: Stage) -> None:
    stage.outside.new_service(("production", ""), ("staging", "stg"))
    fill(stage, "/a.txt", "/b/c.txt", "/b/d%20e.txt", protected=("/in/x.txt", "/b/y.txt"))

    document = begin(stage)

    assert document["environments"] == [{"name": "production"}, {"name": "staging", "suffix": "stg"}]
    stage.run("pull", "public", "-e", "production").holds(0, "5 files written")
    stage.run("adopt", "--settle", "0", "--yes", "-e", "production").holds(0, "5 to take over.")
    stage.run("plan", "-e", "production").holds(0, "No changes.")


def test_rules_name_folders_where_they_can_and_files_where_they_must(stage: Stage) -> None:
    stage.outside.new_service(("production", ""))
    fill(stage, "/a.txt", "/b/c.txt", protected=("/in/x.txt", "/in/deep/y.txt", "/b/*.txt"), private=("/z.txt",))

    document = begin(stage)

    assert document["folders"] == [
        {
            "source": "public",
            "target": "/",
            "visibility": "public",
            "rules": [
                {"match": "/b/\\*.txt", "visibility": "protected"},
                {"match": "/in/**", "visibility": "protected"},
                {"match": "/z.txt", "visibility": "private"},
            ],
        }
    ]


def test_a_root_page_becomes_the_index(stage: Stage) -> None:
    stage.outside.new_service(("production", ""))
    item = stage.outside.post("/Assets", {"FriendlyName": "root"})["sid"]
    stage.outside.publish("production", stage.outside.add_version(item, "/", b"<h1>", content_type="text/html"))

    begin(stage)

    stage.run("pull", "public").holds(0)
    stage.run("adopt", "--settle", "0", "--yes").holds(0, "1 to take over.")
    stage.run("plan", "--format", "json").holds(0)
    stage.apply()
    assert stage.outside.paths() == {"/": "public", "/index.html": "public"}


def test_what_another_manifest_made_is_left_out(stage: Stage) -> None:
    stage.manifest(name="second")
    stage.write({"theirs.txt": "x"})
    stage.apply()
    live = [each["sid"] for each in (stage.outside.live() or {})["asset_versions"]]
    stage.outside.publish("production", stage.outside.upload("/foreign.txt"), *live)

    (stage.root / "assetsync.yaml").unlink()

    stage.run("init", "--from", stage.service).holds(0, "for 1 asset of")


def test_the_environment_to_go_by_can_be_named(stage: Stage) -> None:
    stage.outside.new_service(("production", ""), ("staging", "stg"))
    fill(stage, "/a.txt", environment="staging")

    begin(stage)
    (stage.root / "assetsync.yaml").unlink()
    stage.run("init", "--from", stage.service, "-e", "production").holds(
        64, "has no Environment production", "these serve something: staging"
    )


def test_a_service_that_does_not_exist_is_told(stage: Stage) -> None:
    (stage.root / "assetsync.yaml").unlink()

    stage.run("init", "--from", "nothing").holds(64, "the Service nothing does not exist, or has no Environment")


def test_a_manifest_that_is_there_stays(stage: Stage) -> None:
    ran = stage.run("init", "--from", stage.service).holds(64, "exists already")

    assert not ran.requests
