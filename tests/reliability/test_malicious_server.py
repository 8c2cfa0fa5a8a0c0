"""A service that answers like Twilio until it lies.

A `Liar` stands between the command and the real local service and changes chosen answers on the wire. Whatever it says:
the credentials go nowhere else, memory and requests are bounded, nothing odd comes into a path or onto the screen, and
nothing that is not ours is written to or deleted.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from assetsync.twilio.pages import MAX_PAGES
from tests.cli.stage import Terminal
from tests.fakes.wire_server import Drip, Outcome, Reply, Seen, WireServer, json_reply
from tests.reliability.figures import LONG, note
from tests.reliability.liar import Liar, Lie, Trap, Truth, aged, instead, kind_of, leading_to, put, texts
from tests.reliability.lied_to import (
    APPLY,
    ASSET,
    ASSETS,
    BUILD,
    BUILDS,
    DEPLOYMENTS,
    ENVIRONMENTS,
    FOREIGN,
    GC,
    HONEST_PATH,
    PLAN,
    SERVICES,
    STATUS,
    SUITE,
    VERSIONS,
    Scene,
    sid,
)
from tests.reliability.peak import measured
from tests.reliability.screen import ODD, foul

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.stage import Json

pytestmark = pytest.mark.timeout(3600 if LONG else 290)


# Where the credentials go


FORMS = (
    "http://127.0.0.1:{trap}/v1/Services/x/Assets?PageSize=1000",
    "http://localhost:{trap}/",
    "https://127.0.0.1:{trap}/",
    "https://{liar}/v1/Services",
    "http://{liar}@127.0.0.1:{trap}/",
    "http://someone@{liar}/",
    "http://127.0.0.1:{trap}\\@{liar}/",
    "http://127.0.0.1:{trap}#@{liar}/",
    "http://127.0.0.1:{trap}?@{liar}/",
    "//127.0.0.1:{trap}/",
    "/\\127.0.0.1:{trap}/",
    "HTTP://127.0.0.1:{trap}/",
    "http:127.0.0.1:{trap}/",
    "http://127\u30020\u30020\u30021:{trap}/",
    "ht\ttp://127.0.0.1:{trap}/",
    "http://{liar}.localhost:{trap}/",
    "http://[::ffff:127.0.0.1]:{trap}/",
    "http://2130706433:{trap}/",
    "ws://127.0.0.1:{trap}/",
    "file:///etc/passwd",
)
LEADS = [(ASSETS, PLAN, form) for form in FORMS] + [
    (kind, command, FORMS[0]) for kind, command in ((ENVIRONMENTS, PLAN), (BUILDS, GC), (DEPLOYMENTS, APPLY))
]


def test_the_credentials_never_go_where_a_page_leads(scene: Scene) -> None:
    scene.edit(a_txt="changed")
    before = scene.foreign
    for kind, command, form in LEADS:
        with Trap() as trap:
            following = form.format(liar=scene.liar.host, trap=trap.port)
            ran = scene.lying(leading_to(kind, following), *command)
        assert trap.caught == [], (kind, form)
        assert "which is another host" in ran.flat, (kind, form, ran.said)
        assert ran.code == (0 if kind == DEPLOYMENTS else 1), (kind, form, ran.said)
        assert kind == DEPLOYMENTS or not ran.writes, (kind, form)
    assert scene.foreign == before
    scene.converges()
    note(SUITE, pages_that_led_elsewhere=len(LEADS))


REDIRECTS = (300, 301, 302, 303, 305, 307, 308)
REDIRECTED = [(ENVIRONMENTS, PLAN, status, False) for status in REDIRECTS] + [
    (f"POST {place.removeprefix('GET ')}", APPLY, status, done)
    for place, status, done in (
        (ASSETS, 307, True),
        (ASSETS, 308, False),
        (VERSIONS, 301, False),
        (VERSIONS, 307, False),
        (VERSIONS, 308, True),
        (BUILDS, 307, True),
        (ASSET, 307, False),
        (DEPLOYMENTS, 308, True),
    )
]


def test_a_redirect_is_not_followed_whatever_was_sent(scene: Scene) -> None:
    before = scene.foreign
    for number, (kind, command, status, done) in enumerate(REDIRECTED):
        scene.edit(a_txt=f"changed {number}", **{f"new{number}_txt": f"{number}"})
        with Trap() as trap:
            location = {
                "Location": f"http://127.0.0.1:{trap.port}/v1/Services",
                "Refresh": f"0; url=http://{trap.port}/",
            }
            lie = instead(kind, lambda _seen: Reply(status, b"{}", location), done=done)  # noqa: B023
            ran = scene.lying(lie, *command)
        assert trap.caught == [], (kind, status)
        assert ran.code in {0, 1}, ran.said
        if not done:
            assert f"HTTP {status} leads to http://127.0.0.1:{trap.port}" in ran.flat, (kind, ran.said)
    assert scene.foreign == before
    scene.converges()
    note(SUITE, redirects=len(REDIRECTED))


def test_the_upload_host_cannot_lead_away_either(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.edit(a_txt="changed")
    with (
        Trap() as trap,
        WireServer(lambda _seen: Reply(307, b"", {"Location": f"http://localhost:{trap.port}/"})) as host,
    ):
        monkeypatch.setenv("ASSETSYNC_UPLOAD_URL", host.url)
        scene.run(*APPLY).holds(1, "which is not followed")
        assert len(host.seen) == 1
        assert trap.caught == []
    assert scene.stage.outside.visit("/a.txt").content == b"a"


# Without end


def pages(more: Callable[[int], list[Json]], next_page: Callable[[int], str]) -> Lie:
    """A list of Assets whose pages are made up: the n-th one's items, and where the one after it is."""
    count = 0

    def lie(seen: Seen, truth: Truth) -> Outcome:
        nonlocal count
        if not kind_of(seen).startswith(f"{SERVICES}/*/Assets"):
            return truth()
        count += 1
        url = f"http://{seen.headers['host']}/v1/Services/x/Assets?Page={next_page(count)}"
        return json_reply({"assets": more(count), "meta": {"key": "assets", "next_page_url": url}})

    return lie


