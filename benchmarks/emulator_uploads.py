"""What the local service costs: uploads against it and against the least that could store them, in turns.

    python benchmarks/emulator_uploads.py [--uploads 1000] [--rounds 3]

The least: a Starlette handler that parses the multipart body, stores it in a file and commits one SQLite row, behind
the same Uvicorn. Both run in a process of their own; clients are ten threads with one raw connection each, so that what
is measured is the service. Leaves with 1 when the ratio of the medians is above 3.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 10 * 1024
CONCURRENCY = 10
LIMIT = 3.0
BOUNDARY = "assetsync-benchmark"

EMULATOR = """
import pathlib, sys
from assetsync.emulator.server import RunningEmulator
with RunningEmulator(pathlib.Path(sys.argv[1])) as emulator:
    print(emulator.url, emulator.core.account.sid, emulator.core.account.auth_token, flush=True)
    sys.stdin.read()
"""

BARE = """
import pathlib, secrets, socket, sqlite3, sys
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

folder = pathlib.Path(sys.argv[1])
database = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None, check_same_thread=False)
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = NORMAL")
database.execute("CREATE TABLE uploads (name TEXT PRIMARY KEY, path TEXT, visibility TEXT, size INTEGER)")

async def upload(request):
    async with request.form() as form:
        content = await form["Content"].read()
        name = secrets.token_hex(16)
        (folder / name).write_bytes(content)
        row = (name, form["Path"], form["Visibility"], len(content))
        database.execute("INSERT INTO uploads VALUES (?, ?, ?, ?)", row)
    return JSONResponse({"sid": name}, 201)

listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
listener.listen(2048)
print(f"http://127.0.0.1:{listener.getsockname()[1]} bare bare", flush=True)
app = Starlette(routes=[Route("/{rest:path}", upload, methods=["POST"])])
config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False)
uvicorn.Server(config).run(sockets=[listener])
"""


@dataclass(frozen=True, slots=True)
class Target:
    """A running service, and where uploads go."""

    host: str
    port: int
    headers: dict[str, str]
    path: str

    def post(self, connection: http.client.HTTPConnection, path: str, body: bytes, content_type: str) -> bytes:
        connection.request("POST", path, body, {**self.headers, "Content-Type": content_type})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 201:
            raise SystemExit(f"{path} answered {answer.status}: {content[:200]!r}")
        return content


@contextmanager
def running(code: str, folder: Path) -> Iterator[tuple[str, int, dict[str, str]]]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            assert process.stdout is not None
            url, user, password = process.stdout.readline().split()
            place = urlsplit(url)
            credentials = b64encode(f"{user}:{password}".encode()).decode()
            yield place.hostname or "", place.port or 0, {"Authorization": f"Basic {credentials}"}
        finally:
            process.kill()


@contextmanager
def emulator(folder: Path) -> Iterator[Target]:
    """A fresh service with one Asset that takes all the uploads."""
    with running(EMULATOR, folder) as (host, port, headers):
        setup = Target(host, port, headers, "")
        connection = http.client.HTTPConnection(host, port)
        form = "application/x-www-form-urlencoded"
        names = urlencode({"UniqueName": "benchmark", "FriendlyName": "x"}).encode()
        setup.post(connection, "/v1/Services", names, form)
        asset = json.loads(setup.post(connection, "/v1/Services/benchmark/Assets", names, form))["sid"]
        connection.close()
        yield Target(host, port, headers, f"/v1/Services/benchmark/Assets/{asset}/Versions")


@contextmanager
def bare(folder: Path) -> Iterator[Target]:
    with running(BARE, folder) as (host, port, headers):
        yield Target(host, port, headers, "/uploads")


def multipart(number: int) -> bytes:
    parts = [
        ("Path", "", f"/file-{number}.bin".encode()),
        ("Visibility", "", b"public"),
        ("Content", '; filename="x"\r\nContent-Type: application/octet-stream', os.urandom(SIZE)),
    ]
    sections = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"
        for name, more, value in parts
    ]
    return b"".join(sections) + f"--{BOUNDARY}--\r\n".encode()


def seconds(target: Target, bodies: list[bytes]) -> float:
    """Wall time for all of them, ten at a time."""

    def send(share: list[bytes]) -> None:
        connection = http.client.HTTPConnection(target.host, target.port)
        for body in share:
            target.post(connection, target.path, body, f"multipart/form-data; boundary={BOUNDARY}")
        connection.close()

    with ThreadPoolExecutor(CONCURRENCY) as pool:
        started = time.perf_counter()
        list(pool.map(send, [bodies[first::CONCURRENCY] for first in range(CONCURRENCY)]))
        return time.perf_counter() - started


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--uploads", type=int, default=1000)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    taken: dict[str, list[float]] = {"emulator": [], "bare": []}
    for turn in range(given.rounds):
        for name, start in (("bare", bare), ("emulator", emulator)):
            with tempfile.TemporaryDirectory() as folder, start(Path(folder)) as target:
                seconds(target, [multipart(number) for number in range(50)])
                taken[name].append(seconds(target, [multipart(number) for number in range(given.uploads)]))
            sys.stdout.write(f"round {turn + 1}  {name:<9}{taken[name][-1]:7.3f} s\n")
    medians = {name: statistics.median(values) for name, values in taken.items()}
    ratio = medians["emulator"] / medians["bare"]
    for name, median in medians.items():
        sys.stdout.write(f"median   {name:<9}{median:7.3f} s  {given.uploads / median:7.0f} uploads/s\n")
    sys.stdout.write(f"ratio    {ratio:.2f} (at most {LIMIT:.0f})\n")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
