"""One request and its answer, tried as often as is safe."""

from __future__ import annotations

import base64
import os
import threading
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from assetsync.events import Emit, RequestRetried, silent
from assetsync.twilio.answer import Reader, service_date
from assetsync.twilio.connections import Connections, Timeouts
from assetsync.twilio.failures import HTTPX_ERRORS, Failure, lost
from assetsync.twilio.hidden import Veil, of_environment, of_pair
from assetsync.twilio.limiter import Limiter
from assetsync.twilio.retry import Clock, RetryPolicy, SystemClock, may_repeat, next_delay
from assetsync.twilio.tally import Meter, Tally

if TYPE_CHECKING:
    from collections.abc import Generator
    from datetime import datetime

    from assetsync.twilio.call import Call, Document
    from assetsync.twilio.credentials import Credentials
    from assetsync.twilio.lean_httpx import httpx


class Transport:
    """Sends calls from any number of threads over at most `concurrency` kept-alive connections.

    `transport` replaces the network, for tests. Raises UsageError where a proxy or certificate variable is unusable.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        concurrency: int,
        retry: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        emit: Emit = silent,
        cancelled: threading.Event | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        token = base64.b64encode(f"{credentials.username}:{credentials.password}".encode())
        self._authorization = b"Basic " + token
        self._retry = retry or RetryPolicy()
        self._emit = emit
        self._cancelled = cancelled or threading.Event()
        self._clock = clock or SystemClock()
        self._new_limiter = partial(Limiter, concurrency)
        self._limiter = self._new_limiter()
        self._meter = Meter()
        self._service_date: datetime | None = None
        hidden = of_pair(credentials.username, credentials.password)
        self._reader = Reader(Veil((*hidden, *of_environment(os.environ))))
        self._connections = Connections(timeouts or Timeouts(), transport)
        self._left: list[Connections] = []

    def close(self) -> None:
        """Close every connection."""
        for connections in (*self._left, self._connections):
            connections.close()

    def start_over(self) -> None:
        """Leave what is on its way to itself: no later call waits for a place or a connection that it holds."""
        self._left.append(self._connections)
        self._connections, self._limiter = self._connections.anew(), self._new_limiter()

    @property
    def tally(self) -> Tally:
        return self._meter.tally

    @property
    def service_date(self) -> datetime | None:
        """The service's clock at its last answer, in UTC; None before the first."""
        return self._service_date

    def exchange(self, call: Call) -> Document:
        """Send `call`, again where that is safe, and return the JSON object of the answer (empty for a DELETE).

        Raises CredentialsError, ServiceError and its kinds, FileChanged (from the body), Interrupted. After a
        ConnectionFailed with `sent`, a ServerFailure or a MalformedAnswer of a POST that is not an upload, the write
        may have happened: the caller looks (F3.10).
        """
        failing_since: float | None = None
        attempt = 0
        while True:
            attempt += 1
            outcome = self._attempt(call, attempt)
            if not isinstance(outcome, Failure):
                return outcome
            now = self._clock.monotonic()
            failing_since = now if failing_since is None else failing_since
            delay = self._delay(call, outcome, attempt, now - failing_since)
            if delay is None:
                raise outcome.raised(attempt)
            self._emit(RequestRetried(call.operation, outcome.error.message, attempt, delay))
            self._clock.wait(delay, self._cancelled)

    def _delay(self, call: Call, failure: Failure, attempt: int, elapsed: float) -> float | None:
        if not may_repeat(failure.again, repeatable=call.repeatable):
            return None
        chance = self._clock.chance()
        return next_delay(self._retry, attempt=attempt, elapsed=elapsed, retry_after=failure.retry_after, chance=chance)

    def _attempt(self, call: Call, attempt: int) -> Document | Failure:
        with self._limiter.slot(self._cancelled) as slot:
            self._meter.add(requests=1, retries=int(attempt > 1))
            try:
                outcome = self._send(call)
            except HTTPX_ERRORS as error:
                outcome = lost(call.operation, error, self._reader.veil.text)
            if not isinstance(outcome, Failure):
                slot.succeeded()
            elif outcome.throttled:
                slot.throttled()
            return outcome

    def _send(self, call: Call) -> Document | Failure:
        with self._connections.one() as client:
            # Closed here and not by the collector, so that no file is held open by a request that failed.
            with closing(self._pieces(call)) as pieces:
                whole = call.upload is None or call.upload.prebuilt
                request = client.build_request(
                    call.method,
                    call.url,
                    headers={**call.headers, "Authorization": self._authorization.decode("ascii")},
                    content=b"".join(pieces) if whole else pieces,
                )
                response = client.send(request, stream=True)
            with closing(response):
                self._service_date = service_date(response) or self._service_date
                return self._reader.judge(call, response, self._clock.now())

    def _pieces(self, call: Call) -> Generator[bytes]:
        for piece in (call.encoded_form,) if call.upload is None else call.upload.chunks():
            yield piece
            self._meter.add(bytes_sent=len(piece))
