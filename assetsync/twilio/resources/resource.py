"""What every endpoint needs: its URL, made of checked parts only, and a way to send."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from assetsync.errors import NotFound, UsageError
from assetsync.twilio.call import Call
from assetsync.twilio.printable import printable
from assetsync.twilio.sid import is_sid
from assetsync.twilio.wire import Fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.twilio.endpoints import Endpoints
    from assetsync.twilio.transport import Transport

T = TypeVar("T")
Form = tuple[tuple[str, str], ...]


class Resource:
    """Sends one call for one resource and parses what comes back."""

    def __init__(self, endpoints: Endpoints, transport: Transport) -> None:
        self._endpoints = endpoints
        self._transport = transport

    def _url(self, *parts: str) -> str:
        return "/".join((self._endpoints.api_url, "v1", *parts))

    def _upload_url(self, *parts: str) -> str:
        return "/".join((self._endpoints.upload_url, "v1", *parts))

    def _fetch(self, operation: str, url: str, parse: Callable[[Fields], T], **about: str) -> T:
        return parse(Fields.of(self._transport.exchange(Call(operation, "GET", url)), operation).about(**about))

    def _post(self, operation: str, url: str, form: Form, parse: Callable[[Fields], T], **about: str) -> T:
        return parse(Fields.of(self._transport.exchange(Call(operation, "POST", url, form)), operation).about(**about))

    def _delete(self, operation: str, url: str) -> None:
        """Gone already is as good as deleted now (F5.3)."""
        try:
            self._transport.exchange(Call(operation, "DELETE", url))
        except NotFound:
            return


def service_part(service: str) -> str:
    """A Service's SID or unique name (F7.1) as one segment of a URL. Raises UsageError where it cannot be one."""
    if service in {"", ".", ".."} or not service.isprintable():
        raise UsageError(f"'{printable(service)}' is not the name of a Service", hint="Use its unique name or its SID.")
    return quote(service, safe="")


def within(service: str) -> dict[str, str]:
    """What an answer must say of the Service that it is of; a unique name tells no SID."""
    return {"service_sid": service} if is_sid(service, "ZS") else {}


def sid_part(sid: str, kind: str) -> str:
    """A SID as a segment of a URL; anything else never gets there. Raises UsageError."""
    if not is_sid(sid, kind):
        raise UsageError(f"'{printable(sid, limit=60)}' is not a SID of the kind {kind}")
    return sid


def named(what: str, name: str) -> str:
    """`fetch Service` and `my-site` as the phrase for one operation."""
    return f"{what} {printable(name, limit=80)}"
