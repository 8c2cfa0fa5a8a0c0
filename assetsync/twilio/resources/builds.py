"""Builds (F6.1-6.9), `/v1/Services/{Service}/Builds`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from assetsync.twilio import wire
from assetsync.twilio.pages import each_of_list, read_list
from assetsync.twilio.resources.resource import Resource, named, service_part, sid_part, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from assetsync.model import Build, Dependency

# A Build tells all that it holds, up to some 400 kB; a page of 1000 of them would be too much for anybody.
_PAGE_SIZE = 50


class Builds(Resource):
    def create_build(
        self,
        service: str,
        asset_versions: Iterable[str],
        function_versions: Iterable[str],
        dependencies: Iterable[Dependency],
        runtime: str | None,
    ) -> Build:
        """Begin a Build of these Version SIDs and nothing else (F6.1, F6.2, F6.9). Not repeatable.

        Without dependencies and runtime Twilio takes its own (F6.8). Raises ApiError for a Build of nothing.
        """
        wanted = [{"name": dependency.name, "version": dependency.version} for dependency in dependencies]
        form = (
            *(("AssetVersions", sid_part(sid, "ZN")) for sid in asset_versions),
            *(("FunctionVersions", sid_part(sid, "ZN")) for sid in function_versions),
            *((("Dependencies", json.dumps(wanted)),) if wanted else ()),
            *((("Runtime", runtime),) if runtime is not None else ()),
        )
        return self._post("create Build", self._builds(service), form, wire.build, **within(service))

    def fetch_build(self, service: str, sid: str) -> Build:
        """One Build with everything that it holds (F6.4). Raises NotFound."""
        return self._fetch(named("fetch Build", sid), self._build(service, sid), wire.build, sid=sid, **within(service))

    def list_builds(self, service: str) -> tuple[Build, ...]:
        """Every Build of the Service that Twilio still keeps (F1.8)."""
        return tuple(self.each_build(service))

    def newest_builds(self, service: str, limit: int) -> tuple[Build, ...]:
        """The first `limit` Builds of the list in one request; that they are the newest is likely, not known (F4.3)."""
        operation = named("list Builds of Service", service)
        return read_list(
            self._transport,
            operation,
            self._builds(service),
            wire.build,
            about=within(service),
            page_size=limit,
            limit=limit,
        )

    def each_build(self, service: str) -> Iterator[Build]:
        """The same, page by page: a Build names all that it holds, and a Service may have thousands."""
        operation = named("list Builds of Service", service)
        return each_of_list(
            self._transport, operation, self._builds(service), wire.build, about=within(service), page_size=_PAGE_SIZE
        )

    def fetch_build_status(self, service: str, sid: str) -> str:
        """`building`, `completed`, `failed`, or a word that is yet to come (F6.5); ask about once a second."""
        url = f"{self._build(service, sid)}/Status"
        return self._fetch(named("fetch status of Build", sid), url, wire.build_status, sid=sid, **within(service))

    def delete_build(self, service: str, sid: str) -> None:
        """A Build that is not live; a live one is refused (F5.4)."""
        self._delete(named("delete Build", sid), self._build(service, sid))

    def _builds(self, service: str) -> str:
        return self._url("Services", service_part(service), "Builds")

    def _build(self, service: str, sid: str) -> str:
        return f"{self._builds(service)}/{sid_part(sid, 'ZB')}"
