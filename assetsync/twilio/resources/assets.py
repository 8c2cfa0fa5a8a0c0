"""Assets and their Versions (the two pages Asset and Asset Version), `/v1/Services/{Service}/Assets`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.twilio import wire
from assetsync.twilio.call import Call
from assetsync.twilio.multipart import Body, multipart
from assetsync.twilio.pages import read_list
from assetsync.twilio.resources.resource import Resource, named, service_part, sid_part, within

if TYPE_CHECKING:
    from assetsync.model import Asset, AssetVersion


class Assets(Resource):
    def create_asset(self, service: str, friendly_name: str) -> Asset:
        """A new Asset: nothing but a name of up to 255 characters, which need not be unique (Asset page, F2.8)."""
        form = (("FriendlyName", friendly_name),)
        return self._post(
            named("create Asset", friendly_name),
            self._assets(service),
            form,
            wire.asset,
            friendly_name=friendly_name,
            **within(service),
        )

    def fetch_asset(self, service: str, sid: str) -> Asset:
        """One Asset (Asset page). Raises NotFound."""
        return self._fetch(named("fetch Asset", sid), self._asset(service, sid), wire.asset, sid=sid, **within(service))

    def list_assets(self, service: str) -> tuple[Asset, ...]:
        """Every Asset of the Service (Asset page)."""
        operation = named("list Assets of Service", service)
        return read_list(self._transport, operation, self._assets(service), wire.asset, about=within(service))

    def update_asset(self, service: str, sid: str, friendly_name: str) -> Asset:
        """Give an Asset another name; nothing else of it can change (Asset page, F5.8)."""
        form = (("FriendlyName", friendly_name),)
        operation = named("update Asset", sid)
        return self._post(operation, self._asset(service, sid), form, wire.asset, sid=sid, **within(service))

    def delete_asset(self, service: str, sid: str) -> None:
        """The Asset with its Versions (F5.3); refused while a Build holds one of them (F5.2)."""
        self._delete(named("delete Asset", sid), self._asset(service, sid))

    def upload_version(
        self, service: str, asset: str, path: str, visibility: str, content_type: str, filename: str, body: Body
    ) -> AssetVersion:
        """Upload one file as a new Version of an Asset, to the upload host (Asset Version page, F9.1-9.3).

        Repeated where a try fails: an orphan Version does no harm (F9.6). Raises FileChanged, unchanged, when the
        body does; the service never sees a complete upload then.
        """
        operation = named("upload", path)
        url = self._upload_url("Services", service_part(service), "Assets", sid_part(asset, "ZH"), "Versions")
        upload = multipart(path=path, visibility=visibility, content_type=content_type, filename=filename, body=body)
        answer = self._transport.exchange(Call(operation, "POST", url, upload=upload))
        fields = wire.Fields.of(answer, operation).about(
            asset_sid=asset, path=path, visibility=visibility, **within(service)
        )
        return wire.asset_version(fields)

    def fetch_version(self, service: str, asset: str, version: str) -> AssetVersion:
        """One Version of an Asset (Asset Version page). Raises NotFound."""
        url = f"{self._asset(service, asset)}/Versions/{sid_part(version, 'ZN')}"
        operation = named("fetch Asset Version", version)
        return self._fetch(operation, url, wire.asset_version, sid=version, asset_sid=asset, **within(service))

    def list_versions(self, service: str, asset: str) -> tuple[AssetVersion, ...]:
        """Every Version of an Asset, newest first (Asset Version page, F4.3)."""
        operation = named("list Versions of Asset", asset)
        return read_list(
            self._transport,
            operation,
            f"{self._asset(service, asset)}/Versions",
            wire.asset_version,
            about={"asset_sid": asset, **within(service)},
        )

    def _assets(self, service: str) -> str:
        return self._url("Services", service_part(service), "Assets")

    def _asset(self, service: str, sid: str) -> str:
        return f"{self._assets(service)}/{sid_part(sid, 'ZH')}"
