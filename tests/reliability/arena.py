"""Pipelines that run at once against one Service: each a machine of its own with a key of its own, over sockets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import httpx

from assetsync.emulator.faults import NoFaults
from assetsync.emulator.server import EmulatorThread
from assetsync.emulator.settings import ApiKey
from assetsync.errors import AssetsyncError
from assetsync.twilio.client import ServerlessClient
from assetsync.twilio.credentials import Credentials
from assetsync.twilio.endpoints import Endpoints
from tests.fakes.world import SERVICE, Machine, Project, World
from tests.reliability.turns import Turns, is_deployment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from tests.reliability.turns import Asked, Choice

Files = dict[str, bytes]
TOOL, *KEYS = (ApiKey(f"SK{number:032x}", f"the-secret-number-{number}") for number in range(6))


@dataclass
class SocketMachine(Machine):
    """A machine whose requests go over a real socket, with a key that tells it from the others."""

    url: str = ""
    key: ApiKey = KEYS[0]

    def _client(self) -> ServerlessClient:
        return ServerlessClient(
            Endpoints(self.url, self.url, f"{self.url}/sites/{{domain}}"),
            Credentials(self.key.sid, self.key.secret, account_sid=self.world.core.account.sid),
            concurrency=self.concurrency,
            transport=httpx.HTTPTransport(verify=False),  # a tenth of a second of reading certificates for nothing
            clock=self.clock,
        )


@dataclass(frozen=True)
class Side:
    """One pipeline: its machine, its folder, and what the folder holds."""

    name: str
    machine: SocketMachine
    project: Project
    files: Files
    environment: str = "production"

    def apply(self) -> int:
        """The exit code that the command would leave with."""
        try:
            self.machine.apply(self.project, self.environment)
        except AssetsyncError as error:
            return error.exit_code
        return 0

    def pending(self) -> int:
        """How many changes a machine that remembers nothing would plan."""
        fresh = replace(self.machine, cache=self.machine.cache / "fresh")
        return len(fresh.plan(self.project, self.environment).plan.changes)


class Arena:
    """`with Arena(folder) as arena:` a Service on a socket, and whoever wants to run against it at once.

    seen: what the site of an Environment served after each Deployment since the last `race`, oldest first
    """

    def __init__(self, root: Path) -> None:
        self._root, self._stack = root, ExitStack()
        self.world = self._stack.enter_context(World(root, api_keys=(TOOL, *KEYS), environments=10_000))
        try:
            self._server = EmulatorThread(self.world.core, "127.0.0.1", 0, or_any_port=False)
        except BaseException:
            self._stack.close()
            raise
        self._stack.callback(self._server.stop)
        self.url = self._server.url
        self.remote = self.world.remote
        self.sides: list[Side] = []
        self.seen: list[tuple[str, Files]] = []
        self.log: list[tuple[str, Asked, int]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def side(self, name: str, files: Files, *, environment: str = "production", concurrency: int = 1) -> Side:
        """One more pipeline of the one manifest `website`."""
        machine = SocketMachine(
            self.world,
            self._root / f"machine-{name}",
            concurrency=concurrency,
            url=self.url,
            key=KEYS[len(self.sides)],
        )
        project = Project(self._root / f"side-{name}")
        project.write(files)
        self.sides.append(Side(name, machine, project, files, environment))
        return self.sides[-1]

    def client(self, key: ApiKey) -> ServerlessClient:
        """A client with this key, open as long as the arena."""
        machine = SocketMachine(self.world, self._root / "none", concurrency=1, url=self.url, key=key)
        return self._stack.enter_context(machine._client())

    def tool(self, path: str, content: bytes) -> Callable[[], object]:
        """Another tool: puts a file on line beside what is live when it begins, and looks at nothing else."""

        def deploy() -> None:
            with self._tool() as http:
                environment = self.remote.environment("production")["sid"]
                live = http.get(f"/Builds/{http.get(f'/Environments/{environment}').json()['build_sid']}").json()
                asset = http.post("/Assets", data={"FriendlyName": path}).json()["sid"]
                form = {"Path": path, "Visibility": "public"}
                sent = http.post(
                    f"/Assets/{asset}/Versions", data=form, files={"Content": ("x", content, "text/plain")}
                )
                versions = [*(each["sid"] for each in live["asset_versions"]), sent.json()["sid"]]
                build = http.post("/Builds", data={"AssetVersions": versions}).json()["sid"]
            self.deployment(environment, build)()

        return deploy

    def deployment(self, environment: str, build: str) -> Callable[[], object]:
        """Another tool's one request that counts."""

        def deploy() -> None:
            with self._tool() as http:
                answer = http.post(f"/Environments/{environment}/Deployments", data={"BuildSid": build})
                assert answer.status_code == 201, answer.text

        return deploy

    def _tool(self) -> httpx.Client:
        place = f"{self.url}/v1/Services/{SERVICE}"
        return httpx.Client(base_url=place, auth=(TOOL.sid, TOOL.secret), timeout=60, trust_env=False)

    def rewrite(self, side: Side, files: Files) -> Side:
        side.project.write(files)
        self.sides[self.sides.index(side)] = changed = replace(side, files=files)
        return changed

    def race(self, choose: Choice, **others: Callable[[], object]) -> dict[str, int]:
        """Let every side apply at once, and `others`, by the key that they ask with; exit codes by the side's name."""
        codes: dict[str, int] = {}

        def applying(side: Side) -> Callable[[], object]:
            return lambda: codes.update({side.name: side.apply()})

        runs = {side.machine.key.sid: applying(side) for side in self.sides} | others
        self.together(choose, runs, many=any(side.machine.concurrency > 1 for side in self.sides))
        return codes

    def together(self, choose: Choice, runs: Mapping[str, Callable[[], object]], *, many: bool = False) -> None:
        """Let each of `runs`, which ask with the key that they are named by, happen at once, in turns."""
        turns = Turns(runs, choose, many=many)
        turns.after_turn = self._look
        self.log, self.seen = turns.log, []
        self.world.core.faults = turns

        def run(key: str) -> None:
            try:
                runs[key]()
            finally:
                turns.finished(key)

        try:
            with ThreadPoolExecutor(len(runs)) as pool:
                jobs = [pool.submit(run, key) for key in runs]
                turns.run()
        finally:
            self.world.core.faults = NoFaults()
        for job in jobs:
            job.result()

    def site(self, environment: str = "production") -> Files:
        """Every live path with what a visitor gets there."""
        found = {}
        for path in self.remote.live_versions(environment):
            status, content, _ = self.remote.served(environment, path)
            assert status == 200, (path, status)
            found[path.removeprefix("/")] = content
        return found

    def deployers(self) -> set[str]:
        """Who deployed something in the last race."""
        return {client for client, asked, status in self.log if is_deployment(asked) and status == 201}

    def _look(self, _client: str, asked: Asked, status: int) -> None:
        if is_deployment(asked) and status == 201:
            sid = asked[1].split("/")[-2]
            place = f"/Services/{SERVICE}/Environments/{sid}"
            name = self.remote.get(place)["unique_name"]
            self.seen.append((name, self.site(name)))
