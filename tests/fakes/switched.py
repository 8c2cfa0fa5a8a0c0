"""The local service's settings for a test, so that the same tests run in the other setting of any switch.

`ASSETSYNC_SWITCHES="strict_paths=false oldest_first=true"` is what `scripts/both_settings.py` sets. What a test gives
itself always wins: it is what the test is about.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Final

from assetsync.emulator.settings import Settings, Synchronous
from assetsync.emulator.switches import with_switches

VARIABLE: Final = "ASSETSYNC_SWITCHES"


def switched(**given: Any) -> Settings:
    """The switches of the environment below those given. Nothing is flushed to disk: tests do not lose power."""
    base = with_switches(Settings(synchronous=Synchronous.OFF), os.environ.get(VARIABLE, "").split())
    return replace(base, **given)
