"""A large upload takes no more memory than a small one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import xxhash

from tests.fakes.wire_server import WireServer, in_turn, json_reply
from tests.unit.twilio.sids import sid, version_json

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 256 * 1024 * 1024

CLIENT = f"""
import sys
from pathlib import Path
from assetsync.twilio.body import FileBody
from assetsync.twilio.client import ServerlessClient
from assetsync.twilio.credentials import Credentials
from assetsync.twilio.endpoints import Endpoints

url, file, size, digest = sys.argv[1:]
body = FileBody(Path(file), int(size), digest, lambda count: None)
with ServerlessClient(Endpoints(url, url), Credentials("{sid("SK")}", "secret")) as client:
    client.upload_version("{sid("ZS")}", "{sid("ZH")}", "/big", "public", "video/mp4", "big", body)
# Not ru_maxrss, which begins with the peak of the process that forked this one.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
sys.stdout.write(peak.split()[1])
"""


def zeros(size: int) -> str:
    digest, piece = xxhash.xxh3_128(), bytes(1024 * 1024)
    for _ in range(size // len(piece)):
        digest.update(piece)
    return digest.hexdigest()


def test_256_mib_go_out_in_less_than_80(tmp_path: Path) -> None:
    file = tmp_path / "big"
    with file.open("wb") as stream:
        stream.truncate(SIZE)
    with WireServer(in_turn(json_reply(version_json(path="/big"))), keep_bodies=False) as server:
        done = subprocess.run(
            [sys.executable, "-c", CLIENT, server.url, str(file), str(SIZE), zeros(SIZE)],
            check=True,
            capture_output=True,
            text=True,
        )
        (seen,) = server.seen
    assert seen.complete
    assert seen.size > SIZE
    assert int(done.stdout) < 80 * 1024
