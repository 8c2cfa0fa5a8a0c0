"""Faults in force, over a socket and without one: what a client sees, and what was done behind its back."""

from __future__ import annotations

import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from assetsync.emulator.core import Core
from assetsync.emulator.faults.document import parse_faults
from assetsync.emulator.faults.schedule import Schedule
from assetsync.emulator.messages import Answer, Drop, Request
from assetsync.emulator.settings import Settings, Synchronous
from tests.emulator.driver import fresh_name, no_auth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.emulator.driver import Api, Json

LOST = (httpx.RemoteProtocolError, httpx.ReadError)


@pytest.fixture
def bent(api: Api) -> Iterator[Api]:
    yield api
    api.core.bend(None)


def _put(api: Api, *rules: Json, **more: Any) -> Json:
    answer = api.client.put("/_emulator/faults", content=json.dumps({"rules": rules, **more}))
    assert answer.status_code == 200, answer.text
    value: Json = answer.json()
    return value


def _create(api: Api, name: str | None = None) -> httpx.Response:
    return api.post("/Services", UniqueName=name or fresh_name(), FriendlyName="x")


def _exists(api: Api, name: str) -> bool:
    return api.get(f"/Services/{name}").status_code == 200


def test_an_answer_instead_of_the_work_at_the_second_call(bent: Api) -> None:
    _put(bent, {"match": "POST /v1/Services", "at": 2, "answer": 503, "retry_after": 7})
    names = [fresh_name() for _ in range(3)]
    answers = [_create(bent, name) for name in names]
    assert [answer.status_code for answer in answers] == [201, 503, 201]
    assert answers[1].headers["retry-after"] == "7"
    assert [_exists(bent, name) for name in names] == [True, False, True]


def test_an_answer_after_the_work_hides_that_it_was_done(bent: Api) -> None:
    _put(bent, {"match": "POST /v1/Services", "answer": 502, "after_work": True})
    name = fresh_name()
    answer = _create(bent, name)
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
    assert "502 Bad Gateway" in answer.text
    assert _exists(bent, name)


@pytest.mark.parametrize("after_work", [False, True])
def test_a_connection_is_cut_before_or_after_the_work(bent: Api, after_work: bool) -> None:
    _put(bent, {"match": "POST /v1/Services", "times": 1, "drop": True, "after_work": after_work})
    name = fresh_name()
    with pytest.raises(LOST):
        _create(bent, name)
    assert _exists(bent, name) is after_work
    assert _create(bent).status_code == 201


@pytest.mark.parametrize(
    ("status", "code", "key"),
    [(400, 20001, "more_info"), (401, 20003, "more_info"), (404, 20404, "more_info"), (429, 20429, "moreInfo"),
     (500, 20500, "more_info"), (503, 20503, "more_info"), (418, 20418, "more_info")],
)  # fmt: skip
def test_an_answer_says_what_twilio_says_with_that_status(bent: Api, status: int, code: int, key: str) -> None:
    _put(bent, {"match": "GET /v1/Services", "answer": status})
    answer = bent.get("/Services")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert key in answer.json()
    assert "retry-after" not in answer.headers
    assert answer.headers["twilio-request-id"].startswith("RQ")


@pytest.mark.parametrize("status", [413, 502, 504])
def test_a_proxy_answers_in_html(bent: Api, status: int) -> None:
    _put(bent, {"match": "GET /v1/Services", "answer": status})
    answer = bent.get("/Services")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html")


def test_the_body_and_its_type_are_what_the_rule_says(bent: Api) -> None:
    rule = {"match": "GET /v1/Services", "answer": 200}
    for more, expected in (
        ({"body": "é"}, ("text/plain; charset=utf-8", "é")),
        ({"body": "<p>", "content_type": "text/html"}, ("text/html", "<p>")),
        ({"content_type": "text/html"}, ("text/html", "")),
        ({}, (None, "")),
    ):
        _put(bent, {**rule, **more})
        answer = bent.get("/Services")
        assert (answer.headers.get("content-type"), answer.text) == expected
    _put(bent, {"match": "GET /v1/Services", "answer": 429, "body": "slow down"})
    assert bent.get("/Services").headers["content-type"].startswith("application/json")


def test_a_truncated_answer_announces_all_of_it(bent: Api, caplog: pytest.LogCaptureFixture) -> None:
    whole = bent.service()
    place = f"/v1/Services/{whole['sid']}"
    _put(bent, {"match": f"GET {place}", "truncate": 30})
    with bent.client.stream("GET", place) as answer:
        pieces = answer.iter_raw()
        got = next(pieces)
        with pytest.raises(LOST):
            next(pieces)
    bent.core.bend(None)
    content = bent.client.get(place).content
    assert got == content[:30]
    assert answer.headers["content-length"] == str(len(content))
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_an_answer_cut_before_its_first_byte_or_behind_its_last(bent: Api) -> None:
    _put(bent, {"match": "/v1/Services", "truncate": 0})
    with pytest.raises(LOST):
        bent.get("/Services")
    _put(bent, {"match": "/v1/Services", "truncate": 10_000_000})
    assert bent.get("/Services").status_code == 200


