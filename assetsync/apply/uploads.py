"""Creates and uploads: concurrent, streamed, each acknowledged one written to the journal at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from assetsync.apply.once import once
from assetsync.errors import (
    ApiError,
    AssetsyncError,
    CredentialsError,
    FileChanged,
    FileFailure,
    Interrupted,
    MalformedAnswer,
)
from assetsync.events import BytesSent, UploadDone, UploadFailed, UploadsStarted
from assetsync.plan.actions import Create
from assetsync.twilio import memory
from assetsync.twilio.body import FileBody
from assetsync.twilio.printable import printable
from assetsync.twilio.snapshot import IDLE_AFTER

if TYPE_CHECKING:
    import threading

    from assetsync.apply.journal import Journal
    from assetsync.apply.once import Pace
    from assetsync.events import Emit
    from assetsync.model import Asset
    from assetsync.plan.actions import Sending
    from assetsync.plan.plan import Plan
    from assetsync.twilio.client import ServerlessClient
    from assetsync.twilio.snapshot import Snapshot

MOST_FAILURES = 20
"""After so many failed files no further one is begun: the next hundreds would only fail the same way."""

_CONTENT_REFUSED = {400, 413, 415, 422}

_GLANCE = 0.2
"""Seconds between two looks whether the uploads are to be given up: also one whose answer never comes."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An acknowledged upload. `entry` is None only for a SID that a friendly name cannot hold."""

    path: str
    asset_sid: str
    version_sid: str
    entry: memory.Entry | None


class Uploader:
    """Carries out the sending actions of one plan in one Service. `stop` set: nothing further is begun.

    `abandon` set: what is on its way is given up too; its last bytes are never sent, so that it becomes no Version.
    """

    def __init__(
        self,
        client: ServerlessClient,
        journal: Journal,
        snapshot: Snapshot,
        *,
        service_sid: str,
        stop: threading.Event,
        abandon: threading.Event,
        emit: Emit,
        pace: Pace,
    ) -> None:
        self._client, self._journal, self._snapshot = client, journal, snapshot
        self._service, self._emit, self._pace = service_sid, emit, pace
        self._stop, self._abandon = stop, abandon
        self._made: set[str] = set()
        self._served = {version.asset_sid for version in snapshot.live_versions}
        self._known = {entry.version_sid for own in snapshot.own.values() for entry in own.entries} | {
            version.sid for version in snapshot.live_versions
        }
        self.sent: list[Sent] = []
        self.failures: list[FileFailure] = []
        self._refused = False
        """Whether the credentials are: then nothing more is begun."""

    def run(self, plan: Plan, concurrency: int) -> None:
        """Fill `sent` and `failures`. Largest first, so that the tail is short. Raises CredentialsError."""
        actions = sorted(plan.sending, key=lambda action: (-action.asset.size, action.path))
        if not actions:
            return
        self._emit(UploadsStarted(len(actions), plan.bytes_to_send))
        pool = ThreadPoolExecutor(min(concurrency, len(actions)))
        try:
            jobs = [pool.submit(self._one, action) for action in actions]
            for job in jobs:  # one at a time: to look at all of them five times a second is work
                while not self._abandon.is_set() and not wait((job,), _GLANCE).done:
                    pass
        finally:
            pool.shutdown(wait=not self._abandon.is_set(), cancel_futures=True)
        for job in jobs:
            if job.done() and not job.cancelled():
                job.result()

    def _one(self, action: Sending) -> None:
        if self._stop.is_set() or self._refused or len(self.failures) >= MOST_FAILURES:
            return
        try:
            self.sent.append(self._send(action))
        except CredentialsError:
            self._refused = True
            raise
        except Interrupted:
            return
        except AssetsyncError as error:
            request_id = error.request_id if isinstance(error, ApiError) else None
            self.failures.append(
                FileFailure(
                    action.path,
                    action.asset.source,
                    error.message,
                    request_id,
                    error.hint,
                    changed=isinstance(error, FileChanged),
                    refused=isinstance(error, ApiError) and error.status in _CONTENT_REFUSED,
                )
            )
            self._emit(UploadFailed(action.path, error.message))

    def _send(self, action: Sending) -> Sent:
        asset, asset_sid = action.asset, self._home(action)
        body = FileBody(asset.file, asset.size, asset.digest, partial(self._on_sent, asset.path))
        version = self._client.upload_version(
            self._service,
            asset_sid,
            path=asset.path,
            visibility=asset.visibility,
            content_type=asset.content_type,
            filename=asset.path.rpartition("/")[2] or "index",
            body=body,
        )
        if version.sid in self._known:
            raise MalformedAnswer(f"upload {printable(asset.path)}: the answer names a Version that was there before")
        entry = memory.entry(
            digest=asset.digest, sha256=body.sha256 or "", content_type=asset.content_type, version_sid=version.sid
        )
        if entry is not None:
            self._journal.version_made(self._service, asset_sid, entry)
        self._emit(UploadDone(asset.path, asset.size))
        return Sent(asset.path, asset_sid, version.sid, entry)

    def _home(self, action: Sending) -> str:
        """The Asset to upload into; an idle one not when another run has just begun to use it."""
        asset_sid = None if isinstance(action, Create) else action.asset_sid
        if asset_sid is None or self._is_taken(asset_sid):
            return self._make_asset(action.path)
        return asset_sid

    def _is_taken(self, asset_sid: str) -> bool:
        """Whether a young Version is in it that we know nothing of: an upload need not show in the Asset's own dates.

        Two runs that write the name of one Asset at the same time may forget what one of them uploaded.
        """
        own, now = self._snapshot.own[asset_sid], self._client.service_date
        if own.newborn or asset_sid in self._served:
            return False
        return any(
            own.entry_of(version.sid) is None
            and (now is None or version.date_created is None or now - version.date_created < IDLE_AFTER)
            for version in self._client.list_versions(self._service, asset_sid)
        )

    def _on_sent(self, path: str, count: int) -> None:
        self._emit(BytesSent(path, count))
        if self._abandon.is_set():
            raise Interrupted(f"the upload of {path} was given up")

    def _make_asset(self, path: str) -> str:
        """A new Asset, ours from birth by its name."""
        name = memory.write(path, self._snapshot.owner)
        asset = once("create Asset", partial(self._create, name), partial(self._made_before, name), self._pace)
        self._made.add(asset.sid)
        self._journal.asset_made(self._service, asset.sid)
        return asset.sid

    def _create(self, name: str) -> Asset:
        """Raises MalformedAnswer where the new Asset is one that was there before: it may be anybody's."""
        asset = self._client.create_asset(self._service, name)
        if asset.sid in self._made or asset.sid in self._snapshot.assets:
            raise MalformedAnswer(f"create Asset {printable(name)}: the answer names an Asset that was there before")
        return asset

    def _made_before(self, name: str) -> Asset | None:
        """The Asset of this name that is neither in the snapshot nor taken by this run: the lost answer's."""
        for asset in self._client.list_assets(self._service):
            if asset.friendly_name == name and asset.sid not in self._snapshot.own and asset.sid not in self._made:
                return asset
        return None
