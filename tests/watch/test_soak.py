"""A long day: random edits, a service that fails and is restarted; in the end it serves what the folder holds.

Twelve seconds by default, twenty minutes with ASSETSYNC_LONG=1. The seed is in the name of the test.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.emulator.faults.document import parse_faults
from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import Settings, Synchronous
from tests.cli.stage import Running, clean_environment, connect
from tests.reliability.figures import LONG, note

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 1200.0 if LONG else 12.0
PATIENCE = 120.0
WEATHER = (
    b"rules:\n  - {match: '/v1/**', chance: 0.1, answer: 503}\n  - {match: '/v1/**', chance: 0.05, drop: true}\n",
    b"rules:\n  - {match: 'POST /v1/**', chance: 0.2, answer: 500, after_work: true}\n",
    b"rules:\n  - {match: '/v1/**', chance: 0.1, answer: 429}\n  - {match: '/v1/**', chance: 0.05, truncate: 25}\n",
)
OPTIONS = ("--builds-an-hour", "100000")
SETTINGS = Settings(synchronous=Synchronous.OFF)


class Said:
    """What a command says from now on: a pipe that nobody reads would fill and stop it."""

    def __init__(self, running: Running) -> None:
        assert running.process.stdout is not None
        self._stream, self._lines = running.process.stdout, deque[str](maxlen=100_000)
        self._reader = threading.Thread(target=self._read, name="said")
        self._reader.start()

    def _read(self) -> None:
        self._lines.extend(line.decode() for line in self._stream)

    def all(self) -> tuple[str, ...]:
        """Once it has ended."""
        self._reader.join(PATIENCE)
        return tuple(self._lines)


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds. memory: bytes that are its own in RAM."""

    memory: int
    threads: int
    files: int

    @classmethod
    def by(cls, process: int) -> Held:
        place = Path(f"/proc/{process}")
        status = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines())
        files = len(list((place / "fd").iterdir()))
        return cls(int(status["RssAnon"].split()[0]) * 1024, int(status["Threads"]), files)


class Service:
    """The local service at one port, whatever happens to it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._stack = folder, ExitStack()
        self.emulator = self._stack.enter_context(RunningEmulator(folder, SETTINGS))
        self.restarts = 0

    def restart(self) -> None:
        port = self.emulator.port
        self._stack.close()
        threading.Event().wait(0.5)
        self.emulator = self._stack.enter_context(RunningEmulator(self._folder, SETTINGS, port=port))
        self.restarts += 1

    def served(self) -> dict[str, bytes]:
        """Every public path with its content, as an outsider gets them."""
        account = self.emulator.core.account
        with httpx.Client(
            base_url=f"{self.emulator.url}/v1/Services/soak", auth=(account.sid, account.auth_token)
        ) as api:
            environment = api.get("/Environments").json()["environments"][0]
            build = api.get(f"/Builds/{environment['build_sid']}").json()
        host = {"Host": f"{environment['domain_name']}:{self.emulator.port}"}
        with httpx.Client(base_url=self.emulator.url, headers=host) as visitor:
            return {each["path"]: visitor.get(each["path"]).content for each in build["asset_versions"]}

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    home = tmp_path / "home"
    (tmp_path / "public").mkdir()
    home.mkdir()
    clean_environment(monkeypatch, home)
    made = Service(tmp_path / "service")
    connect(monkeypatch, made.emulator)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "assetsync.yaml").write_text(
        "version: 1\nname: website\nservice: soak\nenvironments:\n  - name: production\n"
        "folders:\n  - source: public\n    target: /\n    visibility: public\nsafety:\n  max_delete: 100%\n"
    )
    yield made
    made.close()


def edit(public: Path, rng: random.Random) -> None:
    """One of the things that people and tools do to a folder."""
    files = sorted(each for each in public.rglob("*") if each.is_file())
    file = rng.choice(files)
    match rng.randrange(7):
        case 0 | 1:
            file.write_bytes(rng.randbytes(rng.randint(1, 5000)))
        case 2:
            draft = file.with_name(f"{file.name}~")
            draft.write_bytes(rng.randbytes(200))
            draft.replace(file)
        case 3 if len(files) > 10:
            file.unlink()
        case 4:
            (public / f"new-{rng.randrange(30)}.txt").write_bytes(rng.randbytes(50))
        case 5:
            folder = public / f"folder-{rng.randrange(4)}"
            folder.mkdir(exist_ok=True)
            (folder / f"{rng.randrange(5)}.txt").write_bytes(rng.randbytes(30))
        case _:
            file.rename(file.with_name(f"moved-{rng.randrange(30)}.txt"))


def until_equal(service: Service, public: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        wanted = {f"/{each.relative_to(public)}": each.read_bytes() for each in public.rglob("*") if each.is_file()}
        found = service.served()
        if found == wanted:
            return
        different = sorted(path for path in wanted.keys() | found.keys() if wanted.get(path) != found.get(path))
        assert time.monotonic() < deadline, f"not what the folder holds: {different}"
        threading.Event().wait(0.2)


@pytest.mark.timeout(SECONDS + 3 * PATIENCE)
@pytest.mark.parametrize("seed", [1], ids="seed {}".format)
def test_it_ends_equal_to_the_folder_and_holds_no_more_than_at_first(
    service: Service, tmp_path: Path, seed: int
) -> None:
    rng, public = random.Random(seed), tmp_path / "public"
    for number in range(20):
        (public / f"{number}.txt").write_bytes(b"%d" % number)
    with Running("watch", "-e", "production", "--yes", "--create-service", "--quiet", *OPTIONS) as running:
        running.read_until("Watching public")
        said = Said(running)
        until_equal(service, public)
        edits, before, began = 0, None, time.monotonic()
        while time.monotonic() - began < SECONDS:
            for _ in range(rng.randint(1, 12)):
                edit(public, rng)
                edits += 1
                threading.Event().wait(rng.choice((0, 0.01, 0.05, 0.3)))
            match rng.randrange(6):
                case 0:
                    service.emulator.core.bend(parse_faults(b"seed: %d\n" % edits + rng.choice(WEATHER), "weather"))
                case 1 | 2:
                    service.emulator.core.bend(None)
                case 3:
                    service.restart()
                case _:
                    pass
            if before is None and time.monotonic() - began > SECONDS / 4:
                service.emulator.core.bend(None)
                until_equal(service, public)
                before = Held.by(running.process.pid)
        service.emulator.core.bend(None)
        until_equal(service, public)
        after = Held.by(running.process.pid)
        running.signal()
        lines = said.all()
        ended = running.end()
    assert ended.code == 130
    assert not [line for line in (*lines, *ended.err.splitlines()) if "Traceback" in line or "internal error" in line]
    assert before is not None
    assert after.threads <= before.threads + 2, (before, after)
    assert after.files <= before.files + 10, (before, after)
    assert after.memory <= before.memory * 1.3 + (8 << 20), (before, after)
    assert service.restarts
    note("watch soak", edits=edits, restarts=service.restarts, most_megabytes=round(after.memory / 2**20))
