"""Every rule of retrying, and every bad answer, over a real socket."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.errors import (
    ApiError,
    AssetsyncError,
    ConnectionFailed,
    CredentialsError,
    FileChanged,
    Interrupted,
    MalformedAnswer,
    NotFound,
    RateLimited,
    ServerFailure,
    UsageError,
)
from assetsync.events import Event, RequestRetried, silent
from assetsync.twilio import answer, connections
from assetsync.twilio.body import FileBody
from assetsync.twilio.call import Call
from assetsync.twilio.connections import Timeouts
from assetsync.twilio.credentials import Credentials
from assetsync.twilio.multipart import CHUNK, multipart
from assetsync.twilio.retry import RetryPolicy
from assetsync.twilio.tally import Tally
from assetsync.twilio.transport import Transport
from tests.fakes.wire_server import (
    Drip,
    Drop,
    Interim,
    Outcome,
    Reply,
    Script,
    Seen,
    Stall,
    WireServer,
    in_turn,
    json_reply,
)
from tests.unit.twilio.clock import FakeClock
from tests.unit.twilio.conftest import PASSWORD
from tests.unit.twilio.sids import sid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OK = json_reply({"fine": True})
BUSY = json_reply({"code": 20429, "message": "Too many requests"}, 429)
DOWN = Reply(503, b"<h1>Service Unavailable</h1>", {"Content-Type": "text/html"})
CUT = Reply(200, b"{}", announced=50)
SHORT = Timeouts(connect=5, stall=0.2)
GET = Call("list Assets", "GET", "/x")
POST = Call("create Build", "POST", "/x", (("A", "1"), ("A", "\u00fc")))
DELETE = Call("delete Asset", "DELETE", "/x")


class Bytes:
    """A body of so many bytes; the larger ones are streamed."""

    def __init__(self, size: int = 100) -> None:
        self.size = size

    def chunks(self) -> Iterator[bytes]:
        for start in range(0, self.size, CHUNK):
            yield b"x" * min(CHUNK, self.size - start)


def upload(body: Bytes | FileBody | None = None) -> Call:
    framed = multipart(
        path="/a", visibility="public", content_type="text/plain", filename="a", body=Bytes() if body is None else body
    )
    return Call("upload /a", "POST", "/x", upload=framed)


class Line:
    """A transport and the server at its other end."""

    def __init__(self, server: WireServer, transport: Transport, clock: FakeClock) -> None:
        self.server, self.transport, self.clock = server, transport, clock
        self.events: list[Event] = []

    def send(self, call: Call) -> dict[str, object]:
        return self.transport.exchange(replace(call, url=self.server.url + call.url))


@contextmanager
def line(
    script: Script | Outcome,
    *,
    clock: FakeClock | None = None,
    deaf: bool = False,
    concurrency: int = 10,
    retry: RetryPolicy | None = None,
    timeouts: Timeouts = SHORT,
    cancelled: threading.Event | None = None,
) -> Iterator[Line]:
    clock = clock or FakeClock()
    answers = script if callable(script) else in_turn(script)
    events: list[Event] = []
    with WireServer(answers, deaf=deaf) as server:
        transport = Transport(
            Credentials(sid("SK"), PASSWORD),
            concurrency=concurrency,
            retry=retry,
            timeouts=timeouts,
            emit=events.append,
            cancelled=cancelled,
            clock=clock,
        )
        opened = Line(server, transport, clock)
        opened.events = events
        try:
            yield opened
        finally:
            transport.close()


def test_a_request_bears_who_we_are_and_what_we_want() -> None:
    with line(OK) as wire:
        assert wire.send(POST) == {"fine": True}
        (seen,) = wire.server.seen
    assert seen.headers["user-agent"].startswith("assetsync/")
    assert seen.headers["authorization"] == httpx.BasicAuth(sid("SK"), PASSWORD)._auth_header
    assert seen.headers["accept"] == "application/json"
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert seen.body == b"A=1&A=%C3%BC"


def test_a_post_without_fields_says_that_it_is_empty() -> None:
    with line(OK) as wire:
        wire.send(Call("create Deployment", "POST", "/x"))
        assert wire.server.seen[0].headers["content-length"] == "0"


# What is tried again


@pytest.mark.parametrize("call", [GET, POST, DELETE, upload()], ids=["get", "post", "delete", "upload"])
def test_a_429_is_tried_again_whatever_the_method(call: Call) -> None:
    """F3.7: it was never processed."""
    with line(in_turn(BUSY, BUSY, OK)) as wire:
        wire.send(call)
        assert len(wire.server.seen) == 3
        assert wire.clock.waits == [0.25, 0.5]
        assert wire.transport.tally.retries == 2
        assert [type(event) for event in wire.events] == [RequestRetried] * 2


@pytest.mark.parametrize("fault", [DOWN, Drop(), Stall(), CUT], ids=["503", "lost", "stall", "cut"])
@pytest.mark.parametrize("call", [GET, upload(), upload(Bytes(2_000_000))], ids=["get", "upload", "streamed"])
def test_what_may_be_repeated_is_tried_again(call: Call, fault: Outcome) -> None:
    with line(in_turn(fault, OK)) as wire:
        assert wire.send(call) == {"fine": True}
        assert [seen.complete for seen in wire.server.seen] == [True, True]
        assert wire.server.seen[0].body == wire.server.seen[1].body


@pytest.mark.parametrize("fault", [DOWN, Drop(), Stall()], ids=["503", "lost", "stall"])
def test_a_delete_is_tried_again(fault: Outcome) -> None:
    with line(in_turn(fault, Reply(204, b""))) as wire:
        assert wire.send(DELETE) == {}
        assert len(wire.server.seen) == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (DOWN, ServerFailure),
        (Drop(), ConnectionFailed),
        (Stall(), ConnectionFailed),
        (Reply(201, b'{"sid": ', announced=50), ConnectionFailed),
        (Reply(201, b'{"sid": '), MalformedAnswer),
        (Reply(201, b"fine", {"Content-Type": "text/plain"}), MalformedAnswer),
    ],
    ids=["503", "lost", "stall", "cut", "malformed", "type"],
)
def test_a_write_whose_outcome_is_unknown_is_not_repeated(fault: Outcome, kind: type[AssetsyncError]) -> None:
    """F3.10: the caller looks whether it happened."""
    with line(fault) as wire:
        with pytest.raises(kind, match=r"^create Build: ") as caught:
            wire.send(POST)
        assert len(wire.server.seen) == 1
        assert wire.clock.waits == []
        assert getattr(caught.value, "sent", True) is True


def test_a_connection_that_was_never_made_is_tried_again_for_any_write() -> None:
    with socket.socket() as unused, line(OK, retry=RetryPolicy(tries=3)) as wire:
        unused.bind(("127.0.0.1", 0))
        nobody = Call("create Build", "POST", f"http://127.0.0.1:{unused.getsockname()[1]}/x")
        with pytest.raises(ConnectionFailed, match=r"refused \(after 3 tries\)$") as caught:
            wire.transport.exchange(nobody)
        assert caught.value.sent is False
        assert wire.clock.waits == [0.25, 0.5]


def test_tries_are_counted() -> None:
    with line(DOWN) as wire:
        with pytest.raises(ServerFailure, match=r"^list Assets: HTTP 503: Service Unavailable \(after 8 tries\)$"):
            wire.send(GET)
        assert len(wire.server.seen) == 8
        assert wire.clock.waits == [0.25, 0.5, 1, 2, 4, 8, 15]
        assert wire.transport.tally == Tally(8, 7, 0)


def test_no_try_begins_after_the_total_time() -> None:
    with line(BUSY, clock=FakeClock(chance=0.99), retry=RetryPolicy(tries=1000, total=100)) as wire:
        with pytest.raises(RateLimited):
            wire.send(GET)
        assert 70 < sum(wire.clock.waits) <= 100


def test_retry_after_is_obeyed_and_bounded() -> None:
    answers = [json_reply({}, 429, Retry_After="7"), json_reply({}, 503, Retry_After="999999"), OK]
    with line(in_turn(*answers), clock=FakeClock(chance=0.0)) as wire:
        wire.send(GET)
        assert wire.clock.waits == [7.0, 120.0]


def test_a_retry_after_date_is_read_by_the_clock_of_the_service() -> None:
    dates = {"Retry_After": "Thu, 01 Jan 2032 00:00:09 GMT", "Date": "Thu, 01 Jan 2032 00:00:00 GMT"}
    with line(in_turn(json_reply({}, 429, **dates), OK), clock=FakeClock(chance=0.0)) as wire:
        wire.send(GET)
        assert wire.clock.waits == [9.0]


def test_a_retry_is_announced_with_its_reason() -> None:
    with line(in_turn(BUSY, OK)) as wire:
        wire.send(GET)
        assert wire.events == [
            RequestRetried("list Assets", "list Assets: HTTP 429, code 20429: Too many requests", 1, 0.25)
        ]


# What is not


@pytest.mark.parametrize(
    ("status", "kind"), [(400, ApiError), (404, NotFound), (413, ApiError), (401, CredentialsError), (403, ApiError)]
)
def test_a_refusal_is_final(status: int, kind: type[AssetsyncError]) -> None:
    with line(json_reply({"message": "No."}, status, Twilio_Request_Id="RQ7")) as wire:
        with pytest.raises(kind, match=rf"^list Assets: HTTP {status}: No. \(request RQ7\)$") as caught:
            wire.send(GET)
        assert len(wire.server.seen) == 1
        assert getattr(caught.value, "request_id", "RQ7") == "RQ7"


def test_a_cookie_is_never_sent_back() -> None:
    with line(json_reply({}, Set_Cookie="session=1; Path=/")) as wire:
        wire.send(GET)
        wire.send(GET)
        assert [request.headers.get("cookie") for request in wire.server.seen] == [None, None]


@pytest.mark.parametrize("status", [301, 302, 307, 308, 304])
def test_a_redirect_is_never_followed(status: int) -> None:
    with WireServer(in_turn(OK)) as elsewhere, line(Reply(status, b"", {"Location": elsewhere.url + "/y"})) as wire:
        with pytest.raises(MalformedAnswer, match="which is not followed"):
            wire.send(GET)
        assert elsewhere.seen == []
        assert len(wire.server.seen) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b""),
        Reply(200, b'{"a": '),
        Reply(200, b"[1]"),
        Reply(200, b'"text"'),
        Reply(200, b"[" * 100_000),
        Reply(200, b"\xff{}"),
        Reply(200, b"{}", {"Content-Type": "text/html; charset=utf-8"}),
        Reply(200, b"not gzip", {"Content-Type": "application/json", "Content-Encoding": "gzip"}),
    ],
    ids=["empty", "cut", "list", "string", "deep", "bytes", "html", "gzip"],
)
def test_an_answer_that_is_not_one_is_asked_for_again_and_then_named(reply: Reply) -> None:
    with line(in_turn(reply, OK)) as wire:
        assert wire.send(GET) == {"fine": True}
    with line(reply, retry=RetryPolicy(tries=2)) as wire:
        with pytest.raises(MalformedAnswer, match=r"^list Assets: .*\(after 2 tries\)$"):
            wire.send(GET)
        assert len(wire.server.seen) == 2


@pytest.mark.parametrize(
    "headers",
    [{}, {"Content-Type": "application/json;charset=utf-8"}, {"Content-Type": "application/problem+json"}],
)
def test_json_by_any_name_or_none_is_read(headers: dict[str, str]) -> None:
    with line(Reply(200, b'{"a": 1}', headers)) as wire:
        assert wire.send(GET) == {"a": 1}


def test_a_compressed_answer_is_read() -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    with line(Reply(200, gzip.compress(b'{"a": 1}'), headers)) as wire:
        assert wire.send(GET) == {"a": 1}


# Bounds


def test_a_giant_error_is_read_in_part_only() -> None:
    body = json.dumps({"message": "m" * 8_000_000}).encode()
    with line(Reply(400, body)) as wire:
        with pytest.raises(ApiError) as caught:
            wire.send(GET)
        assert len(caught.value.message) < 500


def test_an_error_whose_body_breaks_off_is_that_error_all_the_same() -> None:
    with line(Reply(404, b'{"message": "No', announced=500)) as wire, pytest.raises(NotFound):
        wire.send(GET)


def test_an_error_that_never_ends_is_that_error_all_the_same() -> None:
    with line(Drip(404)) as wire, pytest.raises(NotFound):
        wire.send(GET)


def test_an_answer_that_drips_is_abandoned_and_counts_as_lost() -> None:
    with line(in_turn(Drip(pace=20), OK)) as wire:
        assert wire.send(GET) == {"fine": True}
    with (
        line(Drip(pace=20)) as wire,
        pytest.raises(ConnectionFailed, match=r"stalled: less than 100 bytes a second for 0\.2 seconds$"),
    ):
        wire.send(POST)


def test_an_answer_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "MAX_ANSWER", 1024 * 1024)
    with line(Drip()) as wire:
        with pytest.raises(MalformedAnswer, match="larger than 1 MiB"):
            wire.send(GET)
        assert len(wire.server.seen) == 1


def test_packed_air_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block unpacks to nothing."""
    monkeypatch.setattr(answer, "MAX_ANSWER", 1024 * 1024)
    air = Drip(packed=gzip.compress(b"")[:10], block=b"\0\0\0\xff\xff" * 1000)
    with line(air) as wire, pytest.raises(MalformedAnswer, match="larger than 1 MiB"):
        wire.send(GET)


