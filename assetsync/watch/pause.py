"""A change that the guards refuse: what was shown, and what was agreed to. The one holds for the other only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.plan.safety import Consent

if TYPE_CHECKING:
    from assetsync.plan.plan import Plan
    from assetsync.plan.safety import Refusal

Shown = tuple[object, tuple["Refusal", ...]]


class Pause:
    """At first nothing is asked."""

    def __init__(self) -> None:
        self._shown: Shown | None = None
        self._changes: object = None
        self._agreed: tuple[Consent, ...] = ()

    def __bool__(self) -> bool:
        return self._shown is not None

    def agreed(self, plan: Plan) -> tuple[Consent, ...]:
        """What somebody agreed to of exactly these changes."""
        return self._agreed if self._changes == _changes(plan) else ()

    def ask(self, plan: Plan, left: tuple[Refusal, ...]) -> bool:
        """Whether that has to be shown: it is not what was shown before."""
        shown = _changes(plan), left
        is_news, self._shown = shown != self._shown, shown
        return is_news

    def answer(self, text: str) -> None:
        """The figure of the first refusal agrees to it; anything else has it shown again."""
        if self._shown is None:
            return
        changes, (first, *_) = self._shown
        if text.strip() == str(first.observed):
            before = self._agreed if self._changes == changes else ()
            self._changes, self._agreed = changes, (*before, Consent(first.override, first.observed))
        self._shown = None

    def again(self) -> None:
        """What is asked is to be shown again."""
        self._shown = None

    def over(self) -> None:
        """Nothing is asked any more, and nothing is agreed to."""
        self._shown, self._changes, self._agreed = None, None, ()


def _changes(plan: Plan) -> object:
    """What a plan does to whom; the order is the plan's own."""
    return plan.changes, plan.replaced, plan.dropped, plan.target.base_build
