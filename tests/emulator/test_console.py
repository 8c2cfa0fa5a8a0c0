"""The console over a real socket: what its pages say, to whom, and that foreign text stays text."""

from __future__ import annotations

import base64
import re
import threading
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from assetsync.emulator.console.layout import size
from assetsync.emulator.console.links import SiteLinks
from assetsync.emulator.console.markup import Html, element, escaped
from assetsync.emulator.console.origin import is_served_here
from assetsync.emulator.console.remembered import remembered
from assetsync.emulator.console.stream import MOST_READERS
from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import Settings, Synchronous
from tests.emulator.driver import Api, Json, made, make_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTILE = "<script>alert(1)</script>\" onload='x' &amp; \u202egnp.exe \u200bzero\x07\u0085"
PNG = b"\x89PNG\r\n\x1a\n rest"
VERSION = "ZN" + "0123456789abcdef" * 2
MEMORY = "/app.js [as1 website " + "A" * 42 + ":ASNFZ4mrze8BI0VniavN7w]"


class _Seen(HTMLParser):
    """What a browser would find: elements with their attributes, text, and which elements do not nest."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.parts: list[str] = []
        self._open: list[str] = []
        self.feed(markup)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "img", "input"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.parts).split())

    def links(self) -> list[str]:
        return [attributes["href"] or "" for tag, attributes in self.elements if tag == "a"]

    def with_(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    settings = Settings(synchronous=Synchronous.OFF, log_entries=1000, functions_per_build=None)
    with (
        RunningEmulator(tmp_path, settings) as emulator,
        make_client(emulator.core, emulator.url) as client,
    ):
        yield Api(client, emulator.core, emulator.url)


def look(api: Api, path: str, status: int = 200, /, **query: str) -> _Seen:
    with httpx.Client(base_url=api.base, trust_env=False) as visitor:
        answer = visitor.get(path, params=query)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    seen = _Seen(answer.text)
    assert len(seen.with_("title")) == len(seen.with_("h1")) == len(seen.with_("main")) == 1
    return seen


def services(*parts: str) -> str:
    return "/".join(("/console/services", *parts))


def test_without_a_service_the_page_says_how_to_begin(api: Api) -> None:
    assert "assetsync apply --local" in look(api, "/").text


def test_services_are_listed_with_their_environments_and_what_these_serve(api: Api) -> None:
    service = api.service("shop")
    live, empty = api.environment(service), api.environment(service, "staging", DomainSuffix="s")
    api.publish(service, live, api.upload(service), api.upload(service, "/b.txt"))
    seen = look(api, "/")
    assert "1 Function" not in seen.text
    assert "2 Assets, 0 Functions, 1 Build" in seen.text
    assert "production live 2 paths" in seen.text
    assert "staging empty serves nothing" in seen.text
    assert {f"/console/services/{service['sid']}", f"/console/environments/{empty['sid']}"} <= set(seen.links())


def test_many_services_come_in_pages(api: Api) -> None:
    names = [api.service(f"s-{n:02}")["unique_name"] for n in range(30)]
    first, second = look(api, "/"), look(api, "/", page="2")
    shown = [re.findall(r"s-\d\d", seen.text) for seen in (first, second)]
    assert [*shown[0], *shown[1]] == names[::-1]
    assert "/?page=2" in first.links()
    assert "Page 2 of 2" in second.text
    assert "/?page=1" in second.links()
    assert "Page 99 of 2" in look(api, "/", page="99").text
    assert "Page 1 of 2" in look(api, "/", page="x").text


def test_a_service_shows_environments_and_builds_with_what_changed(api: Api) -> None:
    service = api.service()
    environment, never = api.environment(service), api.environment(service, "later", DomainSuffix="l")
    a, b = api.upload(service), api.upload(service, "/b.txt")
    first = api.publish(service, environment, a)
    second = api.publish(service, environment, b)
    same = api.build(service, b)
    seen = look(api, services(service["sid"]))
    assert "+1 added −1 removed" in seen.text  # noqa: RUF001 as it is shown
    assert "no change" in seen.text
    assert "later" in seen.text
    assert "never" in seen.text
    port = httpx.URL(api.base).port
    assert f"http://{environment['domain_name']}:{port}/" in seen.links()
    assert {f"/console/builds/{build['sid']}" for build in (first, second, same)} <= set(seen.links())
    assert services(service["sid"], f"changes?before={first['sid']}&after={second['sid']}") in seen.links()
    assert never["domain_name"] in seen.text


def test_an_empty_service_says_so(api: Api) -> None:
    seen = look(api, services(api.service()["sid"]))
    assert seen.text.count("None yet.") == 2


def test_builds_come_in_pages(api: Api) -> None:
    service = api.service()
    asset = api.upload(service)
    for _ in range(21):
        api.build(service, asset)
    assert services(service["sid"], "builds") in look(api, services(service["sid"])).links()
    assert "21 Builds" in look(api, services(service["sid"], "builds")).text
    second = look(api, services(service["sid"], "builds"), page="2")
    assert len([link for link in second.links() if link.startswith("/console/builds/")]) == 1


def test_an_environment_shows_its_live_build_its_files_and_no_variables_value(api: Api) -> None:
    service = api.service()
    environment = api.environment(service, DomainSuffix="x1")
    place = f"/Services/{service['sid']}/Environments/{environment['sid']}"
    made(api.post(f"{place}/Variables", Key="TOKEN", Value="hush-hush"))
    files = [
        api.upload(service, "/img/leaf.png", PNG, content_type="image/png"),
        api.upload(service, "/big.png", PNG * (2 << 17), content_type="image/png"),
        api.upload(service, "/secret.json", b"{}" * 1000, visibility="private", content_type="text/json"),
        api.upload(service, "/members.csv", visibility="protected", content_type="text/csv; charset=utf-8"),
        api.upload(service, "/run", b"exports", kind="Functions"),
    ]
    build = api.publish(service, environment, *files)
    seen = look(api, f"/console/environments/{environment['sid']}")
    for text in ("4 files", "x1", "TOKEN", "image/png", "2.0 KiB", "private", "protected", build["sid"], "completed"):
        assert text.replace("2.0", "2") in seen.text, text
    assert "hush-hush" not in seen.text
    assert [image["src"] for image in seen.with_("img")] == [f"/console/thumbnails/{files[0]['sid']}"]
    assert "Functions Path Visibility Size Version /run" in seen.text
    origin = f"http://{environment['domain_name']}:{httpx.URL(api.base).port}"
    assert {f"{origin}/img/leaf.png", f"{origin}/big.png"} <= set(seen.links())
    assert f"{origin}/secret.json" not in seen.links()
    assert f"{origin}/members.csv" not in seen.links()
    assert api.site(environment, "/img/leaf.png").content == PNG


def test_an_environment_before_and_after_it_served_something(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    path = f"/console/environments/{environment['sid']}"
    assert "This Environment serves nothing. Deployments None yet." in look(api, path).text
    build = api.publish(service, environment, api.upload(service))
    api.deploy(environment, None)
    made_nothing = look(api, path)
    assert "Live Build none" in made_nothing.text
    assert "nothing −1 removed" in made_nothing.text  # noqa: RUF001 as it is shown
    assert api.delete(f"/Services/{service['sid']}/Builds/{build['sid']}").status_code == 204
    assert look(api, path).text.count("a Build of it was deleted") == 2


def test_deployments_come_in_pages(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    builds = [api.build(service, api.upload(service, f"/{n}.txt")) for n in range(2)]
    for n in range(21):
        api.deploy(environment, builds[n % 2])
    path = f"/console/environments/{environment['sid']}"
    assert f"{path}/deployments" in look(api, path).links()
    assert "21 Deployments" in look(api, f"{path}/deployments").text
    second = look(api, f"{path}/deployments", page="2")
    assert second.text.count("+1 added") == 1
    assert "None here." in look(api, f"{path}/deployments", page="3").text


def test_a_build_shows_where_it_is_live_and_what_it_was_made_of(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    build = api.publish(service, environment, api.upload(service))
    seen = look(api, f"/console/builds/{build['sid']}")
    assert f"/console/environments/{environment['sid']}" in seen.links()
    assert "node22" in seen.text
    assert "lodash 4.17.21" in seen.text
    functions = api.build(service, api.upload(service, "/f", kind="Functions"), Dependencies="[]")
    alone = look(api, f"/console/builds/{functions['sid']}")
    assert "no Environment" in alone.text
    assert "No Assets in this Build." in alone.text
    assert "Dependencies" not in alone.text


def test_a_failed_build_is_called_so(api: Api) -> None:
    service = api.service()
    api.core.fail_builds()
    build = api.build(service, api.upload(service))
    assert "failed" in look(api, f"/console/builds/{build['sid']}").text


def test_only_so_many_functions_are_listed(api: Api) -> None:
    service = api.service()
    functions = [api.upload(service, f"/f{n}", b"x", kind="Functions") for n in range(201)]
    build = api.build(service, *functions)
    assert "Only the first 200 are shown." in look(api, f"/console/builds/{build['sid']}").text


def test_what_changed_between_two_builds(api: Api) -> None:
    service = api.service()
    item = api.item(service)
    old = made(api.send(item, "/a.txt", b"one"))
    new = made(api.send(item, "/a.txt", b"three", visibility="private", content_type="text/x"))
    again = made(api.send(item, "/a.txt", b"three", visibility="private", content_type="text/x"))
    gone, come = api.upload(service, "/gone.txt"), api.upload(service, "/come.txt")
    other, function = api.upload(service, "/a.txt"), api.upload(service, "/a.txt", kind="Functions")
    build = {
        "first": api.build(service, old, gone),
        "second": api.build(service, new, come),
        "third": api.build(service, again, come),
        "other": api.build(service, other, come),
        "function": api.build(service, function, come),
    }

    def between(before: str | None, after: str | None) -> str:
        chosen = {"before": before and build[before]["sid"], "after": after and build[after]["sid"]}
        return look(
            api, services(service["sid"], "changes"), 200, **{name: sid for name, sid in chosen.items() if sid}
        ).text

    assert "Added (1) Path Visibility Type Size /come.txt" in between("first", "second")
    assert "/a.txt content (3 B → 5 B); visibility public → private; type text/plain → text/x" in between(
        "first", "second"
    )
    assert "Removed (1) Path Visibility Type Size /gone.txt" in between("first", "second")
    in_short = look(api, f"/console/builds/{build['second']['sid']}").text
    assert "Since the Build before +1 added ~1 changed −1 removed" in in_short  # noqa: RUF001 as it is shown
    assert "a new Version of the same bytes" in between("second", "third")
    assert "another Asset" in between("second", "other")
    assert "asset → function" in between("second", "function")
    assert "Nothing: both hold the same Versions." in between("first", "first")
    assert "Removed (2)" in between("first", None)
    assert "Added (2)" in between(None, "first")


def test_a_long_list_of_changes_is_cut(api: Api) -> None:
    service = api.service()
    build = api.build(service, *(api.upload(service, f"/{n}.txt", b"x") for n in range(203)))
    seen = look(api, services(service["sid"], "changes"), after=build["sid"])
    assert "Added (203)" in seen.text
    assert "and 3 more" in seen.text


def test_files_are_searched_word_by_word_and_come_in_pages(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    files = [api.upload(service, f"/d/{n:03}.TXT", b"x" * 2000) for n in range(119)]
    files.append(api.upload(service, "/d/last.TXT", visibility="protected", content_type="text/css"))
    api.publish(service, environment, *files)
    path = f"/console/environments/{environment['sid']}"

    def paths(**query: str) -> list[str]:
        return re.findall(r"/d/\w+\.TXT", look(api, path, **query).text)

    assert len(paths()) == 100
    assert paths(page="2") == [*(f"/d/{n}.TXT" for n in range(100, 119)), "/d/last.TXT"]
    assert paths(q="  11 tXt ") == [f"/d/{n:03}.TXT" for n in (11, *range(110, 119))]
    assert paths(q="protected css") == ["/d/last.TXT"]
    assert paths(q="%") == paths(q="_") == paths(q="É") == []
    assert "0 of 120 files" in look(api, path, q="nothing-has-this").text
    assert "120 files, 232 KiB" in look(api, path).text
    assert look(api, path, q="css").with_("input")[0]["value"] == "css"
    assert f"{path}?q=d&page=2" in look(api, path, q="d").links()


def test_a_build_of_a_thousand_files_makes_a_page_of_a_hundred(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    api.publish(service, environment, *(api.upload(service, f"/f/{n:04}.txt", b"%d" % n) for n in range(1000)))
    with httpx.Client(base_url=api.base, trust_env=False) as visitor:
        answer = visitor.get(f"/console/environments/{environment['sid']}")
    assert "1,000 files" in answer.text
    assert "Page 1 of 10" in answer.text
    assert answer.text.count("<tr>") < 110
    assert len(answer.content) < 64_000


def test_what_assetsync_remembers_is_told_for_each_file(api: Api) -> None:
    service = api.service()
    environment = api.environment(service)
    item = api.item(service, MEMORY)
    known = made(api.send(item, "/app.js"))
    encoded = _base64_of(known["sid"])
    api.post(f"/Services/{service['sid']}/Assets/{item['sid']}", FriendlyName=f"/app.js [as1 web {'A' * 42}:{encoded}]")
    two = made(api.send(api.item(service, "/b.js [as1 web x:y x:!]"), "/b.js"))
    api.publish(service, environment, known, two, api.upload(service, "/c.js"))
    seen = look(api, f"/console/environments/{environment['sid']}")
    for text in ("/app.js", "web 1 entry, this Version", "web 2 entries, not this Version", "not from assetsync"):
        assert text in seen.text
    asset = look(api, f"/console/items/{item['sid']}")
    assert "Owner web Entries remembered 1" in asset.text
    assert f"{known['sid']} remembered" in asset.text


def _base64_of(sid: str) -> str:
    return base64.urlsafe_b64encode(bytes.fromhex(sid[2:])).decode().rstrip("=")


def test_assets_and_functions_have_lists_and_pages_of_their_own(api: Api) -> None:
    service = api.service()
    known, empty = api.item(service, MEMORY), api.item(service, "plain name")
    for _ in range(51):
        made(api.send(known, "/app.js", b"x"))
    function = api.upload(service, "/run", kind="Functions")
    listed = look(api, services(service["sid"], "assets"))
    assert "/app.js website 51 Versions in 0 Builds" in listed.text
    assert "plain name not from assetsync 0 Versions" in listed.text
    assert "1 of 2 Assets" in look(api, services(service["sid"], "assets"), q="PLAIN").text
    assert "0 of 2 Assets None." in " ".join(look(api, services(service["sid"], "assets"), q="zzz").text.split())
    assert "/run" in look(api, services(service["sid"], "functions")).text
    assert "and 1 older ones" in look(api, f"/console/items/{known['sid']}").text
    assert "None: nothing was uploaded to it." in look(api, f"/console/items/{empty['sid']}").text
    assert "Function /run" in look(api, f"/console/items/{function['function_sid']}").text


@pytest.mark.parametrize(
    "path",
    [
        "/console",
        "/console/",
        "/console/nothing",
        "/console/services/ZS0",
        "/console/services/ZS0/assets",
        "/console/services/ZS0/functions",
        "/console/services/ZS0/builds",
        "/console/services/ZS0/changes",
        "/console/services/ZS0/other",
        "/console/environments/ZE0",
        "/console/environments/ZE0/deployments",
        "/console/builds/ZB0",
        "/console/items/ZH0",
        "/console/items/%3Cscript%3E",
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(api: Api, path: str) -> None:
    assert "Nothing here" in look(api, path, 404).text


def test_changes_of_foreign_builds_are_not_there(api: Api) -> None:
    one, two = api.service(), api.service()
    build = api.build(two, api.upload(two))
    look(api, services(one["sid"], "changes"), 404, after=build["sid"])
    look(api, services(one["sid"], "changes"), 404, before="ZB0")


def test_thumbnails_are_the_uploaded_bytes_in_a_cage(api: Api) -> None:
    service = api.service()
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    image = api.upload(service, "/x.svg", svg, content_type="image/svg+xml; charset=utf-8", visibility="private")
    page = api.upload(service, "/x.html", b"<script>", content_type="text/html")
    with httpx.Client(base_url=api.base, trust_env=False) as visitor:
        answer = visitor.get(f"/console/thumbnails/{image['sid']}")
        assert (answer.status_code, answer.content) == (200, svg)
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.headers["content-security-policy"].endswith("; sandbox")
        assert answer.headers["x-content-type-options"] == "nosniff"
        for sid in (page["sid"], "ZN0", "../state.sqlite3"):
            assert visitor.get(f"/console/thumbnails/{sid}").status_code == 404
        for file in api.core.store.contents.digests():
            api.core.store.contents.path(file).unlink()
        assert visitor.get(f"/console/thumbnails/{image['sid']}").status_code == 404


def _hostile(api: Api) -> list[str]:
    """Pages with foreign text in every place that takes some."""
    service = made(api.post("/Services", UniqueName="hostile", FriendlyName=HOSTILE))
    environment = api.environment(service, HOSTILE)
    place = f"/Services/{service['sid']}/Environments/{environment['sid']}"
    api.post(f"{place}/Variables", Key="<i>KEY</i>", Value="x")
    item = api.item(service, HOSTILE)
    version = made(api.send(item, "/a.txt", content_type="text/<script>"))
    owner = made(api.send(api.item(service, "<b> [as1 <script> <i>:<u>]"), "/b.txt", content_type="image/png"))
    function = api.upload(service, "/f", kind="Functions")
    old = api.build(service, owner)
    dependencies = '[{"name": "<script>", "version": "<b>"}]'
    build = api.build(service, version, owner, function, Dependencies=dependencies)
    api.deploy(environment, old)
    api.deploy(environment, build)
    api.client.get("/v1/Services/%3Cscript%3E?<script>=\u202e")
    api.client.request("<b>".strip("<>"), "/v1/x'y\"z&amp;")
    sid = service["sid"]
    return [
        "/",
        services(sid),
        services(sid, "assets"),
        services(sid, "functions"),
        services(sid, "builds"),
        services(sid, f"changes?before={old['sid']}&after={build['sid']}"),
        f"/console/environments/{environment['sid']}",
        f"/console/environments/{environment['sid']}?q=<script>%22%27%07%E2%80%AE",
        f"/console/environments/{environment['sid']}/deployments",
        f"/console/builds/{build['sid']}",
        f"/console/items/{item['sid']}",
        f"/console/items/{owner['asset_sid']}",
        "/console/requests",
    ]


def test_foreign_text_stays_text_on_every_page(api: Api) -> None:
    for path in _hostile(api):
        seen = look(api, path)
        assert [each.get("src", "").split("?")[0] for each in seen.with_("script")] == ["/console/console.js"], path  # type: ignore[union-attr]
        assert not {tag for tag, _ in seen.elements} & {"b", "i", "u", "style", "iframe"}, path
        names = {name for _, attributes in seen.elements for name in attributes}
        assert not {name for name in names if name.startswith("on") or name == "style"}, path
        shown = "".join(seen.parts) + "".join(str(value) for _, each in seen.elements for value in each.values())
        assert not re.search("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]", shown), path


def test_markup_escapes_everything_but_itself() -> None:
    assert escaped("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#x27;"
    assert escaped("a\u202eb\ud800") == ('a<span class="unseen">U+202E</span>b<span class="unseen">U+D800</span>')
    plain = element("p", "x<", Html("<br>"), None, 5, class_="a", hidden=True, title="\"'\n", id=None, data_x=False)
    assert plain == '<p class="a" hidden title="&quot;&#x27;U+000A">x&lt;<br>5</p>'
    assert element("p", f"{plain}") == f"<p>{escaped(str(plain))}</p>"
    assert isinstance(element("p", ""), Html)


@pytest.mark.parametrize("path", ["/", "/console/requests", "/console/nothing", "/console/console.css"])
def test_every_answer_keeps_the_page_alone(api: Api, path: str) -> None:
    answer = httpx.get(api.base + path, trust_env=False)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert set(policy.values()) == {"'none'", "'self'"}
    assert {"script-src", "style-src", "img-src", "connect-src", "form-action", "base-uri", "frame-ancestors"} < set(
        policy
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "set-cookie" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers


def test_pages_name_nothing_elsewhere_and_static_files_are_kept_by_their_bytes(api: Api) -> None:
    seen = look(api, "/")
    own = [each["href"] for each in seen.with_("link")] + [each["src"] for each in seen.with_("script")]
    assert len(own) == 3
    for url in own:
        assert url is not None
        answer = httpx.get(api.base + url, trust_env=False)
        assert answer.status_code == 200
        assert answer.headers["cache-control"].endswith("immutable")
        assert re.fullmatch(r"/console/[a-z.]+\?v=[0-9a-f]{12}", url)
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", answer.text)


def test_pages_are_read_only_and_tell_no_secret(api: Api) -> None:
    for path in ("/", "/console/requests", "/console/events"):
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            answer = api.client.request(method, path)
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert api.core.account.auth_token not in httpx.get(api.base, trust_env=False).text
    head = httpx.head(api.base, trust_env=False)
    assert (head.status_code, head.content) == (200, b"")


def test_the_consoles_own_pages_are_not_in_the_log(api: Api) -> None:
    look(api, "/")
    look(api, "/console/requests")
    assert api.core.requests.count == 0


@pytest.mark.parametrize("path", ["/", "/console/requests", "/console/events", "/console/console.js"])
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "localhost.evil.example:{port}", "127.0.0.1:1"]
)
def test_a_foreign_name_that_leads_here_is_refused(api: Api, path: str, host: str) -> None:
    name = host.format(port=httpx.URL(api.base).port)
    answer = httpx.get(api.base + path, headers={"Host": name}, trust_env=False)
    assert answer.status_code == 403
    assert "<html" not in answer.text


def test_localhost_is_served_and_a_sites_domain_is_the_site(api: Api) -> None:
    port = httpx.URL(api.base).port
    assert "Services" in httpx.get(api.base, headers={"Host": f"localhost:{port}"}, trust_env=False).text
    service = api.service()
    environment = api.environment(service)
    api.publish(service, environment, api.upload(service, "/", b"home"), api.upload(service, "/console/x", b"own"))
    assert api.site(environment, "/").content == b"home"
    assert api.site(environment, "/console/x").content == b"own"
    assert api.client.get("/consoles").status_code == 404


@pytest.mark.parametrize(
    ("host", "server", "served"),
    [
        ("127.0.0.1:4080", ("127.0.0.1", 4080), True),
        ("LocalHost:4080", ("127.0.0.1", 4080), True),
        ("[::1]:4080", ("::1", 4080), True),
        ("127.0.0.1", ("127.0.0.1", 80), True),
        ("127.0.0.1:4081", ("127.0.0.1", 4080), False),
        ("127.0.0.1", ("127.0.0.1", 4080), False),
        ("192.168.1.5:4080", ("127.0.0.1", 4080), False),
        ("evil.example:4080", ("127.0.0.1", 4080), False),
        ("127.0.0.1.evil.example:4080", ("127.0.0.1", 4080), False),
        ("", ("127.0.0.1", 4080), False),
        ("192.168.1.5:8080", ("172.17.0.2", 4080), True),
        ("localhost:8080", ("172.17.0.2", 4080), True),
        ("evil.example:4080", ("172.17.0.2", 4080), False),
        ("localhost", None, True),
    ],
)
def test_which_hosts_name_the_address_that_is_served(host: str, server: tuple[str, int] | None, served: Any) -> None:
    assert is_served_here(host, server) is served


def test_links_to_files_lead_where_the_visitor_can_go() -> None:
    assert SiteLinks("http", "127.0.0.1:4080").served("a.localhost", '/x y%20é\n"') == (
        "http://a.localhost:4080/x%20y%20%C3%A9%0A%22"
    )
    assert SiteLinks("http", "[::1]:80").served("a.localhost", "/") == "http://a.localhost:80/"
    assert SiteLinks("http", "192.168.1.5:4080").served("a.localhost", "/x") == "/sites/a.localhost/x"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", None),
        ("/a [as1]", None),
        ("/a [as1 o]", ("/a", "o", ())),
        (MEMORY, ("/app.js", "website", (VERSION,))),
        ("x [as1 o bad a:!é]", ("x", "o", ("ZN6da7", ""))),
    ],
)
def test_friendly_names_are_read_loosely(name: str, expected: tuple[str, str, tuple[str, ...]] | None) -> None:
    found = remembered(name)
    assert (found and (found.label, found.owner, found.versions)) == expected


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (10 << 10, "10 KiB"),
        (25 << 20, "25 MiB"),
        (1 << 60, "1048576 TiB"),
    ],
)
def test_sizes_are_short(count: int, text: str) -> None:
    assert size(count) == text


class _Reader:
    """One reader of the event stream, in the test's own thread."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()

    def lines(self) -> dict[str, str]:
        """The next block of lines; waits for it."""
        block: dict[str, str] = {}
        for line in self._lines:
            if not line:
                return block
            name, _, value = line.partition(": ")
            assert name not in block
            block[name] = value
        return block


