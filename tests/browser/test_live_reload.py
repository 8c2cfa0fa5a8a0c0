"""Pages of a watched site in headless Chromium: each deployment shows by itself."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import Settings, Synchronous
from tests.browser.conftest import png
from tests.emulator.driver import Api, Json, make_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.webdriver import Browser

SETTINGS = Settings(synchronous=Synchronous.OFF)
PATIENCE = 30
STYLED = "getComputedStyle(document.querySelector('p')).color === '{}'"
RED, GREEN, BLUE = "rgb(255, 0, 0)", "rgb(0, 128, 0)", "rgb(0, 0, 255)"
OVERLAY = "document.querySelector('assetsync-failure')"
KINDS = {"css": "text/css", "html": "text/html", "js": "text/javascript", "png": "image/png"}


def _page(text: str = "hello", head: str = "", more: str = "") -> bytes:
    link = '<link rel=stylesheet href="css/main.css">'
    return f"<!doctype html><head>{link}{head}</head><body><p>{text}</p>{more}</body>".encode()


@dataclass
class Shop:
    """A site and whoever watches it: each deployment is a real one, and is told of afterwards."""

    api: Api
    service: Json
    environment: Json
    items: dict[str, Json] = field(default_factory=dict)
    live: dict[str, Json] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        return str(self.environment["domain_name"])

    @property
    def url(self) -> str:
        return f"http://{self.domain}:{self.api.client.base_url.port}"

    def deploy(self, files: dict[str, bytes], *deleted: str) -> None:
        for path, content in files.items():
            if path not in self.items:
                self.items[path] = self.api.item(self.service, path)
            kind = KINDS.get(path.rpartition(".")[2], "text/html")
            self.live[path] = self.api.send(self.items[path], path, content, content_type=kind).json()
        for path in deleted:
            del self.live[path]
        self.api.publish(self.service, self.environment, *self.live.values())
        self.tell({"state": "live", "changed": [*files, *deleted]})

    def tell(self, state: Json) -> None:
        assert self.api.client.put(f"/_emulator/live/{self.domain}", json=state).status_code == 200

    def readers(self) -> int:
        readers: int = self.api.client.get(f"/_emulator/live/{self.domain}").json()["readers"]
        return readers


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with (
        RunningEmulator(tmp_path, SETTINGS) as emulator,
        make_client(emulator.core, emulator.url) as client,
    ):
        api = Api(client, emulator.core, emulator.url)
        service = api.service()
        site = Shop(api, service, api.environment(service))
        site.deploy({"/": _page(), "/css/main.css": b"p { color: red }"})
        yield site


def _until(window: Browser, condition: str) -> Any:
    """Ask until it holds: the page may be loading itself again meanwhile."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            value = window.run(f"return {condition}")
        except AssertionError:
            value = None
        if value:
            return value
        assert time.monotonic() < end, f"never: {condition}"


def _visit(window: Browser, shop: Shop, path: str = "/") -> None:
    """Until the page follows what happens; it bears a mark that no reload leaves."""
    window.go(shop.url + path)
    _await_readers(shop, 1)
    window.run("window.untouched = true")


def _await_readers(shop: Shop, count: int) -> None:
    end = time.monotonic() + PATIENCE
    while shop.readers() != count:
        assert time.monotonic() < end, f"never: {count} readers"


def _assert_untouched_so_far(window: Browser, shop: Shop) -> None:
    """A change that shows comes after those before, so once it is seen, they were seen too."""
    shop.deploy({"/css/main.css": b"p { color: blue }"})
    _until(window, STYLED.format(BLUE))
    assert window.run("return window.untouched === true")


def _assert_quiet(window: Browser) -> None:
    assert [entry["message"] for entry in window.log("browser") if "favicon.ico" not in entry["message"]] == []


