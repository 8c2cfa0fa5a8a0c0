"""A fixture for every test: whatever a local service answers, in this process or another, is what the description says.

It is on where a `conftest.py` imports it. The description is looked for when pytest starts (`tests/conftest.py`), and
pytest's first lines tell which one it is, or that there is none.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from assetsync.emulator.witness import WITNESSES
from tests.emulator import elsewhere
from tests.emulator.openapi import VARIABLE, Contract, official_description, read_description

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.emulator.messages import Answer, Request

_FOUND: list[Any] = []


def look_for_description() -> None:
    """Before any test. The environment's variable takes what was found on to pytest's workers."""
    file = official_description()
    if file is not None:
        os.environ[VARIABLE] = str(file)
        _FOUND.append(read_description(file))


def official_contract() -> Contract | None:
    return Contract(_FOUND[0]) if _FOUND else None


class Inspector:
    """Looks at every answer of the API in the thread that made it; what is wrong is told later, in the test."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.judged = 0
        self._lock = threading.Lock()
        self._wrong: list[str] = []

    def __call__(self, request: Request, answer: Answer) -> None:
        wrong = self.contract.problem(request, answer)
        with self._lock:
            self.judged += 1
            if wrong is not None:
                self._wrong.append(wrong)

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
    wrong = [*inspector.told(), *elsewhere.told()]
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="session", autouse=True)
def others_are_looked_at(tmp_path_factory: pytest.TempPathFactory) -> Contract | None:
    """The contract, once a process; whatever this process starts looks at its own answers."""
    if _FOUND:
        elsewhere.announce(_FOUND[0], tmp_path_factory.mktemp("witness"))
    return official_contract()


@pytest.fixture(autouse=True)
def answers_are_as_described(others_are_looked_at: Contract | None) -> Iterator[None]:
    """Answers that a fixture of a wider scope asked for are told by the next test."""
    if others_are_looked_at is None:
        yield
        return
    with inspected(others_are_looked_at):
        yield
