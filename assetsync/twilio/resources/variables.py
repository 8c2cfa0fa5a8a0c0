"""Variables of an Environment (F1.12), `/v1/Services/{Service}/Environments/{Environment}/Variables`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.twilio import wire
from assetsync.twilio.pages import read_list
from assetsync.twilio.resources.resource import Resource, named, service_part, sid_part, within

if TYPE_CHECKING:
    from assetsync.model import Variable


class Variables(Resource):
    def list_variables(self, service: str, environment: str) -> tuple[Variable, ...]:
        """Every Variable of the Environment. Raises NotFound where there is no such Environment."""
        return read_list(
            self._transport,
            named("list Variables of Environment", environment),
            self._variables(service, environment),
            wire.variable,
            about={"environment_sid": environment, **within(service)},
        )

    def create_variable(self, service: str, environment: str, key: str, value: str) -> Variable:
        """A new Variable: a key of up to 128 characters, a value of up to 450 bytes (F1.12)."""
        form = (("Key", key), ("Value", value))
        about = {"environment_sid": environment, "key": key, "value": value, **within(service)}
        operation = named("create Variable", key)
        return self._post(operation, self._variables(service, environment), form, wire.variable, **about)

    def update_variable(self, service: str, environment: str, sid: str, value: str) -> Variable:
        """Give a Variable another value; its key stays."""
        form = (("Value", value),)
        about = {"sid": sid, "environment_sid": environment, "value": value, **within(service)}
        url = f"{self._variables(service, environment)}/{sid_part(sid, 'ZV')}"
        return self._post(named("update Variable", sid), url, form, wire.variable, **about)

    def _variables(self, service: str, environment: str) -> str:
        return self._url("Services", service_part(service), "Environments", sid_part(environment, "ZE"), "Variables")