def test_an_edited_page_shows_where_one_had_scrolled_to(window: Browser, shop: Shop, tmp_path: Path) -> None:
    tall = '<div style="height: 5000px"></div>'
    shop.deploy({"/": _page(more=tall)})
    _visit(window, shop)
    window.run("scrollTo(0, 1234)")
    edited = _page("edited", more=tall)
    shop.deploy({"/": edited})
    _until(window, "document.querySelector('p').textContent === 'edited'")
    assert window.run("return window.untouched") is None
    _until(window, "scrollY === 1234")
    _assert_quiet(window)
    shop.api.client.delete(f"/_emulator/live/{shop.domain}")
    assert shop.api.site(shop.environment, "/").content == edited


def test_a_style_sheet_is_swapped_without_a_reload(window: Browser, shop: Shop) -> None:
    other = '<link rel=stylesheet href="/css/print.css" media=print title=print>'
    shop.deploy({"/": _page(head=other), "/css/print.css": b"p { color: red }"})
    _visit(window, shop)
    _until(window, STYLED.format(RED))
    for colour, computed in (("green", GREEN), ("blue", BLUE), ("red", RED)):
        shop.deploy({"/css/main.css": f"p {{ color: {colour} }}".encode(), "/css/print.css": b"p { margin: 0 }"})
        _until(window, STYLED.format(computed))
    _until(window, "document.querySelectorAll('link').length === 2")
    print_sheet = "const all = [...document.querySelectorAll('link')].map(each => [each.media, each.title]); return all"
    assert window.run(print_sheet) == [["", ""], ["print", "print"]]
    assert window.run("return window.untouched === true")
    _assert_quiet(window)


def test_a_style_sheet_that_changes_faster_than_it_loads_is_there_once(window: Browser, shop: Shop) -> None:
    _visit(window, shop)
    path = f"/sites/{shop.domain}/css/main.css"
    rule = {"match": f"GET {path}", "at": [1, 2], "delay": 2}
    assert shop.api.client.put("/_emulator/faults", json={"rules": [rule]}).status_code == 200
    shop.deploy({"/css/main.css": b"p { color: green }"})
    for count in (2, 3):
        _until(window, f"document.querySelectorAll('link').length === {count}")
        shop.tell({"state": "live", "changed": ["/css/main.css"]})
    _until(window, STYLED.format(GREEN) + " && document.querySelectorAll('link').length === 1")
    assert window.run("return window.untouched === true")


def test_a_style_sheet_that_only_another_one_imports_loads_the_page_again(window: Browser, shop: Shop) -> None:
    shop.deploy({"/css/main.css": b"@import url(part.css);", "/css/part.css": b"p { color: red }"})
    _visit(window, shop)
    shop.deploy({"/css/part.css": b"p { color: green }"})
    _until(window, STYLED.format(GREEN))
    assert window.run("return window.untouched") is None


def test_a_deleted_style_sheet_is_no_longer_in_force(window: Browser, shop: Shop) -> None:
    _visit(window, shop)
    shop.deploy({}, "/css/main.css")
    _until(window, STYLED.format("rgb(0, 0, 0)"))


COLOUR = (
    "(image => { if (!image.complete || !image.naturalWidth) return null;"
    " const canvas = document.createElement('canvas').getContext('2d'); canvas.drawImage(image, 0, 0);"
    " return String(canvas.getImageData(3, 3, 1, 1).data.slice(0, 3)); })(document.querySelector('%s'))"
)


def test_pictures_are_swapped_without_a_reload_wherever_they_stand(window: Browser, shop: Shop) -> None:
    pictures = (
        '<img id=one src="images/a.png"><img id=two srcset="images/b.png, /images/c.png 2x" src="images/b.png">'
        '<picture><source srcset="/none.png 3000w, images/a.png 10w" sizes=10px><img id=three src=/none.png></picture>'
    )
    shop.deploy({"/": _page(more=pictures), "/images/a.png": png(9, 9, 9), "/images/b.png": png(0, 0, 7)})
    _visit(window, shop)
    for element in ("one", "three"):
        _until(window, COLOUR % f"#{element}" + " === '9,9,9'")
    shop.deploy({"/images/a.png": png(200, 0, 0), "/images/c.png": png(1, 1, 1)})
    for element in ("one", "three"):
        _until(window, COLOUR % f"#{element}" + " === '200,0,0'")
    assert window.run("return document.querySelector('#two').srcset").startswith("images/b.png, http://")
    assert window.run("return " + COLOUR % "#two") == "0,0,7"
    shop.deploy({"/images/b.png": png(0, 0, 8)})
    _until(window, COLOUR % "#two" + " === '0,0,8'")
    assert window.run("return window.untouched === true")