def made_up(number: int) -> Json:
    return {"sid": sid("ZH", number), "friendly_name": f"/{number}", "date_updated": None}


ENDLESS: dict[str, tuple[Callable[[int], list[Json]], Callable[[int], str], int]] = {
    "fresh items at fresh tokens": (lambda n: [made_up(n)], str, MAX_PAGES),
    "the same items at fresh tokens": (lambda _n: [made_up(1)], str, 20),
    "nothing at fresh tokens": (lambda _n: [], str, 20),
    "the same page again and again": (lambda _n: [made_up(1)], lambda _n: "1", 20),
    "round in a circle": (lambda n: [made_up(n)], lambda n: str(n % 7), 20),
}


def test_pages_without_end_end_with_an_error_after_so_many_requests(scene: Scene) -> None:
    for name, (more, next_page, most) in ENDLESS.items():
        ran = scene.lying(pages(more, next_page), "plan")
        assert ran.code == 1, (name, ran.said)
        assert "the pages of the list never end" in ran.flat, (name, ran.said)
        asked = sum(told.kind.startswith(ASSETS) for told in scene.liar.told)
        assert 2 <= asked <= most, name
        assert ran.writes == (), name
    note(SUITE, endless_lists=len(ENDLESS))


GIB, BLOCK = 1024**3, 16 * 1024**2
GZIP_HEAD = gzip.compress(b"")[:10]
MOST_MEBIBYTES = 640
"""What a command may take whatever it is sent: its own 60 or so, an answer at its largest, and that as text."""


