"""The console as a person meets it, in headless Chromium."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Stage
    from tests.browser.webdriver import Browser

SIZES = {"desktop": (1280, 860), "phone": (390, 844)}


def _assert_quiet(window: Browser, stage: Stage) -> None:
    """No error in the console, and nothing asked of any other place than the service."""
    assert [entry["message"] for entry in window.log("browser")] == []
    asked = _asked(window)
    assert asked, "the network log is empty, so it proves nothing"
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(stage.api.base).netloc}


def _asked(window: Browser) -> list[str]:
    messages = [json.loads(entry["message"])["message"] for entry in window.log("performance")]
    urls = [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    return [url for url in urls if urlsplit(url).scheme in {"http", "https", "ws", "wss"}]


def test_one_clicks_from_the_services_to_a_file_and_to_what_changed(window: Browser, stage: Stage) -> None:
    window.go(stage.api.base)
    assert "telephone-prompts" in window.text("main")
    window.click_link("shop")
    assert window.text("h1") == "Service\nshop"
    window.click_link("production")
    assert window.text("h1") == "Environment\nproduction"
    assert "API_TOKEN" in window.text("dl")
    assert "hush" not in window.text()
    window.click(".facts a[href^='/console/builds/']")
    assert window.text("h1").startswith("Build\nZB")
    window.click("td.memory a")
    assert window.text("h1").startswith("Asset\n/")
    window.command("POST", "back")
    window.click(".facts a.changes")
    assert window.text("h1") == "What changed\nshop"
    _assert_quiet(window, stage)


def test_thumbnails_are_shown(window: Browser, stage: Stage) -> None:
    window.go(f"{stage.api.base}/console/environments/{stage.environment['sid']}")
    window.wait("document.images.length >= 4 && [...document.images].every(each => each.complete)")
    assert all(window.run("return [...document.images].map(each => each.naturalWidth)"))
    _assert_quiet(window, stage)


def test_the_keyboard_alone_filters_the_files(window: Browser, stage: Stage) -> None:
    window.go(f"{stage.api.base}/console/environments/{stage.environment['sid']}")
    window.keys("/")
    assert window.run("return document.activeElement.id") == "filter"
    window.keys("images png")
    window.wait("document.getElementById('count').textContent.startsWith('3 of 133 files')")
    assert window.run("return [...document.querySelectorAll('td.path')].map(e => e.textContent)")[:3] == [
        "/images/leaf.png",
        "/images/sea.png",
        "/images/sun.png",
    ]
    assert window.run("return location.search") == "?q=images+png"
    assert window.run("return document.getElementById('filter').value") == "images png"
    _assert_quiet(window, stage)


def test_tab_leads_over_the_skip_link_to_the_content_with_a_visible_focus(window: Browser, stage: Stage) -> None:
    window.go(stage.api.base)
    window.keys("\ue004")
    assert window.run("return document.activeElement.className") == "skip"
    assert window.run("return document.activeElement.getBoundingClientRect().left") == 0
    assert window.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    window.keys("\ue007")
    assert window.run("return document.activeElement.id") == "content"


def test_the_log_moves_while_one_looks_and_stands_still_while_paused(window: Browser, stage: Stage) -> None:
    window.go(f"{stage.api.base}/console/requests")
    window.wait("document.getElementById('live').textContent === 'live'")
    stage.api.get("/Services/seen-live")
    window.wait("document.querySelector('.log tbody td.path').textContent.includes('seen-live')")
    window.click("#pause")
    assert window.text("#live") == "paused"
    stage.api.get("/Services/while-paused")
    assert "while-paused" not in window.text(".log")
    window.click("#pause")
    window.wait("document.querySelector('.log tbody td.path').textContent.includes('while-paused')")
    assert window.run("return document.querySelectorAll('.log tbody tr').length") == 202
    _assert_quiet(window, stage)


def test_the_log_begins_anew_when_it_is_cleared(window: Browser, stage: Stage) -> None:
    stage.api.get("/Services/old")
    window.go(f"{stage.api.base}/console/requests")
    window.wait("document.getElementById('live').textContent === 'live'")
    stage.api.client.delete("/_emulator/requests")
    window.wait("document.querySelectorAll('.log tbody tr').length === 0")
    stage.api.get("/Services/fresh")
    window.wait("document.querySelectorAll('.log tbody tr').length === 1")
    for _ in range(250):
        stage.api.get("/Services/filler")


def test_hostile_names_are_only_text(window: Browser, stage: Stage) -> None:
    window.go(f"{stage.api.base}/console/services/{stage.service['sid']}/assets?q=script")
    assert "<script>console.error('ran')</script>U+202Egnp.exeU+0007" in window.text("table")
    _assert_quiet(window, stage)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_every_page_fits_the_screen_in_both_schemes(
    window: Browser, stage: Stage, tmp_path: Path, size: str, scheme: str
) -> None:
    """The pictures are for people: they are kept where ASSETSYNC_SCREENSHOTS says."""
    folder = Path(os.environ.get("ASSETSYNC_SCREENSHOTS", tmp_path))
    width, height = SIZES[size]
    window.emulate(width=width, height=height, scheme=scheme)
    backgrounds = set()
    for name, path in _pages(stage).items():
        window.go(stage.api.base + path)
        assert window.run("return document.documentElement.scrollWidth") <= width, name
        assert window.run("return document.title").endswith("assetsync local service")
        backgrounds.add(window.run("return getComputedStyle(document.body).backgroundColor"))
        window.screenshot(folder / f"{name}-{size}-{scheme}.png")
    assert backgrounds == {"rgb(251, 251, 249)" if scheme == "light" else "rgb(20, 24, 23)"}
    _assert_quiet(window, stage)


def _pages(stage: Stage) -> dict[str, str]:
    service, environment = stage.service["sid"], stage.environment["sid"]
    builds = stage.api.get(f"/Services/{service}/Builds").json()["builds"]
    asset = stage.api.get(f"/Services/{service}/Assets").json()["assets"][1]
    return {
        "services": "/",
        "service": f"/console/services/{service}",
        "assets": f"/console/services/{service}/assets",
        "environment": f"/console/environments/{environment}",
        "filtered": f"/console/environments/{environment}?q=images",
        "build": f"/console/builds/{builds[-1]['sid']}",
        "changes": f"/console/services/{service}/changes?before={builds[-1]['sid']}&after={builds[0]['sid']}",
        "asset": f"/console/items/{asset['sid']}",
        "requests": "/console/requests",
    }