def _events(api: Api, after: str, **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"{api.base}/console/events"
    return httpx.stream("GET", url, params={"after": after}, headers=sent, trust_env=False, timeout=20)


def _last(api: Api) -> str:
    (log,) = [each for each in look(api, "/console/requests").with_("div") if each.get("id") == "log"]
    assert log["data-events"] == "/console/events"
    return log["data-after"] or ""


def _paths(event: dict[str, str]) -> list[str]:
    return re.findall(r"<bdi>(.*?)</bdi>", event["data"])


def test_the_log_page_shows_the_newest_requests_first(api: Api) -> None:
    assert "Nothing was asked yet." in look(api, "/console/requests").text
    service = api.service()
    environment = api.environment(service)
    api.site(environment, "/x")
    for n in range(199):
        api.get(f"/Services/n{n}", PageSize=n)
    seen = look(api, "/console/requests")
    assert "Nothing was asked" not in seen.text
    assert re.findall(r"/v1/Services/n(\d+)", seen.text) == [str(n) for n in range(198, -1, -1)]
    assert "GET /x 404 site" in seen.text
    assert "GET /v1/Services/n7 ?PageSize=7 404 API" in seen.text
    assert "POST" not in seen.text


def test_a_request_made_meanwhile_is_delivered(api: Api) -> None:
    api.service("before")
    with _events(api, _last(api)) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["content-security-policy"].startswith("default-src 'none'")
        reader = _Reader(response)
        assert reader.lines() == {"retry": "1000"}
        api.get("/Services/one")
        first = reader.lines()
        api.get("/Services/<two>")
        second = reader.lines()
    assert (first["event"], _paths(first)) == ("requests", ["/v1/Services/one"])
    assert (second["event"], _paths(second)) == ("requests", ["/v1/Services/%3Ctwo%3E"])


def test_a_reader_that_comes_back_gets_what_it_missed(api: Api) -> None:
    after = _last(api)
    for n in range(3):
        api.get(f"/Services/{n}")
    with _events(api, after) as response:
        reader = _Reader(response)
        reader.lines()
        missed = reader.lines()
    assert _paths(missed) == ["/v1/Services/2", "/v1/Services/1", "/v1/Services/0"]
    api.get("/Services/3")
    with _events(api, after, Last_Event_ID=missed["id"]) as response:
        reader = _Reader(response)
        reader.lines()
        assert _paths(reader.lines()) == ["/v1/Services/3"]


def test_a_reader_that_missed_too_much_is_told_how_much(api: Api) -> None:
    after = _last(api)
    for n in range(203):
        api.get(f"/Services/{n}")
    with _events(api, after) as response:
        reader = _Reader(response)
        reader.lines()
        event = reader.lines()
    assert _paths(event)[:1] == ["/v1/Services/202"]
    assert len(_paths(event)) == 200
    assert "3 requests in between are not shown" in event["data"]


@pytest.mark.parametrize("after", ["", "1", "x.1", "x.y", "00000000.2", "{run}.-1", "{run}.99", "{run}.²"])
def test_an_id_that_is_not_of_this_run_begins_anew(api: Api, after: str) -> None:
    run = _last(api).partition(".")[0]
    api.get("/Services/a")
    with _events(api, after.format(run=run)) as response:
        reader = _Reader(response)
        reader.lines()
        event = reader.lines()
    assert (event["event"], event["id"], _paths(event)) == ("reset", f"{run}.1", ["/v1/Services/a"])


def test_a_cleared_log_empties_the_page(api: Api) -> None:
    api.get("/Services/a")
    with _events(api, _last(api)) as response:
        reader = _Reader(response)
        reader.lines()
        api.client.delete("/_emulator/requests")
        assert reader.lines() == {"event": "reset", "id": f"{_last(api)}", "data": ""}
        api.get("/Services/b")
        assert _paths(reader.lines()) == ["/v1/Services/b"]


def test_only_so_many_read_along_and_those_that_leave_make_room(api: Api) -> None:
    opened = []
    after = _last(api)
    for _ in range(MOST_READERS):
        stream = _events(api, after)
        reader = _Reader(stream.__enter__())
        assert reader.lines() == {"retry": "1000"}
        opened.append((stream, reader))
    refused = httpx.get(f"{api.base}/console/events", trust_env=False)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    for stream, _ in opened:
        stream.__exit__(None, None, None)
    # the service learns of a closed connection by itself, in its own time: ask until it has
    while True:
        with _events(api, after) as response:
            if response.status_code == 200:
                break


def test_the_service_stops_at_once_while_pages_follow_the_log(tmp_path: Path) -> None:
    emulator = RunningEmulator(tmp_path)
    before = threading.active_count()
    with httpx.stream("GET", f"{emulator.url}/console/events", trust_env=False) as response:
        lines = response.iter_lines()
        assert next(lines) == "retry: 1000"
        stopping = threading.Thread(target=emulator.stop)
        stopping.start()
        list(lines)  # it ends in order: a connection that is cut would raise here
        stopping.join()
    assert threading.active_count() < before


def test_what_is_made_of_the_log_is_told_only_while_one_listens(api: Api) -> None:
    told: list[Json] = []
    forget = api.core.requests.watch(lambda: told.append({}))
    api.get("/Services")
    forget()
    api.get("/Services")
    assert len(told) == 1
    assert [entry.seq for entry in api.core.requests.after(1, 5)] == [2]
