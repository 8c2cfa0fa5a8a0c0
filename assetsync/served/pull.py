"""Writing what is served into a folder: each file whole or not at all, and none over a different one."""

from __future__ import annotations

import filecmp
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING

from assetsync.errors import ServiceError
from assetsync.events import Emit, Fetched, silent
from assetsync.local.mapping import is_inside
from assetsync.model import Visibility
from assetsync.served.files import placed

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable

    from assetsync.model import AssetVersion
    from assetsync.served.files import Placed
    from assetsync.twilio.site import Delivery, Site


class Became(StrEnum):
    """What became of a path; the words are what a user reads, and stay as they are."""

    WRITTEN = "written"
    SAME = "same"
    DIFFERENT = "different"
    UNREADABLE = "unreadable"
    LEFT_OUT = "left out"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Pulled:
    """One path; `name` is relative to the folder, None where it has no place there."""

    path: str
    name: str | None
    became: Became
    message: str = ""
    size: int = 0


def pull(
    site: Site,
    versions: Iterable[AssetVersion],
    folder: Path,
    *,
    force: bool,
    concurrency: int,
    stop: threading.Event,
    emit: Emit = silent,
) -> tuple[Pulled, ...]:
    """Fetch each and write it below `folder`, in path order.

    A file that is there with other content stays unless `force`. Nothing is written outside, whatever a path says and
    whatever links the folder holds, and nothing that a scan would leave out. When `stop` is set, what was done by then
    is returned. Raises OSError where the folder cannot be made, ServiceError where the site cannot be reached.
    """
    by_path = {version.path: version for version in versions}
    folder.mkdir(parents=True, exist_ok=True)
    root = os.path.realpath(folder)
    places = placed(by_path)

    def one(place: Placed) -> Pulled | None:
        return None if stop.is_set() else _pulled(site, by_path[place.path], place, root, force=force)

    found = []
    with ThreadPoolExecutor(concurrency) as pool:
        for number, pulled in enumerate(pool.map(one, places), start=1):
            emit(Fetched(number, len(places)))
            found.append(pulled)
    site.check()
    return tuple(each for each in found if each is not None)


def _pulled(site: Site, version: AssetVersion, place: Placed, root: str, *, force: bool) -> Pulled:
    path = version.path
    if place.name is None:
        became = Became.LEFT_OUT if place.is_left_out or path == "/" else Became.FAILED
        return Pulled(path, None, became, place.fault or "")
    if version.visibility == Visibility.PRIVATE:
        return Pulled(path, place.name, Became.UNREADABLE, "it is private: nobody can read it back")
    is_protected = version.visibility == Visibility.PROTECTED
    if is_protected and not site.can_sign:
        return Pulled(path, place.name, Became.UNREADABLE, "it is protected: reading it takes TWILIO_AUTH_TOKEN")
    try:
        return _fetched(site, path, place.name, root, signed=is_protected, force=force)
    except ServiceError as error:
        return Pulled(path, place.name, Became.FAILED, error.message)
    except OSError as error:
        return Pulled(path, place.name, Became.FAILED, f"it cannot be written: {error.strerror}")


def _fetched(site: Site, path: str, name: str, root: str, *, signed: bool, force: bool) -> Pulled:
    file = Path(root, name)
    if not is_inside(os.path.realpath(file.parent), root):
        return Pulled(path, name, Became.FAILED, "a link leads out of the folder there")
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".assetsync-{os.urandom(8).hex()}")
    try:
        with draft.open("xb") as stream:
            delivery = site.fetch(path, signed=signed, into=_InFile(stream))
        fault = _fault(path, delivery)
        if fault is not None:
            return Pulled(path, name, Became.FAILED, fault)
        return Pulled(path, name, _put(draft, file, force=force), size=delivery.size)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def _fault(path: str, delivery: Delivery) -> str | None:
    if delivery.status != 200:
        return f"it is not served (HTTP {delivery.status})"
    if not delivery.whole:
        return "it is larger than an asset can be"
    if path == "/" and not (delivery.content_type or "").lower().startswith("text/html"):
        return f"`/` is {delivery.content_type or 'of no type'}: no file name stands for that"
    return None


def _put(draft: Path, file: Path, *, force: bool) -> Became:
    """Put the draft in the file's place. Raises OSError for a folder."""
    try:
        mode = file.lstat().st_mode
    except FileNotFoundError:
        draft.replace(file)
        return Became.WRITTEN
    if stat.S_ISREG(mode) and filecmp.cmp(draft, file, shallow=False):
        return Became.SAME
    if not force:
        return Became.DIFFERENT
    draft.replace(file)
    return Became.WRITTEN


class _InFile:
    """A file as a sink."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def restart(self) -> None:
        self._stream.seek(0)
        self._stream.truncate()

    def write(self, piece: bytes) -> None:
        self._stream.write(piece)
