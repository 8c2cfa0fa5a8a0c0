"""A Service without a socket, machines with caches of their own, and folders to deploy: for laws and examples.

The remote side is the local service's core behind `DirectTransport`. Oracles read its answers through plain httpx
(`Remote`), never through assetsync's own client.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx

from assetsync.apply.applier import Controls, Outcome, apply_plan
from assetsync.apply.expiry import expire, read_loss
from assetsync.apply.gc import Swept, sweep, take_inventory
from assetsync.apply.journal import Journal
from assetsync.apply.once import Pace
from assetsync.apply.preview import read_previews, service_now
from assetsync.apply.switch import SwitchOutcome, Target, find_previous, read_switch, switch
from assetsync.emulator.core import Core
from assetsync.emulator.direct import DirectTransport
from assetsync.emulator.messages import Answer, Drop, Request
from assetsync.emulator.messages import Outcome as Wire
from assetsync.events import silent
from assetsync.local.scan import scan
from assetsync.manifest.model import EnvironmentSpec, Folder, Manifest, Unmanaged
from assetsync.meant import match_environment
from assetsync.model import Visibility
from assetsync.plan.collection import MIN_AGE, Terms, decide
from assetsync.plan.previews import over
from assetsync.prepare import Prepared, prepare
from assetsync.twilio.client import ServerlessClient
from assetsync.twilio.credentials import Credentials
from assetsync.twilio.endpoints import Endpoints
from assetsync.twilio.survey import read_holdings
from tests.fakes.switched import switched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta
    from pathlib import Path

    from assetsync.plan.plan import Plan
    from assetsync.plan.previews import Preview

T = TypeVar("T")

URL = "http://serverless.local"
SERVICE = "my-site"


class Killed(BaseException):
    """The process is gone: nothing may catch this but the test."""


class TestClock:
    """Time that passes only when somebody waits; thread-safe enough for its use."""

    __test__ = False

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> Any:
        from datetime import UTC, datetime

        return datetime.now(UTC)

    def chance(self) -> float:
        return 0.5

    def wait(self, seconds: float, cancelled: threading.Event) -> None:
        if not cancelled.is_set():
            self.seconds += seconds


class Kill(httpx.BaseTransport):
    """Kills the process at the n-th mutating request, before it is sent (`before`) or after it was worked on.

    After the kill nothing goes out any more. `n` 0 never kills. `seen` counts mutating requests, with `reads` all.
    """

    def __init__(self, inner: httpx.BaseTransport, n: int = 0, *, before: bool = True, reads: bool = False) -> None:
        self._inner, self._n, self._before, self._reads = inner, n, before, reads
        self._lock = threading.Lock()
        self.seen = 0
        self.dead = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            if self.dead:
                raise Killed
            mutating = self._reads or request.method != "GET"
            self.seen += mutating
            fatal = mutating and self.seen == self._n
            self.dead = fatal
        if fatal and self._before:
            raise Killed
        response = self._inner.handle_request(request)
        if fatal:
            raise Killed
        return response


@dataclass
class Bend:
    """A fault plan for requests of one method whose path and query `pattern` is found in.

    first: answered instead of doing the work; last: answered although the work was done
    do: called in the service's place before the work (`early`) or after it; what it returns is answered instead
    skip: let so many pass before, then bend `times` of them
    """

    method: str
    pattern: str
    first: Wire | None = None
    last: Wire | None = None
    do: Callable[[Request, Answer | None], Wire | None] | None = None
    early: bool = False
    skip: int = 0
    times: int = 1
    bent: int = 0
    _lock: Any = field(default_factory=threading.Lock)

    def before(self, request: Request) -> Wire | None:
        if not (self.first is not None or (self.early and self.do)) or not self._mine(request):
            return None
        return self.do(request, None) if self.do else self.first

    def after(self, request: Request, answer: Answer) -> Wire | None:
        if self.first is not None or self.early or not self._mine(request):
            return None
        return self.do(request, answer) if self.do else self.last

    def _mine(self, request: Request) -> bool:
        """Whether this one is to be bent; what `do` itself asks of the service is left alone."""
        ours = request.headers.get("user-agent", "").startswith("assetsync/")
        if not ours or request.method != self.method or not re.search(self.pattern, f"{request.path}?{request.query}"):
            return False
        with self._lock:
            self.skip -= 1
            if self.skip >= 0 or self.bent >= self.times:
                return False
            self.bent += 1
            return True


class Remote:
    """The Service as an outsider sees it: raw JSON over plain httpx. It is also how other tools act."""

    def __init__(self, core: Core) -> None:
        self.core = core
        account = core.account
        self.http = httpx.Client(
            transport=DirectTransport(core), base_url=URL, auth=(account.sid, account.auth_token), timeout=None
        )

    def get(self, path: str, **params: Any) -> Any:
        answer = self.http.get(f"/v1{path}", params=params)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def every(self, path: str) -> list[dict[str, Any]]:
        page = self.get(path, PageSize=1000)
        found = list(page[page["meta"]["key"]])
        while page["meta"]["next_page_url"]:
            page = self.http.get(page["meta"]["next_page_url"]).json()
            found += page[page["meta"]["key"]]
        return found

    def post(self, path: str, data: Mapping[str, Any] | None = None) -> Any:
        answer = self.http.post(f"/v1{path}", data=dict(data or {}))
        assert answer.status_code in {200, 201}, (path, answer.text)
        return answer.json()

    def upload(
        self,
        asset: str,
        path: str,
        content: bytes,
        *,
        visibility: str = "public",
        content_type: str = "text/plain",
        service: str = SERVICE,
    ) -> str:
        answer = self.http.post(
            f"/v1/Services/{service}/Assets/{asset}/Versions",
            data={"Path": path, "Visibility": visibility},
            files={"Content": ("file", content, content_type)},
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["sid"])

    def new_asset(self, name: str, service: str = SERVICE) -> str:
        return str(self.post(f"/Services/{service}/Assets", {"FriendlyName": name})["sid"])

    def assets(self, service: str = SERVICE) -> dict[str, str]:
        """Friendly names by Asset SID."""
        return {each["sid"]: each["friendly_name"] for each in self.every(f"/Services/{service}/Assets")}

    def environment(self, name: str, service: str = SERVICE) -> dict[str, Any]:
        return next(each for each in self.every(f"/Services/{service}/Environments") if each["unique_name"] == name)

    def live(self, name: str, service: str = SERVICE) -> dict[str, Any] | None:
        sid = self.environment(name, service)["build_sid"]
        return None if sid is None else dict(self.get(f"/Services/{service}/Builds/{sid}"))

    def live_versions(self, name: str, service: str = SERVICE) -> dict[str, dict[str, Any]]:
        """The live Asset Versions by path; fails when a path or an Asset is there twice."""
        build = self.live(name, service)
        versions = build["asset_versions"] if build else []
        by_path = {each["path"]: each for each in versions}
        assert len(by_path) == len(versions), "a path twice in one Build"
        assert len({each["asset_sid"] for each in versions}) == len(versions), "two Versions of one Asset in a Build"
        return by_path

    def served(self, name: str, path: str, service: str = SERVICE) -> tuple[int, bytes, str]:
        """Status, bytes and content type of a GET on the site."""
        domain = self.environment(name, service)["domain_name"]
        answer = httpx.Client(transport=DirectTransport(self.core)).get(f"{URL}/sites/{domain}{path}")
        return answer.status_code, answer.content, answer.headers.get("content-type", "")

    def build(self, versions: list[str], *, service: str = SERVICE, **more: Any) -> str:
        return str(self.post(f"/Services/{service}/Builds", {"AssetVersions": versions, **more})["sid"])

    def deploy(self, environment: str, build: str | None, *, service: str = SERVICE) -> str:
        sid = self.environment(environment, service)["sid"]
        data = {} if build is None else {"BuildSid": build}
        return str(self.post(f"/Services/{service}/Environments/{sid}/Deployments", data)["sid"])

    def requests(self) -> list[tuple[str, str]]:
        """(method, path) of every API request since the log was cleared."""
        return [(each.method, each.path) for each in self.core.requests.api()]

    def writes(self) -> list[tuple[str, str]]:
        return [each for each in self.requests() if each[0] != "GET"]

    def clear_log(self) -> None:
        self.core.requests.clear()


@dataclass
class Project:
    """A folder of files and what the manifest says of it."""

    root: Path
    name: str = "website"
    service: str = SERVICE
    environments: tuple[EnvironmentSpec, ...] = (EnvironmentSpec("production"), EnvironmentSpec("staging", "stg"))
    folders: tuple[Folder, ...] = (Folder("public", "/", Visibility.PUBLIC),)
    unmanaged: Unmanaged = Unmanaged.KEEP
    retain: int = 0

    def write(self, files: Mapping[str, bytes], folder: str = "public") -> None:
        """Make the folder hold exactly these files."""
        base = self.root / folder
        base.mkdir(parents=True, exist_ok=True)
        for old in sorted(base.rglob("*"), reverse=True):
            relative = old.relative_to(base).as_posix()
            if old.is_dir():
                if not any(old.iterdir()):
                    old.rmdir()
            elif files.get(relative) != old.read_bytes():
                old.unlink()
        for old in sorted((each for each in base.rglob("*") if each.is_dir()), reverse=True):
            if not any(old.iterdir()):
                old.rmdir()
        for relative, content in files.items():
            file = base / relative
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)

    def manifest(self, environment: str = "production") -> Manifest:
        """For one that is declared, or for a new one with its name as suffix."""
        declared = (each for each in self.environments if each.name == environment)
        chosen = next(declared, EnvironmentSpec(environment, environment))
        return Manifest(
            path=self.root / "assetsync.yaml",
            root=self.root,
            name=self.name,
            service=self.service,
            environment=chosen,
            environments=self.environments,
            folders=self.folders,
            unmanaged=self.unmanaged,
            retain=self.retain,
        )


@dataclass
class Machine:
    """A computer with a cache folder of its own; a fresh one remembers nothing."""

    world: World
    cache: Path
    kill: tuple[int, bool] = (0, True)
    kill_reads: bool = False
    last_kill: Kill | None = None
    clock: TestClock = field(default_factory=TestClock)
    concurrency: int = 4
    lifetime: timedelta | None = None

    def plan(self, project: Project, environment: str = "production") -> Prepared:
        return self._run(project, environment, lambda prepared, _client, _journal: prepared)

    def apply(
        self, project: Project, environment: str = "production", *, meanwhile: Callable[[Plan], None] | None = None
    ) -> tuple[Prepared, Outcome]:
        """Plan and apply, whatever the safety says. `meanwhile` runs between the two."""

        def go(prepared: Prepared, client: ServerlessClient, journal: Journal) -> tuple[Prepared, Outcome]:
            if meanwhile is not None:
                meanwhile(prepared.plan)
            pace = Pace(self.clock, threading.Event())
            controls = Controls(
                pace=pace,
                stop=threading.Event(),
                concurrency=self.concurrency,
                build_timeout=60,
                lifetime=self.lifetime,
            )
            return prepared, apply_plan(prepared.plan, prepared.snapshot, client, journal, controls)

        return self._run(project, environment, go)

    def go_back(
        self, project: Project, environment: str = "production", *, to: str = "", meanwhile: Callable[[], Any] = int
    ) -> SwitchOutcome:
        """Roll back; `meanwhile` runs between the look and the Deployment."""
        with self._client() as client:
            found = match_environment(project.manifest(environment), client.list_environments(project.service))
            assert found is not None
            wanted = read_switch(client, found, Target(to) if to else find_previous(client, found))
            meanwhile()
            pace = Pace(self.clock, threading.Event())
            return switch(wanted, client, look_first=False, emit=silent, pace=pace)

    def gc(
        self, project: Project, builds_keep: int | None, *, older_than: timedelta = MIN_AGE, previews: bool = False
    ) -> Swept:
        """`previews`: those that are over and serve nothing foreign go first."""
        terms, service, owner = Terms(builds_keep, older_than), project.service, project.name
        with self._client() as client:
            doomed = self._ended(project, client) if previews else ()
            seen = take_inventory(client, service, owner, terms)
            decided = decide(seen.without({each.environment.sid for each in doomed}), terms)
            expire(client, doomed, owner, threading.Event())
            return sweep(client, service, owner, decided, terms, threading.Event())

    def _ended(self, project: Project, client: ServerlessClient) -> tuple[Preview, ...]:
        holdings = read_holdings(client, project.service)
        previews = read_previews(client, holdings.environments, project.name)
        declared = {each.name for each in project.environments}
        return tuple(
            each
            for each in over(previews, declared, service_now(client))
            if not read_loss(client, holdings, each.environment, project.name).not_ours
        )

    def _client(self) -> ServerlessClient:
        core = self.world.core
        self.last_kill = Kill(DirectTransport(core), self.kill[0], before=self.kill[1], reads=self.kill_reads)
        account = core.account
        return ServerlessClient(
            Endpoints(URL, URL, URL + "/sites/{domain}"),
            Credentials(account.sid, account.auth_token, account_sid=account.sid),
            concurrency=self.concurrency,
            transport=self.last_kill,
            clock=self.clock,
        )

    def _run(self, project: Project, environment: str, then: Callable[[Prepared, ServerlessClient, Journal], T]) -> T:
        manifest, client = project.manifest(environment), self._client()
        journal = Journal(self.cache, URL, now=time.time)
        try:
            with client:
                prepared = prepare(
                    manifest,
                    lambda: scan(manifest, cache_dir=self.cache, now_ns=time.time_ns),
                    client,
                    journal,
                    account_sid=self.world.core.account.sid,
                    retain=True,
                )
                return then(prepared, client, journal)
        finally:
            journal.close()


class World:
    """A local service with nothing in it, and as many machines as wanted."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.root = root
        self._moved = 0.0
        self.core = Core(root / "service", switched(**{"seed": 1, **settings}), clock=self._clock)
        self.remote = Remote(self.core)
        self._machines = 0

    def _clock(self) -> Any:
        from datetime import UTC, datetime, timedelta

        return datetime.now(UTC) + timedelta(seconds=self._moved)

    def pass_time(self, seconds: float) -> None:
        """Move the service's clock."""
        self._moved += seconds

    def machine(self) -> Machine:
        self._machines += 1
        return Machine(self, self.root / f"machine-{self._machines}")

    def project(self, name: str = "website", **more: Any) -> Project:
        return Project(self.root / f"project-{name}", name, **more)

    def close(self) -> None:
        self.remote.http.close()
        self.core.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


__all__ = [
    "SERVICE",
    "Answer",
    "Bend",
    "Drop",
    "Kill",
    "Killed",
    "Machine",
    "Project",
    "Remote",
    "Request",
    "Wire",
    "World",
]