def test_interim_answers_are_passed_over_and_do_not_count_as_movement() -> None:
    with line(in_turn(Interim(OK), Interim())) as wire:
        assert wire.send(GET) == {"fine": True}
        with pytest.raises(ConnectionFailed, match="less than 100 bytes a second"):
            wire.send(POST)


def test_a_service_that_stops_reading_is_abandoned() -> None:
    with line(Stall(), deaf=True, retry=RetryPolicy(tries=1)) as wire, pytest.raises(ConnectionFailed, match="stalled"):
        wire.send(upload(Bytes(32_000_000)))


# Uploads


def file_body(file: Path, size: int, digest: str = "0" * 32) -> FileBody:
    file.write_bytes(b"x" * size)
    return FileBody(file, size, digest, lambda _count: None)


@pytest.mark.parametrize("size", [1000, 3_000_000])
def test_a_file_that_changed_never_becomes_a_complete_upload(size: int, tmp_path: Path) -> None:
    with line(OK) as wire:
        with pytest.raises(FileChanged, match="other content"):
            wire.send(upload(file_body(tmp_path / "a", size)))
        assert wire.clock.waits == []
        assert wire.send(GET) == {"fine": True}
    assert [seen.complete for seen in wire.server.seen if seen.method == "POST"] == [False] * (size > 1000)


