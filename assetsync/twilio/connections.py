"""Kept-alive connections, each an `httpx.Client` of its own, lent to one request at a time.

A client with all the connections looks at each of them, several times, for every request: with fifty that was a fifth
of the processor time of an apply.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from assetsync import __version__
from assetsync.errors import UsageError
from assetsync.twilio.lean_httpx import httpx
from assetsync.twilio.printable import printable
from assetsync.twilio.stall import watch
from assetsync.twilio.unpack import ACCEPTED

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

# A proxy has no business between us and a service on this very machine.
_LOOPBACK: dict[str, httpx.BaseTransport | None] = {
    "all://localhost": None,
    "all://127.0.0.1": None,
    "all://[::1]": None,
}


IDLE = 5.0
"""Seconds after which a connection that nobody used is closed."""


class _NoCookies(httpx.Cookies):
    def extract_cookies(self, response: httpx.Response) -> None:
        pass


class _Client(httpx.Client):
    """Keeps no cookies and sends none. Looking for them took a tenth of the time of each request.

    httpx asks this property for what it sends, and shows each answer to what the property gives.
    """

    _none = _NoCookies()

    @property
    def cookies(self) -> httpx.Cookies:
        return self._none

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, and how long a connection may hardly move (`stall.watch`)."""

    connect: float = 10.0
    stall: float = 60.0


class Connections:
    """As many as are needed at once; the one that was used last is used next. Thread-safe.

    `transport` replaces the network. Raises UsageError where a proxy or certificate variable is unusable.
    """

    def __init__(
        self, timeouts: Timeouts, transport: httpx.BaseTransport | None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._timeouts, self._transport, self._now = timeouts, transport, now
        with _told():
            self._trust = _trusted(*(os.environ.get(name, "") for name in ("SSL_CERT_FILE", "SSL_CERT_DIR")))
        self._lock = threading.Lock()
        self._lent: set[httpx.Client] = set()
        self._free = [(now(), self._new())]
        """Each since when; the longest first."""

    def anew(self) -> Connections:
        """Others of the same kind."""
        return Connections(self._timeouts, self._transport, self._now)

    def close(self) -> None:
        """Close all of them, also those that are lent."""
        with self._lock:
            clients = [*self._lent, *(client for _, client in self._free)]
        for client in clients:
            client.close()

    @contextmanager
    def one(self) -> Iterator[httpx.Client]:
        """A connection for one request and its answer; meanwhile those are closed that nobody has needed for long."""
        with self._lock:
            client = self._free.pop()[1] if self._free else self._new()
            self._lent.add(client)
            unused = [free for since, free in self._free if self._now() - since > IDLE]
            del self._free[: len(unused)]
        for each in unused:
            each.close()
        try:
            yield client
        finally:
            with self._lock:
                self._lent.remove(client)
                self._free.append((self._now(), client))

    def _new(self) -> httpx.Client:
        # Redirects are not followed: they would carry the credentials to a place that nobody named.
        with _told():
            client = _Client(
                headers={
                    "User-Agent": f"assetsync/{__version__}",
                    "Accept": "application/json",
                    "Accept-Encoding": ACCEPTED,
                },
                http2=False,
                follow_redirects=False,
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE),
                timeout=httpx.Timeout(None, connect=self._timeouts.connect),  # `watch` sees to the rest
                trust_env=True,
                verify=self._trust,
                transport=self._transport,
                mounts=_LOOPBACK,
            )
        watch(client, self._timeouts.stall)
        return client


@cache
def _trusted(file: str, folder: str) -> ssl.SSLContext:
    """The certificates that are trusted, by the variables that httpx reads; once, since that takes some 25 ms."""
    del file, folder
    return httpx.create_ssl_context()


@contextmanager
def _told() -> Iterator[None]:
    """What cannot be set up, in a sentence. A URL is not shown: a proxy's may hold a password."""
    try:
        yield
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
        url = isinstance(error, (ValueError, httpx.InvalidURL)) and not isinstance(error, OSError)
        reason = "a proxy's URL cannot be used" if url else printable(str(error))
        raise UsageError(
            f"The connection cannot be set up: {reason}",
            hint="Check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR.",
        ) from None