def bomb(encoding: str, status: int = 200) -> Reply:
    """A body of 1 GiB that is a megabyte on the wire, and some kilobytes where it is packed twice."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(b" " * BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
    body = GZIP_HEAD + block * (GIB // BLOCK) + packer.flush()
    for _ in range(encoding.count(",")):
        body = gzip.compress(body)
    return Reply(status, body, {"Content-Type": "application/json", "Content-Encoding": encoding})


def many_values() -> Reply:
    return Reply(200, b'{"assets":[' + b"[]," * 15_000_000 + b"[]]}")


def wide_text() -> Reply:
    """Each of these characters takes four bytes in memory for the sake of one."""
    return Reply(200, b'{"assets":"' + b"a" * (60 * 1024**2) + "\U0001f600".encode() + b'"}')


GIANTS: dict[str, Callable[[], Outcome]] = {
    "a success without end": lambda: Drip(200),
    "an error without end": lambda: Drip(400),
    "1 GiB of packed spaces": lambda: bomb("gzip"),
    "1 GiB of packed spaces as an error": lambda: bomb("gzip", 400),
    "1 GiB packed twice": lambda: bomb("gzip, gzip"),
    "1 GiB packed twice as an error": lambda: bomb("gzip, gzip", 400),
    "1 GiB packed as nobody asked for": lambda: bomb("deflate"),
    "packed blocks of nothing without end": lambda: Drip(packed=GZIP_HEAD, block=b"\0\0\0\xff\xff" * 10_000),
    "anything behind what was packed": lambda: Drip(packed=gzip.compress(b"{}"), block=bytes(65_536)),
    "fifteen million lists": many_values,
    "60 MiB of text with one wide character": wide_text,
    "ten thousand headers": lambda: Reply(200, b"{}", {f"X-{number}": "x" * 60 for number in range(10_000)}),
}


def test_no_answer_fills_the_memory(scene: Scene, tmp_path: Path) -> None:
    """Each in a process of its own, whose peak the kernel tells; a plan without a lie is measured beside them."""

    def peak(name: str) -> float:
        outcome = GIANTS[name]()
        with Liar(scene.stage.emulator, instead(ASSETS, lambda _seen: outcome)) as liar:
            found = measured(tmp_path / f"peak {name}", "plan", ASSETSYNC_API_URL=liar.url)
            asked = sum(told.kind == ASSETS for told in liar.told)
        assert found.ran.code == 1, (name, found.ran.said)
        assert "list Assets of Service" in found.ran.err, (name, found.ran.said)
        assert "Traceback" not in found.ran.err
        assert foul(found.ran.said) == []
        assert len(found.ran.err) < 2000, name
        assert 1 <= asked <= 8, name
        return found.peak

    usual = measured(tmp_path / "usual", "plan")
    assert usual.ran.code == 0
    with ThreadPoolExecutor(2) as pool:
        peaks = dict(zip(GIANTS, pool.map(peak, GIANTS), strict=True))
    assert max(peaks.values()) < MOST_MEBIBYTES, peaks
    note(SUITE, giant_answers=len(GIANTS), most_mebibytes=round(max(peaks.values())), usual_mebibytes=round(usual.peak))


# Odd texts in every place of every answer


SWEPT = {"plan": (PLAN, 16), "status": (("status",), 8), "gc": ((*GC, "--dry-run"), 8), "apply": (APPLY, 16)}
"""The commands, and in how many places they are told odd things by default; the whole of it is for the long run."""

Place = tuple[str, tuple[str | int, ...]]


def odd(place: Place, value: str) -> Lie:
    """One text is something else, in a Service that the console may edit (which is told), by a clock that is ahead."""
    kind, way = place

    def lie(seen: Seen, truth: Truth) -> Outcome:
        reply = truth()
        if reply.status >= 300 or kind_of(seen) not in {kind, f"{SERVICES}/*"}:
            return reply
        document = json.loads(reply.body)
        put(document, ("ui_editable",), value=True)
        if kind_of(seen) == kind:
            put(document, way, value)
        return replace(reply, body=json.dumps(document).encode())

    return aged(lie)


def places(scene: Scene, *command: str) -> list[Place]:
    """Every text in every answer that the command gets when nobody lies; of many links to itself, none."""
    scene.liar.lie = odd(("nothing", ()), "")
    scene.run(*command).holds(0)
    found = {(told.kind, way) for told in scene.liar.told for way in texts(told.document)}
    return sorted((each for each in found if "links" not in each[1] and each[1][-1] != "url"), key=str)


@pytest.mark.parametrize("name", SWEPT)
def test_no_odd_text_in_any_place_of_any_answer_does_harm(scene: Scene, name: str) -> None:
    """Neither a path nor the screen gets any of it raw, JSON stays valid, and what is foreign stays as it is."""
    command, sample = SWEPT[name]
    forms = ("text", "json", "markdown") if name in {"plan", "apply"} else ("text", "json")
    outside, before = scene.stage.outside, scene.foreign
    scene.edit(a_txt="before", c_txt="new")
    found = places(scene, *command)
    if name == "apply":  # a runtime goes into the next Build as it was told, where the real service would refuse it
        found = [place for place in found if place[1][-1] != "runtime"]
    tried = [(place, value) for place in found for value in ODD]
    most = sample * 10 if LONG else sample
    if most < len(tried):  # each odd value, and places all over the answers
        step = max(1, len(found) * 5 // (3 * most))
        tried = [(found[(number * step) % len(found)], ODD[number % len(ODD)]) for number in range(most)]
    for number, (place, value) in enumerate(tried):
        form = forms[number % len(forms)]
        scene.edit(a_txt=f"{name} {number}", **{f"new{number % 9}_txt": f"{name} {number}"})
        ran = scene.lying(odd(place, value), *command, "--format", form)
        case = (place, value[:40], form, ran.code, ran.said[:2000])
        assert ran.code in {0, 1, 3, 4, 77, 78}, case
        assert not [path for _, path in ran.requests if not HONEST_PATH.fullmatch(path)], case
        assert not [told.seen.path for told in scene.liar.told if not told.seen.path.isprintable()], case
        assert not [each for each in ran.writes if each[0] == "DELETE"], case
        assert form != "json" or ran.document["format_version"] == 1, case
        assert form != "markdown" or not re.search(r"<img|@someone", ran.out), case
        assert form == "json" or max(map(len, ran.said.split("\n"))) < 3000, case
    assert scene.foreign | {"dependencies": []} == before | {
        "dependencies": []
    }  # of those nobody knows but the service
    assert outside.visit(FOREIGN).content == b"foreign"
    scene.converges()
    note(SUITE, odd_texts=len(tried), places=len({place for place, _ in tried}))


def test_no_odd_error_comes_onto_the_screen(scene: Scene) -> None:
    """In a message, in the number of a request, or as a page that is no JSON."""
    for number, value in enumerate(ODD):
        in_header = value.encode("latin-1", errors="replace").decode("latin-1").replace("\r\n", " ").strip("\n")[:200]
        body = value.encode(errors="replace") if number % 2 else json.dumps({"message": value, "code": 20001}).encode()
        refused = Reply(400, body, {"Content-Type": in_header, "Twilio-Request-Id": in_header})
        form = ("text", "json", "markdown")[number % 3]
        ran = scene.lying(instead(ASSETS, lambda _seen: refused), "plan", "--format", form)  # noqa: B023
        assert ran.code == 1, (value, ran.said)
        assert form != "json" or len(ran.plan["errors"]) == 1, (value, ran.said)
        assert form != "markdown" or not re.search(r"<img|@someone", ran.out), (value, ran.said)
        assert max(map(len, ran.said.split("\n"))) < 3000, value
    note(SUITE, odd_errors=len(ODD))


OBEYED = "\x1b]0;owned\x07\x1b[31m\u202e\x9b2J"


def test_a_terminal_gets_none_of_it_either(scene: Scene) -> None:
    """On a real one there is colour, a bar and a question; everything that is told of comes from the liar."""
    scene.stage.manifest(more="unmanaged: drop\n")
    scene.edit(a_txt="changed")
    odd_path = f"/images/{OBEYED}.png"
    shown: dict[str, dict[tuple[str | int, ...], object]] = {
        ENVIRONMENTS: {("environments", 0, "domain_name"): f"site-{OBEYED}.localhost"},
        f"{SERVICES}/*": {("ui_editable",): True},
        BUILD: {("function_versions", 0, "path"): odd_path},
        STATUS: {("status",): OBEYED},
    }
    refused = json_reply({"message": OBEYED, "code": 20001}, 400, Twilio_Request_Id=f"RQ{OBEYED[:9]}")

    def lie(seen: Seen, truth: Truth) -> Outcome:
        kind, reply = kind_of(seen), truth()
        if kind == STATUS and sum(told.kind == STATUS for told in scene.liar.told) > 3:
            return refused
        document = json.loads(reply.body or b"{}")
        for way, value in shown.get(kind, {}).items():
            put(document, way, value)
        for version in document["asset_versions"] if kind == BUILD else ():
            version["path"] = version["path"].replace(FOREIGN, odd_path)
        return replace(reply, body=json.dumps(document).encode())

    scene.liar.lie = lie
    with Terminal("apply", "-v") as terminal:
        terminal.read_until("Type 1 to agree")
        terminal.enter("1")
        terminal.read_until("Apply this to production?")
        terminal.enter("y")
        seen = terminal.end().holds(1).out
    assert seen.count("owned") > 5
    assert not [part for part in ("\x1b]", "\x07", "\u202e", "\x9b", "\x1b[31mown") if part in seen]
    assert scene.stage.outside.visit("/a.txt").content == b"a"
