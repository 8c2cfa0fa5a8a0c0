"""What a watch tells: every kind of happening, as lines and as one JSON document."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from assetsync.errors import InvalidInput, Problem, ServiceError
from assetsync.plan.actions import Create, Delete, Reason, Rename, Restore, Upload
from assetsync.plan.plan import Plan
from assetsync.plan.safety import Refusal
from assetsync.report.watching import Telling, happening_document, happening_lines
from assetsync.watch.happenings import (
    AsItIs,
    Changing,
    Failed,
    Gathering,
    Happening,
    Live,
    ManifestRead,
    Overtaken,
    Paused,
    Recovered,
    Resumed,
    Warned,
    Watching,
)
from tests.unit.plan.scene import OWNER, TARGET, ZB, want
from tests.unit.twilio.sids import sid

EVENTS = Path(__file__).parents[3] / "docs/watch-events.md"
DOMAIN = "my-site-1234.twil.io"
HOW = Telling("https://{}".format)
PLAN = Plan(
    OWNER,
    TARGET,
    (
        Create(want("/new"), (Reason.NEW,)),
        Upload(want("/edited"), sid("ZH"), (Reason.CONTENT,)),
        Restore(want("/back"), sid("ZH"), sid("ZN"), (Reason.CONTENT,)),
        Rename(want("/moved"), "/old", None, (Reason.NEW,)),
        Delete("/gone", "public", sid("ZH"), sid("ZN")),
    ),
)
SEVEN = Plan(OWNER, TARGET, tuple(Create(want(f"/{number}"), (Reason.NEW,)) for number in range(7)))
REFUSED = Refusal("deletes", "it would delete 7 of 9", 7, "at most 2", "--allow-deletes")
AGREED = Refusal("protected", "1 would become public", 1, "none", "--allow-public", allowed_by="--allow-public=1")

TOLD: dict[Happening, tuple[list[str], dict[str, object]]] = {
    Watching(("public", "a\x1bb"), DOMAIN): (
        ["Watching public, a\\x1bb; Ctrl-C ends it."],
        {"event": "watching", "folders": ["public", "a\x1bb"], "polling": None},
    ),
    Watching(("public",), None, 1.0, "no watches left"): (
        [
            "Watching public; Ctrl-C ends it.",
            "Looking every 1.0 s instead of being told of changes (no watches left).",
        ],
        {"event": "watching", "folders": ["public"], "polling": 1.0},
    ),
    Changing(PLAN): (
        ["+ /new, ~ /edited, < /back, > /moved, - /gone"],
        {
            "event": "changing",
            "summary": PLAN.summary,
            "actions": [
                {"action": "create", "path": "/new"},
                {"action": "upload", "path": "/edited"},
                {"action": "restore", "path": "/back"},
                {"action": "rename", "path": "/moved"},
                {"action": "delete", "path": "/gone"},
            ],
        },
    ),
    Live(SEVEN, ZB, DOMAIN, 0.1834, 89): (
        [f"  live in 0.18 s: https://{DOMAIN}/; 89 Builds left this hour"],
        {
            "event": "live",
            "build_sid": ZB,
            "url": f"https://{DOMAIN}/",
            "seconds": 0.183,
            "builds_left": 89,
            "paths": [f"/{number}" for number in range(7)],
        },
    ),
    Live(Plan(OWNER, TARGET, ()), ZB, DOMAIN, None, None): (
        [f"  live: https://{DOMAIN}/"],
        {
            "event": "live",
            "build_sid": ZB,
            "url": f"https://{DOMAIN}/",
            "seconds": None,
            "builds_left": None,
            "paths": [],
        },
    ),
    AsItIs(): ([], {"event": "unchanged"}),
    Failed(ServiceError("no network"), 5.0): (
        ["Error: no network", "  It is tried again in 5.0 s, and with the next change."],
        {"event": "failed", "retry_in": 5.0, "again": False},
    ),
    Failed(ServiceError("overtaken"), 0): (
        ["Error: overtaken", "  The plan is made anew."],
        {"event": "failed", "retry_in": 0, "again": False},
    ),
    Failed(ServiceError("an empty file"), None): (
        ["Error: an empty file", "  What is live stays as it is; it is tried again with the next change."],
        {"event": "failed", "retry_in": None, "again": False},
    ),
    Failed(InvalidInput(tuple(Problem(f"{n:02}.txt", 0, 0, "is odd") for n in range(12))), None, manifest=True): (
        [
            "Error: 12 problems in the manifest or the files",
            *(f"  {n:02}.txt: is odd" for n in range(10)),
            "  and 2 more (--format json tells them all)",
            "  The manifest as it was stays in force.",
        ],
        {"event": "failed", "retry_in": None, "again": False},
    ),
    Failed(InvalidInput(tuple(Problem(f"{n}.txt", 0, 0, "is odd") for n in range(3))), None, again=True): (
        [
            "  3 problems left (`assetsync validate` tells all)",
            "  What is live stays as it is; it is tried again with the next change.",
        ],
        {"event": "failed", "retry_in": None, "again": True},
    ),
    Failed(ServiceError("no network"), 15.0, again=True): (
        ["  It failed again: no network", "  It is tried again in 15 s, and with the next change."],
        {"event": "failed", "retry_in": 15.0, "again": True},
    ),
    AsItIs(awaited=True): (["  there is nothing to change any more"], {"event": "unchanged"}),
    Resumed(): (["  Nothing is asked any more; it goes on."], {"event": "resumed"}),
    Recovered(): (["  It works again."], {"event": "recovered"}),
    Paused(SEVEN, (AGREED, REFUSED)): (
        [
            "+ /0, + /1, + /2, + /3, + /4 and 2 more",
            "Allowed by --allow-public=1: 1 would become public",
            "Refused: it would delete 7 of 9",
            "  if this is meant: --allow-deletes=7",
            "  Paused, nothing was changed: --allow-deletes=7 would let it happen, or bring the files back.",
        ],
        {
            "event": "paused",
            "refusals": [{"reason": "deletes", "message": "it would delete 7 of 9", "flag": "--allow-deletes=7"}],
            "summary": SEVEN.summary,
            "actions": [{"action": "create", "path": f"/{number}"} for number in range(7)],
        },
    ),
    Gathering(300.4, 90): (
        [
            (
                "  90 Builds were made this hour, and Twilio takes about 100 of an account; changes are gathered for "
                "5 min 0 s."
            ),
        ],
        {"event": "gathering", "seconds": 300, "most": 90},
    ),
    Overtaken(ZB, 2): (
        [
            f"Somebody else deployed: Build {ZB} is live.",
            "  By that 2 paths changed; the next save is planned on top of it.",
        ],
        {"event": "overtaken", "build_sid": ZB, "differing": 2},
    ),
    Overtaken(None, 0): (
        [
            "Somebody else deployed: a Deployment without a Build is live.",
            "  By that nothing of ours changed; the next save is planned on top of it.",
        ],
        {"event": "overtaken", "build_sid": None, "differing": 0},
    ),
    ManifestRead(): (["The manifest was read again."], {"event": "manifest"}),
    Warned("an odd \x1bname"): (["Warning: an odd \\x1bname"], {"event": "warning", "message": "an odd \x1bname"}),
}


@pytest.mark.parametrize("happening", TOLD, ids=lambda each: type(each).__name__)
def test_what_is_told(happening: Happening) -> None:
    lines, document = TOLD[happening]
    assert [line.text for line in happening_lines(happening, HOW)] == lines
    assert happening_document(happening, HOW) == document
    json.dumps(document)


def test_every_kind_is_among_them() -> None:
    assert {type(each) for each in TOLD} == set(get_args(Happening))


def test_that_nothing_changes_is_told_to_who_wants_it_all() -> None:
    told = happening_lines(AsItIs(), Telling(str, verbose=True))
    assert [line.text for line in told] == ["  nothing to change"]


def test_who_can_type_is_told_what_to_type() -> None:
    told = list(happening_lines(Paused(SEVEN, (REFUSED,)), Telling(str, answers=True)))
    assert told[-1].text == "  Paused, nothing was changed: type 7 and Enter to agree, or bring the files back."


def test_what_no_file_of_ours_changes_is_told_as_that() -> None:
    told = list(happening_lines(Changing(Plan(OWNER, TARGET, ())), HOW))
    assert [line.text for line in told] == ["what is not ours changes"]


def test_the_documentation_has_every_event_with_every_field() -> None:
    rows = [line.split("|") for line in EVENTS.read_text().splitlines() if line.startswith("| `")]
    documented = {row[1].strip(" `"): set(re.findall(r"`(\w+)`", row[3])) for row in rows}
    assert documented.keys() == {str(document["event"]) for _, document in TOLD.values()} | {"ended"}
    for _, document in TOLD.values():
        assert document.keys() - {"event"} <= documented[str(document["event"])]