def test_a_malformed_answer_is_well_framed_and_unreadable(bent: Api) -> None:
    bent.service()
    _put(bent, {"match": "/v1/Services", "malformed": True})
    answer = bent.get("/Services")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content) > 0
    with pytest.raises(ValueError, match="char"):
        answer.json()


def test_half_a_page_keeps_its_links(bent: Api) -> None:
    service = bent.service()
    for _ in range(5):
        bent.item(service)
    place = f"/Services/{service['sid']}/Assets"
    whole = bent.get(place, PageSize=4).json()
    _put(bent, {"match": f"/v1{place}", "half_page": True})
    half = bent.get(place, PageSize=4).json()
    assert half["assets"] == whole["assets"][:2]
    assert half["meta"] == whole["meta"]


@pytest.mark.parametrize("answer", [Answer(200, b"text"), Answer(200, b"[]"), Answer(200, b'{"meta": {"key": "x"}}')])
def test_half_of_what_is_no_page_is_all_of_it(answer: Answer) -> None:
    schedule = Schedule(parse_faults(b"rules: [{match: /x, half_page: true}]", "f"), time.sleep)
    assert schedule.before(Request("GET", "/x")) is None
    assert schedule.after(Request("GET", "/x"), answer) == answer


def test_an_answer_may_have_a_wrong_type(bent: Api) -> None:
    _put(bent, {"match": "/v1/Services", "content_type": "text/html"})
    answer = bent.get("/Services")
    assert answer.headers.get_list("content-type") == ["text/html"]
    assert answer.json()["services"] is not None


def test_a_wait_of_a_rule_ends_with_the_service(tmp_path: Path) -> None:
    with Core(tmp_path, Settings(synchronous=Synchronous.OFF)) as core:
        core.release()
        core.bend(parse_faults(b"rules: [{match: /v1/**, delay: 3600}]", "f"))
        assert isinstance(core.handle(Request("GET", "/v1/Services")), Answer)


def test_sites_are_bent_below_sites_whatever_host_they_came_by(bent: Api) -> None:
    service = bent.service()
    environment = bent.environment(service)
    large = bytes(600_000)
    bent.publish(service, environment, bent.upload(service, "/a.txt", b"0123456789"), bent.upload(service, "/b", large))
    domain = environment["domain_name"]
    _put(bent, {"match": f"GET /sites/{domain}/a.txt", "malformed": True}, {"match": "/sites/*/b", "truncate": 300_000})
    assert bent.site(environment).content == b"01234"
    assert bent.client.get(f"/sites/{domain}/a.txt", auth=no_auth).content == b"01234"
    with pytest.raises(LOST):
        bent.site(environment, "/b")


def test_an_answer_drips(socket_api: Api) -> None:
    """It comes in many pieces, the first of them long before the last: nothing is said of how long it takes."""
    service = socket_api.service()
    environment = socket_api.environment(service)
    content = bytes(range(200))
    socket_api.publish(service, environment, socket_api.upload(service, "/a.txt", content))
    _put(socket_api, {"match": "/sites/**", "drip": 2000})
    try:
        url = f"/sites/{environment['domain_name']}/a.txt"
        with socket_api.client.stream("GET", url, auth=no_auth) as answer:
            pieces = list(answer.iter_raw())
    finally:
        socket_api.core.bend(None)
    assert (b"".join(pieces), answer.headers["content-length"]) == (content, "200")
    assert len(pieces) >= 2


def _schedule(text: str) -> tuple[Schedule, list[float]]:
    waited: list[float] = []
    return Schedule(parse_faults(text.encode(), "f"), waited.append), waited


def _strikes(text: str, calls: int) -> list[bool]:
    schedule, _ = _schedule(text)
    return [schedule.before(Request("GET", "/x")) is Drop.CONNECTION for _ in range(calls)]


def test_a_delay_comes_before_the_work_or_after_it() -> None:
    request, answer = Request("GET", "/x"), Answer(200)
    early, waited = _schedule("rules: [{match: /x, delay: 2}]")
    assert early.before(request) is None
    assert waited == [2.0]
    assert early.after(request, answer) == answer
    late, waited = _schedule("rules: [{match: /x, delay: 3, after_work: true, drop: true}]")
    assert late.before(request) is None
    assert waited == []
    assert late.after(request, answer) is Drop.CONNECTION
    assert waited == [3.0]


