"""The seam: what httpx raises and what Twilio refuses becomes one of our errors, and says whether to try again.

httpx's exceptions are translated by `_BY_EXCEPTION` alone, answers by `refusal`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.errors import (
    ApiError,
    AssetsyncError,
    ConnectionFailed,
    CredentialsError,
    MalformedAnswer,
    NotFound,
    RateLimited,
    ServerFailure,
)
from assetsync.twilio.hints import CREDENTIALS, hint_for
from assetsync.twilio.lean_httpx import httpx
from assetsync.twilio.printable import printable
from assetsync.twilio.retry import Again

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TAG = re.compile(r"<[^<>]*>")
_SNIPPET = 2048  # characters of a body that is not JSON; more is never looked at
_NETWORK = "Check the network, the proxy settings, TWILIO_REGION and TWILIO_EDGE."
_CERTIFICATE = "If a proxy of your company signs the traffic, point SSL_CERT_FILE to its certificate."


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed try: the error to raise in the end, what may be repeated, seconds that the service asks to wait."""

    error: AssetsyncError
    again: Again
    retry_after: float | None = None
    throttled: bool = False

    def raised(self, tries: int) -> AssetsyncError:
        """The error, which says how often it was tried where that was more than once."""
        if tries > 1:
            self.error.message = f"{self.error.message} (after {tries} tries)"
            self.error.args = (self.error.message,)
        return self.error


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What an httpx exception means: `again` as in Failure; `sent` False where no byte can have reached the service."""

    words: str
    again: Again
    sent: bool = True
    garbled: bool = False


_UNSENT = _Meaning("the connection could not be made", Again.ALWAYS, sent=False)
_UNSENDABLE = _Meaning("the request could not be sent", Again.NEVER, sent=False)
_LOST = _Meaning("the connection was lost", Again.IF_REPEATABLE)
_STALLED = _Meaning("the connection stalled", Again.IF_REPEATABLE)
_GARBLED = _Meaning("the answer could not be decoded", Again.IF_REPEATABLE, garbled=True)
_UNEXPECTED = _Meaning("the answer could not be read", Again.NEVER, garbled=True)

_BY_EXCEPTION: Mapping[type[Exception], _Meaning] = {
    httpx.HTTPError: _LOST,
    httpx.RequestError: _LOST,
    httpx.TransportError: _LOST,
    httpx.TimeoutException: _STALLED,
    httpx.ConnectTimeout: _UNSENT,
    httpx.PoolTimeout: _UNSENT,
    httpx.ReadTimeout: _STALLED,
    httpx.WriteTimeout: _STALLED,
    httpx.NetworkError: _LOST,
    httpx.ConnectError: _UNSENT,
    httpx.ReadError: _LOST,
    httpx.WriteError: _LOST,
    httpx.CloseError: _LOST,
    httpx.ProxyError: _UNSENT,
    httpx.ProtocolError: _LOST,
    httpx.RemoteProtocolError: _LOST,
    httpx.LocalProtocolError: _UNSENDABLE,
    httpx.UnsupportedProtocol: _UNSENDABLE,
    httpx.InvalidURL: _UNSENDABLE,
    httpx.CookieConflict: _UNSENDABLE,
    httpx.DecodingError: _GARBLED,
    httpx.TooManyRedirects: _UNEXPECTED,
    httpx.HTTPStatusError: _UNEXPECTED,
    httpx.StreamError: _UNEXPECTED,
    httpx.StreamConsumed: _UNEXPECTED,
    httpx.StreamClosed: _UNEXPECTED,
    httpx.ResponseNotRead: _UNEXPECTED,
    httpx.RequestNotRead: _UNEXPECTED,
}
HTTPX_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)


def lost(operation: str, error: Exception, hide: Callable[[str], str] = str) -> Failure:
    """The failure behind one of `HTTPX_ERRORS`, which may quote what was sent; `hide` as in `complaint`."""
    meaning = next(_BY_EXCEPTION[kind] for kind in type(error).__mro__ if kind in _BY_EXCEPTION)
    detail = printable(hide(str(error))) or type(error).__name__
    message = f"{operation}: {meaning.words}: {detail}"
    if meaning.garbled:
        return Failure(MalformedAnswer(message), meaning.again)
    if "CERTIFICATE" in detail:  # waiting does not make it any more trustworthy
        return Failure(ConnectionFailed(message, sent=False, hint=_CERTIFICATE), Again.NEVER)
    return Failure(ConnectionFailed(message, sent=meaning.sent, hint=_NETWORK), meaning.again)


def garbled(operation: str, what: str, request_id: str | None) -> Failure:
    """A success whose body is not what the API promises, but may be the next time."""
    where = f" (request {printable(request_id, limit=80)})" if request_id else ""
    return Failure(MalformedAnswer(f"{operation}: {what}{where}"), Again.IF_REPEATABLE)


def redirected(operation: str, status: int, location: str | None) -> Failure:
    """A redirect is never followed: it would carry the credentials to a place that nobody named."""
    error = MalformedAnswer(
        f"{operation}: HTTP {status} leads to {printable(location or 'nowhere', limit=120)}, which is not followed",
        hint="Check ASSETSYNC_API_URL and the proxy settings.",
    )
    return Failure(error, Again.NEVER)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What the body of a refusal says."""

    message: str
    code: int | None = None


