"""One large file, streamed: the client's memory does not grow with it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import Settings, Synchronous
from tests.cli.stage import Outside

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20
PEAK_KIB = 80 * 1024

UPLOADER = """
import sys
from pathlib import Path
from assetsync.twilio.body import FileBody
from assetsync.twilio.client import ServerlessClient
from assetsync.twilio.credentials import Credentials
from assetsync.twilio.endpoints import Endpoints

url, sid, token, service, asset, file, digest = sys.argv[1:]
body = FileBody(Path(file), Path(file).stat().st_size, digest, lambda count: None)
with ServerlessClient(Endpoints(url, url), Credentials(sid, token)) as client:
    version = client.upload_version(
        service, asset, path="/large.bin", visibility="public", content_type="application/octet-stream",
        filename="large.bin", body=body,
    )
# Not ru_maxrss, which a process inherits from the one that started it.
status = Path("/proc/self/status").read_text()
print(version.sid, status.partition("VmHWM:")[2].split()[0])
"""


def test_a_large_file_is_sent_with_flat_memory(home: Path, tmp_path: Path) -> None:
    """1 GiB from a process of its own, below a peak of 80 MiB, and the service gets it all."""
    import xxhash

    size = 1024 * MIB
    file = tmp_path / "large.bin"
    with file.open("wb") as stream:
        stream.truncate(size - 3)
        stream.seek(0, os.SEEK_END)
        stream.write(b"end")
    whole = xxhash.xxh3_128()
    with file.open("rb") as stream:
        while chunk := stream.read(MIB):
            whole.update(chunk)
    settings = Settings(synchronous=Synchronous.OFF, public_bytes=size, private_bytes=size)
    with RunningEmulator(tmp_path / "service", settings) as running:
        outside = Outside(running, "my-site")
        outside.new_service(("production", ""))
        asset = outside.post("/Assets", {"FriendlyName": "/large.bin"})["sid"]
        account = running.core.account
        done = subprocess.run(
            [
                *(sys.executable, "-c", UPLOADER, running.url, account.sid, account.auth_token),
                *("my-site", asset, str(file), whole.hexdigest()),
            ],
            check=True,
            capture_output=True,
            text=True,
            timeout=170,
        )
        version, peak = done.stdout.split()
        outside.publish("production", version)
        tail = outside.visit("/large.bin", Range="bytes=-8")
        outside.close()
    assert tail.headers["content-range"] == f"bytes {size - 8}-{size - 1}/{size}"
    assert tail.content == bytes(5) + b"end"
    assert int(peak) < PEAK_KIB
