"""What was told of changes: each with its outcome, and what is wrong only once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.plan.actions import Delete
from assetsync.watch.happenings import AsItIs, Changing, Failed, Live, Recovered, Warned
from assetsync.watch.troubles import News, Trouble

if TYPE_CHECKING:
    from assetsync.errors import AssetsyncError
    from assetsync.plan.plan import Plan
    from assetsync.watch.happenings import Tell


class Outcomes:
    """At first nothing was told, and nothing is wrong."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._trouble = Trouble()
        self._tried: object = None
        """The change that was last tried, until it is live."""
        self._is_awaited = False
        """Whether it was told, and not yet what became of it."""
        self._warned: set[str] = set()
        self._waited_for: tuple[str, ...] = ()

    def changing(self, plan: Plan) -> None:
        """It is tried now; that is told unless it is the same that has failed."""
        what = _what(plan)
        if plan.build_needed and what != self._tried:
            self._tell(Changing(plan))
            self._is_awaited = True
        self._tried = what

    def live(self, happening: Live) -> None:
        """What was tried is served."""
        self._is_awaited = False
        self._tell(happening)

    def unchanged(self) -> None:
        """There is nothing to change, or nothing any more."""
        awaited, self._is_awaited = self._is_awaited, False
        self._tell(AsItIs(awaited))

    def failed(self, error: AssetsyncError) -> float | None:
        """Seconds until it is to be tried again, None where only a change helps."""
        news, retry = self._trouble.came(error)
        if news in {News.NEW, News.AGAIN} or (news is News.SAME and self._is_awaited):
            self._is_awaited = False
            self._tell(Failed(error, retry, again=news is not News.NEW))
        return retry

    def well(self) -> None:
        """All that was wanted is live."""
        self._tried = None
        self.works()

    def works(self) -> bool:
        """What was tried went as far as it should; whether that was otherwise before."""
        was_wrong = self.forgive()
        if was_wrong:
            self._tell(Recovered())
        return was_wrong

    def forgive(self) -> bool:
        """What still is wrong is told again as if it were new; whether anything was."""
        return self._trouble.lifted()

    def waits(self, warnings: tuple[str, ...]) -> None:
        """What is waited for; each is told when it begins."""
        for warning in warnings:
            if warning not in self._waited_for:
                self._tell(Warned(warning))
        self._waited_for = warnings

    def warn(self, warnings: tuple[str, ...]) -> None:
        """Each is told once."""
        for warning in warnings:
            if warning not in self._warned:
                self._tell(Warned(warning))
        self._warned.update(warnings)


def _what(plan: Plan) -> object:
    """The paths that a plan changes, each with its new content: the same however it gets there."""
    return tuple((each.path, None if isinstance(each, Delete) else each.asset.digest) for each in plan.changes)
