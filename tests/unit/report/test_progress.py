"""Progress on stderr: few lines without a terminal, a bar on one, and nothing that a terminal would obey."""

from __future__ import annotations

import io
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from assetsync.events import (
    BuildPolled,
    BuildStarted,
    BytesSent,
    Deployed,
    Event,
    NamesWritten,
    Note,
    RequestRetried,
    Scanned,
    UploadDone,
    UploadFailed,
    UploadsStarted,
)
from assetsync.report.progress import Bar, Lines, described


class Told:
    """`Lines` with a clock that the test moves."""

    def __init__(self, *, verbose: bool = False) -> None:
        self.now = 100.0
        self.lines: list[str] = []
        self.renderer = Lines(self.lines.append, lambda: self.now, verbose=verbose)

    def __call__(self, *events: Event) -> list[str]:
        with self.renderer as renderer:
            for event in events:
                renderer(event)
        return self.lines


class TestLines:
    def test_an_apply_from_beginning_to_end(self) -> None:
        told = Told()
        told(Scanned(2, 3072), UploadsStarted(2, 3072), BytesSent("/a", 1024))
        told.now += 2
        assert told(
            UploadDone("/a", 1024),
            BuildStarted("ZB1", 2, 0),
            BuildPolled("ZB1", "building", 0.2),
            NamesWritten(1, 2),
            Deployed("ZD1", "ZB1", "my-site.twil.io"),
        ) == [
            "uploading 2 files, 3.0 KiB",
            "uploaded 1 of 2 files, 1.0 KiB of 3.0 KiB",
            "building 2 assets (ZB1)",
            "deployed to my-site.twil.io",
        ]

    def test_a_line_every_two_seconds_at_most(self) -> None:
        told = Told()
        told(UploadsStarted(1000, 1000))
        for number in range(1000):
            told.now = 100 + number / 100
            told(UploadDone(str(number), 1))
        assert len(told.lines) == 1 + 4
        assert told.lines[-1] == "uploaded 801 of 1000 files, 0 B of 1000 B"

    def test_a_try_that_is_begun_again_takes_its_bytes_back(self) -> None:
        told = Told()
        told(UploadsStarted(1, 100), BytesSent("/a", 60))
        told.now += 3
        assert told(BytesSent("/a", -60), BytesSent("/a", 100))[-1] == "uploaded 0 of 1 files, 0 B of 100 B"

    def test_a_build_that_takes_its_time(self) -> None:
        told = Told()
        told(BuildPolled("ZB1", "building", 0.2), BuildPolled("ZB1", "building", 0.5))
        told.now += 2
        assert told(BuildPolled("ZB1", "building", 12)) == [
            "Build ZB1 is building (0.2 s)",
            "Build ZB1 is building (12 s)",
        ]

    def test_retries_and_names_are_for_the_verbose(self) -> None:
        events: list[Event] = [
            RequestRetried("create Asset", "429", 2, 0.75),
            Scanned(1, 5),
            NamesWritten(1, 2),
            Note("by the way"),
        ]
        assert Told()(*events) == ["by the way"]
        assert Told(verbose=True)(*events) == [
            "again in 0.8 s: create Asset: 429 (try 2)",
            "1 file, 5 B",
            "remembered 1 of 2",
            "by the way",
        ]

    def test_failures_and_functions_are_told(self) -> None:
        assert Told()(UploadFailed("/a", "too large"), BuildStarted("ZB1", 1, 2)) == [
            "failed: /a: too large",
            "building 1 asset and 2 Functions (ZB1)",
        ]

    def test_many_threads_lose_no_count(self) -> None:
        told = Told()
        told(UploadsStarted(8000, 8000))

        def work() -> None:
            for _ in range(1000):
                told.renderer(BytesSent("/a", 1))
                told.renderer(UploadDone("/a", 1))

        workers = [threading.Thread(target=work) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        told.now += 10
        assert told(BytesSent("/a", 0))[-1] == "uploaded 8000 of 8000 files, 7.8 KiB of 7.8 KiB"


class Screen:
    """A terminal that remembers what was written to it."""

    def __init__(self, *, verbose: bool = False) -> None:
        self.file = io.StringIO()
        self.bar = Bar(Console(file=self.file, force_terminal=True, width=120, color_system=None), verbose=verbose)

    def __call__(self, *events: Event) -> str:
        with self.bar as bar:
            for event in events:
                bar(event)
                self.bar._progress.refresh()
        return self.file.getvalue()


class TestBar:
    def test_files_and_bytes_then_what_is_being_built(self) -> None:
        shown = Screen()(
            UploadsStarted(2, 4096),
            BytesSent("/a", 2048),
            UploadDone("/a", 2048),
            BuildStarted("ZB1", 2, 0),
            BuildPolled("ZB1", "building", 12.0),
            Deployed("ZD1", "ZB1", "my-site.twil.io"),
        )
        for text in ("uploading 0/2", "uploading 1/2", "2.0/4.0 KiB", "building 2 assets", "Build building, 12 s"):
            assert text in shown
        assert "deployed to my-site.twil.io" in shown

    def test_a_build_without_uploads_has_a_bar_too(self) -> None:
        assert "building 1 asset" in Screen()(BuildStarted("ZB1", 1, 0))

    def test_what_belongs_to_no_bar_is_not_shown(self) -> None:
        """A repair of names or a run that begins with a Build: there is no upload to advance."""
        assert "uploading" not in Screen()(BytesSent("/a", 1), UploadDone("/a", 1), BuildPolled("ZB1", "building", 1))

    def test_other_lines_scroll_above_it_as_they_are(self) -> None:
        shown = Screen(verbose=True)(UploadsStarted(1, 1), Note("see [bold]this[/bold]"), Scanned(1, 5))
        assert "see [bold]this[/bold]" in shown
        assert "1 file, 5 B" in shown

    def test_a_status_with_markup_is_shown_as_it_is(self) -> None:
        assert "Build [red]odd, 1.0 s" in Screen()(BuildStarted("ZB1", 1, 0), BuildPolled("ZB1", "[red]odd", 1.0))


ODD = st.text("\x00\x07\x1b\x9b\n\r\u202e\ud800[]m2J;a", min_size=1, max_size=20)


def foreign_words(odd: str) -> list[Event]:
    return [
        UploadFailed("/a", odd),
        Deployed("ZD1", "ZB1", odd),
        Note(odd),
        RequestRetried("create Asset", odd, 1, 0.1),
    ]


@given(ODD)
def test_nothing_that_a_terminal_would_obey_is_shown(odd: str) -> None:
    for event in foreign_words(odd):
        line = described(event, verbose=True)
        assert line is not None
        assert line.isprintable()
    assert all(line.isprintable() for line in Told()(BuildPolled("ZB1", odd, 1.0)))


def test_the_bar_shows_a_status_through_the_gate() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    with Bar(console, shown=lambda text: text.replace("a-secret", "[hidden]")) as bar:
        bar(BuildStarted("ZB1", 1, 0))
        bar(BuildPolled("ZB1", "it is a-secret", 1.0))
    assert "Build it is [hidden], 1.0 s" in screen.getvalue()
    assert "a-secret" not in screen.getvalue()


@pytest.mark.parametrize("odd", ["\x1b[31m", "\x07", "\x9b2J"])
def test_the_bar_shows_a_status_safely(odd: str) -> None:
    shown = Screen()(BuildStarted("ZB1", 1, 0), BuildPolled("ZB1", f"<{odd}>", 1.0))
    assert odd not in shown.replace("\x1b[?25l", "").partition("Build <")[2][:20]
