"""What a watch does with a plan: deploy it, unless somebody has to agree first or the hour's Builds are used up."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from assetsync.errors import Interrupted
from assetsync.events import BuildStarted, Deployed
from assetsync.plan.safety import unanswered, with_consents
from assetsync.watch.happenings import Gathering, Live, Paused, Resumed
from assetsync.watch.pause import Pause
from assetsync.watch.quota import Quota

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assetsync.apply.applier import Controls
    from assetsync.events import Event
    from assetsync.model import DesiredAsset
    from assetsync.plan.plan import Plan
    from assetsync.prepare import Prepared
    from assetsync.watch.outcomes import Outcomes
    from assetsync.watch.remote_side import RemoteSide
    from assetsync.watch.terms import Bounds, Hands


class Deploying:
    """At first nothing is known to be live. `since` is when the first of what is to be deployed was touched."""

    def __init__(
        self, remote: RemoteSide, controls: Controls, hands: Hands, bounds: Bounds, outcomes: Outcomes
    ) -> None:
        self._remote, self._hands, self._bounds, self._outcomes = remote, hands, bounds, outcomes
        self._emit = controls.emit
        self._controls = replace(controls, emit=self._on_event, check_names=False)
        self._quota, self._pause = Quota(bounds.builds_an_hour), Pause()
        self._plan: Plan | None = None
        self._is_gathering = False
        self.since: float | None = None
        self.again_at = math.inf
        """When there may be a Build again for what the last plan was refused."""
        self.served: tuple[DesiredAsset, ...] | None = None
        """What is live as far as is known; None where that is to be found out."""
        self.last_served: Mapping[tuple[str, str], DesiredAsset] | None = None
        """What was live when that was last known, by source and path; None before."""
        self.is_writing = self.was_interrupted = False

    def answer(self, text: str) -> bool:
        """Somebody typed a line; whether anything was asked."""
        was_asked = bool(self._pause)
        self._pause.answer(text)
        return was_asked

    def anew(self) -> None:
        """Something else is wanted now: all is found out, and what is asked or waited for is told, once more."""
        self.served, self._is_gathering = None, False
        self._outcomes.forgive()
        self._pause.again()

    def done(self) -> None:
        """All that is wanted is live."""
        self._outcomes.well()
        if self._pause:
            self._hands.tell(Resumed())
        self._pause.over()
        self.since, self._is_gathering = None, False

    def deploy(self, prepared: Prepared) -> bool:
        """Whether everything is live now that is to be; else it waits for somebody's consent, or until `again_at`.

        Raises as `apply_plan` does.
        """
        plan = prepared.plan
        self._outcomes.warn(prepared.warnings)
        if not self._may(prepared):
            self._remote.keep(prepared)
            self.since = None
            return False
        if not plan.build_needed and not plan.repairs:
            self._remote.keep(prepared)
            self._are_live(prepared.tree.assets)
            self._outcomes.unchanged()
            return True
        self._outcomes.changing(plan)
        self._plan, self.served = plan, None
        self.is_writing = True
        try:
            outcome = self._remote.apply(prepared, self._controls)
        except Interrupted:
            self.was_interrupted = True
            raise
        finally:
            self.is_writing = False
        self._are_live(prepared.tree.assets)
        self._outcomes.warn(outcome.warnings)
        return True

    def _may(self, prepared: Prepared) -> bool:
        """Whether nobody has to agree first, and a Build is left; else that is told."""
        plan, self.again_at = prepared.plan, math.inf
        refusals = with_consents(prepared.refusals, (*self._bounds.consents, *self._pause.agreed(plan)))
        left = unanswered(refusals)
        if not left and not (plan.build_needed and self._is_used_up()):
            return True
        if self._outcomes.works():
            self._pause.again()
        if left and self._pause.ask(plan, left):
            self._hands.tell(Paused(plan, refusals))
        return False

    def _is_used_up(self) -> bool:
        """Whether the Builds of this hour are."""
        now = self._hands.now()
        free_at = self._quota.free_at(now)
        if free_at <= now:
            self._is_gathering = False
            return False
        if not self._is_gathering:
            self._hands.tell(Gathering(free_at - now, self._bounds.builds_an_hour or 0))
        self._is_gathering, self.again_at = True, free_at
        return True

    def _are_live(self, assets: tuple[DesiredAsset, ...]) -> None:
        self.served = assets
        self.last_served = {(one.source, one.path): one for one in assets}

    def _on_event(self, event: Event) -> None:
        if isinstance(event, BuildStarted):
            self._quota.spend(self._hands.now())
        if not isinstance(event, Deployed) or self._plan is None:
            self._emit(event)
            return
        now = self._hands.now()
        seconds = now - self.since if self.since is not None else None
        self._outcomes.live(Live(self._plan, event.build_sid, event.domain, seconds, self._quota.left(now)))
