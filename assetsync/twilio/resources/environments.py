"""Environments (F7.3-7.5) and their Deployments (F7.6), `/v1/Services/{Service}/Environments`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.twilio import wire
from assetsync.twilio.pages import PAGE_SIZE, read_list
from assetsync.twilio.resources.resource import Resource, named, service_part, sid_part, within

if TYPE_CHECKING:
    from assetsync.model import Deployment, Environment


class Environments(Resource):
    def list_environments(self, service: str) -> tuple[Environment, ...]:
        """Every Environment of the Service."""
        operation = named("list Environments of Service", service)
        return read_list(
            self._transport, operation, self._environments(service), wire.environment, about=within(service)
        )

    def fetch_environment(self, service: str, sid: str) -> Environment:
        """One Environment and its live Build (F7.5). Raises NotFound."""
        operation = named("fetch Environment", sid)
        url = self._environment(service, sid)
        return self._fetch(operation, url, wire.environment, sid=sid, **within(service))

    def create_environment(self, service: str, unique_name: str, domain_suffix: str | None) -> Environment:
        """A new Environment; without a suffix it has the bare domain (F7.4)."""
        form = (("UniqueName", unique_name), *((("DomainSuffix", domain_suffix),) if domain_suffix else ()))
        operation = named("create Environment", unique_name)
        url = self._environments(service)
        return self._post(operation, url, form, wire.environment, unique_name=unique_name, **within(service))

    def delete_environment(self, service: str, sid: str) -> None:
        """The Environment and its domain (F5.7)."""
        self._delete(named("delete Environment", sid), self._environment(service, sid))

    def create_deployment(self, service: str, environment: str, build_sid: str | None) -> Deployment:
        """Put a Build live, or take everything off line with None (F5.5). Not repeatable: see `Transport.exchange`."""
        form = () if build_sid is None else (("BuildSid", sid_part(build_sid, "ZB")),)
        operation = "create Deployment" if build_sid is None else named("create Deployment of Build", build_sid)
        about = within(service) | {"environment_sid": environment} | ({"build_sid": build_sid} if build_sid else {})
        return self._post(operation, self._deployments(service, environment), form, wire.deployment, **about)

    def list_deployments(self, service: str, environment: str, *, limit: int) -> tuple[Deployment, ...]:
        """The newest `limit` Deployments, newest first (F4.3)."""
        return read_list(
            self._transport,
            named("list Deployments of Environment", environment),
            self._deployments(service, environment),
            wire.deployment,
            about={"environment_sid": environment, **within(service)},
            page_size=max(1, min(limit, PAGE_SIZE)),
            limit=limit,
        )

    def _environments(self, service: str) -> str:
        return self._url("Services", service_part(service), "Environments")

    def _environment(self, service: str, sid: str) -> str:
        return f"{self._environments(service)}/{sid_part(sid, 'ZE')}"

    def _deployments(self, service: str, environment: str) -> str:
        return f"{self._environment(service, environment)}/Deployments"
