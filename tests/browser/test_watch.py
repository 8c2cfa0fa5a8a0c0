"""`assetsync watch --local` and a browser: save a file, see it, without touching the page."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import png
from tests.cli.stage import Running, clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.webdriver import Browser

PATIENCE = 60
PAGE = '<!doctype html><head><link rel=stylesheet href="/a.css"></head><body><p>{}</p><img src="/a.png"></body>'
WIDE = "document.querySelector('img').naturalWidth"
OVERLAY = "document.querySelector('assetsync-failure')"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    clean_environment(monkeypatch, home)
    monkeypatch.setenv("ASSETSYNC_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "assetsync.yaml").write_text(
        "version: 1\nname: website\nservice: my-site\nenvironments:\n  - name: production\n"
        "folders:\n  - source: public\n    target: /\n    visibility: public\n    index: index.html\n"
    )
    public = tmp_path / "public"
    public.mkdir()
    (public / "index.html").write_text(PAGE.format("first"))
    (public / "a.css").write_text("p { color: red }")
    (public / "a.png").write_bytes(png(1, 2, 3))
    return public


@pytest.fixture
def url(folder: Path) -> Iterator[str]:
    with Running("watch", "--local", "--format", "json") as running:
        said = running.read_until('"watching"')
        live = next(each for each in map(json.loads, said.splitlines()) if each["event"] == "live")
        yield live["url"]
        running.signal(signal.SIGINT)
        assert running.end().code == 130


def until(window: Browser, condition: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if window.run(f"return {condition}"):
                return
        except AssertionError:
            pass  # the page is loading itself again
        assert time.monotonic() < deadline, f"never: {condition}"


def test_what_is_saved_shows_by_itself(window: Browser, folder: Path, url: str) -> None:
    window.go(url)
    until(window, "document.querySelector('p').textContent === 'first'")
    window.run("window.untouched = true")
    (folder / "a.css").write_text("p { color: blue }")
    until(window, "getComputedStyle(document.querySelector('p')).color === 'rgb(0, 0, 255)'")
    assert window.run("return window.untouched") is True, "a style sheet needs no reload"
    (folder / "index.html").write_text(PAGE.format("second"))
    until(window, "document.querySelector('p').textContent === 'second'")
    (folder / "index.html").write_text("")
    os.truncate(folder / "a.png", 0)
    until(window, f"{OVERLAY} !== null")
    assert window.run("return document.querySelector('p').textContent") == "second"
    (folder / "index.html").write_text(PAGE.format("third"))
    (folder / "a.png").write_bytes(png(4, 5, 6))
    until(window, f"{OVERLAY} === null && document.querySelector('p').textContent === 'third' && {WIDE} === 24")
    stored = [each.read_bytes() for each in (folder.parent / "data").rglob("*") if each.is_file()]
    assert PAGE.format("third").encode() in stored
    assert not any(b"/.assetsync/live.js" in content for content in stored if content.startswith(b"<!doctype"))
