"""Where a test bends the service: a plan is asked before and after each request was worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from assetsync.emulator.messages import Answer, Outcome, Request


class FaultPlan(Protocol):
    """Called from many threads at once; None lets the request pass.

    `before`: what is returned is sent and the request is never worked on. `after`: the work is done and what is
    returned is sent instead of `answer`, so that `Drop.CONNECTION` is a reply that was lost.
    """

    def before(self, request: Request) -> Outcome | None: ...

    def after(self, request: Request, answer: Answer) -> Outcome | None: ...


class NoFaults:
    def before(self, request: Request) -> Outcome | None:  # noqa: ARG002
        return None

    def after(self, request: Request, answer: Answer) -> Outcome | None:  # noqa: ARG002
        return None
