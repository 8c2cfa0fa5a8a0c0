"""What an answer means: a JSON object, or a failure. Bodies are bounded."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assetsync.errors import MalformedAnswer
from assetsync.twilio.failures import HTTPX_ERRORS, Failure, garbled, redirected, refusal
from assetsync.twilio.printable import printable
from assetsync.twilio.retry import Again, http_date, retry_after
from assetsync.twilio.unpack import unpacked

if TYPE_CHECKING:
    from datetime import datetime

    from assetsync.twilio.call import Call, Document
    from assetsync.twilio.hidden import Veil
    from assetsync.twilio.lean_httpx import httpx

MAX_ERROR_BODY = 64 * 1024
MAX_ANSWER = 64 * 1024 * 1024
MAX_VALUES = 3_000_000
"""JSON values in an answer: a list of empty lists grows to some thirty times its size in memory."""

_COUNTED = (b",", b"[", b"{")


@dataclass(frozen=True, slots=True)
class Reader:
    """Judges answers. veil: hides what must never show in an error"""

    veil: Veil = field(repr=False)

    def judge(self, call: Call, response: httpx.Response, now: datetime) -> Document | Failure:
        """The JSON object of a success (empty for a DELETE), else what went wrong.

        `now` is the time of day for a `Retry-After` date where the answer has no date of its own. Raises httpx's
        errors when the body of a success is cut short.
        """
        status, headers = response.status_code, response.headers
        if status >= 400:
            today = service_date(response) or now
            return refusal(
                call.operation,
                status,
                self._snippet(response),
                request_id=self._header(response, "Twilio-Request-Id"),
                retry_after=retry_after(headers.get("Retry-After"), today),
                hide=self.veil.text,
            )
        if status >= 300:
            return redirected(call.operation, status, self._header(response, "Location"))
        if call.method == "DELETE":
            self._snippet(response)  # read to its end, so that the connection can be used again
            return {}
        return self._document(call, response)

    def _document(self, call: Call, response: httpx.Response) -> Document | Failure:
        body = bytearray()
        if not self._fill(body, response, MAX_ANSWER):
            what = f"{call.operation}: the answer is larger than {MAX_ANSWER // 1024 // 1024} MiB"
            return Failure(MalformedAnswer(what), Again.NEVER)
        request_id = self._header(response, "Twilio-Request-Id")
        kind = (self._header(response, "Content-Type") or "").partition(";")[0].strip().lower()
        if kind and kind != "application/json" and not kind.endswith("+json"):
            what = f"the answer is {printable(kind, limit=60)} and not JSON"
            return garbled(call.operation, what, request_id)
        if sum(map(body.count, _COUNTED)) > MAX_VALUES:
            return Failure(MalformedAnswer(f"{call.operation}: the answer has too many values in it"), Again.NEVER)
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return garbled(call.operation, "the answer is not valid JSON", request_id)
        if not isinstance(document, dict):
            return garbled(call.operation, "the answer is not a JSON object", request_id)
        return document

    def _snippet(self, response: httpx.Response) -> bytes:
        """As much of an error's body as came: the status says more than a body that breaks off."""
        body = bytearray()
        with suppress(*HTTPX_ERRORS):
            self._fill(body, response, MAX_ERROR_BODY)
        return bytes(body[:MAX_ERROR_BODY])

    def _fill(self, body: bytearray, response: httpx.Response, limit: int) -> bool:
        """Read into `body` until its end; False when that, or what it was packed into, is over `limit`."""
        for chunk in unpacked(response):
            body += chunk
            if max(len(body), response.num_bytes_downloaded) > limit:
                return False
        return True

    def _header(self, response: httpx.Response, name: str) -> str | None:
        # Some proxies quote the request, credentials and all, in what they say.
        value = response.headers.get(name)
        return None if value is None else self.veil.text(value)


def service_date(response: httpx.Response) -> datetime | None:
    """The service's clock, from the `Date` header."""
    return http_date(response.headers.get("Date", ""))
