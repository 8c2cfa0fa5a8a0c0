"""A plan that a test brings: what `Core` does with what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.emulator.faults import NoFaults
from assetsync.emulator.messages import Answer, Drop, Outcome, Request, json_answer
from tests.emulator.driver import fresh_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator.driver import Api


@dataclass
class OneFault:
    """Bends POSTs to Services only, before or after the work."""

    first: Outcome | None = None
    last: Outcome | None = None
    seen: list[int] = field(default_factory=list)

    def before(self, request: Request) -> Outcome | None:
        return self.first if request.method == "POST" else None

    def after(self, request: Request, answer: Answer) -> Outcome | None:
        self.seen.append(answer.status)
        return self.last if request.method == "POST" else None


@pytest.fixture
def bent(api: Api) -> Iterator[Api]:
    yield api
    api.core.faults = NoFaults()


def _create(api: Api, name: str) -> httpx.Response:
    return api.post("/Services", UniqueName=name, FriendlyName="x")


def test_an_answer_before_the_work_keeps_it_from_being_done(bent: Api) -> None:
    name = fresh_name()
    bent.core.faults = OneFault(first=json_answer(429, {"code": 20429}, (("Retry-After", "1"),)))
    answer = _create(bent, name)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert answer.headers["twilio-request-id"].startswith("RQ")
    assert bent.get(f"/Services/{name}").status_code == 404


def test_an_answer_after_the_work_hides_that_it_was_done(bent: Api) -> None:
    name = fresh_name()
    plan = OneFault(last=Answer(502, b"<html>", (("Content-Type", "text/html"),)))
    bent.core.faults = plan
    assert _create(bent, name).status_code == 502
    assert plan.seen == [201]
    assert bent.get(f"/Services/{name}").status_code == 200


def test_a_connection_cut_before_the_work_loses_the_request(bent: Api) -> None:
    name = fresh_name()
    bent.core.faults = OneFault(first=Drop.CONNECTION)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        _create(bent, name)
    assert bent.core.requests.entries()[-1].status == 0
    assert bent.get(f"/Services/{name}").status_code == 404


def test_a_connection_cut_after_the_work_loses_the_reply(bent: Api) -> None:
    name = fresh_name()
    bent.core.faults = OneFault(last=Drop.CONNECTION)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        _create(bent, name)
    assert bent.get(f"/Services/{name}").status_code == 200
