"""Reading what an Environment serves: GETs on its domain, by anybody or with a signature (F8).

Never HEAD, which the asset host refuses (F8.6). Redirects are answers like others. The credentials of the API are never
sent there; a signature is, made for the one URL that is asked for.
"""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlsplit

import xxhash

from assetsync.errors import ConnectionFailed
from assetsync.events import Emit, RequestRetried, silent
from assetsync.twilio.connections import Connections, Timeouts
from assetsync.twilio.failures import HTTPX_ERRORS, Failure, lost, refusal
from assetsync.twilio.printable import printable
from assetsync.twilio.retry import Clock, RetryPolicy, SystemClock, may_repeat, next_delay, retry_after
from assetsync.twilio.signature import HEADER, signature

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from assetsync.errors import AssetsyncError
    from assetsync.twilio.lean_httpx import httpx

LARGEST = 32 * 2**20
"""Bytes of an answer that are read at most: more than any Asset may have (F1.1)."""

_PIECE = 2**16
_SNIPPET = 2048
_AS_IT_IS = {"Accept": "*/*", "Accept-Encoding": "identity", "Cache-Control": "no-cache"}
_SAFE = "/%-_.~!*=$&'()+,;:@"


class Sink(Protocol):
    """Takes a body, piece by piece; `restart` forgets what came: the request is tried again."""

    def restart(self) -> None: ...

    def write(self, piece: bytes, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came for one path.

    content_type: the whole header, None where there is none; size: bytes that were read
    digest: xxh3_128 of them, 32 hex digits; whole: False where there are more than `LARGEST`
    """

    status: int
    content_type: str | None
    size: int
    digest: str
    whole: bool = True


class Site:
    """One Environment's site, for any number of threads; a context manager that closes its connections.

    `url` is without a closing slash, `auth_token` None where nothing can be signed. Waiting ends when `cancelled` is
    set. `transport` replaces the network, for tests.
    """

    def __init__(
        self,
        url: str,
        *,
        auth_token: str | None = None,
        timeouts: Timeouts | None = None,
        emit: Emit = silent,
        cancelled: threading.Event | None = None,
        clock: Clock | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url
        self._auth_token = auth_token
        self._emit = emit
        self._cancelled = cancelled or threading.Event()
        self._clock = clock or SystemClock()
        self._retry = RetryPolicy(tries=5, total=60.0)
        self._connections = Connections(timeouts or Timeouts(), transport)
        self._down: AssetsyncError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connections.close()

    @property
    def can_sign(self) -> bool:
        return self._auth_token is not None

    def check(self) -> None:
        """Raise what made the site unreachable, where it was; fetches after that were not tried any more."""
        if self._down is not None:
            raise self._down

    def look_again(self) -> None:
        """Try again, though it was unreachable: the domain of a new Environment takes a while to be known."""
        self._down = None

    def fetch(self, path: str, *, signed: bool = False, into: Sink | None = None) -> Delivery:
        """GET one path; the body goes `into` a sink where one is given.

        Raises ServiceError where no answer comes, or only 429 and 5xx. Once no connection could be made, at once.
        """
        self.check()
        operation = f"GET {printable(self.url + path)}"
        began, attempt = self._clock.monotonic(), 0
        while True:
            attempt += 1
            outcome = self._attempt(operation, path, signed=signed, into=into)
            if isinstance(outcome, Delivery):
                return outcome
            elapsed = self._clock.monotonic() - began
            delay = self._delay(outcome, attempt, elapsed)
            if delay is None or self._cancelled.is_set():
                error = outcome.raised(attempt)
                if isinstance(error, ConnectionFailed) and not error.sent and not self._cancelled.is_set():
                    self._down = error
                raise error
            self._emit(RequestRetried(operation, outcome.error.message, attempt, delay))
            self._clock.wait(delay, self._cancelled)

    def _delay(self, failure: Failure, attempt: int, elapsed: float) -> float | None:
        if not may_repeat(failure.again, repeatable=True):
            return None
        chance = self._clock.chance()
        after = failure.retry_after
        return next_delay(self._retry, attempt=attempt, elapsed=elapsed, retry_after=after, chance=chance)

    def _attempt(self, operation: str, path: str, *, signed: bool, into: Sink | None) -> Delivery | Failure:
        url = self.url + quote(path, safe=_SAFE)
        headers = _AS_IT_IS | ({HEADER: signature(url, self._auth_token)} if signed and self._auth_token else {})
        try:
            with self._connections.one() as client:
                where, host = _reached(url)
                request = client.build_request("GET", where, headers=headers | host)
                with closing(client.send(request, stream=True)) as response:
                    if response.status_code == 429 or response.status_code >= 500:
                        return self._failure(operation, response)
                    return _delivery(response, into)
        except HTTPX_ERRORS as error:
            return lost(operation, error)

    def _failure(self, operation: str, response: httpx.Response) -> Failure:
        body = next(response.iter_bytes(_SNIPPET), b"")
        wait = retry_after(response.headers.get("Retry-After"), self._clock.now())
        return refusal(operation, response.status_code, body, request_id=None, retry_after=wait)


def _reached(url: str) -> tuple[str, dict[str, str]]:
    """Where to connect to, and the Host header: names under `localhost` are this machine, whatever looks names up."""
    parts = urlsplit(url)
    if not (parts.hostname or "").endswith(".localhost"):
        return url, {}
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"127.0.0.1{port}").geturl(), {"Host": parts.netloc}


def _delivery(response: httpx.Response, into: Sink | None) -> Delivery:
    digest, size, whole = xxhash.xxh3_128(), 0, True
    if into is not None:
        into.restart()
    for piece in response.iter_bytes(_PIECE):
        if size + len(piece) > LARGEST:
            whole = False
            break
        digest.update(piece)
        size += len(piece)
        if into is not None:
            into.write(piece)
    return Delivery(response.status_code, response.headers.get("Content-Type"), size, digest.hexdigest(), whole)