def test_a_refused_upload_leaves_no_file_open_and_counts_its_bytes(tmp_path: Path) -> None:
    with line(json_reply({"message": "Path provided is invalid.", "code": 20001}, 400)) as wire:
        call = upload(Bytes(2_000_000))
        with pytest.raises(ApiError, match=r"^upload /a: HTTP 400"):
            wire.send(call)
        assert call.upload is not None
        assert wire.transport.tally == Tally(1, 0, call.upload.size)


# Many at once


def test_fifty_threads_share_as_many_connections_as_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE", 3600.0)  # a machine that stands still for seconds opens others
    with line(OK, concurrency=7, timeouts=Timeouts()) as wire, ThreadPoolExecutor(50) as pool:
        assert all(pool.map(lambda _n: wire.send(GET), range(400)))
        assert 1 <= wire.server.opened <= 7
        assert wire.transport.tally.requests == 400


def test_two_hosts_share_the_connections(tmp_path: Path) -> None:
    with (
        line(OK, concurrency=2, timeouts=Timeouts()) as wire,
        WireServer(in_turn(OK)) as second,
        ThreadPoolExecutor(8) as pool,
    ):
        urls = [f"{server.url}/x" for server in (wire.server, second)] * 40
        calls = [Call("fetch", "GET", url) for url in urls]
        assert all(pool.map(wire.transport.exchange, calls))
        wire.transport.close()


