"""Where a service lies: a Service with things of ours and of others live in it, and a `Liar` before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.fakes.clock import HastyClock
from tests.reliability.liar import Liar, Lie, truthful
from tests.reliability.screen import foul

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.stage import Json, Ran, Stage

SUITE = "malicious server"
FOREIGN, FUNCTION, OWN = "/foreign.txt", "/hello", {"/a.txt": "a", "/b.txt": "b"}
SERVICES = "GET /v1/Services"
ENVIRONMENTS, ENVIRONMENT = f"{SERVICES}/*/Environments", f"{SERVICES}/*/Environments/*"
ASSETS, ASSET, VERSIONS = f"{SERVICES}/*/Assets", f"{SERVICES}/*/Assets/*", f"{SERVICES}/*/Assets/*/Versions"
BUILDS, BUILD, STATUS = f"{SERVICES}/*/Builds", f"{SERVICES}/*/Builds/*", f"{SERVICES}/*/Builds/*/Status"
DEPLOYMENTS = f"{SERVICES}/*/Environments/*/Deployments"
PLAN, APPLY = ("plan", "--all"), ("apply", "--yes")
GC = ("gc", "--yes", "--builds-keep", "0")
HONEST_PATH = re.compile(
    r"/v1/Services(/(ZS[0-9a-f]{32}|site-\d+)(/(Assets|Builds|Environments)(/Z[A-Z][0-9a-f]{32}"
    r"(/(Versions|Deployments|Status)(/ZN[0-9a-f]{32})?)?)?)?)?"
)


def sid(kind: str, number: int = 1) -> str:
    return f"{kind}{number:032x}"


@dataclass
class Scene:
    """A Service with two files of ours, a foreign Asset and a Function live in it, and the liar before it."""

    stage: Stage
    liar: Liar

    def run(self, *arguments: str) -> Ran:
        self.liar.told.clear()
        return self.stage.run(*arguments)

    def lying(self, lie: Lie, *arguments: str) -> Ran:
        """The command while the service lies; nothing but our sentences may come of it."""
        self.liar.lie = lie
        ran = self.run(*arguments)
        assert foul(ran.said) == [], ran.said
        assert "internal error" not in ran.said
        return ran

    def edit(self, **files: str) -> None:
        self.stage.write({name.replace("_", "."): content for name, content in files.items()})

    @property
    def foreign(self) -> Json:
        """All that is not ours, as it stands in the service and as it is live."""
        outside = self.stage.outside
        names = {each: name for each, name in outside.assets().items() if " [as1 website" not in name}
        build = outside.live() or {"asset_versions": [], "function_versions": [], "dependencies": []}
        live = {each["sid"]: each["path"] for each in build["asset_versions"] if each["asset_sid"] in names}
        return {
            "assets": {each: (name, outside.every(f"/Assets/{each}/Versions")) for each, name in names.items()},
            "live": live,
            "functions": [(each["sid"], each["path"]) for each in build["function_versions"]],
            "dependencies": build["dependencies"],
        }

    def converges(self) -> None:
        """Once nobody lies any more, an apply repairs everything."""
        self.liar.lie = truthful
        self.edit(a_txt="the end")
        self.run(*APPLY, "--allow-replace").holds(0)
        self.run("plan", "--detailed-exitcode").holds(0, "No changes.")
        assert self.stage.outside.visit("/a.txt").content == b"the end"
        assert self.stage.outside.visit(FOREIGN).content == b"foreign"


@pytest.fixture
def scene(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    stage.clock = HastyClock()
    stage.write({path[1:]: content for path, content in OWN.items()})
    stage.apply()
    outside = stage.outside
    ours = [each["sid"] for each in (outside.live() or {})["asset_versions"]]
    foreign = outside.upload(FOREIGN)
    function = outside.upload(FUNCTION, b"exports.handler = 1", kind="Functions")
    more = {"Dependencies": '[{"name":"lodash","version":"4.0.0"}]'}
    outside.publish("production", foreign, *ours, functions=(function,), **more)
    with Liar(stage.emulator) as liar:
        monkeypatch.setenv("ASSETSYNC_API_URL", liar.url)
        yield Scene(stage, liar)