def test_a_picture_that_a_style_sheet_shows_loads_the_page_again(window: Browser, shop: Shop) -> None:
    shop.deploy(
        {
            "/": _page("old", more="<img src=/a.png>"),
            "/css/main.css": b"p { background: url(/a.png) }",
            "/a.png": png(9, 9, 9),
        }
    )
    _visit(window, shop)
    _until(window, "performance.getEntriesByType('resource').some(each => each.name.endsWith('/a.png'))")
    shop.deploy({"/a.png": png(1, 1, 1)})
    _until(window, "window.untouched === undefined && document.querySelector('p')")


def test_a_script_loads_the_page_again(window: Browser, shop: Shop) -> None:
    shop.deploy({"/": _page(more="<script src=/a.js></script>"), "/a.js": b"window.said = 1"})
    _visit(window, shop)
    shop.deploy({"/a.js": b"window.said = 2"})
    _until(window, "window.said === 2")
    assert window.run("return window.untouched") is None


def test_other_pages_are_not_this_ones_matter_unless_it_has_loaded_them(window: Browser, shop: Shop) -> None:
    shop.deploy({"/about.html": _page("about"), "/part.html": b"<b>part</b>", "/terms": _page("terms")})
    _visit(window, shop)
    shop.deploy({"/about.html": _page("about us"), "/part.html": b"<b>a part</b>", "/terms": _page("new terms")})
    _assert_untouched_so_far(window, shop)
    window.run("fetch('/part.html').then(answer => answer.text()).then(text => window.part = text)")
    _until(window, "window.part")
    shop.deploy({"/part.html": b"<b>another</b>"})
    _until(window, "window.untouched === undefined && document.querySelector('p')")


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("/", "/assets/index.html"),
        ("/", "/index.html"),
        ("/about", "/about.html"),
        ("/about", "/about/index.html"),
        ("/about.html?a=b#c", "/about.html"),
        ("/docs/index.html", "/docs/"),
        ("/a%2Cb.html", "/a%2cb.html"),
    ],
)
def test_a_page_knows_its_other_names(window: Browser, shop: Shop, path: str, changed: str) -> None:
    file = path.partition("?")[0]
    shop.deploy({file: _page("old")})
    _visit(window, shop, path)
    shop.tell({"state": "live", "changed": [changed]})
    _until(window, "window.untouched === undefined && document.querySelector('p')")


def test_the_page_in_another_tab_is_left_alone(window: Browser, shop: Shop) -> None:
    shop.deploy({"/a.html": _page("a"), "/b.html": _page("b")})
    _visit(window, shop, "/a.html")
    first = window.command("GET", "window")
    second = window.command("POST", "window/new", type="window")["handle"]
    try:
        window.command("POST", "window", handle=second)
        window.go(f"{shop.url}/b.html")
        _await_readers(shop, 2)
        shop.deploy({"/b.html": _page("b again")})
        _until(window, "document.querySelector('p').textContent === 'b again'")
    finally:
        window.command("POST", "window", handle=second)
        window.command("DELETE", "window")
        window.command("POST", "window", handle=first)
    _assert_untouched_so_far(window, shop)


