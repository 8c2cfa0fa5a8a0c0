"""Who else sees what the API answers: for checks that hold over a whole test suite, such as the OpenAPI description.

Everything in `WITNESSES` is called with each request and its answer, by every core of this process, before faults bend
the answer, from the thread that does the work. What it raises would be taken for a failure of the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.emulator.messages import Answer, Request

    Witness: TypeAlias = Callable[[Request, Answer], None]

WITNESSES: list[Witness] = []
