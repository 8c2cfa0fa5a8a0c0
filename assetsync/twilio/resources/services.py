"""Services (F7.1-7.3), `/v1/Services`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.twilio import wire
from assetsync.twilio.pages import read_list
from assetsync.twilio.resources.resource import Resource, named, service_part, sid_part
from assetsync.twilio.sid import is_sid

if TYPE_CHECKING:
    from assetsync.model import Service


class Services(Resource):
    def fetch_service(self, service: str) -> Service:
        """One Service by SID or unique name (F7.1). Raises NotFound."""
        url, about = self._url("Services", service_part(service)), {"sid": service} if is_sid(service, "ZS") else {}
        return self._fetch(named("fetch Service", service), url, wire.service, **about)

    def list_services(self) -> tuple[Service, ...]:
        """Every Service of the account, at most 50 by default (F1.3)."""
        return read_list(self._transport, "list Services", self._url("Services"), wire.service)

    def create_service(
        self, unique_name: str, friendly_name: str, *, include_credentials: bool = False, ui_editable: bool = False
    ) -> Service:
        """A new Service; its unique name can never be changed (F7.1, F7.2)."""
        form = (
            ("UniqueName", unique_name),
            ("FriendlyName", friendly_name),
            ("IncludeCredentials", _flag(on=include_credentials)),
            ("UiEditable", _flag(on=ui_editable)),
        )
        operation = named("create Service", unique_name)
        return self._post(operation, self._url("Services"), form, wire.service, unique_name=unique_name)

    def delete_service(self, sid: str) -> None:
        """The Service with all that it holds, its domain included (F5.7)."""
        self._delete(named("delete Service", sid), self._url("Services", sid_part(sid, "ZS")))


def _flag(*, on: bool) -> str:
    return "true" if on else "false"
