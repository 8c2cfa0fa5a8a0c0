"""What is not the client's fault, and what no client should get away with: the service goes on, and says so."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.emulator.faults import NoFaults
from assetsync.emulator.server import RunningEmulator
from tests.emulator.driver import Api, error, make_client, no_auth, upload_error
from tests.fakes.switched import switched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from assetsync.emulator.messages import Outcome, Request


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Api]:
    with (
        RunningEmulator(tmp_path / "state", switched()) as running,
        make_client(running.core, running.url) as client,
    ):
        yield Api(client, running.core, running.url)


def _statuses(api: Api) -> list[tuple[str, int]]:
    return [(each.method, each.status) for each in api.core.requests.entries()]


def test_a_database_that_fails_is_a_500_in_twilios_shape_and_in_the_log(
    served: Api, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = served.service()
    with sqlite3.connect(tmp_path / "state/state.sqlite3") as other:
        other.execute("ALTER TABLE environments RENAME TO elsewhere")
    answer = served.get(f"/Services/{service['sid']}/Environments")
    assert error(answer) == (500, 20500, "The local service failed: no such table: environments")
    assert answer.headers["Twilio-Request-Id"].startswith("RQ")
    assert _statuses(served)[-1] == ("GET", 500)
    assert "OperationalError: no such table: environments" in caplog.text
    with sqlite3.connect(tmp_path / "state/state.sqlite3") as other:
        other.execute("ALTER TABLE elsewhere RENAME TO environments")
    assert served.get(f"/Services/{service['sid']}/Environments").status_code == 200


def test_a_disk_that_takes_no_upload_is_a_500_and_the_next_upload_is_taken(served: Api, tmp_path: Path) -> None:
    asset = served.item(served.service())
    incoming = tmp_path / "state/incoming"
    shutil.rmtree(incoming)
    assert error(served.send(asset)) == (500, 20500, "The local service failed: No such file or directory")
    incoming.mkdir()
    assert served.send(asset).status_code == 201


def test_an_upload_of_somebody_unknown_does_not_reach_the_disk(served: Api, tmp_path: Path) -> None:
    """The folder for uploads is not even there."""
    asset = served.item(served.service())
    shutil.rmtree(tmp_path / "state/incoming")
    url = f"/v1/Services/{asset['service_sid']}/Assets/{asset['sid']}/Versions"
    answer = served.client.post(url, files={"Content": bytes(100_000)}, auth=no_auth)
    assert error(answer) == (401, 20003, "Authenticate")


def test_a_form_with_many_files_is_refused_in_the_upload_hosts_words(served: Api, tmp_path: Path) -> None:
    asset = served.item(served.service())
    url = f"/v1/Services/{asset['service_sid']}/Assets/{asset['sid']}/Versions"
    answer = served.client.post(url, files=[("Content", bytes(10)) for _ in range(20)])
    assert upload_error(answer) == (400, 20001, "The form has too many files.")
    assert list((tmp_path / "state/incoming").iterdir()) == []


def test_a_malformed_upload_is_refused_in_the_upload_hosts_words(api: Api) -> None:
    asset = api.item(api.service())
    url = f"/v1/Services/{asset['service_sid']}/Assets/{asset['sid']}/Versions"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert upload_error(api.client.post(url, content=b"--b", headers=headers))[0] == 400
    assert error(api.client.post("/v1/Services", content=b"--b", headers=headers))[0] == 400


def test_the_log_keeps_the_beginning_of_a_long_path(served: Api) -> None:
    served.client.get(f"/{'x' * 30_000}?{'y' * 20_000}", auth=no_auth)
    entry = served.core.requests.entries()[-1]
    assert (len(entry.path), len(entry.query)) == (2000, 2000)


def test_visits_of_a_site_do_not_count_as_requests_at_once(served: Api) -> None:
    account = served.core.account
    text = '{"concurrency": 1, "rules": [{"match": "/sites/**", "delay": 3600}]}'
    faults = f"{served.base}/_emulator/faults"
    httpx.put(faults, content=text, auth=(account.sid, account.auth_token), trust_env=False).raise_for_status()
    began = threading.Event()
    waiting = served.core.faults

    class Telling(NoFaults):
        def before(self, request: Request) -> Outcome | None:
            if request.path.startswith("/sites/"):
                began.set()
            return waiting.before(request)

    served.core.faults = Telling()
    visitor = threading.Thread(target=lambda: httpx.get(f"{served.base}/sites/x.localhost/", trust_env=False))
    visitor.start()
    assert began.wait(30)
    try:
        assert served.get("/Services").status_code == 200
    finally:
        served.core.release()
        visitor.join()


@pytest.mark.parametrize("path", ["/_emulator", "/_emulator/requests"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_own_pages_are_shut_to_a_foreign_name_without_credentials(served: Api, path: str, method: str) -> None:
    """A page from elsewhere whose name was bent to this machine (DNS rebinding) names itself in `Host`."""
    served.service()
    before = served.core.requests.count
    refused = served.client.request(method, path, headers={"Host": "evil.example"}, auth=no_auth)
    assert refused.status_code == 403
    assert served.core.requests.count == before
    assert served.client.get(path, headers={"Host": "evil.example"}).status_code == 200
    assert served.client.get(path, auth=no_auth).status_code == 200


def test_the_console_bears_any_number_of_fields(served: Api) -> None:
    query = "&".join(f"{number}=1" for number in range(200))
    for path in ("/", "/console/requests"):
        assert served.client.get(f"{path}?{query}").status_code == 200


def test_the_console_bears_ids_of_any_length(served: Api) -> None:
    run = served.client.get("/console/requests").text.partition('data-after="')[2].partition(".")[0]
    with served.client.stream("GET", f"/console/events?after={run}.{'9' * 5000}") as answer:
        assert answer.status_code == 200
        assert next(answer.iter_lines()).startswith("retry:")
