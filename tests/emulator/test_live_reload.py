"""Sites that somebody watches: what is put into their pages, what their pages are told, and that nothing is stored."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from typing import TYPE_CHECKING, Any, Self

import httpx
import pytest

from assetsync.emulator.hosting import Site
from assetsync.emulator.live.document import Changed
from assetsync.emulator.live.injection import with_tag
from assetsync.emulator.live.serving import LARGEST_DOCUMENT, serve_live
from assetsync.emulator.live.site import MOST_CHANGES, MOST_READERS
from assetsync.emulator.live.sites import LEASE, MOST_SITES, MOST_WATCHES, LiveSites
from assetsync.emulator.messages import Answer, FileSlice, Request
from assetsync.emulator.one_site import SitePort
from assetsync.emulator.server import RunningEmulator
from assetsync.emulator.settings import MIB, Settings, Synchronous
from tests.emulator.driver import Api, error, make_client, no_auth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.emulator.driver import Json

SETTINGS = Settings(synchronous=Synchronous.OFF, domain_root="localhost")
PAGE = b"<!doctype html>\n<body>\n<p>hello</p>\n</body>\n"
TAG = re.compile(rb'<script src="([^"]*)/\.assetsync/live\.js" defer data-after="([0-9a-f]{8}\.[0-9]+)"></script>')
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[RunningEmulator]:
    with RunningEmulator(tmp_path, SETTINGS, one_site=SitePort(0)) as running:
        yield running


@pytest.fixture
def api(emulator: RunningEmulator) -> Iterator[Api]:
    with make_client(emulator.core, emulator.url) as client:
        yield Api(client, emulator.core, emulator.url)


def _published(api: Api, *files: tuple[str, bytes, str], visibility: str = "public") -> Json:
    service = api.service()
    environment = api.environment(service)
    versions = [
        api.upload(service, path, content, content_type=kind, visibility=visibility) for path, content, kind in files
    ]
    api.publish(service, environment, *versions)
    return environment


def _watch(api: Api, environment: Json, *changed: str) -> None:
    _put(api, environment, {"state": "live", "changed": list(changed)})


def _fail(api: Api, environment: Json, message: str) -> None:
    _put(api, environment, {"state": "failed", "message": message})


def _put(api: Api, environment: Json, value: Any) -> None:
    answer = api.client.put(f"/_emulator/live/{environment['domain_name']}", json=value)
    assert answer.status_code == 200, answer.text


def _unwatch(api: Api, environment: Json) -> None:
    assert api.client.delete(f"/_emulator/live/{environment['domain_name']}").status_code == 204


def _is_kept(path: Path, content: bytes) -> bool:
    """Whether the state folder holds the content, under its own digest."""
    name = hashlib.sha256(content).hexdigest()
    return (path / "content" / name[:2] / name).read_bytes() == content


# What is put into documents


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (b"<body>x</body></html>", b"</body></html>"),
        (b"<BODY>x</BoDy>", b"</BoDy>"),
        (b"<body>x</body\n >\n", b"</body\n >\n"),
        (b"<p>x", b""),
        (b"", b""),
        (b"<body>a</body><p>late</p></body>!", b"</body>!"),
        ("<body>größe</body>".encode("latin-1"), b"</body>"),
        ("\ufeff<body>größe</body>".encode(), b"</body>"),
        (b"<body>x</body><!-- </body> -->", b"</body><!-- </body> -->"),
        (b"<body><!--></body><p>", b"</body><p>"),
        (b"<body>x</body><!-- not closed </body>", b"</body><!-- not closed </body>"),
        (b"<body><script>write('</body>')</script>", b""),
        (b"<body>x</body><STYLE a=b>/* </body> */</style >", b"</body><STYLE a=b>/* </body> */</style >"),
        (b"<title></body></title><p>", b""),
        (b"<scripted></body>", b"</body>"),
        (b"<bodyguard></bodyguard>", b""),
        (b"<body>x<!-- not closed", b"<!-- not closed"),
        (b"<body>x<script>neither </body>", b"<script>neither </body>"),
        (b"<body>x<plaintext>all text</body>", b"<plaintext>all text</body>"),
        (b"<body>x</body><PlainText>all text</body>", b"</body><PlainText>all text</body>"),
    ],
)
def test_the_tag_comes_before_the_end_of_the_body_else_where_it_is_no_text(document: bytes, place: bytes) -> None:
    before = document[: len(document) - len(place)]
    assert with_tag(document, "text/html", b"<tag>") == before + b"<tag>" + place


@pytest.mark.parametrize("charset", ["utf-16", "UTF-16LE", '"utf-16be"', "utf-32"])
def test_documents_in_which_ascii_is_not_ascii_are_left_alone(charset: str) -> None:
    text = "<body></body>"
    assert with_tag(text.encode(charset.strip('"')), f"text/html; Charset={charset}", b"<tag>") is None
    assert with_tag(text.encode("utf-16"), "text/html; charset=utf-8", b"<tag>") is None


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "shift_jis", "no-such-charset", "base64", "\u20ac"])
def test_documents_in_other_charsets_are_not(charset: str) -> None:
    assert with_tag(b"<body></body>", f"text/html;charset={charset}", b"<tag>") == b"<body><tag></body>"


@pytest.mark.parametrize("open_tag", [b"<!--", b"<script ", b"</body ", b"<script>", b"<!-- --", b"<plaintext>"])
def test_a_document_that_never_closes_what_it_opens_is_read_through_once(open_tag: bytes) -> None:
    """Looked at again from every place, so many would take hours."""
    document = open_tag * (LARGEST_DOCUMENT // len(open_tag))
    is_text = open_tag != b"</body "
    wanted = b"<tag>" + document if is_text else document + b"<tag>"
    assert with_tag(document, "text/html", b"<tag>") == wanted


def test_a_watched_sites_pages_have_the_script_once_and_are_stored_as_they_were(
    emulator: RunningEmulator, api: Api, tmp_path: Path
) -> None:
    environment = _published(api, ("/", PAGE, "text/html; charset=utf-8"), ("/plain.html", b"<p>x", "TEXT/HTML"))
    before = api.site(environment, "/")
    assert before.content == PAGE
    _watch(api, environment)
    answer = api.site(environment, "/")
    (found,) = TAG.finditer(answer.content)
    assert found[1] == b""
    assert answer.content == PAGE.replace(b"</body>", found[0] + b"</body>")
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert not {"etag", "accept-ranges"} & set(answer.headers)
    plain = api.site(environment, "/plain.html").content
    assert plain.startswith(b"<p>x<script")
    assert len(TAG.findall(plain)) == 1
    assert _is_kept(tmp_path, PAGE)
    _unwatch(api, environment)
    after = api.site(environment, "/")
    assert (after.content, dict(after.headers)) == (before.content, {**before.headers, "date": after.headers["date"]})


def test_what_a_script_fetches_stays_as_it_is_stored(api: Api) -> None:
    environment = _published(api, ("/row.html", b"<li>row</li>", "text/html"))
    _watch(api, environment)
    fetched = api.site(environment, "/row.html", Sec_Fetch_Dest="empty")
    assert fetched.content == b"<li>row</li>"
    assert TAG.search(api.site(environment, "/row.html", Sec_Fetch_Dest="iframe").content)


def test_the_index_at_the_root_has_it_too(api: Api) -> None:
    environment = _published(api, ("/assets/index.html", PAGE, "text/html"))
    _watch(api, environment)
    assert TAG.search(api.site(environment, "/").content)


@pytest.mark.parametrize(
    "headers",
    [{"Range": "bytes=0-3"}, {"Range": "bytes=-1"}, {"Range": "bytes=9999-"}, {"If_None_Match": "*"}],
)
def test_a_page_is_sent_whole_whatever_part_or_news_of_it_is_asked_for(api: Api, headers: dict[str, str]) -> None:
    environment = _published(api, ("/", PAGE, "text/html"))
    _watch(api, environment)
    whole = api.site(environment, "/")
    etag = f'"{hashlib.sha256(PAGE).hexdigest()[:32]}"'
    for asked in (headers, {**headers, "If_Range": etag}, {**headers, "If_None_Match": etag}):
        answer = api.site(environment, "/", **asked)
        assert (answer.status_code, answer.content) == (200, whole.content)


def test_other_files_of_a_watched_site_keep_their_bytes_and_tags_and_are_not_to_be_stored(api: Api) -> None:
    environment = _published(api, ("/a.css", b"p { color: red }", "text/css"), ("/b.xhtml", PAGE, "text/html-not"))
    before = api.site(environment, "/a.css")
    _watch(api, environment)
    answer = api.site(environment, "/a.css")
    assert answer.content == b"p { color: red }"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["etag"] == before.headers["etag"]
    assert api.site(environment, "/b.xhtml").content == PAGE
    part = api.site(environment, "/a.css", Range="bytes=0-2")
    assert (part.status_code, part.content, part.headers["cache-control"]) == (206, b"p {", "no-store")
    same = api.site(environment, "/a.css", If_None_Match=before.headers["etag"])
    assert (same.status_code, same.headers["cache-control"]) == (304, "no-store")


def test_whatever_caching_is_configured_a_watched_site_is_not_stored(make_api: Callable[..., Api]) -> None:
    api = make_api(cache_control="max-age=9")
    environment = _published(api, ("/", PAGE, "text/html"), ("/a", b"a", "text/plain"))
    _watch(api, environment)
    for path in ("/", "/a", "/none"):
        assert api.site(environment, path).headers.get_list("cache-control") == ["no-store"]
    _unwatch(api, environment)
    assert api.site(environment, "/a").headers["cache-control"] == "max-age=9"


def test_too_large_documents_are_left_as_they_are(api: Api) -> None:
    fits, large = (b"<p>" + b"x" * (LARGEST_DOCUMENT + more - 3) for more in (0, 1))
    environment = _published(api, ("/fits", fits, "text/html"), ("/large", large, "text/html"))
    _watch(api, environment)
    assert TAG.search(api.site(environment, "/fits").content)
    answer = api.site(environment, "/large")
    assert answer.content == large
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["etag"]


def test_other_methods_are_answered_as_before(api: Api) -> None:
    environment = _published(api, ("/", PAGE, "text/html"))
    paths = ("/", "/none", "/.assetsync/live.js", "/.assetsync/events")
    for site in (environment, {"domain_name": "later-1234.localhost"}):
        asked = [(method, path) for method in ("HEAD", "POST", "OPTIONS", "PUT") for path in paths]
        before = [api.site(site, path, method, Accept=BROWSER) for method, path in asked]
        _watch(api, site)
        for (method, path), was in zip(asked, before, strict=True):
            now = api.site(site, path, method, Accept=BROWSER)
            assert (now.status_code, now.content) == (was.status_code, was.content)


def test_protected_and_private_pages_are_as_shut_as_before(api: Api) -> None:
    environment = _published(api, ("/", PAGE, "text/html"), visibility="protected")
    _watch(api, environment)
    for headers in ({}, {"Accept": BROWSER}):
        answer = api.site(environment, "/", **headers)
        assert (answer.status_code, answer.text) == (403, "Forbidden\n")


def test_a_page_that_is_not_there_yet_waits_for_it_in_a_browser_and_is_text_elsewhere(api: Api) -> None:
    environment = _published(api, ("/", PAGE, "text/html"))
    for domain in (environment, {"domain_name": "later-1234.localhost"}):
        plain = api.site(domain, "/none")
        _watch(api, domain)
        seen = api.site(domain, "/none", Accept=BROWSER)
        assert (seen.status_code, seen.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert len(TAG.findall(seen.content)) == 1
        for headers in ({}, {"Accept": "*/*"}):
            assert (api.site(domain, "/none", **headers).status_code, plain.status_code) == (404, 404)
            assert api.site(domain, "/none", **headers).content == plain.content


def test_content_that_somebody_took_away_is_not_found_while_watched_too(api: Api, tmp_path: Path) -> None:
    environment = _published(api, ("/", PAGE, "text/html"))
    _watch(api, environment)
    name = hashlib.sha256(PAGE).hexdigest()
    (tmp_path / "content" / name[:2] / name).unlink()
    assert api.site(environment, "/").status_code == 404


def test_content_that_goes_while_it_is_asked_for_is_left_to_whoever_sends_it(tmp_path: Path) -> None:
    gone = FileSlice(tmp_path / "gone", 0, 9)
    answer = serve_live(
        lambda _: Answer(200, gone, (("Content-Type", "text/html"),)), Request("GET", "/"), Site("a.localhost", "/"), ""
    )
    assert answer == Answer(200, gone, (("Content-Type", "text/html"), ("Cache-Control", "no-store")))


def test_faults_bend_a_watched_page_like_any_other(api: Api) -> None:
    environment = _published(api, ("/", PAGE, "text/html"))
    _watch(api, environment)
    rule = {"match": f"GET /sites/{environment['domain_name']}/", "answer": 500}
    assert api.client.put("/_emulator/faults", json={"rules": [rule]}).status_code == 200
    assert api.site(environment, "/").status_code == 500


# Where it is reached


def test_the_script_is_a_watched_sites_only(api: Api) -> None:
    environment, other = (_published(api, ("/", PAGE, "text/html")) for _ in range(2))
    for path in ("/.assetsync/live.js", "/.assetsync/events"):
        assert api.site(environment, path).status_code == 404
    _watch(api, environment)
    answer = api.site(environment, "/.assetsync/live.js")
    assert answer.status_code == 200
    assert "EventSource" in answer.text
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in answer.headers if name.startswith("access-control")]
    for path in ("/d/.assetsync/live.js", "/d/.assetsync/events"):
        assert api.site(environment, path).status_code == 404
    assert api.site(other, "/.assetsync/live.js").status_code == 404
    assert api.site(other, "/").content == PAGE
    assert not [entry for entry in api.core.requests.entries() if "live.js" in entry.path and entry.status == 200]


def test_what_a_site_has_at_those_paths_is_its_own_while_nobody_watches_it(api: Api) -> None:
    paths = ("/.assetsync/live.js", "/.assetsync/events")
    environment = _published(api, *((path, b"own", "text/plain") for path in paths))
    assert [api.site(environment, path).content for path in paths] == [b"own", b"own"]
    _watch(api, environment)
    assert api.site(environment, paths[0]).content != b"own"
    with _events(api, environment) as reader:
        assert reader.next()["id"]
    _unwatch(api, environment)
    assert [api.site(environment, path).content for path in paths] == [b"own", b"own"]


def test_below_sites_and_on_a_port_of_its_own_the_script_is_asked_for_where_it_is(
    emulator: RunningEmulator, api: Api
) -> None:
    environment = _published(api, ("/d/a.html", PAGE, "text/html"))
    domain = environment["domain_name"]
    _watch(api, environment)
    bases = {f"{api.base}/sites/{domain}": f"/sites/{domain}", f"{api.base}/sites/{domain.upper()}": f"/sites/{domain}"}
    assert emulator.one_site_url is not None
    for base, prefix in {**bases, emulator.one_site_url: ""}.items():
        found = TAG.search(httpx.get(f"{base}/d/a.html", trust_env=False).content)
        assert found
        assert found[1].decode() == prefix
        script = httpx.URL(base).join(f"{prefix}/.assetsync/live.js")
        assert "EventSource" in httpx.get(script, trust_env=False).text
        url = str(httpx.URL(base).join(f"{prefix}/.assetsync/events"))
        with _Reader(url) as reader:
            reader.next()
            _watch(api, environment, "/d/a.html")
            assert reader.told() == ("changed", {"paths": ["/d/a.html"]})


def test_under_a_foreign_name_a_site_is_served_as_if_nobody_watched_it(emulator: RunningEmulator, api: Api) -> None:
    environment = _published(api, ("/", PAGE, "text/html"))
    below = f"{api.base}/sites/{environment['domain_name']}"
    before = httpx.get(f"{below}/", trust_env=False).headers["cache-control"]
    _watch(api, environment)
    for base in (below, emulator.one_site_url):
        foreign = {"Host": "evil.example"}
        page = httpx.get(f"{base}/", headers=foreign, trust_env=False)
        assert (page.content, page.headers["cache-control"]) == (PAGE, before)
        for path in ("/.assetsync/live.js", "/.assetsync/events"):
            assert httpx.get(f"{base}{path}", headers=foreign, trust_env=False).status_code == 404
        local = {"Host": f"localhost:{httpx.URL(str(base)).port}"}
        assert TAG.search(httpx.get(f"{base}/", headers=local, trust_env=False).content)


# The page where whoever watches says so


def test_it_needs_the_accounts_credentials(api: Api) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = api.client.request(method, "/_emulator/live/a.localhost", auth=no_auth)
        assert error(answer) == (401, 20003, "Authenticate")
    assert error(api.client.post("/_emulator/live/a.localhost")) == (405, 20004, "Method not allowed")


def test_it_tells_how_a_site_is_until_nobody_watches_it(api: Api) -> None:
    page = "/_emulator/live/A.localhost"
    assert api.client.get(page).status_code == 404
    live = {"domain": "a.localhost", "state": "live", "readers": 0}
    assert api.client.put(page, json={"state": "live", "changed": []}).json() == live
    failed = {**live, "state": "failed", "message": "two\nlines"}
    assert api.client.put(page, json={"state": "failed", "message": "two\nlines"}).json() == failed
    assert api.client.get(page.lower()).json() == failed
    assert api.client.put(page, json={"state": "live", "changed": ["/"]}).json() == live
    for _ in range(2):
        assert api.client.delete(page).status_code == 204
    assert api.client.get(page).status_code == 404


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is not JSON"),
        (b"\xff", "The body is not JSON"),
        (b"[" * 100_000, "The body is not JSON"),
        (b"[]", "The body is not a JSON object"),
        (b"{}", '`state` must be "live" or "failed"'),
        (b'{"state": ["live"]}', '`state` must be "live" or "failed"'),
        (b'{"state": "live"}', "`changed` must be a list of paths, each with its leading slash"),
        (b'{"state": "live", "changed": "/a"}', "`changed` must be a list of paths, each with its leading slash"),
        (b'{"state": "live", "changed": ["a"]}', "`changed` must be a list of paths, each with its leading slash"),
        (b'{"state": "live", "changed": [1]}', "`changed` must be a list of paths, each with its leading slash"),
        (b'{"state": "live", "changed": [], "message": "x"}', "With the state live there is no `message`"),
        (b'{"state": "failed"}', "`message` must be some text"),
        (b'{"state": "failed", "message": " \\n"}', "`message` must be some text"),
        (b'{"state": "failed", "message": 1}', "`message` must be some text"),
        (b'{"state": "failed", "message": "x", "changed": []}', "With the state failed there is no `changed`"),
        (b'{"state": "live", "changed": []}' + b" " * MIB, f"The body is longer than {MIB} bytes"),
        (b"x" * (5 * MIB), "The body is too long."),
    ],
)
def test_wrong_bodies_are_refused_with_what_is_wrong_and_change_nothing(api: Api, body: bytes, message: str) -> None:
    answer = api.client.put("/_emulator/live/a.localhost", content=body)
    assert error(answer) == (400, 20001, message)
    assert api.client.get("/_emulator/live/a.localhost").status_code == 404


@pytest.mark.parametrize("domain", ["", "a/b", "a..b", "a%20b", "%22", "a" * 254])
def test_only_a_domain_can_be_watched(api: Api, domain: str) -> None:
    answer = api.client.put(f"/_emulator/live/{domain}", json={"state": "live", "changed": []})
    assert answer.status_code == 400


def test_so_many_sites_are_watched_and_no_more(api: Api) -> None:
    def watch(n: int) -> int:
        return api.client.put(f"/_emulator/live/{n}.localhost", json={"state": "live", "changed": []}).status_code

    assert {watch(n) for n in range(MOST_SITES)} == {200}
    assert (watch(MOST_SITES), watch(0)) == (400, 200)
    assert api.client.delete("/_emulator/live/0.localhost").status_code == 204
    assert watch(MOST_SITES) == 200


def test_a_site_is_watched_until_the_last_one_leaves(api: Api) -> None:
    site, news = "/_emulator/live/a.localhost", {"state": "live", "changed": []}
    for name in ("first", "second", "first"):
        assert api.client.put(f"{site}?watch={name}", json=news).status_code == 200
    for name in ("first", "first", "never-seen"):
        assert api.client.delete(f"{site}?watch={name}").status_code == 204
        assert api.client.get(site).status_code == 200
    assert api.client.delete(f"{site}?watch=second").status_code == 204
    assert api.client.get(site).status_code == 404


def test_one_that_watches_and_was_killed_is_forgotten_after_a_while() -> None:
    time = [0.0]
    sites = LiveSites(lambda: time[0])
    killed, asked, unnamed = "a.localhost", "b.localhost", "c.localhost"
    for domain in (killed, asked):
        sites.put(domain, Changed(()), "one")
    sites.put(unnamed, Changed(()))
    time[0] = LEASE - 1
    assert sites.renew(asked, "one") is not None
    assert sites.renew(asked, "another") is None
    time[0] = LEASE + 1
    assert sites.get(killed) is None
    assert sites.get(asked) is not None
    assert sites.get(unnamed) is not None
    assert sites.renew(killed, "one") is None


def test_a_site_is_watched_by_so_many_and_no_more(api: Api) -> None:
    def watch(n: int) -> int:
        news = {"state": "live", "changed": []}
        return api.client.put(f"/_emulator/live/a.localhost?watch={n}", json=news).status_code

    assert {watch(n) for n in range(MOST_WATCHES)} == {200}
    assert (watch(MOST_WATCHES), watch(0)) == (400, 200)


# What open pages are told


class _Reader:
    """One reader of a site's events, in the test's own thread."""

    def __init__(self, url: str, **headers: str) -> None:
        self._stream: AbstractContextManager[httpx.Response] = httpx.stream(
            "GET", url, headers=headers, trust_env=False, timeout=20
        )

    def __enter__(self) -> Self:
        self.response = self._stream.__enter__()
        self._lines = self.response.iter_lines()
        if self.response.status_code == 200:
            assert self.next() == {"retry": "1000"}
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.__exit__(None, None, None)

    def next(self) -> dict[str, str]:
        """The next block of lines, empty at the end of the stream; waits for it."""
        block: dict[str, str] = {}
        for line in self._lines:
            if not line:
                return block
            name, _, value = line.partition(": ")
            assert name not in block
            block[name] = value
        return block

    def told(self) -> tuple[str, Any]:
        """The next event and what it says."""
        block = self.next()
        return block["event"], json.loads(block["data"])


def _events(api: Api, environment: Json, after: str = "", **headers: str) -> _Reader:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    port = httpx.URL(api.base).port
    host = {"Host": f"{environment['domain_name']}:{port}"}
    return _Reader(f"{api.base}/.assetsync/events?after={after}", **host, **named)


def _born(api: Api, environment: Json) -> str:
    """The place that a page which is served now begins at."""
    found = TAG.search(api.site(environment, "/none", Accept=BROWSER).content)
    assert found
    return found[2].decode()


@pytest.fixture
def site(api: Api) -> Json:
    """A watched site that need not exist."""
    environment = {"domain_name": "shop-1234.localhost"}
    _watch(api, environment)
    return environment


def test_a_reader_is_told_what_changed_and_what_failed_as_it_happens(api: Api, site: Json) -> None:
    with _events(api, site) as reader:
        headers = reader.response.headers
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert headers["cache-control"] == "no-store"
        assert not [name for name in headers if name.startswith("access-control")]
        assert set(reader.next()) == {"id"}
        _watch(api, site, "/b\n\u00e9.css", "/", "/")
        assert reader.told() == ("changed", {"paths": ["/", "/b\n\u00e9.css"]})
        _fail(api, site, "line 1\r\nline 2\n\ndata: \u2028 \U0001f600")
        assert reader.told() == ("failed", {"message": "line 1\r\nline 2\n\ndata: \u2028 \U0001f600"})
        _watch(api, site)
        assert reader.told() == ("changed", {"paths": []})
        _watch(api, site)  # that it is live still is no news
        _watch(api, site, "/last")
        assert reader.told() == ("changed", {"paths": ["/last"]})


def test_half_a_character_in_what_is_told_does_no_harm(api: Api, site: Json) -> None:
    page = f"/_emulator/live/{site['domain_name']}"
    with _events(api, site) as reader:
        reader.next()
        assert api.client.put(page, content=b'{"state": "live", "changed": ["/\\ud83d"]}').status_code == 200
        assert reader.told() == ("changed", {"paths": ["/?"]})
        assert api.client.put(page, content=b'{"state": "failed", "message": "\\udcff"}').json()["message"] == "?"
        assert reader.told() == ("failed", {"message": "?"})


def test_what_changed_between_a_page_and_its_reader_is_not_missed(api: Api, site: Json) -> None:
    after = _born(api, site)
    _watch(api, site, "/a")
    with _events(api, site, after) as reader:
        assert reader.told() == ("changed", {"paths": ["/a"]})
    with _events(api, site, _born(api, site)) as reader:
        assert set(reader.next()) == {"id"}


def test_a_reader_that_comes_back_is_told_at_once_all_that_it_missed(api: Api, site: Json) -> None:
    with _events(api, site) as reader:
        seen = reader.next()["id"]
    _watch(api, site, "/a", "/c")
    _fail(api, site, "no")
    _watch(api, site, "/b", "/a")
    with _events(api, site, "x", Last_Event_ID=seen) as reader:
        block = reader.next()
        assert (block["event"], json.loads(block["data"])) == ("changed", {"paths": ["/a", "/b", "/c"]})
    with _events(api, site, Last_Event_ID=block["id"]) as reader:
        assert reader.next() == {"id": block["id"]}


def test_a_reader_that_comes_while_it_is_failed_is_told_at_once_and_once(api: Api, site: Json) -> None:
    after = _born(api, site)
    _watch(api, site, "/a")
    _fail(api, site, "no")
    for is_new in (True, False):
        with _events(api, site, "" if is_new else _born(api, site)) as reader:
            assert reader.told() == ("failed", {"message": "no"})
            _watch(api, site, "/b")
            assert reader.told() == ("changed", {"paths": ["/b"]})
            _fail(api, site, "no")
            assert reader.told() == ("failed", {"message": "no"})
    with _events(api, site, after) as reader:
        assert reader.told() == ("changed", {"paths": ["/a", "/b"]})
        assert reader.told() == ("failed", {"message": "no"})


@pytest.mark.parametrize("id_", ["1", "x.1", "{watch}.99", "{watch}.-1", "{watch}.\u00b2", "{watch}", "00000000.0"])
def test_a_reader_that_cannot_be_told_what_it_missed_is_told_to_begin_anew(api: Api, site: Json, id_: str) -> None:
    _watch(api, site, "/a")
    after = _born(api, site)
    with _events(api, site, id_.format(watch=after.partition(".")[0])) as reader:
        assert reader.next() == {"event": "reset", "id": after, "data": "{}"}
        _watch(api, site, "/b")
        assert reader.told() == ("changed", {"paths": ["/b"]})


def test_so_many_changes_are_remembered_and_so_much_of_them(api: Api, site: Json) -> None:
    first = _born(api, site)
    _watch(api, site, "/0")
    second = _born(api, site)
    for n in range(1, MOST_CHANGES + 1):
        _watch(api, site, f"/{n}")
    with _events(api, site, first) as reader:
        assert reader.told() == ("reset", {})
    with _events(api, site, second) as reader:
        assert len(reader.told()[1]["paths"]) == MOST_CHANGES
    third = _born(api, site)
    _watch(api, site, f"/{'a' * (MIB // 2)}")
    with _events(api, site, third) as reader:
        assert reader.told()[0] == "changed"
    _watch(api, site, f"/{'b' * (MIB // 2)}")
    with _events(api, site, third) as reader:
        assert reader.told() == ("reset", {})


def test_after_a_restart_of_the_service_or_of_the_watch_a_page_begins_anew(
    tmp_path: Path, site: Json, api: Api
) -> None:
    folder = tmp_path / "again"
    place = ""
    for _ in range(2):
        with RunningEmulator(folder, SETTINGS) as running, make_client(running.core, running.url) as client:
            again = Api(client, running.core, running.url)
            assert again.site(site, "/.assetsync/events").status_code == 404
            for _ in range(2):
                _watch(again, site)
                with _events(again, site, place) as reader:
                    block = reader.next()
                    assert block.get("event") == ("reset" if place else None)
                place = block["id"]
                _unwatch(again, site)


def test_streams_end_in_order_when_nobody_watches_any_more(api: Api, site: Json) -> None:
    with _events(api, site) as reader, _events(api, site) as other:
        for each in (reader, other):
            each.next()
        _unwatch(api, site)
        for each in (reader, other):
            assert each.told() == ("ended", {})
            assert each.next() == {}
    with _events(api, site) as reader:
        assert reader.response.status_code == 404


def test_only_so_many_read_along_and_those_that_leave_make_room(api: Api, site: Json) -> None:
    readers = [_events(api, site) for _ in range(MOST_READERS)]
    for reader in readers:
        reader.__enter__().next()
    assert api.client.get(f"/_emulator/live/{site['domain_name']}").json()["readers"] == MOST_READERS
    with _events(api, site) as refused:
        assert (refused.response.status_code, refused.response.headers["retry-after"]) == (503, "5")
    _watch(api, site, "/a")
    for reader in readers:
        assert reader.told() == ("changed", {"paths": ["/a"]})
        reader.__exit__()
    # the service learns of a closed connection by itself, in its own time: ask until it has
    while api.client.get(f"/_emulator/live/{site['domain_name']}").json()["readers"]:
        pass


def test_a_reader_that_does_not_read_holds_up_nobody_and_is_told_the_rest_at_once(api: Api, site: Json) -> None:
    """Far more than sockets hold: it is told as much as they do, then what it missed in one piece."""
    with _events(api, site) as slow, _events(api, site) as quick:
        assert slow.next().keys() == quick.next().keys() == {"id"}
        for n in range(120):
            _watch(api, site, f"/{n}/{'x' * 200_000}")
            assert quick.told()[0] == "changed"
        _watch(api, site, "/last")
        kinds: list[tuple[str, Any]] = []
        while not kinds or (kinds[-1][0] == "changed" and "/last" not in kinds[-1][1]["paths"]):
            kinds.append(slow.told())
    assert len(kinds) < 121


def test_the_service_stops_at_once_while_pages_follow_both_ports(tmp_path: Path) -> None:
    running = RunningEmulator(tmp_path / "other", SETTINGS, one_site=SitePort(0, "shop-1234.localhost"))
    before = threading.active_count()
    with make_client(running.core, running.url) as client:
        site = {"domain_name": "shop-1234.localhost"}
        api = Api(client, running.core, running.url)
        _watch(api, site)
        with _events(api, site) as reader, _Reader(f"{running.one_site_url}/.assetsync/events") as other:
            assert reader.next()["id"] == other.next()["id"]
            stopping = threading.Thread(target=running.stop)
            stopping.start()
            assert reader.next() == other.next() == {}  # they end in order: a connection that is cut would raise here
            stopping.join()
    assert not running.has_cut
    assert threading.active_count() < before
