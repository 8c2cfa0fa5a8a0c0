"""Events as documents: each kind has one, and what comes often is told once."""

from __future__ import annotations

from typing import get_args

import pytest

from assetsync.events import (
    BuildPolled,
    BuildStarted,
    BytesSent,
    Deployed,
    Event,
    Fetched,
    NamesWritten,
    Note,
    RequestRetried,
    Scanned,
    UploadDone,
    UploadFailed,
    UploadsStarted,
)
from assetsync.report.retelling import Retelling
from tests.cli.test_events import valid

EVENTS: tuple[Event, ...] = (
    RequestRetried("create Build", "503", 1, 0.12345),
    Scanned(2, 30),
    UploadsStarted(2, 30),
    UploadDone("/a", 10),
    UploadFailed("/b", "too large"),
    BuildStarted("ZB" + "0" * 32, 2, 1),
    BuildPolled("ZB" + "0" * 32, "building", 0.2),
    NamesWritten(3, 3),
    Deployed("ZD" + "0" * 32, None, "site.twil.io"),
    Fetched(2, 2),
    Note("a sentence"),
)


def test_every_kind_but_the_bytes_is_here() -> None:
    assert {type(each) for each in EVENTS} | {BytesSent} == set(get_args(Event))


@pytest.mark.parametrize("event", EVENTS, ids=lambda each: type(each).__name__)
def test_every_kind_has_a_document_of_its_own_that_the_schema_knows(event: Event) -> None:
    document = Retelling()(event)
    assert document is not None
    valid({"time": 1.0} | document)


def test_bytes_are_not_told() -> None:
    assert Retelling()(BytesSent("/a", 1)) is None


def test_a_status_is_told_when_it_is_another_one_and_for_each_build() -> None:
    retell = Retelling()
    polled = [("ZB1", "building"), ("ZB1", "building"), ("ZB2", "building"), ("ZB1", "completed")]
    told = [retell(BuildPolled(sid, status, 1.0)) for sid, status in polled]
    assert [each and (each["build_sid"], each["status"]) for each in told] == [
        ("ZB1", "building"),
        None,
        ("ZB2", "building"),
        ("ZB1", "completed"),
    ]


def test_a_count_is_told_when_it_is_full() -> None:
    retell = Retelling()
    assert [retell(NamesWritten(done, 3)) for done in (1, 2, 3)] == [None, None, {"event": "names_written", "count": 3}]
    assert [retell(Fetched(done, 2)) for done in (1, 2)] == [None, {"event": "fetched", "count": 2}]
