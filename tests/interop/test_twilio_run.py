"""The Serverless Toolkit's `twilio-run deploy` from npm, unchanged, but for where its hosts are."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.interop.deployed import Deployed

if TYPE_CHECKING:
    from pathlib import Path

    from assetsync.emulator.server import RunningEmulator

HELLO = "exports.handler = (context, event, callback) => callback(null, 'hello');\n"
FILES = {
    "assets/index.html": "<!doctype html>\n<title>Zürich</title>\n",
    "assets/css/site.css": "body { color: #123 }\n",
    "assets/voice.protected.xml": "<Response/>\n",
    "assets/keys.private.json": '{"key": 1}\n',
    "functions/hello.js": HELLO,
    "functions/call.protected.js": HELLO.replace("hello", "call"),
    "package.json": json.dumps({"name": "toolkit", "version": "1.0.0", "dependencies": {"lodash": "4.17.21"}}),
    ".env": "GREETING=hello\n",
}


@dataclass(frozen=True, slots=True)
class Toolkit(Deployed):
    """A project of the Serverless Toolkit, and the local service that it is deployed to."""

    program: str
    script: Path
    root: Path

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text, encoding="utf-8")

    def deploy(self, *options: str) -> None:
        account = self.emulator.core.account
        credentials = ("--username", account.sid, "--password", account.auth_token)
        done = self.node(self.program, self.root, self.script, "deploy", *options, *credentials)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def toolkit(tmp_path: Path, node: str, twilio_run: Path, emulator: RunningEmulator) -> Toolkit:
    project = Toolkit(emulator, "toolkit", node, twilio_run, tmp_path / "project")
    project.write(FILES)
    project.deploy("--service-name", "toolkit")
    return project


def test_a_project_is_deployed_and_its_files_are_served(toolkit: Toolkit) -> None:
    for name, content_type in (("/index.html", "text/html"), ("/css/site.css", "text/css")):
        served = toolkit.site(name)
        assert (served.status_code, served.content) == (200, FILES[f"assets{name}"].encode())
        assert served.headers["content-type"] == content_type
    assert toolkit.site("/voice.xml").status_code == 403
    assert toolkit.site("/voice.xml", signed=True).content == b"<Response/>\n"
    assert toolkit.site("/keys.json", signed=True).status_code == 403
    assert toolkit.site("/hello").status_code == 501
    held = {each["path"]: each["visibility"] for each in toolkit.live()["asset_versions"]}
    assert held == {
        "/index.html": "PUBLIC",
        "/css/site.css": "PUBLIC",
        "/voice.xml": "PROTECTED",
        "/keys.json": "PRIVATE",
    }


def test_functions_dependencies_and_variables_are_stored(toolkit: Toolkit) -> None:
    live = toolkit.live()
    stored = {}
    for version in live["function_versions"]:
        place = f"/Services/toolkit/Functions/{version['function_sid']}/Versions/{version['sid']}/Content"
        stored[version["path"], version["visibility"]] = toolkit.get(place)["content"]
    assert stored == {("/hello", "PUBLIC"): HELLO, ("/call", "PROTECTED"): FILES["functions/call.protected.js"]}
    assert {"name": "lodash", "version": "4.17.21"} in live["dependencies"]
    variables = toolkit.get(f"/Services/toolkit/Environments/{toolkit.environment()['sid']}/Variables")["variables"]
    assert [(each["key"], each["value"]) for each in variables] == [("GREETING", "hello")]


def test_a_second_deployment_replaces_the_first_in_the_same_assets(toolkit: Toolkit) -> None:
    before = toolkit.live()
    toolkit.write({"assets/index.html": "<title>new</title>\n", "assets/new.txt": "new\n"})
    (toolkit.root / "assets/css/site.css").unlink()
    toolkit.deploy("--override-existing-project")
    assert toolkit.site("/index.html").text == "<title>new</title>\n"
    assert toolkit.site("/new.txt").text == "new\n"
    assert toolkit.site("/css/site.css").status_code == 404
    after = toolkit.live()
    sids = [{each["path"]: each["asset_sid"] for each in build["asset_versions"]} for build in (before, after)]
    assert sids[0]["/index.html"] == sids[1]["/index.html"]
    assert len(toolkit.get("/Services/toolkit/Assets")["assets"]) == 5
    deployments = toolkit.get(f"/Services/toolkit/Environments/{toolkit.environment()['sid']}/Deployments")
    assert [each["build_sid"] for each in deployments["deployments"]] == [after["sid"], before["sid"]]


def test_assetsync_beside_it_keeps_functions_and_files_that_are_not_its_own(toolkit: Toolkit, tmp_path: Path) -> None:
    before = toolkit.live()
    ours = tmp_path / "ours"
    toolkit.manifest(ours, {"ours.txt": "ours\n"})
    assert toolkit.assetsync(ours, "plan", "--detailed-exitcode").returncode == 2
    applied = toolkit.assetsync(ours, "apply", "--yes")
    assert applied.returncode == 0, applied.stderr
    assert toolkit.assetsync(ours, "plan", "--detailed-exitcode").returncode == 0
    after = toolkit.live()
    sids = [{each["sid"] for each in build["function_versions"]} for build in (before, after)]
    assert sids[0] == sids[1]
    assert (after["dependencies"], after["runtime"]) == (before["dependencies"], before["runtime"])
    assert toolkit.site("/ours.txt").text == "ours\n"
    assert toolkit.site("/index.html").content == FILES["assets/index.html"].encode()
    assert len(after["asset_versions"]) == len(before["asset_versions"]) + 1


def test_a_service_that_it_filled_is_taken_over_and_only_what_differs_is_sent(toolkit: Toolkit, tmp_path: Path) -> None:
    kinds = ("html", "css", "js", "json", "txt", "svg", "xml", "csv", "webmanifest", "ico")
    files = {f"{number % 7}/file-{number}.{kinds[number % 10]}": f"<!-- {number} -->\n" for number in range(198)}
    toolkit.write({f"assets/{name}": text for name, text in files.items()})
    (toolkit.root / "assets/keys.private.json").unlink()
    toolkit.deploy("--override-existing-project")
    before, mine = toolkit.live(), tmp_path / "mine"
    mine.mkdir()
    assert len(before["asset_versions"]) == 198 + 3
    domain = toolkit.environment()["unique_name"]

    assert toolkit.assetsync(mine, "init", "--from", "toolkit", "--name", "mine").returncode == 0
    pulled = toolkit.assetsync(mine, "pull", "public", "-e", domain)
    assert pulled.returncode == 0, pulled.stderr
    for name in list(files)[:5]:
        (mine / "public" / name).write_text("changed since\n", encoding="utf-8")
    table = toolkit.assetsync(mine, "adopt", "--dry-run", "--settle", "0").stdout
    rules = re.findall("would keep it: (- .*)", table)
    with (mine / "assetsync.yaml").open("a", encoding="utf-8") as manifest:
        manifest.writelines(f"      {rule}\n" for rule in rules)
    assert 0 < len(rules) < 4, "npm's table of types is not ours"
    adopted = json.loads(toolkit.assetsync(mine, "adopt", "--yes", "--settle", "0", "--format", "json").stdout)
    assert {each["verdict"] for each in adopted["assets"]} == {"equal", "bytes"}, adopted
    assert adopted["result"] == {"renamed": 196, "refused": []}
    applied = json.loads(toolkit.assetsync(mine, "apply", "--yes", "--allow-replace=5", "--format", "json").stdout)

    assert applied["summary"] | {"foreign": 0} == {
        **dict.fromkeys(("upload", "restore", "rename", "delete", "dropped", "foreign", "kept"), 0),
        "create": 5,
        "replaced": 5,
        "unchanged": 196,
    }
    after = toolkit.live()
    sids = [{each["sid"] for each in build["function_versions"]} for build in (before, after)]
    assert sids[0] == sids[1]
    assert (after["dependencies"], after["runtime"]) == (before["dependencies"], before["runtime"])
    for name, text in files.items():
        assert toolkit.site(f"/{name}").text == ("changed since\n" if name in list(files)[:5] else text)
    assert toolkit.site("/voice.xml", signed=True).text == FILES["assets/voice.protected.xml"]
    verified = toolkit.assetsync(mine, "verify")
    assert verified.returncode == 0, verified.stderr


def test_bytes_that_are_no_text_arrive_with_assetsync_and_not_with_it(toolkit: Toolkit, tmp_path: Path) -> None:
    odd = "// Zürich\n".encode("latin-1") + bytes(range(256))
    (toolkit.root / "assets/odd.js").write_bytes(odd)
    toolkit.deploy("--override-existing-project")
    assert toolkit.site("/odd.js").content != odd, "it reads .js files as UTF-8"

    ours = tmp_path / "ours"
    toolkit.manifest(ours, {"page.txt": "x\n"})
    (ours / "public/odd.js").write_bytes(odd)
    applied = toolkit.assetsync(ours, "apply", "--yes", "--allow-replace=1")

    assert applied.returncode == 0, applied.stderr
    assert toolkit.site("/odd.js").content == odd
    assert toolkit.site("/index.html").content == FILES["assets/index.html"].encode()
