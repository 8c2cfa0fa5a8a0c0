"""Each example folder validates, plans and applies, and serves what it says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.cli.stage import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.stage import Stage

EXAMPLES = REPOSITORY / "examples"


def begin(stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch, service: str = "") -> Path:
    """A copy of the example, here; its Service is this test's own where the manifest lets us name it."""
    folder = stage.root / name
    shutil.copytree(EXAMPLES / name, folder)
    manifest = folder / "assetsync.yaml"
    if service:
        text = manifest.read_text()
        assert f"service: {service}\n" in text
        manifest.write_text(text.replace(f"service: {service}\n", f"service: {stage.service}\n"))
    else:
        monkeypatch.setenv("SERVICE", stage.service)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("name", sorted(path.parent.name for path in EXAMPLES.glob("*/assetsync.yaml")))
def test_an_example_is_valid_as_it_stands(stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES / name)
    ran = stage.run("validate", "--format", "json").holds(0)
    found = json.loads(ran.out)
    assert all(each["assets"] for each in found["environments"])


def test_the_site_serves_every_file_and_its_index(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = begin(stage, "site", monkeypatch, "assetsync-example")
    stage.run("plan", "--create-service").holds(0, "Plan: 7 to create, 0 unchanged.")
    stage.apply()
    public = folder / "public"
    for file in (each for each in public.rglob("*") if each.is_file()):
        assert stage.outside.visit(f"/{file.relative_to(public)}").content == file.read_bytes()
    start = stage.outside.visit("/")
    assert start.content == (public / "index.html").read_bytes()
    assert start.headers["content-type"] == "text/html; charset=utf-8"
    assert stage.outside.visit("/img/logo.svg").headers["content-type"].startswith("image/svg+xml")
    stage.run("plan", "--detailed-exitcode").holds(0, "No changes.")


@pytest.fixture
def mixed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The mixed example beside the Function that another tool has deployed with a dependency and a runtime."""
    folder = begin(stage, "mixed", monkeypatch)
    stage.outside.new_service(("production", ""))
    function = stage.outside.upload("/call", (folder / "functions/call.js").read_bytes(), kind="Functions")
    dependencies = json.dumps([{"name": "lodash", "version": "4.17.20"}])
    stage.outside.publish("production", functions=(function,), Dependencies=dependencies, Runtime="node20")
    return stage


def signed(url: str, token: str) -> str:
    """Twilio's signature of a GET: HMAC-SHA1 of the URL, in base64."""
    return base64.b64encode(hmac.new(token.encode(), url.encode(), hashlib.sha1).digest()).decode()


def test_mixed_keeps_the_function_with_its_dependency_and_runtime(mixed: Stage) -> None:
    before = mixed.outside.live()
    mixed.run("plan", "-e", "production").holds(0, "kept as they are: 1 Function, runtime node20")
    mixed.apply("-e", "production")
    after = mixed.outside.live()
    assert before is not None
    assert after is not None
    assert after["function_versions"] == before["function_versions"] != []
    assert {(each["name"], each["version"]) for each in after["dependencies"]} == {
        (each["name"], each["version"]) for each in before["dependencies"]
    }
    assert ("lodash", "4.17.20") in {(each["name"], each["version"]) for each in after["dependencies"]}
    assert after["runtime"] == "node20"
    mixed.run("plan", "-e", "production", "--detailed-exitcode").holds(0, "No changes.")


def test_mixed_serves_each_file_to_those_that_may_have_it(mixed: Stage) -> None:
    mixed.apply("-e", "production")
    assert mixed.outside.paths() == {
        "/index.html": "public",
        "/media/welcome.wav": "protected",
        "/media/music/hold.wav": "public",
        "/media/drafts/new-welcome.wav": "protected",
        "/internal/hours.json": "private",
    }
    hold = mixed.outside.visit("/media/music/hold.wav")
    assert hold.content == (EXAMPLES / "mixed/media/music/hold.wav").read_bytes()
    assert hold.headers["content-type"] == "audio/wav"
    assert mixed.outside.visit("/media/welcome.wav").status_code == 403
    host = f"{mixed.outside.environment('production')['domain_name']}:{mixed.emulator.port}"
    token = mixed.emulator.core.account.auth_token
    signature = {"X-Twilio-Signature": signed(f"http://{host}/media/welcome.wav", token)}
    welcome = mixed.outside.visit("/media/welcome.wav", **signature)
    assert welcome.content == (EXAMPLES / "mixed/media/welcome.wav").read_bytes()
    internal = {"X-Twilio-Signature": signed(f"http://{host}/internal/hours.json", token)}
    assert mixed.outside.visit("/internal/hours.json").status_code == 403
    assert mixed.outside.visit("/internal/hours.json", **internal).status_code == 403


def test_mixed_opens_drafts_in_staging_only(mixed: Stage) -> None:
    mixed.apply("-e", "production")
    mixed.apply("-e", "staging")
    draft = "/media/drafts/new-welcome.wav"
    assert mixed.outside.paths("staging")[draft] == "public"
    assert mixed.outside.paths("production")[draft] == "protected"
    assert mixed.outside.visit(draft, "staging").status_code == 200
    assert mixed.outside.visit(draft, "production").status_code == 403
    for environment in ("production", "staging"):
        mixed.run("plan", "-e", environment, "--detailed-exitcode").holds(0, "No changes.")
