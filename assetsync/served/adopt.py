"""Taking over Assets that other tools uploaded, where what is served is what the folder holds.

The one place that writes to a foreign Asset: its friendly name, with the user's consent, and only while it is still
called what it was called when the user was asked. `undo` gives the old names back.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from assetsync.apply.once import once
from assetsync.errors import AssetsyncError, FileChanged, Interrupted, NotFound, ServiceError
from assetsync.events import Emit, Fetched, NamesWritten, silent
from assetsync.local.digest import sha256_of
from assetsync.model import Visibility
from assetsync.served.verify import content_fault
from assetsync.twilio import memory

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from assetsync.apply.once import Pace
    from assetsync.model import Asset, AssetVersion, DesiredAsset, DesiredTree
    from assetsync.twilio.client import ServerlessClient
    from assetsync.twilio.memory import Entry
    from assetsync.twilio.site import Site
    from assetsync.twilio.snapshot import Snapshot


class Verdict(StrEnum):
    """What is to be said of a foreign Asset at a path of ours; the words are what a user reads, and stay."""

    EQUAL = "equal"
    BYTES = "bytes"
    CONTENT_TYPE = "content-type"
    VISIBILITY = "visibility"
    UNREADABLE = "unreadable"
    ANOTHERS = "another manifest's"


@dataclass(frozen=True, slots=True)
class Seen:
    """One foreign Asset that is live at a desired path.

    name: what it is called now; becomes: what it will be called, None where it is not to be taken over
    content_type: as it is served, None where it was not fetched
    """

    path: str
    source: str
    asset_sid: str
    name: str
    verdict: Verdict
    message: str
    becomes: str | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Foreign:
    """A foreign Version that is live at a path that the manifest wants; `owner` None where no manifest made it."""

    asset: DesiredAsset
    version: AssetVersion
    name: str
    owner: str | None


def foreign_at(tree: DesiredTree, snapshot: Snapshot, assets: Iterable[Asset]) -> tuple[Foreign, ...]:
    """The foreign Versions that are live at desired paths, in path order."""
    desired = {asset.path: asset for asset in tree.assets}
    names = {asset.sid: asset.friendly_name for asset in assets}
    found = (
        Foreign(desired[each.path], each, names.get(each.asset_sid, ""), snapshot.owners.get(each.asset_sid))
        for each in snapshot.live_versions
        if each.path in desired and each.asset_sid not in snapshot.own
    )
    return tuple(sorted(found, key=lambda each: each.asset.path))


def look(
    site: Site,
    owner: str,
    found: Sequence[Foreign],
    *,
    concurrency: int,
    stop: threading.Event,
    emit: Emit = silent,
) -> tuple[Seen, ...]:
    """Fetch each and compare it with its file. Raises Interrupted when `stop` is set."""

    def one(each: Foreign) -> Seen | None:
        return None if stop.is_set() else _seen(site, owner, each)

    seen = []
    with ThreadPoolExecutor(concurrency) as pool:
        for number, each in enumerate(pool.map(one, found), start=1):
            emit(Fetched(number, len(found)))
            seen.append(each)
    if stop.is_set():
        raise Interrupted("interrupted; nothing was written")
    site.check()
    return tuple(each for each in seen if each is not None)


def _seen(site: Site, owner: str, each: Foreign) -> Seen:
    closed = _closed(site, each)
    verdict, message, entry, content_type = (*closed, None, None) if closed else _compared(site, each)
    becomes = memory.write(each.asset.path, owner, (entry,)) if entry else None
    path, sid = each.asset.path, each.version.asset_sid
    return Seen(path, each.asset.source, sid, each.name, verdict, message, becomes, content_type)


def _closed(site: Site, each: Foreign) -> tuple[Verdict, str] | None:
    """Why it cannot be taken over, whatever is served; None where it has to be fetched."""
    asset, version = each.asset, each.version
    if each.owner is not None:
        return Verdict.ANOTHERS, f"it belongs to the manifest {each.owner}"
    if version.visibility != asset.visibility:
        return Verdict.VISIBILITY, f"it is {version.visibility}, the manifest says {asset.visibility}"
    match asset.visibility:
        case Visibility.PRIVATE:
            return Verdict.UNREADABLE, "it is private: nobody can read it back"
        case Visibility.PROTECTED if not site.can_sign:
            return Verdict.UNREADABLE, "it is protected: reading it takes TWILIO_AUTH_TOKEN"
        case Visibility.PUBLIC | Visibility.PROTECTED:
            return None
        case _:
            assert_never(asset.visibility)


def _compared(site: Site, each: Foreign) -> tuple[Verdict, str, Entry | None, str | None]:
    """The verdict, a sentence, what is to be remembered where all is equal, and the content type that came."""
    asset, served = each.asset, _Sha256()
    try:
        delivery = site.fetch(asset.path, signed=asset.visibility is Visibility.PROTECTED, into=served)
        local = asset.sha256 or sha256_of(asset.file)
    except (ServiceError, FileChanged) as error:
        return Verdict.UNREADABLE, error.message, None, None
    except OSError as error:
        return Verdict.UNREADABLE, f"the file cannot be read: {error.strerror}", None, None
    if delivery.status != 200:
        return Verdict.UNREADABLE, f"it is not served (HTTP {delivery.status})", None, None
    fault, message = content_fault(asset, delivery) or (None, "what is served is what the folder holds")
    if fault is not None or served.digest != local:
        verdict = Verdict(str(fault)) if fault else Verdict.BYTES
        return verdict, message if fault else "other bytes are served", None, delivery.content_type
    found = memory.entry(
        digest=asset.digest, sha256=local, content_type=asset.content_type, version_sid=each.version.sid
    )
    if found is None:
        return Verdict.UNREADABLE, f"its version {each.version.sid} has a SID that cannot be remembered", None, None
    return Verdict.EQUAL, message, found, delivery.content_type


class _Sha256:
    """A sink that keeps nothing but the hash."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self._hash = hashlib.sha256()

    def write(self, piece: bytes) -> None:
        self._hash.update(piece)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


