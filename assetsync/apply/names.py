"""Writing our memory into friendly names: merged with what they say now, never into a foreign name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assetsync.apply.once import once
from assetsync.errors import AssetsyncError, NotFound
from assetsync.events import NamesWritten
from assetsync.twilio import memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from assetsync.apply.once import Pace
    from assetsync.events import Emit
    from assetsync.model import Asset
    from assetsync.twilio.client import ServerlessClient
    from assetsync.twilio.memory import Entry, Memory


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the name of one Asset has to say.

    path: what the Asset is labelled with; first: the entry that must be there, None for nothing new
    live: the Versions that the Environment at work serves; known: every other entry that we know of this Asset
    only_if_missing: leave the name alone when the entry stands in it already
    mark: what it is to say besides, that it is kept from now on (`memory.mark_of`); without: what it is not to say
    """

    path: str
    first: Entry | None
    live: frozenset[str]
    known: tuple[Entry, ...]
    only_if_missing: bool = False
    mark: str | None = None
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Named:
    """What became of the names: those that are certain now, by Asset SID, and warnings about those that are not."""

    names: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def merged_name(wanted: Wanted, current: Memory) -> str:
    """The new entry, what the Environment at work serves of this Asset, then the rest, newest first."""
    new = () if wanted.first is None else (wanted.first,)
    rest = (*current.entries, *wanted.known)
    serving = tuple(entry for entry in rest if entry.version_sid in wanted.live)
    marks = [mark for mark in current.marks if mark not in wanted.without]
    marks[:0] = [] if wanted.mark is None else [wanted.mark]
    return memory.write(wanted.path, current.owner, (*new, *serving, *rest), marks)


def write_names(
    client: ServerlessClient,
    service: str,
    owner: str,
    wanted: Mapping[str, Wanted],
    *,
    concurrency: int,
    emit: Emit,
    pace: Pace,
) -> Named:
    """Read what the Assets are called and write the names of `wanted` (by Asset SID) that differ.

    A name that could not be written costs one upload next time, so that it is a warning, not an error.
    """
    if not wanted:
        return Named()
    try:
        goals = list(_goals(_current(client, service, wanted), owner, wanted))
    except AssetsyncError as error:
        return Named({}, (_lost(len(wanted), error.message),))
    changes = [(sid, name) for sid, current, name in goals if name != current]

    def write(change: tuple[str, str]) -> str | None:
        return _write(client, service, *change, pace=pace)

    failed: list[str] = []
    with ThreadPoolExecutor(max(1, min(concurrency, len(changes)))) as pool:
        for done, failure in enumerate(pool.map(write, changes), 1):
            failed += [failure] if failure else []
            emit(NamesWritten(done, len(changes)))
    if failed:
        return Named({}, (_lost(len(failed), failed[0]),))
    return Named({sid: name for sid, _, name in goals})


def _current(client: ServerlessClient, service: str, wanted: Mapping[str, Wanted]) -> Iterator[Asset]:
    """The wanted Assets as they are now; one that the list does not show yet is asked for by its SID (F4.6).

    So is a single one: a list of a thousand is long.
    """
    listed = {asset.sid: asset for asset in client.list_assets(service)} if len(wanted) > 1 else {}
    for sid in sorted(wanted):
        if sid in listed:
            yield listed[sid]
        else:
            with suppress(NotFound):
                yield client.fetch_asset(service, sid)


def _goals(assets: Iterable[Asset], owner: str, wanted: Mapping[str, Wanted]) -> Iterator[tuple[str, str, str]]:
    """Each Asset that may be named: its SID, its name now, and the one that it should have."""
    for asset in assets:
        current = memory.parse(asset.friendly_name)
        goal = wanted[asset.sid]
        if current is None or current.owner != owner or (goal.only_if_missing and goal.first in current.entries):
            continue
        yield asset.sid, asset.friendly_name, merged_name(goal, current)


def _write(client: ServerlessClient, service: str, asset_sid: str, name: str, *, pace: Pace) -> str | None:
    """Why the name could not be written, None when it was. The same name twice is harmless, so it is just repeated."""
    try:
        once("update Asset", lambda: client.update_asset(service, asset_sid, name), lambda: None, pace)
    except NotFound:
        return None
    except AssetsyncError as error:
        return error.message
    return None


def _lost(count: int, why: str) -> str:
    names = "the name of 1 asset" if count == 1 else f"the names of {count} assets"
    return f"{names} could not be written ({why}); the next run on another machine uploads them again"