def test_concurrency_shrinks_when_twilio_is_busy() -> None:
    with line(in_turn(BUSY, OK)) as wire:
        wire.send(GET)
        assert wire.transport._limiter.limit == 7


def test_nothing_begins_once_cancelled() -> None:
    cancelled = threading.Event()
    cancelled.set()
    with line(OK, cancelled=cancelled) as wire:
        with pytest.raises(Interrupted, match="nothing more is sent"):
            wire.send(GET)
        assert wire.server.seen == []


def test_waiting_ends_when_cancelled() -> None:
    cancelled = threading.Event()
    with line(BUSY, clock=FakeClock(on_wait=cancelled.set), cancelled=cancelled) as wire:
        with pytest.raises(Interrupted):
            wire.send(GET)
        assert len(wire.server.seen) == 1


def test_what_is_on_its_way_when_cancelled_is_finished() -> None:
    cancelled = threading.Event()

    def cancel(_seen: Seen) -> Outcome:
        cancelled.set()
        return OK

    with line(cancel, cancelled=cancelled) as wire:
        assert wire.send(POST) == {"fine": True}


# The service's clock


def test_the_date_of_the_last_answer_is_kept() -> None:
    answers = [
        json_reply({}),
        json_reply({}, Date="Thu, 01 Jan 2032 00:00:00 GMT"),
        json_reply({}, Date="long ago"),
        json_reply({}, 404, Date="Fri, 02 Jan 2032 00:00:00 GMT"),
    ]
    with line(in_turn(*answers)) as wire:
        assert wire.transport.service_date is None
        wire.send(GET)
        assert wire.transport.service_date is None
        wire.send(GET)
        wire.send(GET)
        assert wire.transport.service_date == datetime(2032, 1, 1, tzinfo=UTC)
        with pytest.raises(NotFound):
            wire.send(GET)
        assert wire.transport.service_date == datetime(2032, 1, 2, tzinfo=UTC)


