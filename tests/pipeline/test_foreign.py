"""What is not ours is carried along and never written to."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from assetsync.manifest.model import Unmanaged
from assetsync.plan.actions import Create, Reason
from tests.fakes.world import SERVICE, Project, World
from tests.pipeline.driving import asset_at, rename, sent, tool_deploys


class TestWhatIsNotOurs:
    FOREIGN = ("/tool.txt", "/css/tool.css")

    @pytest.fixture
    def foreign(self, world: World) -> dict[str, str]:
        """A Service with a Function, its dependencies and runtime, and Assets named as ours might be."""
        remote = world.remote
        remote.post("/Services", {"UniqueName": SERVICE, "FriendlyName": "theirs"})
        remote.post(f"/Services/{SERVICE}/Environments", {"UniqueName": "production"})
        function = remote.post(f"/Services/{SERVICE}/Functions", {"FriendlyName": "hello"})["sid"]
        answer = remote.http.post(
            f"/v1/Services/{SERVICE}/Functions/{function}/Versions",
            data={"Path": "/hello", "Visibility": "public"},
            files={"Content": ("hello.js", b"exports.handler=0", "application/javascript")},
        )
        assets = {path: remote.new_asset(path) for path in self.FOREIGN}
        versions = [remote.upload(asset, path, b"<h1>") for path, asset in assets.items()]
        build = remote.build(
            versions,
            FunctionVersions=answer.json()["sid"],
            Dependencies=json.dumps([{"name": "left-pad", "version": "1.3.0"}]),
            Runtime="node18",
        )
        remote.deploy("production", build)
        return assets

    def test_is_kept_in_every_build_and_never_written_to(
        self, world: World, site: Project, foreign: dict[str, str]
    ) -> None:
        remote = world.remote
        was = remote.live("production")
        assert was is not None
        names = remote.assets()
        world.remote.clear_log()
        for files in ({"index.html": b"<h1>"}, {"index.html": b"2", "n.txt": b"<h1>"}, {"n.txt": b"3"}, {}):
            site.write(files)
            world.machine().apply(site)
            now = remote.live("production")
            assert now is not None
            assert now["sid"] != was["sid"]
            for key in ("dependencies", "runtime"):
                assert now[key] == was[key]
            assert [each["sid"] for each in now["function_versions"]] == [
                each["sid"] for each in was["function_versions"]
            ]
            live = remote.live_versions("production")
            assert set(live) == {f"/{name}" for name in files} | set(self.FOREIGN)
            assert {live[path]["asset_sid"] for path in self.FOREIGN} == set(foreign.values())
        written = [path for _, path in remote.writes()]
        assert not [path for path in written if any(sid in path for sid in foreign.values())]
        assert names.items() <= remote.assets().items()

    def test_at_a_wanted_path_it_is_replaced_by_an_asset_of_ours_with_consent(
        self, world: World, site: Project, foreign: dict[str, str]
    ) -> None:
        site.write({"tool.txt": b"ours"})
        machine = world.machine()
        prepared = machine.plan(site)
        (action,) = prepared.plan.changes
        assert isinstance(action, Create)
        assert action.reasons == (Reason.REPLACES_FOREIGN,)
        assert [each.asset_sid for each in prepared.plan.replaced] == [foreign["/tool.txt"]]
        assert [refusal.override for refusal in prepared.refusals] == ["--allow-replace"]
        machine.apply(site)
        assert world.remote.served("production", "/tool.txt")[1] == b"ours"
        assert asset_at(world, "/tool.txt") != foreign["/tool.txt"]
        assert world.remote.assets()[foreign["/tool.txt"]] == "/tool.txt"

    def test_with_unmanaged_drop_it_goes_off_line_with_consent(
        self, world: World, site: Project, foreign: dict[str, str]
    ) -> None:
        site.unmanaged = Unmanaged.DROP
        machine = world.machine()
        assert [refusal.override for refusal in machine.plan(site).refusals] == ["--allow-drop"]
        machine.apply(site)
        assert set(world.remote.live_versions("production")) == {"/index.html", "/css/a.css", "/js/a.js"}
        assert foreign.keys() == set(self.FOREIGN)

    def test_another_owners_files_are_kept_and_taking_one_over_needs_its_own_consent(
        self, world: World, site: Project
    ) -> None:
        other = world.project("audio")
        other.write({"hold.mp3": b"music", "js/a.js": b"theirs"})
        world.machine().apply(other)
        machine = world.machine()
        prepared = machine.plan(site)
        assert [refusal.override for refusal in prepared.refusals] == ["--allow-takeover"]
        assert [(each.path, each.owner) for each in prepared.plan.carried] == [("/hold.mp3", "audio")]
        names = world.remote.assets()
        machine.apply(site)
        assert world.remote.served("production", "/hold.mp3")[1] == b"music"
        assert world.remote.served("production", "/js/a.js")[1] == b"1"
        assert names.items() <= world.remote.assets().items()

    def test_a_copied_name_does_not_make_an_asset_ours(self, world: World, site: Project) -> None:
        """Also when the Versions that it tells of are not live any more, and its label is a path that is wanted."""
        world.machine().apply(site)
        asset = asset_at(world, "/js/a.js")
        live, _ = tool_deploys(world, "/theirs.txt")
        spare = world.remote.new_asset("spare")
        for copy in (live, spare):
            rename(world, copy, world.remote.assets()[asset])
        world.pass_time(timedelta(hours=2).total_seconds())
        site.write({"index.html": b"<h1>", "css/a.css": b"a{}"})
        world.machine().apply(site)
        world.remote.clear_log()
        site.write({"index.html": b"<h1>", "js/a.js": b"other"})
        machine = world.machine()
        assert [each.path for each in machine.plan(site).plan.carried] == ["/theirs.txt"]
        machine.apply(site)
        assert world.remote.served("production", "/theirs.txt")[1] == b"tool"
        assert not [path for _, path in world.remote.writes() if live in path or spare in path]
        rename(world, asset, "gone")
        rename(world, asset_at(world, "/js/a.js"), "gone as well")
        site.write({"js/a.js": b"1"})
        world.machine().apply(site)
        assert not [each for each in sent(world) if live in each or spare in each]
        assert world.remote.served("production", "/theirs.txt")[1] == b"tool"
