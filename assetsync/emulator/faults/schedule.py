"""Faults at work: which rule strikes at which call, and how often each did."""

from __future__ import annotations

import random
import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assetsync.emulator.faults.effects import bend, respond
from assetsync.emulator.faults.rule import CutConnection, Respond
from assetsync.emulator.messages import Drop

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.emulator.faults.rule import FaultRule, Faults
    from assetsync.emulator.messages import Answer, Outcome, Request


@dataclass(slots=True)
class _Tally:
    calls: int = 0
    struck: int = 0


class Schedule:
    """A FaultPlan made of rules.

    Each rule counts every call that it fits, also when another rule strikes; of those that would strike, the first in
    the file does. The same calls in the same order meet the same faults when `seed` is the same: what is drawn
    depends on the rule and on the call's number among its calls only.
    """

    def __init__(self, faults: Faults, pause: Callable[[float], object]) -> None:
        self.seed = faults.seed if faults.seed is not None else secrets.randbelow(10**9)
        self._faults = faults
        self._pause = pause
        self._tallies = [_Tally() for _ in faults.rules]
        self._lock = threading.Lock()
        self._now = threading.local()

    def before(self, request: Request) -> Outcome | None:
        rule = self._now.rule = self._strike(request)
        if rule is None or rule.after_work:
            return None
        self._wait(rule)
        match rule.effect:
            case Respond():
                return respond(rule.effect, request.path)
            case CutConnection():
                return Drop.CONNECTION
            case _:
                return None

    def after(self, request: Request, answer: Answer) -> Outcome | None:
        rule: FaultRule | None = self._now.rule
        if rule is None:
            return None
        if rule.after_work:
            self._wait(rule)
        return bend(rule.effect, request.path, answer)

    def as_json(self) -> dict[str, Any]:
        """The rules as they were written, each with how many calls it saw and how often it struck."""
        with self._lock:
            rules = [
                {**rule.source, "calls": tally.calls, "struck": tally.struck}
                for rule, tally in zip(self._faults.rules, self._tallies, strict=True)
            ]
        return {
            "seed": self.seed,
            "concurrency": self._faults.concurrency,
            "retry_after": self._faults.retry_after,
            "rules": rules,
        }

    def _wait(self, rule: FaultRule) -> None:
        if rule.delay:
            self._pause(rule.delay)

    def _strike(self, request: Request) -> FaultRule | None:
        chosen = None
        with self._lock:
            for number, rule in enumerate(self._faults.rules):
                if rule.match.fits(request):
                    tally = self._tallies[number]
                    tally.calls += 1
                    if chosen is None and self._is_due(rule, number, tally):
                        tally.struck += 1
                        chosen = rule
        return chosen

    def _is_due(self, rule: FaultRule, number: int, tally: _Tally) -> bool:
        if rule.times is not None and tally.struck >= rule.times:
            return False
        if rule.at is not None:
            return tally.calls in rule.at
        if rule.chance is not None:
            drawn = random.Random(f"{self.seed}/{number}/{tally.calls}").random()  # noqa: S311 reproducible on purpose
            return drawn < rule.chance
        return True