# Secrets and set-up


def test_secrets_that_are_echoed_never_show() -> None:
    def echo(seen: Seen) -> Outcome:
        return Reply(400, json.dumps({"message": f"bad: {seen.headers['authorization']} {PASSWORD}"}).encode())

    with line(echo) as wire:
        with pytest.raises(ApiError) as caught:
            wire.send(POST)
        said = f"{caught.value!r} {caught.value} {caught.value.hint} {wire.transport!r} {wire.transport._reader!r}"
        token = wire.server.seen[0].headers["authorization"].removeprefix("Basic ")
    assert caught.value.message == "create Build: HTTP 400: bad: Basic [hidden] [hidden]"
    assert PASSWORD not in said
    assert token not in said


def test_a_secret_in_a_header_that_is_none_is_not_even_told_in_part() -> None:
    """What is said of such a header quotes it, and is cut somewhere."""
    for length in range(200, 300, 7):
        reply = Reply(headers={"No Header": "x" * length + PASSWORD})
        with line(reply) as wire, pytest.raises(ConnectionFailed) as caught:
            wire.send(POST)
        assert "xxx" in caught.value.message
        assert PASSWORD[:6] not in caught.value.message


def test_a_proxy_is_used_but_not_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with WireServer(in_turn(OK)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with line(OK) as wire:
            wire.send(GET)
            assert proxy.seen == []
            wire.transport.exchange(Call("fetch", "GET", "http://serverless.example/v1/x"))
            assert proxy.seen[0].path == "http://serverless.example/v1/x"
            wire.transport.close()


@pytest.mark.parametrize("proxy", ["nonsense://x", "socks5://localhost:1", "nonsense://user:hunter2@x"])
def test_a_proxy_that_cannot_be_used_is_the_user_s_to_mend(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(UsageError) as caught:
        Transport(Credentials(sid("SK"), PASSWORD), concurrency=1)
    assert "HTTPS_PROXY" in str(caught.value.hint)
    assert "hunter2" not in caught.value.message


def test_a_certificate_file_that_is_missing_is_the_user_s_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/at/all.pem")
    with pytest.raises(UsageError, match="cannot be set up"):
        Transport(Credentials(sid("SK"), PASSWORD), concurrency=1)


def test_a_service_in_the_same_process_can_stand_in_for_the_network() -> None:
    within = httpx.MockTransport(lambda request: httpx.Response(200, json={"path": request.url.path}))
    transport = Transport(Credentials(sid("SK"), PASSWORD), concurrency=1, emit=silent, transport=within)
    assert transport.exchange(Call("fetch", "GET", "http://localhost/v1/x")) == {"path": "/v1/x"}
    transport.close()