def test_a_page_follows_for_all_of_its_frames(window: Browser, shop: Shop) -> None:
    """Each with a connection of its own, so many would leave none to the rest of the page.

    The frames are there before the page's own client is, which comes after a script that takes its time.
    """
    names = [f"/frame{n}.html" for n in range(8)]
    frames = "".join(f'<iframe src="{name}"></iframe>' for name in names)
    link = '<a href="/linked.html">on</a>'
    pages = {name: _page(name, more=link) for name in names} | {"/linked.html": _page("linked")}
    shop.deploy({"/": _page(more=f"{frames}<script src=/slow.js defer></script>"), "/slow.js": b"1", **pages})
    rule = {"match": f"GET /sites/{shop.domain}/slow.js", "at": 1, "delay": 2}
    assert shop.api.client.put("/_emulator/faults", json={"rules": [rule]}).status_code == 200
    _visit(window, shop)
    frame = "frames[7].document.querySelector('{}')"
    shop.deploy({names[7]: _page("edited", more=link)})
    _until(window, frame.format("p") + ".textContent === 'edited'")
    _await_readers(shop, 1)
    window.run(frame.format("a") + ".click()")
    _until(window, frame.format("p") + ".textContent === 'linked'")
    window.run("window.untouched = true")
    shop.deploy({"/linked.html": _page("again")})
    _until(window, "window.untouched === undefined && document.querySelector('p')")
    shop.tell({"state": "failed", "message": "no"})
    _until(window, OVERLAY)
    assert (
        window.run("return Array.from(frames, each => each.document.querySelector('assetsync-failure'))") == [None] * 8
    )


def test_a_page_that_is_not_there_yet_appears(window: Browser, shop: Shop) -> None:
    _visit(window, shop, "/new.html")
    assert "Not found" in window.text()
    shop.deploy({"/other.html": _page("other")})
    shop.deploy({"/new.html": _page("new")})
    _until(window, "document.querySelector('p').textContent === 'new'")
    shop.deploy({}, "/new.html")
    _until(window, "document.title === 'Not found'")


def test_a_page_below_sites_follows_too(window: Browser, shop: Shop) -> None:
    window.go(f"{shop.api.base}/sites/{shop.domain}/")
    _await_readers(shop, 1)
    window.run("window.untouched = true")
    _assert_untouched_so_far(window, shop)
    shop.deploy({"/": _page("edited")})
    _until(window, "document.querySelector('p').textContent === 'edited'")
    _assert_quiet(window)


MESSAGE = '/a.css was refused\n<img src=x onerror="window.ran = true">\n</pre><script>window.ran = true</script>'


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_failure_lies_over_the_page_as_text_until_it_is_over(window: Browser, shop: Shop, scheme: str) -> None:
    window.emulate(width=900, height=600, scheme=scheme)
    _visit(window, shop)
    shop.tell({"state": "failed", "message": MESSAGE})
    _until(window, OVERLAY)
    shown = f"const box = {OVERLAY}.shadowRoot.querySelector('section'); return "
    assert window.run(f"{shown} box.querySelector('pre').innerText") == MESSAGE
    assert window.run(f"{shown} box.getAttribute('role')") == "alert"
    assert window.run(f"{shown} [...box.querySelectorAll('img, script')].length") == 0
    assert window.run(f"{shown} box.getBoundingClientRect().bottom === innerHeight")
    colours = window.run(
        f"const style = getComputedStyle({OVERLAY}.shadowRoot.querySelector('section'));"
        " return [style.color, style.backgroundColor]"
    )
    assert colours == (
        ["rgb(27, 27, 27)", "rgb(255, 255, 255)"] if scheme == "light" else ["rgb(242, 237, 237)", "rgb(30, 27, 27)"]
    )
    shop.tell({"state": "failed", "message": "another"})
    _until(window, f"{OVERLAY}.shadowRoot.querySelector('pre').innerText === 'another'")
    assert window.run("return document.querySelectorAll('assetsync-failure').length") == 1
    shop.tell({"state": "live", "changed": []})
    _until(window, f"!{OVERLAY}")
    assert window.run("return window.untouched === true && window.ran === undefined")
    _assert_quiet(window)


def test_a_failure_can_be_put_aside_and_meets_whoever_comes_later(window: Browser, shop: Shop) -> None:
    shop.tell({"state": "failed", "message": "no"})
    _visit(window, shop)
    _until(window, OVERLAY)
    window.keys("\ue00c")
    _until(window, f"!{OVERLAY}")
    shop.tell({"state": "failed", "message": "still no"})
    _until(window, OVERLAY)
    window.run(f"{OVERLAY}.shadowRoot.querySelector('button').click()")
    _until(window, f"!{OVERLAY}")
    shop.deploy({"/": _page("mended")})
    _until(window, "document.querySelector('p').textContent === 'mended'")
    assert window.run(f"return {OVERLAY}") is None


