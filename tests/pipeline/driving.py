"""Questions and moves that the examples share: the service is read, and bent, as an outsider does it."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.manifest.model import Folder, Rule
from assetsync.model import Visibility
from tests.fakes.world import SERVICE, Machine, Project, World

if TYPE_CHECKING:
    from assetsync.plan.actions import Action

PATH_OF_250 = f"/{'l' * 120}/{'m' * 124}.txt"
PATH_WITH_ROOM_FOR_TWO = f"/{'r' * 79}"
LIST_OF_ASSETS = r"/Assets\?"
UPLOADS = r"/Versions\?$"
BUILDS = r"/Builds\?$"
DEPLOYMENTS = r"/Deployments\?$"
NAMES = r"/Assets/ZH\w+\?$"


@dataclass
class Counts:
    """What a Service holds, for questions such as "no second Build"."""

    assets: int
    versions: int
    builds: int
    deployments: int


def counts(world: World, environment: str = "production") -> Counts:
    place, remote = f"/Services/{SERVICE}", world.remote
    assets = remote.assets()
    sid = remote.environment(environment)["sid"]
    return Counts(
        len(assets),
        sum(len(remote.every(f"{place}/Assets/{each}/Versions")) for each in assets),
        len(remote.every(f"{place}/Builds")),
        len(remote.every(f"{place}/Environments/{sid}/Deployments")),
    )


def changes(machine: Machine, project: Project, environment: str = "production") -> tuple[Action, ...]:
    return machine.plan(project, environment).plan.changes


def asset_at(world: World, path: str, environment: str = "production") -> str:
    return str(world.remote.live_versions(environment)[path]["asset_sid"])


def version_at(world: World, path: str, environment: str = "production") -> str:
    return str(world.remote.live_versions(environment)[path]["sid"])


def sent(world: World) -> list[str]:
    """The uploads since the log was cleared."""
    return [path for method, path in world.remote.writes() if path.endswith("/Versions") and method == "POST"]


def rename(world: World, asset: str, name: str) -> None:
    """Somebody gives an Asset another name."""
    world.remote.post(f"/Services/{SERVICE}/Assets/{asset}", {"FriendlyName": name})


def visibility_rule(match: str, visibility: Visibility) -> tuple[Folder, ...]:
    return (Folder("public", "/", Visibility.PUBLIC, rules=(Rule(match, visibility=visibility),)),)


def entry_for(version: str, content: str = "A" * 42) -> str:
    """An entry of our memory as it stands in a name, written by hand."""
    return f"{content}:{urlsafe_b64encode(bytes.fromhex(version[2:])).decode().rstrip('=')}"


def tool_deploys(world: World, path: str, content: bytes = b"tool", environment: str = "production") -> tuple[str, str]:
    """Another tool puts one more file on line and keeps the others; the Asset and the Build."""
    remote = world.remote
    asset = remote.new_asset(path)
    live = remote.live_versions(environment)
    versions = [remote.upload(asset, path, content), *(each["sid"] for at, each in live.items() if at != path)]
    build = remote.build(versions)
    remote.deploy(environment, build)
    return asset, build
