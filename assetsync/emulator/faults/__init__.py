"""How the service misbehaves on request.

    text -> document -> Faults (rule) -> Schedule (schedule) -> an answer bent by effects

`Core` asks a plan before and after each request was worked on. Users write `docs/faults.md`'s file; tests may bring
a plan of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from assetsync.emulator.messages import Answer, Outcome, Request


class FaultPlan(Protocol):
    """Called from many threads at once; both calls for one request come from one thread. None lets it pass.

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
