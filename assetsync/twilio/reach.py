"""Whether a host answers at all, and where the way to it ends: one GET without credentials, tried once."""

from __future__ import annotations

import socket
import ssl
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.errors import UsageError
from assetsync.twilio.answer import service_date
from assetsync.twilio.connections import Connections, Timeouts
from assetsync.twilio.failures import HTTPX_ERRORS
from assetsync.twilio.lean_httpx import httpx
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from assetsync.twilio.retry import Clock

_CERTIFICATES = "if a proxy of your company signs the traffic, point SSL_CERT_FILE to its certificate"
_WAY = "check the network, the firewall, HTTPS_PROXY and NO_PROXY"


@dataclass(frozen=True, slots=True)
class Reached:
    """A host that answered, whatever it said.

    seconds: from the request to the answer's headers, the connection included
    ahead: how far the host's clock is ahead of ours, to a second; None where it tells no time
    """

    status: int
    seconds: float
    ahead: timedelta | None


@dataclass(frozen=True, slots=True)
class Unreached:
    """No answer: `message` says where the way ends, as far as the error tells."""

    message: str
    hint: str


def reach(url: str, *, timeouts: Timeouts, clock: Clock) -> Reached | Unreached:
    """Ask the host of a base URL for what it gives nobody without credentials."""
    began = clock.monotonic()
    try:
        connections = Connections(timeouts, None)
    except UsageError as error:
        return Unreached(error.message, error.hint or _WAY)
    try:
        with connections.one() as client, closing(_ask(client, url)) as response:
            date, now = service_date(response), clock.now()
            ahead = None if date is None else date - now.replace(microsecond=0)
            return Reached(response.status_code, clock.monotonic() - began, ahead)
    except HTTPX_ERRORS as error:
        return unreached(error)
    finally:
        connections.close()


def _ask(client: httpx.Client, url: str) -> httpx.Response:
    return client.send(client.build_request("GET", f"{url}/v1/Services"), stream=True)


def unreached(error: Exception) -> Unreached:
    """Where the way ended, by one of `HTTPX_ERRORS` and what it was made of."""
    causes = tuple(_causes(error))
    detail = printable(str(error)) or type(error).__name__
    for kind, message, hint in (
        (httpx.ProxyError, "the proxy refuses the way there", "check HTTPS_PROXY and its password, and NO_PROXY"),
        (socket.gaierror, "its name cannot be looked up (DNS)", "check the network, TWILIO_REGION and TWILIO_EDGE"),
        (ssl.SSLCertVerificationError, "its certificate is not trusted (TLS)", _CERTIFICATES),
        (ssl.SSLError, "no encrypted connection can be made (TLS)", f"{_WAY}: something in between does not speak TLS"),
        (ConnectionRefusedError, "the connection is refused", _WAY),
        (httpx.ConnectTimeout, "the connection is not answered in time", _WAY),
        (httpx.ConnectError, "the connection cannot be made", _WAY),
    ):
        if any(isinstance(cause, kind) for cause in causes):
            return Unreached(f"{message}: {detail}", hint)
    return Unreached(f"it was connected and gave no answer: {detail}", _WAY)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was made of."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
