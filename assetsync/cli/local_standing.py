"""How the local service of a state folder stands: served by a live process, left over, or not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.doctor.check import ok, warning, wrong
from assetsync.doctor.machine import is_held
from assetsync.emulator.address import answers, read_address
from assetsync.emulator.locks import LOCK
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from pathlib import Path

    from assetsync.doctor.check import Check


def local_standing(folder: Path, *, needed: bool) -> Check:
    """`needed` tells that the command wants it: then one that does not answer is wrong."""
    name, shown = "local service", printable(str(folder))
    address = read_address(folder)
    if is_held(folder / LOCK):
        if address is not None and answers(address):
            return ok(name, f"it runs at {address.url}")
        say = wrong if needed else warning
        return say(
            name, f"a live process holds {shown} and does not answer", "end it: `assetsync emulator`, or a watch"
        )
    if address is not None:
        return ok(name, f"not running; its last address is left in {shown} and does no harm")
    return ok(name, "not running")
