"""The loop of `assetsync watch`: wait until things are at rest, look, plan, apply; one at a time, newest state wins."""

from __future__ import annotations

import math
import queue
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from assetsync.errors import ApplyFailed, AssetsyncError, Interrupted, InvalidInput
from assetsync.plan.actions import Delete
from assetsync.watch.deploying import Deploying
from assetsync.watch.eyes import Eyes
from assetsync.watch.happenings import Failed, ManifestRead, Overtaken, Watching
from assetsync.watch.local_side import state_of
from assetsync.watch.outcomes import Outcomes
from assetsync.watch.rest import AT_REST
from assetsync.watch.settling import WRITING_QUIET, Settling, Touch
from assetsync.watch.terms import Answer, Bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assetsync.apply.applier import Controls
    from assetsync.local.scan import Selected
    from assetsync.model import DesiredTree
    from assetsync.plan.plan import Plan
    from assetsync.watch.local_side import LocalSide
    from assetsync.watch.remote_side import RemoteSide
    from assetsync.watch.terms import Hands

TICK = 0.25
"""Seconds between two looks round: whether it is to end, whether a folder is still the one that it was."""

POLL = 1.0
"""Seconds between two looks at the folders where the system does not tell of changes."""

RESTLESS = 0.5
"""The same while two looks differ: somebody is writing."""

LOOK_ANYWAY = 30.0
"""The same where it does: what it never told of is found as well."""

FIRST_PATIENCE = 10.0
"""Seconds for which the first look waits for what somebody writes."""

ON_HOLD = 0.25
"""Seconds until it is looked again whether git is done, or a file that became empty has content again."""

ASLEEP = 30.0
"""Seconds by which the wall clock runs ahead of the other when the machine was asleep in between."""


