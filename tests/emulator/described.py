"""A fixture for every test: whatever a local service of this process answers is what the description says.

It is on where a `conftest.py` imports it, and does something where ASSETSYNC_OPENAPI names the description.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from assetsync.emulator.witness import WITNESSES
from tests.emulator.openapi import contract_from_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.emulator.messages import Answer, Request
    from tests.emulator.openapi import Contract

_CONTRACT = contract_from_environment()


class Inspector:
    """Looks at every answer of the API in the thread that made it; what is wrong is told later, in the test."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.judged = 0
        self._lock = threading.Lock()
        self._wrong: list[str] = []

    def __call__(self, request: Request, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, bytes) else b""
        try:
            self.contract.judge(request.method, request.path, answer.status, body)
        except Exception as problem:  # noqa: BLE001 whatever is wrong with it
            with self._lock:
                self._wrong.append(f"{request.method} {request.path} {answer.status}: {problem}")
        with self._lock:
            self.judged += 1

    def told(self) -> list[str]:
        """What was wrong since the last time."""
        with self._lock:
            wrong, self._wrong = self._wrong, []
        return wrong


@contextmanager
def inspected(contract: Contract) -> Iterator[Inspector]:
    """Look at every answer meanwhile; an AssertionError at the end lists the wrong ones."""
    inspector = Inspector(contract)
    WITNESSES.append(inspector)
    try:
        yield inspector
    finally:
        WITNESSES.remove(inspector)
    wrong = inspector.told()
    assert not wrong, "\n".join(wrong)


@pytest.fixture(autouse=True)
def answers_are_as_described() -> Iterator[None]:
    """Answers that a fixture of a wider scope asked for are told by the next test."""
    if _CONTRACT is None:
        yield
        return
    with inspected(_CONTRACT):
        yield