def complaint(body: bytes, hide: Callable[[str], str] = str) -> Complaint:
    """Read one of the four JSON shapes (F3.1-3.4), else any text; the answer is fit for a terminal.

    `body` may be cut anywhere; what is not JSON is taken as text or HTML. `hide` takes secrets out, before any cut.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        text = hide(body.decode("utf-8", errors="replace"))[:_SNIPPET]
        return Complaint(printable(_TAG.sub(" ", text), limit=200))
    words = (document.get(key) for key in ("message", "title", "detail"))
    parts = [word for word in words if isinstance(word, str) and word] + _details(document.get("errors"))
    kept = [part for index, part in enumerate(parts) if part not in parts[:index]]
    return Complaint(printable(hide(": ".join(kept))), _code(document.get("code")))


def _details(errors: object) -> list[str]:
    entries = errors if isinstance(errors, list) else []
    details = (entry.get("detail") for entry in entries[:3] if isinstance(entry, dict))
    return [detail for detail in details if isinstance(detail, str)]


def _code(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 <= value < 10**9 else None
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else None


def refusal(
    operation: str,
    status: int,
    body: bytes,
    *,
    request_id: str | None,
    retry_after: float | None = None,
    hide: Callable[[str], str] = str,
) -> Failure:
    """The failure behind an answer with a status of 400 or more; `hide` as in `complaint`."""
    said = complaint(body, hide)
    message = _sentence(operation, status, said, request_id)
    if status == 401 or (status == 403 and said.code == 20003):
        return Failure(CredentialsError(message, hint=CREDENTIALS), Again.NEVER)
    kind, again = _kind(status)
    error = kind(
        message,
        status=status,
        code=said.code,
        request_id=None if request_id is None else printable(request_id, limit=80),
        operation=operation,
        hint=hint_for(status, said.code, said.message),
    )
    return Failure(error, again, retry_after, throttled=status == 429)


def _kind(status: int) -> tuple[type[ApiError], Again]:
    match status:
        case 404:
            return NotFound, Again.NEVER
        case 408:
            return ApiError, Again.IF_REPEATABLE
        case 429:
            return RateLimited, Again.ALWAYS
        case _ if status >= 500:
            return ServerFailure, Again.IF_REPEATABLE
        case _:
            return ApiError, Again.NEVER


def _sentence(operation: str, status: int, said: Complaint, request_id: str | None) -> str:
    code = "" if said.code is None else f", code {said.code}"
    words = f": {said.message}" if said.message else ""
    request = f" (request {printable(request_id, limit=80)})" if request_id else ""
    return f"{operation}: HTTP {status}{code}{words}{request}"
