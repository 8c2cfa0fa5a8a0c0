"""When things are at rest: sequences of events as inotify tells them, recorded from real programs."""

from __future__ import annotations

import pytest
from watchdog.events import (
    DirCreatedEvent,
    DirModifiedEvent,
    FileClosedEvent,
    FileClosedNoWriteEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileOpenedEvent,
    FileSystemEvent,
)

from assetsync.watch.eyes import touches
from assetsync.watch.settling import (
    GONE_QUIET,
    MANY,
    MOST,
    MOST_OF_MANY,
    MOST_WRITING,
    QUIET,
    SAVED_QUIET,
    WRITING_QUIET,
    Kind,
    Settling,
    Touch,
)

A, TEMPORARY, BACKUP = "/site/a.html", "/site/a.html.tmp~", "/site/a.html~"
Recorded = list[tuple[float, FileSystemEvent]]

IN_PLACE: Recorded = [
    (0.000, FileModifiedEvent(A)),
    (0.000, FileOpenedEvent(A)),
    (0.001, FileModifiedEvent(A)),
    (0.001, FileClosedEvent(A)),
    (0.001, DirModifiedEvent("/site")),
]
RENAMED_OVER: Recorded = [
    (0.000, FileCreatedEvent(TEMPORARY)),
    (0.000, FileOpenedEvent(TEMPORARY)),
    (0.001, FileModifiedEvent(TEMPORARY)),
    (0.001, FileClosedEvent(TEMPORARY)),
    (0.002, FileMovedEvent(TEMPORARY, A)),
    (0.002, DirModifiedEvent("/site")),
]
BACKED_UP: Recorded = [
    (0.000, FileMovedEvent(A, BACKUP)),
    (0.001, FileCreatedEvent(A)),
    (0.001, FileOpenedEvent(A)),
    (0.002, FileModifiedEvent(A)),
    (0.002, FileClosedEvent(A)),
    (0.003, FileDeletedEvent(BACKUP)),
]
DELETED_THEN_CREATED: Recorded = [
    (0.000, FileDeletedEvent(A)),
    (0.150, FileCreatedEvent(A)),
    (0.150, FileModifiedEvent(A)),
    (0.151, FileClosedEvent(A)),
]
STILL_BEING_WRITTEN: Recorded = [(0.000, FileModifiedEvent(A)), (0.200, FileModifiedEvent(A))]
READ_ONLY: Recorded = [
    (0.000, FileOpenedEvent(A)),
    (0.000, FileClosedNoWriteEvent(A)),
    (0.1, DirModifiedEvent("/site")),
]
FOLDER_MADE: Recorded = [(0.000, DirCreatedEvent("/site/new"))]


def settled(recorded: Recorded) -> Settling:
    settling = Settling()
    for at, event in recorded:
        for touch in touches(event, at):
            settling.add(touch)
    return settling


@pytest.mark.parametrize(
    ("recorded", "ripe_at"),
    [
        (IN_PLACE, 0.001 + SAVED_QUIET),
        (RENAMED_OVER, 0.002 + GONE_QUIET),  # the draft's name is gone; the watch knows that nobody was served it
        (BACKED_UP, 0.003 + GONE_QUIET),
        (DELETED_THEN_CREATED[:1], GONE_QUIET),
        (DELETED_THEN_CREATED, 0.151 + SAVED_QUIET),
        (STILL_BEING_WRITTEN, 0.2 + WRITING_QUIET),
        (FOLDER_MADE, QUIET),
        (READ_ONLY, None),
    ],
    ids=["in place", "renamed over", "backed up", "deleted", "deleted, created", "being written", "folder", "read"],
)
def test_a_recorded_way_of_saving_is_ripe(recorded: Recorded, ripe_at: float | None) -> None:
    found = settled(recorded).ripe_at
    assert found == (None if ripe_at is None else pytest.approx(ripe_at))


def at_every(step: float, until: float, kind: Kind, paths: int = 1) -> Settling:
    settling = Settling()
    for number in range(round(until / step)):
        settling.add(Touch(f"/site/{number % paths}", kind, number * step))
    return settling


@pytest.mark.parametrize(
    ("kind", "paths", "most"),
    [(Kind.WRITTEN, 1, MOST), (Kind.WRITTEN, MANY, MOST_OF_MANY), (Kind.WRITING, 1, MOST_WRITING)],
    ids=["one file", "many files", "a file that is being written"],
)
def test_what_never_rests_is_looked_at_in_the_end(kind: Kind, paths: int, most: float) -> None:
    assert at_every(0.05, 60, kind, paths).ripe_at == pytest.approx(most)


def test_what_was_taken_is_over() -> None:
    settling = settled(IN_PLACE)
    assert settling.take() == 0.0
    assert settling.ripe_at is None
    assert settling.take() is None