HIDE = (
    "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
    " document.dispatchEvent(new Event('visibilitychange'))"
)


def test_a_page_that_nobody_sees_gives_its_connection_back_and_catches_up(window: Browser, shop: Shop) -> None:
    _visit(window, shop)
    window.run(HIDE % "true")
    _await_readers(shop, 0)
    shop.deploy({"/css/main.css": b"p { color: green }"})
    shop.tell({"state": "failed", "message": "no"})
    window.run(HIDE % "false")
    _until(window, STYLED.format(GREEN))
    _until(window, OVERLAY)
    window.run(HIDE % "true")
    _await_readers(shop, 0)
    shop.deploy({"/": _page("edited")})
    window.run(HIDE % "false")
    _until(window, "document.querySelector('p').textContent === 'edited'")


def test_when_the_watch_ends_pages_stop_asking_and_ask_again_when_they_are_looked_at(
    window: Browser, shop: Shop
) -> None:
    _visit(window, shop)
    shop.tell({"state": "failed", "message": "no"})
    _until(window, OVERLAY)
    shop.api.client.delete(f"/_emulator/live/{shop.domain}")
    _until(window, f"!{OVERLAY}")
    window.run(
        "sessionStorage.timers = 0; const set = setTimeout;"
        " window.setTimeout = (...given) => { sessionStorage.timers++; return set(...given) }"
    )
    end = time.monotonic() + PATIENCE
    while [entry.path for entry in shop.api.core.requests.entries()].count("/.assetsync/events") < 2:
        window.run("window.dispatchEvent(new Event('focus'))")
        assert time.monotonic() < end, "it did not ask again"
    assert window.run("return sessionStorage.timers") == "0"
    shop.deploy({"/": _page("edited")})
    _until(window, "(dispatchEvent(new Event('focus')), document.querySelector('p').textContent === 'edited')")


def test_a_page_outlives_the_service_and_shows_what_it_missed(window: Browser, tmp_path: Path) -> None:
    with RunningEmulator(tmp_path, SETTINGS) as first, make_client(first.core, first.url) as client:
        api = Api(client, first.core, first.url)
        service = api.service()
        shop = Shop(api, service, api.environment(service))
        shop.deploy({"/": _page(), "/css/main.css": b"p { color: red }"})
        _visit(window, shop)
    with RunningEmulator(tmp_path, SETTINGS, port=first.port) as second, make_client(second.core, first.url) as client:
        shop.api = Api(client, second.core, second.url)
        shop.deploy({"/": _page("after")})
        _until(window, "document.querySelector('p').textContent === 'after'")
        _await_readers(shop, 1)


WORKER = b"""
self.addEventListener("install", event => event.waitUntil(
  caches.open("pages").then(cache => cache.add("/")).then(() => self.skipWaiting())));
self.addEventListener("activate", event => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", event => {
  if (event.request.mode === "navigate") event.respondWith(caches.match("/"));
});
"""
COUNT = "<script>sessionStorage.loads = 1 + Number(sessionStorage.loads ?? 0)</script>"


def test_a_page_out_of_a_service_workers_cache_does_not_load_itself_again_and_again(
    window: Browser, shop: Shop
) -> None:
    register = "<script>navigator.serviceWorker.register('/worker.js')</script>"
    shop.deploy({"/worker.js": WORKER, "/": _page(head=COUNT + register)})
    _visit(window, shop)
    _until(window, "navigator.serviceWorker.controller")
    shop.deploy({"/": _page("edited")})
    _until(window, "sessionStorage.loads === '2' && document.querySelector('p')")
    _await_readers(shop, 1)
    shop.deploy({"/css/main.css": b"p { color: blue }"})
    _until(window, STYLED.format(BLUE))
    assert window.run("return [sessionStorage.loads, document.querySelector('p').textContent]") == ["2", "hello"]
