"""Twilio's published Node library `@twilio-labs/serverless-api`, unchanged, call by call.

`node/adding.cjs`, which is ours, puts its calls in the order of a tool that adds files to what is live: a Service with
a bare Environment, uploads without a leading slash, a Build of Asset Versions alone that lists the live ones again.

The Twilio CLI's plugin for assets, `@twilio-labs/plugin-assets`, is not driven, here or anywhere: the npm registry at
hand answers 404 for it. Its source shows that it makes its requests with this library. What is the plugin's own (its
commands, its prompt where a name is taken, the file that keeps its SIDs, that it gives up where a Service has
Functions) is not tested, and no test here speaks for it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.interop.deployed import Deployed

if TYPE_CHECKING:
    import subprocess

    from assetsync.emulator.server import RunningEmulator

SCRIPT = Path(__file__).with_name("node") / "adding.cjs"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256))
SONG = b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(range(255, -1, -1))


@dataclass(frozen=True, slots=True)
class Bucket(Deployed):
    """A Service with a bare Environment, both made with the library."""

    program: str
    library: Path
    folder: Path

    def asked(self, job: str, **values: Any) -> subprocess.CompletedProcess[str]:
        account = self.emulator.core.account
        text = json.dumps({"job": job} | values)
        return self.node(self.program, self.folder, SCRIPT, self.library, account.sid, account.auth_token, text=text)

    def done(self, job: str, **values: Any) -> Any:
        answered = self.asked(job, **values)
        assert answered.returncode == 0, answered.stderr
        return json.loads(answered.stdout)

    def place(self) -> dict[str, str]:
        environment = self.environment()
        return {"service": environment["service_sid"], "environment": environment["sid"]}

    def add(self, *files: dict[str, str]) -> Any:
        return self.done("add", **self.place(), files=files)


def file(name: str, content: bytes, access: str = "public") -> dict[str, str]:
    """A file whose Asset is named as its path is uploaded: percent-encoded, without a leading slash."""
    encoded = quote(name, safe="")
    return {"name": encoded, "path": encoded, "access": access, "content": base64.b64encode(content).decode()}


@pytest.fixture
def bucket(tmp_path: Path, node: str, serverless_api: Path, emulator: RunningEmulator) -> Bucket:
    made = Bucket(emulator, "bucket", node, serverless_api, tmp_path)
    made.done("make", name="bucket")
    return made


def test_a_service_with_a_bare_environment_is_made_and_empty(bucket: Bucket) -> None:
    environment = bucket.environment()
    assert (environment["unique_name"], environment["domain_suffix"]) == ("production", None)
    assert environment["build_sid"] is None
    assert bucket.done("list", **bucket.place()) == {"assets": [], "functions": [], "live": []}


def test_uploads_are_served_with_their_bytes_and_types(bucket: Bucket) -> None:
    bucket.add(file("logo.jpg", JPEG), file("song.mp3", SONG))
    for path, content, content_type in (("/logo.jpg", JPEG, "image/jpeg"), ("/song.mp3", SONG, "audio/mpeg")):
        served = bucket.site(path)
        assert (served.status_code, served.content) == (200, content)
        assert served.headers["content-type"] == content_type


def test_protected_uploads_need_a_signature(bucket: Bucket) -> None:
    (added,) = bucket.add(file("voice.xml", b"<Response/>\n", "protected"))
    assert added["visibility"] == "protected"
    assert bucket.site("/voice.xml").status_code == 403
    assert bucket.site("/voice.xml", signed=True).content == b"<Response/>\n"


def test_percent_encoded_names_are_served_where_they_say(bucket: Bucket) -> None:
    (added,) = bucket.add(file("Zürich map.txt", b"map\n"))
    assert added["path"] == "/Z%C3%BCrich%20map.txt"
    assert bucket.site(added["path"]).content == b"map\n"


def test_what_is_added_later_keeps_what_was_live(bucket: Bucket) -> None:
    first = bucket.add(file("one.txt", b"one\n"))
    second = bucket.add(file("two.txt", b"two\n"))
    assert bucket.site("/one.txt").content == b"one\n"
    assert bucket.site("/two.txt").content == b"two\n"
    live = bucket.done("list", **bucket.place())["live"]
    assert {each["sid"] for each in live} == {each["sid"] for each in first + second}


def test_a_file_of_the_same_name_replaces_the_first_in_its_asset(bucket: Bucket) -> None:
    (first,) = bucket.add(file("one.txt", b"one\n"))
    bucket.add(file("two.txt", b"two\n"))
    (again,) = bucket.add(file("one.txt", b"changed\n"))
    assert again["asset_sid"] == first["asset_sid"]
    assert again["sid"] != first["sid"]
    assert bucket.site("/one.txt").content == b"changed\n"
    assert bucket.site("/two.txt").content == b"two\n"


def test_a_build_of_assets_alone_is_given_dependencies_and_a_runtime(bucket: Bucket) -> None:
    bucket.add(file("one.txt", b"one\n"))
    settings = bucket.emulator.core.settings
    live = bucket.live()
    assert [(each["name"], each["version"]) for each in live["dependencies"]] == list(settings.dependencies)
    assert live["runtime"] == settings.runtime


def test_assets_are_listed_beyond_the_first_page(bucket: Bucket) -> None:
    names = [f"{number}.txt" for number in range(120)]
    made = bucket.done("name", **bucket.place(), names=names)
    listed = bucket.done("list", **bucket.place())["assets"]
    assert sorted(each["friendly_name"] for each in listed) == sorted(names)
    assert {each["sid"] for each in listed} == {each["sid"] for each in made}


def test_assetsync_and_additions_keep_each_others_files(bucket: Bucket, tmp_path: Path) -> None:
    before = bucket.add(file("theirs.txt", b"theirs\n"))
    ours = tmp_path / "ours"
    bucket.manifest(ours, {"ours.txt": "ours\n"})
    assert bucket.assetsync(ours, "plan", "--detailed-exitcode").returncode == 2
    applied = bucket.assetsync(ours, "apply", "--yes")
    assert applied.returncode == 0, applied.stderr
    bucket.add(file("later.txt", b"later\n"))
    for name in ("theirs", "ours", "later"):
        assert bucket.site(f"/{name}.txt").text == f"{name}\n"
    planned = bucket.assetsync(ours, "plan", "--detailed-exitcode")
    assert planned.returncode == 0, planned.stdout
    assert before[0]["sid"] in {each["sid"] for each in bucket.live()["asset_versions"]}


def test_an_addition_at_our_path_is_refused_and_ours_is_still_served(bucket: Bucket, tmp_path: Path) -> None:
    """Its Asset is another one, named without our memory; two Assets at one path are refused by default (F2.7)."""
    ours = tmp_path / "ours"
    bucket.manifest(ours, {"page.txt": "ours\n"})
    assert bucket.assetsync(ours, "apply", "--yes").returncode == 0
    before = bucket.live()["sid"]
    refused = bucket.asked("add", **bucket.place(), files=[file("page.txt", b"theirs\n")])
    assert refused.returncode == 1
    assert "400" in refused.stderr
    assert bucket.live()["sid"] == before
    assert bucket.site("/page.txt").text == "ours\n"
    assert bucket.assetsync(ours, "plan", "--detailed-exitcode").returncode == 0
