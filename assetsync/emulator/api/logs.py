"""Logs: `.../Environments/{E}/Logs`. Functions are stored, not run, so there is never an entry."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from assetsync.emulator.call import Call, Route
from assetsync.emulator.paging import Listing, page_of
from assetsync.emulator.refusals import invalid

if TYPE_CHECKING:
    from assetsync.emulator.messages import Answer

_FUNCTION_SID = re.compile(r"ZH[0-9a-fA-F]{32}")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def read(call: Call) -> Answer:
    """What it is filtered by makes no difference, but has to be well-formed (OpenAPI)."""
    environment = call.environment()
    _check_filters(call.request.query)
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


def _check_filters(query: str) -> None:
    for name, values in parse_qs(query).items():
        if name == "FunctionSid" and not _FUNCTION_SID.fullmatch(values[-1]):
            raise invalid("FunctionSid is invalid")
        if name in {"StartDate", "EndDate"} and not _is_date_time(values[-1]):
            raise invalid(f"{name} must be a date and time, as 2026-01-02T03:04:05Z")


def _is_date_time(text: str) -> bool:
    if not _DATE_TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def fetch(call: Call) -> Answer:
    call.environment()
    raise call.not_found()


ROUTES = (
    Route("GET", "/Services/{service}/Environments/{environment}/Logs", read),
    Route("GET", "/Services/{service}/Environments/{environment}/Logs/{log}", fetch),
)
