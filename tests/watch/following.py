"""A watch at work in a thread of its own, on a real folder and a real socket; and questions to wait with."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from assetsync.apply.applier import Controls
from assetsync.apply.journal import Journal
from assetsync.apply.once import Pace
from assetsync.local.scan import digest_files
from assetsync.manifest.load import load_manifest
from assetsync.plan.safety import CREATE_SERVICE, Consent
from assetsync.twilio.client import ServerlessClient
from assetsync.twilio.credentials import Credentials
from assetsync.twilio.endpoints import Endpoints
from assetsync.twilio.retry import RetryPolicy, SystemClock
from assetsync.watch.happenings import Changing, Failed, Live, Watching
from assetsync.watch.local_side import LocalSide
from assetsync.watch.loop import Watch
from assetsync.watch.remote_side import RemoteSide
from assetsync.watch.terms import Bounds, Hands

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from assetsync.local.scan import Selected
    from assetsync.watch.happenings import Happening
    from tests.cli.stage import Stage

H = TypeVar("H")
PATIENCE = 60.0


class Clocks:
    """Real time, with what the test adds to either clock."""

    def __init__(self) -> None:
        self.ahead = self.asleep = 0.0

    def now(self) -> float:
        return time.monotonic() + self.ahead

    def wall(self) -> float:
        return time.time() + self.ahead + self.asleep


class CountingLooks(LocalSide):
    looks = 0

    def select(self, writing: Collection[str], now: float, *, is_told: bool) -> Selected:
        self.looks += 1
        return super().select(writing, now, is_told=is_told)


class Following:
    """`happened` is what the watch told, in order; `until` waits for something to hold."""

    def __init__(self, stage: Stage, watch: Watch, clocks: Clocks) -> None:
        self.stage, self.watch, self.clocks = stage, watch, clocks
        self.happened: list[Happening] = []
        self._changed = threading.Condition()

    def told(self, happening: Happening) -> None:
        with self._changed:
            self.happened.append(happening)
            self._changed.notify_all()

    def until(self, kind: type[H], count: int = 1) -> H:
        """The `count`-th happening of a kind."""

        def found() -> list[Any]:
            return [each for each in self.happened if isinstance(each, kind)]

        with self._changed:
            assert self._changed.wait_for(lambda: len(found()) >= count, PATIENCE), self.happened
        return found()[count - 1]  # type: ignore[no-any-return]

    def all(self, kind: type[H]) -> list[H]:
        return [each for each in self.happened if isinstance(each, kind)]

    def served(self, path: str) -> bytes | None:
        answer = self.stage.outside.visit(path)
        return answer.content if answer.status_code == 200 else None

    def until_served(self, path: str, content: bytes | None) -> None:
        """Wait for the site to say so, and for the watch to have told it; None is for nothing there."""
        self.until_true(
            lambda: self.served(path) == content and self._all_has_an_outcome(),
            lambda: f"{path}: {self.served(path)!r}",
        )

    def _all_has_an_outcome(self) -> bool:
        turns = [each for each in self.happened if isinstance(each, Changing | Live | Failed)]
        return not turns or not isinstance(turns[-1], Changing)

    def until_true(self, holds: Callable[[], bool], said: Callable[[], str] = str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, (said(), self.happened)
            with self._changed:
                self._changed.wait(0.02)

    @property
    def looks(self) -> int:
        """How often it has looked at the folders."""
        looks: int = self.watch._local.looks  # type: ignore[attr-defined]
        return looks

    @property
    def file(self) -> Callable[[str], Path]:
        return lambda name: self.stage.root / "public" / name


@contextmanager
def following(
    stage: Stage, *consents: Consent, builds_an_hour: int | None = None, poll: float | None = None
) -> Iterator[Following]:
    """A watch of the stage's folder, from the moment at which all is live; it has ended without an error after it."""
    account = stage.emulator.core.account
    client = ServerlessClient(
        Endpoints(stage.emulator.url, stage.emulator.url),
        Credentials(account.sid, account.auth_token),
        concurrency=8,
        retry=RetryPolicy(tries=1),
    )
    journal = Journal(stage.root.parent / "cache", stage.emulator.url, now=time.time)
    clocks, stop = Clocks(), threading.Event()
    load = partial(load_manifest, stage.root / "assetsync.yaml", environment=None, variables=os.environ)
    side = CountingLooks(load)
    found: list[Following] = []
    watch = Watch(
        side,
        RemoteSide(client, journal, account_sid=None, runtime=None, now=clocks.now),
        Controls(pace=Pace(SystemClock(), threading.Event()), stop=stop, build_timeout=60),
        Hands(
            read=partial(digest_files, cache_dir=stage.root.parent / "cache", now_ns=time.time_ns),
            distrust=lambda _selection, _error: None,
            tell=lambda happening: found[0].told(happening),  # noqa: PLW0108 - it comes later
            is_heard=lambda: True,
            glance=lambda: None,
            now=clocks.now,
            wall=clocks.wall,
        ),
        Bounds((Consent(CREATE_SERVICE), *consents), builds_an_hour, poll),
    )
    found.append(Following(stage, watch, clocks))
    failed: list[BaseException] = []

    def run() -> None:
        try:
            watch.run()
        except BaseException as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=run, name="watch")
    thread.start()
    try:
        found[0].until(Watching)
        yield found[0]
    finally:
        stop.set()
        thread.join(PATIENCE)
        client.close()
        journal.close()
    assert not thread.is_alive()
    assert not failed


def changed_paths(following: Following) -> list[list[str]]:
    """Of each Build that was made, which paths it changed."""
    return [sorted(action.path for action in each.plan.changes) for each in following.all(Changing)]


def lives(following: Following) -> int:
    return len(following.all(Live))
