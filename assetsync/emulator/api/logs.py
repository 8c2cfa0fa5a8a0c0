"""Logs: `.../Environments/{E}/Logs`. Functions are stored, not run, so there is never an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.emulator.call import Call, Route
from assetsync.emulator.paging import Listing, page_of

if TYPE_CHECKING:
    from assetsync.emulator.messages import Answer


def read(call: Call) -> Answer:
    environment = call.environment()
    return page_of(
        call,
        Listing(
            key="logs",
            path=("Services", environment["service_sid"], "Environments", environment["sid"], "Logs"),
            select="SELECT 0 AS seq WHERE FALSE",
            values=(),
            represent=lambda _row: {},
            newest_first=True,
        ),
    )


def fetch(call: Call) -> Answer:
    call.environment()
    raise call.not_found()


ROUTES = (
    Route("GET", "/Services/{service}/Environments/{environment}/Logs", read),
    Route("GET", "/Services/{service}/Environments/{environment}/Logs/{log}", fetch),
)
