"""Where a crash happens: the state folder of a local service and the cache of a machine, both copied at will."""

from __future__ import annotations

import os
import socket
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import Settings, Synchronous
from tests.cli.stage import Outside
from tests.reliability.change_set import ENVIRONMENT, SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from assetsync.emulator.faults import FaultPlan
    from tests.cli.stage import Json, Ran
    from tests.reliability.launcher import Launcher

_SETTINGS = Settings(synchronous=Synchronous.OFF)


@dataclass(frozen=True, slots=True)
class Journalled:
    """What a machine's journal says it made: Assets, and of each Version its Asset and its SHA-256's beginning."""

    assets: frozenset[str]
    versions: dict[str, tuple[str, str]]

    @classmethod
    def read(cls, cache: Path) -> Self:
        with closing(sqlite3.connect(cache / "journal.sqlite")) as journal:
            assets = {sid for (sid,) in journal.execute("SELECT asset_sid FROM asset")}
            rows = journal.execute("SELECT version_sid, asset_sid, sha256 FROM version").fetchall()
        return cls(frozenset(assets), {sid: (asset, sha256) for sid, asset, sha256 in rows})

    def since(self, earlier: Journalled) -> Journalled:
        rows = {sid: facts for sid, facts in self.versions.items() if sid not in earlier.versions}
        return Journalled(self.assets - earlier.assets, rows)


class Ground:
    """A project folder that stays, and a port at which one state folder after the other is served.

    The port stays the same because a journal knows its service by the URL. `service` and `cache` are where a first
    service and a first machine keep their things.
    """

    def __init__(self, root: Path, launcher: Launcher) -> None:
        self.root, self.launcher = root, launcher
        self.project, self.service, self.cache = root / "project", root / "service", root / "cache"
        # Bound and never listening: nobody else is given the port while the service is away.
        self._claim = socket.socket()
        self._claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._claim.bind(("127.0.0.1", 0))
        self.port: int = self._claim.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._claim.close()

    @contextmanager
    def serving(self, state: Path, faults: FaultPlan | None = None) -> Iterator[Outside]:
        """The local service on a state folder; at the end every request that it began is finished."""
        with (
            RunningEmulator(state, _SETTINGS, port=self.port, faults=faults) as emulator,
            closing(Outside(emulator, SERVICE)) as outside,
        ):
            yield outside

    def manifest(self, rules: str = "") -> None:
        self.project.mkdir(exist_ok=True)
        (self.project / "assetsync.yaml").write_text(
            f"version: 1\nname: website\nservice: {SERVICE}\nenvironments:\n  - name: {ENVIRONMENT}\n"
            f"folders:\n  - source: public\n    target: /\n    visibility: public\n{rules}"
        )

    def variables(self, outside: Outside, cache: Path) -> dict[str, str]:
        account = outside.emulator.core.account
        return {
            "HOME": str(self.root),
            "PATH": os.environ["PATH"],
            "ASSETSYNC_API_URL": outside.emulator.url,
            "ASSETSYNC_CACHE_DIR": str(cache),
            "TWILIO_ACCOUNT_SID": account.sid,
            "TWILIO_AUTH_TOKEN": account.auth_token,
        }

    def run(self, outside: Outside, cache: Path, *arguments: str) -> Ran:
        return self.launcher.run(*arguments, cwd=self.project, **self.variables(outside, cache))

    def apply(self, outside: Outside, cache: Path, *arguments: str) -> Json:
        """The document of an apply that must succeed."""
        ran = self.run(outside, cache, "apply", "--yes", "--format", "json", "--concurrency", "4", *arguments)
        return ran.holds(0).plan

    def empty_plan(self, outside: Outside, cache: Path) -> Json:
        """The document of a plan in which nothing is pending."""
        found = self.run(outside, cache, "plan", "--detailed-exitcode", "--format", "json").holds(0).plan
        assert (found["actions"], found["build"]["needed"]) == ([], False)
        return found
