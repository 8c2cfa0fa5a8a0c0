"""Many clients at once, and a server that is killed in the middle of their work."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx

from assetsync.emulator.core import Core
from assetsync.emulator.direct import DirectTransport
from tests.emulator.driver import Api, fresh_name, make_client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

THREADS = 16


def test_sixteen_threads_create_and_upload_without_loss(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    start = threading.Barrier(THREADS)

    def work(number: int) -> list[tuple[str, bytes]]:
        start.wait()
        done = []
        for turn in range(5):
            content = f"{number}/{turn}".encode() * 500
            done.append((api.upload(service, f"/{number}/{turn}", content)["path"], content))
        return done

    with ThreadPoolExecutor(THREADS) as pool:
        uploaded = [pair for pairs in pool.map(work, range(THREADS)) for pair in pairs]
    assets = api.get(f"/Services/{service['sid']}/Assets", PageSize=1000).json()["assets"]
    assert len({asset["sid"] for asset in assets}) == len(uploaded) == THREADS * 5
    versions = [
        api.get(f"/Services/{service['sid']}/Assets/{asset['sid']}/Versions").json()["asset_versions"][0]
        for asset in assets
    ]
    api.publish(service, environment, *versions)
    assert all(api.site(environment, path).content == content for path, content in uploaded)


def test_of_sixteen_that_want_one_name_one_gets_it(api: Api) -> None:
    name = fresh_name()
    start = threading.Barrier(THREADS)

    def work(_number: int) -> int:
        start.wait()
        return api.post("/Services", UniqueName=name, FriendlyName="x").status_code

    with ThreadPoolExecutor(THREADS) as pool:
        assert sorted(pool.map(work, range(THREADS))) == [201] + [400] * (THREADS - 1)


def test_uploads_and_deletes_of_equal_bytes_never_lose_content(make_api: Callable[..., Api]) -> None:
    """The content's file is shared, and is deleted with its last Version while others are just arriving."""
    api = make_api()
    service = api.service()

    def work(number: int) -> str:
        for _ in range(15):
            doomed = api.upload(service, f"/{number}", b"the same")
            assert api.delete(f"/Services/{service['sid']}/Assets/{doomed['asset_sid']}").status_code == 204
        return str(api.upload(service, f"/{number}", b"the same", kind="Functions")["url"])

    with ThreadPoolExecutor(8) as pool:
        urls = list(pool.map(work, range(8)))
    assert all(api.client.get(f"{url}/Content").json()["content"] == "the same" for url in urls)


SERVER = """
import pathlib, sys
from assetsync.emulator.server import RunningEmulator
emulator = RunningEmulator(pathlib.Path(sys.argv[1]))
print(emulator.url, emulator.core.account.sid, emulator.core.account.auth_token, flush=True)
sys.stdin.read()
"""


def test_killed_in_a_storm_of_uploads_it_reopens_whole(tmp_path: Path) -> None:
    """Every acknowledged Version is there with its very bytes; no Version is there without them."""
    state = tmp_path / "state"
    acknowledged: dict[str, bytes] = {}
    enough = threading.Event()
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url, sid, token = process.stdout.readline().split()
        with httpx.Client(base_url=url, auth=(sid, token), trust_env=False) as client, ThreadPoolExecutor(8) as pool:
            form = {"UniqueName": "storm", "FriendlyName": "x"}
            service = client.post("/v1/Services", data=form).json()["sid"]

            def storm(number: int) -> None:
                place = f"/v1/Services/{service}/Functions"
                for turn in range(10_000):
                    content = f"{number}.{turn}.".encode() * 200
                    try:
                        function = client.post(place, data={"FriendlyName": "f"}).json()["sid"]
                        answer = client.post(
                            f"{place}/{function}/Versions",
                            data={"Path": f"/{number}/{turn}", "Visibility": "public"},
                            files={"Content": ("f", content)},
                        )
                    except httpx.TransportError:
                        return
                    acknowledged[answer.json()["url"].removeprefix(url)] = content
                    if len(acknowledged) >= 60:
                        enough.set()

            storms = [pool.submit(storm, number) for number in range(8)]
            assert enough.wait(60)
            os.kill(process.pid, signal.SIGKILL)
            for each in storms:
                each.result()
    with Core(state) as core:
        assert (core.account.sid, core.account.auth_token) == (sid, token)
        _check_whole(core, acknowledged, state)


def _check_whole(core: Core, acknowledged: dict[str, bytes], state: Path) -> None:
    with make_client(core, "http://x", DirectTransport(core)) as client:
        for path, content in acknowledged.items():
            assert client.get(f"{path}/Content").json()["content"] == content.decode()
        page = client.get("/v1/Services/storm/Functions", params={"PageSize": 1000}).json()
        versions = [client.get(f).json() for f in (i["links"]["function_versions"] for i in page["functions"])]
        known = [client.get(v["url"] + "/Content").json() for p in versions for v in p["function_versions"]]
    assert len(known) >= len(acknowledged)
    for file in (state / "content").glob("*/*"):
        assert hashlib.sha256(file.read_bytes()).hexdigest() == file.name
