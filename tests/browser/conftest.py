"""A local service with something in it, and a browser to look at it."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import Settings, Synchronous
from tests.browser.webdriver import REQUIRED, Browser, browser, missing
from tests.emulator.driver import Api, Json, make_client

if TYPE_CHECKING:
    from collections.abc import Iterator
HOSTILE = "<script>console.error('ran')</script>\u202egnp.exe\x07"


@dataclass(frozen=True, slots=True)
class Stage:
    """api: of the service that the browser looks at; its Service `shop` with its Environment `production`."""

    api: Api
    service: Json
    environment: Json


def png(red: int, green: int, blue: int) -> bytes:
    """A picture of 24 by 24 pixels in one colour."""
    rows = (b"\0" + bytes((red, green, blue)) * 24) * 24
    chunks = ((b"IHDR", struct.pack(">2I5B", 24, 24, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    settings = Settings(synchronous=Synchronous.OFF)
    with (
        RunningEmulator(tmp_path_factory.mktemp("service"), settings) as emulator,
        make_client(emulator.core, emulator.url) as client,
    ):
        api = Api(client, emulator.core, emulator.url)
        yield _filled(api)


def _filled(api: Api) -> Stage:
    api.service("telephone-prompts")
    service = api.service("shop")
    environment = api.environment(service)
    staging = api.environment(service, "staging", DomainSuffix="stg")
    api.post(f"/Services/{service['sid']}/Environments/{environment['sid']}/Variables", Key="API_TOKEN", Value="hush")
    pages = [api.upload(service, f"/pages/{n:03}.html", b"<p>x" * n, content_type="text/html") for n in range(1, 131)]
    images = [
        api.upload(service, f"/images/{name}.png", png(*colour), content_type="image/png")
        for name, colour in (("leaf", (60, 140, 80)), ("sea", (40, 110, 170)), ("sun", (240, 190, 60)))
    ]
    svg = (
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4" fill="#b3446c"/></svg>'
    )
    images.append(api.upload(service, "/images/logo.svg", svg, content_type="image/svg+xml"))
    secret = api.upload(service, "/internal/prices.json", b"{}" * 900, visibility="private", content_type="text/json")
    members = api.upload(service, "/members/list.csv", b"a,b\n" * 400, visibility="protected", content_type="text/csv")
    memory = f"/app.js [as1 website {'A' * 42}:{'B' * 22}]"
    item = api.item(service, memory)
    script = api.send(item, "/app.js", b"let x = 1;\n" * 300, content_type="text/javascript").json()
    foreign = api.send(api.item(service, HOSTILE), "/hostile.txt", b"x" * 99).json()
    function = api.upload(service, "/hello", b"exports.handler = 1", kind="Functions", content_type="text/javascript")
    first = [*pages[:100], *images[:2], secret, function, script]
    api.publish(service, environment, *first)
    api.publish(service, staging, *first[:40])
    changed = api.send(item, "/app.js", b"let x = 2;\n" * 310, content_type="text/javascript").json()
    api.publish(service, environment, *pages[5:], *images, members, secret, function, changed, foreign)
    return Stage(api, service, environment)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    lack = missing()
    if lack is not None:
        if REQUIRED:
            pytest.fail(f"ASSETSYNC_REQUIRE_BROWSER=1, but {lack}")
        pytest.skip(f"{lack} (apt-get install chromium chromium-driver)")
    with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest.fixture
def window(chromium: Browser) -> Browser:
    chromium.reset()
    return chromium