class Watch:
    """One watch. All is done by the thread that calls `run`; `touch` and `answer` may be called by any."""

    def __init__(
        self, local: LocalSide, remote: RemoteSide, controls: Controls, hands: Hands, bounds: Bounds | None = None
    ) -> None:
        self._local, self._remote, self._hands = local, remote, hands
        self._bounds = bounds or Bounds()
        self._stop = controls.stop
        self._inbox: queue.Queue[Touch | Answer] = queue.Queue()  # a SimpleQueue may outwait its timeout after Ctrl-Z
        self._settling = Settling()
        self._eyes = Eyes(local.roots, local.manifest.path, self.touch)
        self._outcomes = Outcomes(hands.tell)
        self._deploying = Deploying(remote, controls, hands, self._bounds, self._outcomes)
        self._glance_at, self._again_at = 0.0, math.inf
        self._state: object = None
        """What the last look found in the folders."""
        self._glimpsed: object = None
        self._glimpsed_at = 0.0
        """What the last glance found instead, and since when it does."""
        self._first_held_at = math.inf
        """Since when somebody writes a file while nothing is known to be live."""
        self._is_wrong_here = False
        """Whether the last look found something wrong with the files themselves."""

    @property
    def is_writing(self) -> bool:
        """Whether an apply is under way; all else may be cut short at any moment."""
        return self._deploying.is_writing

    def touch(self, touch: Touch) -> None:
        """Something happened in the folders."""
        self._inbox.put(touch)

    def answer(self, text: str) -> None:
        """Somebody typed a line."""
        self._inbox.put(Answer(text))

    def run(self) -> None:
        """Until the controls' `stop` is set, or nobody hears it.

        Raises Interrupted where the stop came while something was being written.
        """
        with closing(self._eyes):
            if self._bounds.poll is None:
                self._eyes.open()
            self._look(None)
            self._announce()
            drift = self._drift()
            while not self._stop.is_set() and self._hands.is_heard():
                self._wait()
                self._hands.glance()
                if self._eyes.check():
                    self._announce()
                if self._drift() - drift > ASLEEP:
                    self._remote.expire()
                    self._again_at = self._hands.now()
                drift = self._drift()
                self._look_if_due()

    # Waiting

    def _wait(self) -> None:
        """Take what has come, or wait for it, no longer than until a look is due."""
        try:
            message = self._inbox.get(timeout=max(0.0, min(TICK, self._due_at() - self._hands.now())))
            while True:
                self._take(message)
                message = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _take(self, message: Touch | Answer) -> None:
        if isinstance(message, Touch):
            self._settling.add(self._local.judged(message))
        elif self._deploying.answer(message.text):
            self._again_at = self._hands.now()

    def _due_at(self) -> float:
        ripe = self._settling.ripe_at
        return min(math.inf if ripe is None else ripe, self._again_at, self._glance_at)

    @property
    def _interval(self) -> float:
        return self._bounds.poll or (POLL if self._eyes.blind else LOOK_ANYWAY)

    @property
    def _is_untold(self) -> bool:
        """Whether no event tells of changes, or not of all."""
        return bool(self._bounds.poll or self._eyes.blind)

    def _drift(self) -> float:
        return self._hands.wall() - self._hands.now()

    # Looking

    def _look_if_due(self) -> None:
        now, ripe = self._hands.now(), self._settling.ripe_at
        if ripe is not None and ripe <= now:
            self._look(self._settling.take())
        elif self._again_at <= now:
            self._look(None)
        elif self._glance_at <= now:
            self._glance()

    def _glance(self) -> None:
        """Look without a reason: at the folders, and every few minutes at what is live.

        What has changed unseen is brought on line when two glances have found the same.
        """
        now = self._hands.now()
        self._glance_at = now + self._interval
        if self._local.is_other:
            self._look(now)
            return
        with self._told():
            if self._remote.is_check_due:
                self._check(lambda: self._tree(self._select()))
            state = state_of(self._select())
            if self._is_wrong_here:  # and is not any more
                self._look(None)
            elif state == self._state:
                self._glimpsed = None
            elif self._is_untold and not self._local.held:  # then all of it is at rest
                self._look(now)
            elif state != self._glimpsed:
                self._glimpsed, self._glimpsed_at = state, now
                self._glance_at = now + min(self._interval, RESTLESS)
            elif now - self._glimpsed_at >= AT_REST:
                self._look(now)
            else:
                self._glance_at = now + min(self._interval, RESTLESS)

    def _look(self, since: float | None) -> None:
        """Bring what is there now on line; `since` is when the first of it was touched."""
        if self._deploying.since is None:
            self._deploying.since = since
        self._again_at, self._glance_at = math.inf, self._hands.now() + self._interval
        self._glimpsed, self._is_wrong_here = None, False
        self._reread()
        with self._told():
            self._bring()
        if self._local.held:
            self._again_at = min(self._again_at, self._hands.now() + WRITING_QUIET)
        if self._local.is_other or (self._is_untold and self._local.held):
            self._glance_at = self._hands.now() + min(self._interval, RESTLESS)

    def _reread(self) -> None:
        now = self._hands.now()
        try:
            if not self._local.reread(self._settling.being_written(now), now):
                return
        except AssetsyncError as error:
            self._hands.tell(Failed(error, None, manifest=True))
            return
        self._deploying.anew()
        self._hands.tell(ManifestRead())
        if self._bounds.poll is None and self._eyes.turn_to(self._local.roots):
            self._announce()

    def _bring(self) -> None:
        now = self._hands.now()
        writing = self._settling.being_written(now)
        selection = self._select()
        if not self._local.is_at_rest(selection, writing, now):
            self._again_at = now + ON_HOLD
            return
        if self._local.held and self._deploying.last_served is None:
            self._first_held_at = min(self._first_held_at, now)
            if now - self._first_held_at < FIRST_PATIENCE:
                self._again_at = now + ON_HOLD
                return
        tree = self._tree(selection)
        self._local.took(selection)
        self._outcomes.waits(self._local.waiting_for(writing, now))
        self._state = state_of(selection)
        if tree.assets == self._deploying.served:
            if self._remote.is_check_due:
                self._check(lambda: tree)
            self._outcomes.unchanged()
            self._deploying.done()
            return
        try:
            prepared = self._remote.prepare(self._local.manifest, tree)
            if self._takes_off_line(prepared.plan):
                self._remote.keep(prepared)
                tree = self._hands.read(self._local.select((), now, is_told=True))
                prepared = self._remote.prepare(self._local.manifest, tree)
            if self._deploying.deploy(prepared):
                self._deploying.done()
                self._remote.learn(self._local.manifest, tree)
            else:
                self._again_at = self._deploying.again_at
        except ApplyFailed as error:
            self._hands.distrust(selection, error)
            raise

    def _takes_off_line(self, plan: Plan) -> bool:
        """Whether it is one that somebody writes, and nobody here knew to be live."""
        held = {one.described.path for one in self._local.held}
        return any(isinstance(each, Delete) and each.path in held for each in plan.changes)

    def _select(self) -> Selected:
        now = self._hands.now()
        return self._local.select(self._settling.being_written(now), now, is_told=not self._is_untold)

    def _tree(self, selection: Selected) -> DesiredTree:
        """What is to be live: the files as they are, but as it is live what somebody is writing at the moment."""
        tree, known = self._hands.read(selection), self._deploying.last_served or {}
        kept = [
            asset
            for one in self._local.held
            if (asset := known.get((one.source, one.described.path))) and asset.visibility is one.described.visibility
        ]
        return replace(tree, assets=tuple(sorted((*tree.assets, *kept), key=lambda one: (one.path, one.source))))

    def _check(self, read: Callable[[], DesiredTree]) -> None:
        """Tell when somebody else has deployed. Nothing is deployed for it: two watches would never end it."""
        overtaken = self._remote.overtaken(self._local.manifest, read)
        if overtaken is not None:
            self._deploying.served = None
            build, differing = overtaken
            self._hands.tell(Overtaken(build, differing))

    # Telling

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong inside is told once, and tried again, the later the more often it failed."""
        try:
            yield
        except Interrupted:
            if self._deploying.was_interrupted or not self._stop.is_set():
                raise
        except AssetsyncError as error:
            self._failed(error)
        except OSError as error:
            self._failed(AssetsyncError(f"{error.filename or 'a file'}: {error.strerror or error}"))
            self._is_wrong_here = True

    def _failed(self, error: AssetsyncError) -> None:
        self._is_wrong_here = isinstance(error, InvalidInput)
        if not self._is_wrong_here:
            self._remote.forget()
        retry = self._outcomes.failed(error)
        if retry is None:
            self._deploying.since = None
        else:
            self._again_at = self._hands.now() + retry

    def _announce(self) -> None:
        folders = tuple(folder.source for folder in self._local.manifest.folders)
        polling = self._interval if self._bounds.poll or self._eyes.blind else None
        self._hands.tell(Watching(folders, self._remote.domain, polling, self._eyes.blind))
