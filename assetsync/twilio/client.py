"""The Serverless API as typed methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from assetsync.events import Emit, silent
from assetsync.twilio.resources.assets import Assets
from assetsync.twilio.resources.builds import Builds
from assetsync.twilio.resources.environments import Environments
from assetsync.twilio.resources.services import Services
from assetsync.twilio.resources.variables import Variables
from assetsync.twilio.transport import Transport

if TYPE_CHECKING:
    import threading
    from datetime import datetime
    from types import TracebackType

    from assetsync.twilio.connections import Timeouts
    from assetsync.twilio.credentials import Credentials
    from assetsync.twilio.endpoints import Endpoints
    from assetsync.twilio.lean_httpx import httpx
    from assetsync.twilio.retry import Clock, RetryPolicy
    from assetsync.twilio.tally import Tally


class ServerlessClient(Services, Environments, Variables, Assets, Builds):
    """Every endpoint that is used, for any number of threads at once; a context manager that closes its connections.

    A `service` argument is a SID or a unique name (F7.1). All methods raise what `Transport.exchange` raises, and
    MalformedAnswer for an answer that lacks what is needed. Requests are sent by at most `concurrency` threads at
    once, fewer while Twilio says 429. When `cancelled` is set, waiting ends with Interrupted and nothing new is sent;
    what is on its way is finished. `emit` is called from the sending threads.
    """

    def __init__(  # noqa: PLR0913 - two things that are needed, the rest are dials with a default
        self,
        endpoints: Endpoints,
        credentials: Credentials,
        *,
        concurrency: int = 50,
        retry: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        emit: Emit = silent,
        cancelled: threading.Event | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(
            endpoints,
            Transport(
                credentials,
                concurrency=concurrency,
                retry=retry,
                timeouts=timeouts,
                emit=emit,
                cancelled=cancelled,
                transport=transport,
                clock=clock,
            ),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def start_over(self) -> None:
        """Leave what is on its way to itself: no later call waits for a place or a connection that it holds."""
        self._transport.start_over()

    @property
    def tally(self) -> Tally:
        """What was sent until now."""
        return self._transport.tally

    @property
    def service_date(self) -> datetime | None:
        """The service's clock at its last answer, in UTC; None before the first."""
        return self._transport.service_date
