"""Stepping in at a chosen moment of a command that runs in this process: when it opens a file, while it reads it.

Python tells of every file that is opened (PEP 578) and, to a profiler, of every call of a `read`. So a test changes the
ground at the very moment that it means, without a wait and without anything in the program's place.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.fakes.world import Bend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

    from assetsync.emulator.messages import Answer, Request
    from tests.cli.stage import Stage

_awaited: dict[tuple[str, str], list[Callable[[], object] | None]] = {}


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _awaited and event in {"open", "os.scandir"}:
        acts = _awaited.get((event, str(arguments[0])))
        act = acts.pop(0) if acts else None
        if act is not None:
            act()


sys.addaudithook(_hear)


@contextmanager
def before_opening(path: Path, act: Callable[[], object], *, nth: int = 1, event: str = "open") -> Iterator[None]:
    """`act` right before `path` is opened the n-th time; for a folder that is listed, `event` is `os.scandir`.

    Fails where it never was opened so often.
    """
    key = (event, str(path))
    acts = _awaited[key] = [*[None] * (nth - 1), act]
    try:
        yield
        assert not acts, f"{path} was not opened {nth} times"
    finally:
        del _awaited[key]


def before_request(stage: Stage, method: str, path: str, act: Callable[[], object], *, nth: int = 1) -> None:
    """`act` right before the service begins to work on the n-th request of the command whose path and query fit."""

    def step_in(_request: Request, _answer: Answer | None) -> None:
        act()

    stage.emulator.core.faults = Bend(method, path, do=step_in, early=True, skip=nth - 1)


@contextmanager
def before_reads(path: Path, act: Callable[[int], object], *, most: int, nth: int = 1) -> Iterator[None]:
    """`act` right before each of the first `most` reads from `path`, told which it is, from 1.

    Counted from the n-th time that it is opened, in the thread that opens it.
    """
    done: list[int] = []

    def on_call(_frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call" and function.__name__ == "read":
            sys.setprofile(None)
            done.append(len(done) + 1)
            act(done[-1])
            if len(done) < most:
                sys.setprofile(on_call)

    with before_opening(path, lambda: sys.setprofile(on_call), nth=nth):
        try:
            yield
        finally:
            sys.setprofile(None)
    assert done, f"nothing was read from {path}"
