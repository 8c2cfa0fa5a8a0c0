"""One large file: memory does not grow with it, from the first look at it until it is live."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from assetsync.emulator.server import RunningEmulator
from tests.cli.stage import Outside
from tests.fakes.switched import switched

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20
PEAK_KIB = 80 * 1024

APPLIER = """
import sys, time
from pathlib import Path
from threading import Event
from assetsync.apply.applier import Controls, apply_plan
from assetsync.apply.journal import Journal
from assetsync.apply.once import Pace
from assetsync.local.limits import Limits
from assetsync.local.scan import digest_files, select
from assetsync.manifest.load import load_manifest
from assetsync.prepare import prepare
from assetsync.twilio.client import ServerlessClient
from assetsync.twilio.credentials import Credentials
from assetsync.twilio.endpoints import Endpoints
from assetsync.twilio.retry import SystemClock

url, sid, token, file = sys.argv[1:]
manifest = load_manifest(Path(file), environment=None, variables={})
selected = select(manifest, Limits(file_bytes=2**31))
journal = Journal(None, url, now=time.time)
with ServerlessClient(Endpoints(url, url), Credentials(sid, token)) as client:
    prepared = prepare(
        manifest, lambda: digest_files(selected, cache_dir=None, now_ns=time.time_ns), client, journal
    )
    controls = Controls(pace=Pace(SystemClock(), Event()), stop=Event())
    apply_plan(prepared.plan, prepared.snapshot, client, journal, controls)
journal.close()
# Not ru_maxrss, which a process inherits from the one that started it.
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""

MANIFEST = """
version: 1
name: large
service: my-site
environments: [{name: production}]
folders: [{source: public, visibility: public}]
"""


def test_a_file_of_1_gib_is_hashed_and_applied_with_flat_memory(home: Path, tmp_path: Path) -> None:
    """In a process of its own, with the limit raised: below a peak of 80 MiB, and the service serves all of it."""
    size = 1024 * MIB
    (tmp_path / "public").mkdir()
    with (tmp_path / "public/large.bin").open("wb") as stream:
        stream.truncate(size - 3)
        stream.seek(0, os.SEEK_END)
        stream.write(b"end")
    manifest = tmp_path / "assetsync.yaml"
    manifest.write_text(MANIFEST)
    settings = switched(public_bytes=size, private_bytes=size)
    with RunningEmulator(tmp_path / "service", settings) as running:
        account = running.core.account
        done = subprocess.run(
            [sys.executable, "-c", APPLIER, running.url, account.sid, account.auth_token, str(manifest)],
            check=True,
            capture_output=True,
            text=True,
            timeout=170,
        )
        outside = Outside(running, "my-site")
        tail = outside.visit("/large.bin", Range="bytes=-8")
        outside.close()
    assert tail.headers["content-range"] == f"bytes {size - 8}-{size - 1}/{size}"
    assert tail.content == bytes(5) + b"end"
    assert int(done.stdout) < PEAK_KIB
