"""Headless Chromium by the WebDriver protocol, spoken directly: https://www.w3.org/TR/webdriver2/."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REQUIRED = os.environ.get("ASSETSYNC_REQUIRE_BROWSER") == "1"

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)


def missing() -> str | None:
    """What is not installed, None where a browser can be driven."""
    if shutil.which("chromedriver") is None:
        return "chromedriver is not installed"
    return None if _chromium() else "chromium is not installed"


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@dataclass(frozen=True, slots=True)
class Browser:
    """One window. `path` arguments of commands are below the session's."""

    client: httpx.Client
    session: str

    def command(self, method: str, path: str, **body: Any) -> Any:
        """The value of the answer; an error of the driver is an AssertionError with its message."""
        answer = self.client.request(
            method, f"/session/{self.session}/{path}", json=body if method == "POST" else None
        ).json()
        value = answer["value"]
        assert not (isinstance(value, dict) and "error" in value), value
        return value

    def go(self, url: str) -> None:
        self.command("POST", "url", url=url)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.command("POST", "execute/sync", script=script, args=list(arguments))

    def wait(self, condition: str) -> Any:
        """Until the expression is true in the page, without asking again and again; its value."""
        script = (
            "const done = arguments[0], look = () => { const value = (" + condition + ");"
            " value ? done(value) : requestAnimationFrame(look); }; look();"
        )
        return self.command("POST", "execute/async", script=script, args=[])

    def click(self, selector: str) -> None:
        self.command("POST", f"element/{self._find('css selector', selector)}/click")

    def click_link(self, text: str) -> None:
        self.command("POST", f"element/{self._find('link text', text)}/click")

    def keys(self, text: str) -> None:
        """Typed where the focus is, key by key."""
        actions = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self.command("POST", "actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def text(self, selector: str = "body") -> str:
        text: str = self.command("GET", f"element/{self._find('css selector', selector)}/text")
        return text

    def emulate(self, *, width: int, height: int, scheme: str) -> None:
        """The size of the page, in CSS pixels, and light or dark."""
        self._devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self._devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def reset(self) -> None:
        """An empty page, nothing emulated, and logs that begin here."""
        self.go("about:blank")
        self._devtools("Emulation.clearDeviceMetricsOverride")
        self._devtools("Emulation.setEmulatedMedia", features=[])
        for kind in ("browser", "performance"):
            self.log(kind)

    def screenshot(self, file: Path) -> None:
        """The page, from its top, as far as people look."""
        width, height = self.run("return [innerWidth, Math.min(document.documentElement.scrollHeight, 2400)]")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self._devtools("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        file.write_bytes(base64.b64decode(shot["data"]))

    def log(self, kind: str) -> list[dict[str, Any]]:
        """What the browser logged since the last look: `browser` is the console, `performance` the network."""
        entries: list[dict[str, Any]] = self.command("POST", "se/log", type=kind)
        return entries

    def _find(self, using: str, value: str) -> str:
        found: str = self.command("POST", "element", using=using, value=value)[_ELEMENT]
        return found

    def _devtools(self, command: str, **parameters: Any) -> Any:
        return self.command("POST", "goog/cdp/execute", cmd=command, params=parameters)


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser with nothing remembered, its profile below the folder."""
    port = _free_port()
    command = ["chromedriver", f"--port={port}", f"--log-path={folder / 'chromedriver.log'}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as driver:
        try:
            assert driver.stdout is not None
            assert any("started successfully" in line for line in driver.stdout)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
                opened = client.post("/session", json={"capabilities": {"alwaysMatch": _capabilities(folder)}}).json()
                window = Browser(client, opened["value"]["sessionId"])
                try:
                    yield window
                finally:
                    client.delete(f"/session/{window.session}")
        finally:
            driver.terminate()


def _capabilities(folder: Path) -> dict[str, Any]:
    return {
        "timeouts": {"implicit": 5000, "script": 20000, "pageLoad": 30000},
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        "goog:chromeOptions": {"binary": _chromium(), "args": [*_FLAGS, f"--user-data-dir={folder / 'profile'}"]},
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
