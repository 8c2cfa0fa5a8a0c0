"""Telling the pages that a browser has open on the local service what became of a change."""

from __future__ import annotations

import base64
import http
import http.client
import json
import secrets
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from assetsync.emulator.address import answers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assetsync.emulator.address import Address

_TIMEOUT = 2.0


class Preview:
    """One watch of sites on a local service, which knows it by a name: it may not be the only one."""

    def __init__(self, address: Address) -> None:
        self._address, self._name = address, secrets.token_hex(8)

    @property
    def url(self) -> str:
        return self._address.url

    @property
    def is_there(self) -> bool:
        """Whether the service answers."""
        return answers(self._address)

    def tell(self, domain: str, state: Mapping[str, object]) -> None:
        """The state of a site that is watched, as `/_emulator/live` takes it. That nobody listens is no error."""
        self._request("PUT", domain, json.dumps(state).encode())

    def keep(self, domain: str, state: Mapping[str, object]) -> None:
        """Stay known to the service; tell it again where it does not know of us, since it was started anew."""
        if self._request("GET", domain, None) == http.HTTPStatus.NOT_FOUND:
            self.tell(domain, state)

    def leave(self, domain: str) -> None:
        """The site is not watched by this one any more."""
        self._request("DELETE", domain, None)

    def _request(self, method: str, domain: str, body: bytes | None) -> int | None:
        """The answer's status; None where nobody answers."""
        place = urlsplit(self._address.url)
        pair = base64.b64encode(f"{self._address.account_sid}:{self._address.auth_token}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(place.hostname or "127.0.0.1", place.port, timeout=_TIMEOUT)
        try:
            path = f"/_emulator/live/{quote(domain, safe='')}?watch={self._name}"
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return None
        else:
            return answer.status
        finally:
            connection.close()
