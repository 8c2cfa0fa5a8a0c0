"""How often the laws are tried, and what every answer of a local service is held against.

By default the same examples each time, so that a run can be repeated. `ASSETSYNC_HYPOTHESIS=long` looks for new ones:
random examples, and histories of 1,000 steps each; it takes as long as it takes (give `--timeout 0`).
"""

from __future__ import annotations

import os
import sys
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import engine

from tests.emulator.described import answers_are_as_described, look_for_description, others_are_looked_at
from tests.emulator.openapi import VARIABLE

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

HERE = Path(__file__).parent

__all__ = ["answers_are_as_described", "others_are_looked_at"]


def _patient(install: Callable[[Any], None]) -> Callable[[Any], None]:
    """`sys.settrace` that tries again.

    Python 3.11 refuses to trace a new thread while another one is being set up, and that ends the thread: coverage
    would now and then take a worker away from a pool.
    """

    def settrace(function: Any) -> None:
        for _ in range(10_000):
            try:
                return install(function)
            except RuntimeError:
                time.sleep(0)
        return install(function)

    return settrace


sys.settrace = _patient(sys.settrace)


@cache
def _trusted(file: str, folder: str, *, trust_env: bool) -> ssl.SSLContext:
    del file, folder
    return httpx.create_ssl_context(trust_env=trust_env)


def _once(verify: Any = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:
    """What every client of httpx trusts, read once: thousands of them talk to loopback, without TLS."""
    if verify is not True or cert is not None:
        return httpx.create_ssl_context(verify, cert, trust_env)
    return _trusted(*(os.environ.get(name, "") for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")), trust_env=trust_env)


httpx._transports.default.create_ssl_context = _once  # type: ignore[attr-defined]

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("long", deadline=None, print_blob=True, stateful_step_count=1000)
settings.load_profile(os.environ.get("ASSETSYNC_HYPOTHESIS", "ci"))
if os.environ.get("ASSETSYNC_HYPOTHESIS") == "long":
    engine.BUFFER_SIZE *= 8  # a history of 1,000 steps makes more choices than an example is allowed by default


UNTRACED = ("action", "browser", "docs", "examples", "interop", "laws", "reliability")
"""Suites that run assetsync in processes of its own, or thousands of times: tracing would make them twice as long for
hardly a line. What they alone reach counts as not covered."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.path.is_relative_to(HERE / suite) for suite in UNTRACED):
            item.add_marker(pytest.mark.no_cover)


def pytest_configure() -> None:
    look_for_description()


def pytest_report_header() -> str:
    file = os.environ.get(VARIABLE)
    return f"answers are held against {file}" if file else f"answers are held against nothing: {VARIABLE} names no file"