@dataclass(frozen=True, slots=True)
class Renaming:
    """A friendly name to write, where `may_replace` agrees with what the Asset is called now."""

    path: str
    asset_sid: str
    name: str
    may_replace: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class NotRenamed:
    """A name that is not what it should be, and why."""

    path: str
    asset_sid: str
    why: str

    @property
    def sentence(self) -> str:
        return f"{self.path} ({self.asset_sid}): {self.why}"


@dataclass(frozen=True, slots=True)
class Renamed:
    """How many names are as they should be now, and those that are not."""

    done: int
    refused: tuple[NotRenamed, ...]


def rename_all(
    client: ServerlessClient,
    service: str,
    wanted: Iterable[Renaming],
    *,
    concurrency: int,
    stop: threading.Event,
    emit: Emit,
    pace: Pace,
) -> Renamed:
    """Write each name, once it was seen that nobody gave another one since. What stops in between is told.

    Raises ServiceError where the names cannot be read; nothing was written then.
    """
    renamings = tuple(wanted)
    names = {asset.sid: asset.friendly_name for asset in client.list_assets(service)}

    def one(each: Renaming) -> str | None:
        return "it was not reached" if stop.is_set() else _rename(client, service, each, names, pace)

    refused = []
    with ThreadPoolExecutor(max(1, min(concurrency, len(renamings)))) as pool:
        for done, (each, why) in enumerate(zip(renamings, pool.map(one, renamings), strict=True), start=1):
            if why is not None:
                refused.append(NotRenamed(each.path, each.asset_sid, why))
            emit(NamesWritten(done, len(renamings)))
    return Renamed(len(renamings) - len(refused), tuple(refused))


def _rename(client: ServerlessClient, service: str, each: Renaming, names: Mapping[str, str], pace: Pace) -> str | None:
    """Why the name is not what it should be; None where it is. The same name twice is harmless."""
    now = names.get(each.asset_sid)
    if now == each.name:
        return None
    if now is None:
        return "it is gone"
    if not each.may_replace(now):
        return f"it was called otherwise meanwhile: {now}"
    try:
        once("update Asset", lambda: client.update_asset(service, each.asset_sid, each.name), lambda: None, pace)
    except NotFound:
        return "it is gone"
    except AssetsyncError as error:
        return error.message
    return None
