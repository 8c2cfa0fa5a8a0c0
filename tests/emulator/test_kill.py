"""kill -9 in a storm of uploads, Builds and Deployments, again and again on one state folder.

A few rounds by default, fifty with ASSETSYNC_LONG=1.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

import assetsync
from assetsync.emulator.core import Core
from assetsync.emulator.direct import DirectTransport
from tests.emulator.driver import make_client

ROUNDS = 50 if os.environ.get("ASSETSYNC_LONG") == "1" else 4
WORKERS = 6

SERVER = """
import pathlib, sys
from assetsync.emulator.server import RunningEmulator
emulator = RunningEmulator(pathlib.Path(sys.argv[1]))
print(emulator.url, emulator.core.account.sid, emulator.core.account.auth_token, flush=True)
sys.stdin.read()
"""


@dataclass
class Acknowledged:
    """What the service said yes to, over all rounds. Builds by SID with their Versions; Deployments in their order."""

    content: dict[str, bytes] = field(default_factory=dict)
    builds: dict[str, set[str]] = field(default_factory=dict)
    deployed: list[str] = field(default_factory=list)
    count: int = 0
    enough: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, wanted: int) -> None:
        with self._lock:
            self.count += 1
            if self.count >= wanted:
                self.enough.set()


class Storm:
    """Clients of one running service, each with a thread of its own, until the service is gone."""

    def __init__(self, client: httpx.Client, known: Acknowledged, wanted: int) -> None:
        self._client = client
        self._known = known
        self._wanted = wanted

    def run(self, number: int) -> None:
        try:
            for turn in range(10_000):
                if number == 0:
                    self._release()
                else:
                    self._upload(f"{number}.{turn}.{os.urandom(4).hex()}")
                self._known.note(self._wanted)
        except httpx.TransportError:
            return

    def _upload(self, name: str) -> None:
        content = name.encode() * 500
        asset = self._post("Assets", FriendlyName=name)["sid"]
        answer = self._client.post(
            f"/v1/Services/storm/Assets/{asset}/Versions",
            data={"Path": f"/{name}", "Visibility": "public"},
            files={"Content": ("x", content)},
        )
        assert answer.status_code == 201, answer.text
        self._known.content[answer.json()["sid"]] = content

    def _release(self) -> None:
        """One thread alone deploys, so that the last Deployment that it knows of is what is live, or the one after."""
        chosen = random.sample(sorted(self._known.content), min(20, len(self._known.content)))
        if not chosen:
            self._upload("first")
            return
        build = self._post("Builds", AssetVersions=chosen)["sid"]
        self._known.builds[build] = set(chosen)
        environment = self._client.get("/v1/Services/storm/Environments").json()["environments"][0]["sid"]
        self._post(f"Environments/{environment}/Deployments", BuildSid=build)
        self._known.deployed.append(build)

    def _post(self, path: str, **form: Any) -> Any:
        answer = self._client.post(f"/v1/Services/storm/{path}", data=form)
        assert answer.status_code == 201, answer.text
        return answer.json()


def test_killed_again_and_again_it_restarts_whole_and_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    state = tmp_path / "state"
    known = Acknowledged()
    chosen = random.Random(3)
    with Core(state) as core, make_client(core, "http://x", DirectTransport(core)) as client:
        client.post("/v1/Services", data={"UniqueName": "storm", "FriendlyName": "x"})
        client.post("/v1/Services/storm/Environments", data={"UniqueName": "production"})
        account = core.account
    for _ in range(ROUNDS):
        known.enough.clear()
        known.count = 0
        _storm_and_kill(state, known, chosen.randint(5, 60))
        with Core(state) as core:
            assert core.account == account
            _check_whole(core, state, known)
    assert known.deployed


def _storm_and_kill(state: Path, known: Acknowledged, wanted: int) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(assetsync.__file__).parents[1])}
    with (
        subprocess.Popen(
            [sys.executable, "-c", SERVER, str(state)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        ) as process,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        assert process.stdout is not None
        url, sid, token = process.stdout.readline().split()
        with httpx.Client(base_url=url, auth=(sid, token), trust_env=False, timeout=30) as client:
            storm = Storm(client, known, wanted)
            running = [pool.submit(storm.run, number) for number in range(WORKERS)]
            try:
                assert known.enough.wait(60)
            finally:
                os.kill(process.pid, signal.SIGKILL)
            for each in running:
                each.result()


def _check_whole(core: Core, state: Path, known: Acknowledged) -> None:
    """Every acknowledged Version, Build and Deployment is there, and every byte of every Version."""
    with closing(sqlite3.connect(state / "state.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        stored = dict(database.execute("SELECT sid, digest FROM versions").fetchall())
    for sid, content in known.content.items():
        assert stored[sid] == hashlib.sha256(content).hexdigest()
    for digest in stored.values():
        content = (state / "content" / digest[:2] / digest).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
    core.collect()
    assert {file.name for file in (state / "content").glob("*/*")} == set(stored.values())
    assert list((state / "incoming").iterdir()) == []
    with make_client(core, "http://x", DirectTransport(core)) as client:
        for build, versions in known.builds.items():
            body = client.get(f"/v1/Services/storm/Builds/{build}").json()
            assert {each["sid"] for each in body["asset_versions"]} == versions
            assert body["status"] == "completed"
        environment = client.get("/v1/Services/storm/Environments").json()["environments"][0]
        history = client.get(environment["links"]["deployments"], params={"PageSize": 1000}).json()["deployments"]
        made = [each["build_sid"] for each in history][::-1]
        assert environment["build_sid"] == (made[-1] if made else None)
        assert [build for build in made if build in set(known.deployed)] == known.deployed
        if made:
            live = client.get(f"/v1/Services/storm/Builds/{made[-1]}").json()["asset_versions"]
            for version in live:
                served = client.get(f"/sites/{environment['domain_name']}{version['path']}")
                assert hashlib.sha256(served.content).hexdigest() == stored[version["sid"]]