def test_rules_strike_by_number_times_and_order() -> None:
    drop = "match: /x, drop: true"
    assert _strikes(f"rules: [{{{drop}, at: [1, 3]}}]", 4) == [True, False, True, False]
    assert _strikes(f"rules: [{{{drop}, times: 2}}]", 4) == [True, True, False, False]
    assert _strikes("rules: [{match: POST /x, drop: true}, {match: /y, drop: true}]", 2) == [False, False]
    assert _strikes(f"rules: [{{match: /x, answer: 500, at: 1}}, {{{drop}, at: 2}}]", 3) == [False, True, False]


def test_the_same_seed_draws_the_same_and_another_one_other_faults() -> None:
    def drawn(seed: int) -> list[bool]:
        return _strikes(f"seed: {seed}\nrules: [{{match: /x, chance: 0.3, drop: true}}]", 400)

    assert drawn(1) == drawn(1) != drawn(2)
    assert 60 < sum(drawn(1)) < 180
    assert all(_strikes("rules: [{match: /x, chance: 1, drop: true}]", 20))


def test_a_drawn_seed_is_told_and_repeats_the_run() -> None:
    text = "rules: [{match: /x, chance: 0.5, drop: true}]"
    schedule, _ = _schedule(text)
    first = [schedule.before(Request("GET", "/x")) for _ in range(50)]
    again, _ = _schedule(f"seed: {schedule.as_json()['seed']}\n{text}")
    assert [again.before(Request("GET", "/x")) for _ in range(50)] == first


def test_the_admin_page_tells_what_is_in_force_and_how_often_it_struck(bent: Api) -> None:
    rule = {"match": "GET /v1/Services", "at": 2, "answer": 500}
    put = _put(bent, rule, seed=3, concurrency=50, retry_after=1)
    assert put == {"seed": 3, "concurrency": 50, "retry_after": 1, "rules": [{**rule, "calls": 0, "struck": 0}]}
    for _ in range(3):
        bent.get("/Services")
    assert bent.client.get("/_emulator/faults").json()["rules"] == [{**rule, "calls": 3, "struck": 1}]
    assert bent.client.delete("/_emulator/faults").status_code == 204
    assert bent.client.get("/_emulator/faults").json()["rules"] == []


def test_the_admin_page_needs_the_credentials_and_known_methods(bent: Api) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert bent.client.request(method, "/_emulator/faults", auth=no_auth).status_code == 401
    assert bent.client.post("/_emulator/faults").status_code == 405


def test_wrong_faults_are_refused_and_those_before_stay_in_force(bent: Api) -> None:
    _put(bent, {"match": "GET /v1/Services", "answer": 500})
    answer = bent.client.put("/_emulator/faults", content=b"rules:\n  - {match: /x, drp: 1}\n")
    assert answer.status_code == 400
    assert answer.json()["message"] == "The faults have 1 problem; those before stay in force"
    hint = "did you mean `drop`?"
    message = "there is no key `drp` in a rule"
    problem = {"line": 2, "column": 17, "message": message, "text": None, "hint": hint}
    assert answer.json()["problems"] == [problem]
    assert bent.get("/Services").status_code == 500
    too_long = bent.client.put("/_emulator/faults", content=b"#" * (5 << 20))
    assert (too_long.status_code, too_long.json()["message"]) == (400, "The body is too long.")


def test_more_requests_at_once_than_allowed_are_answered_429_and_never_worked_on(bent: Api) -> None:
    """Held requests fill the limit; then one more is refused, also while they are still held."""
    held, go_on = threading.Semaphore(0), threading.Event()

    class Hold:
        def before(self, request: Request) -> None:
            if request.method == "GET":
                held.release()
                assert go_on.wait(30)

        def after(self, request: Request, answer: Answer) -> None:
            pass

    _put(bent, concurrency=2, retry_after=5)
    bent.core.faults = Hold()
    name = fresh_name()
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(bent.get, "/Services") for _ in range(2)]
        try:
            assert all(held.acquire(timeout=30) for _ in range(2))
            refused = _create(bent, name)
        finally:
            go_on.set()
        assert [each.result().status_code for each in waiting] == [200, 200]
    assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (429, 20429, "5")
    bent.core.bend(None)
    assert not _exists(bent, name)


def test_every_request_waits_for_the_latency_and_closing_ends_all_waiting(tmp_path: Path) -> None:
    waited: list[float] = []
    settings = Settings(latency_seconds=1.5, synchronous=Synchronous.OFF)
    request = Request("GET", "/v1/Services")
    with Core(tmp_path, settings, wait=waited.append) as core:
        assert isinstance(core.handle(request), Answer)
        assert isinstance(core.handle(Request("GET", "/sites/x/y")), Answer)
        assert isinstance(core.handle(Request("GET", "/_emulator")), Answer)
        assert waited == [1.5, 1.5]
    with Core(tmp_path, replace(settings, latency_seconds=86_400)) as core, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(core.handle, request)
        core.release()
        assert isinstance(waiting.result(30), Answer)
