"""Telling the pages that a browser has open on the local service what became of a change."""

from __future__ import annotations

import base64
import http.client
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assetsync.emulator.address import Address

_TIMEOUT = 2.0


def tell_pages(address: Address, domain: str, state: Mapping[str, object]) -> None:
    """The state of a site that is watched, as `/_emulator/live` takes it. That nobody listens is no error."""
    _request(address, "PUT", domain, json.dumps(state).encode())


def leave_pages(address: Address, domain: str) -> None:
    """The site is not watched any more."""
    _request(address, "DELETE", domain, None)


def _request(address: Address, method: str, domain: str, body: bytes | None) -> None:
    place = urlsplit(address.url)
    pair = base64.b64encode(f"{address.account_sid}:{address.auth_token}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(place.hostname or "127.0.0.1", place.port, timeout=_TIMEOUT)
    try:
        connection.request(method, f"/_emulator/live/{quote(domain, safe='')}", body, headers)
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()
