"""The file that gives adopted Assets their old names back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from assetsync.errors import UsageError
from assetsync.local.whole_file import write_whole
from assetsync.served.adopt import Renaming
from assetsync.twilio import memory
from assetsync.twilio.sid import is_sid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FORMAT_VERSION = 1
_KIND = "assetsync-undo"
_LARGEST = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Adopted:
    """One Asset: what it was called, and what it is called since."""

    path: str
    asset_sid: str
    name: str
    adopted_as: str


@dataclass(frozen=True, slots=True)
class Undo:
    """What one adoption did."""

    service_sid: str
    owner: str
    assets: tuple[Adopted, ...]

    def renamings(self) -> Iterator[Renaming]:
        """The old names back, while an Asset is called what the adoption, or a later apply of this owner, called it."""
        for each in self.assets:
            yield Renaming(each.path, each.asset_sid, each.name, self._is_ours(each.path))

    def _is_ours(self, path: str) -> Any:
        def is_ours(name: str) -> bool:
            found = memory.parse(name)
            return found is not None and found.owner == self.owner and found.label == memory.label_of(path, self.owner)

        return is_ours


def write_undo(file: Path, undo: Undo) -> None:
    """Write it whole, mode 0600, never over a file that is there. Raises UsageError."""
    document = {
        "format_version": _FORMAT_VERSION,
        "kind": _KIND,
        "service_sid": undo.service_sid,
        "owner": undo.owner,
        "assets": [asdict(each) for each in undo.assets],
    }
    try:
        if file.exists():
            raise UsageError(f"{file} exists already", hint="name another file with --keep")
        write_whole(file, (json.dumps(document, indent=1) + "\n").encode(), 0o600)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}; nothing was adopted") from error


def read_undo(file: Path, owner: str) -> Undo:
    """Raises UsageError for anything else than what `write_undo` wrote for this owner."""
    try:
        with file.open("rb") as stream:
            content = stream.read(_LARGEST)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    undo = _parsed(content)
    if undo is None:
        raise UsageError(f"{file} is not a file that `assetsync adopt` wrote", hint="it ends in .assetsync-undo.json")
    if undo.owner != owner:
        raise UsageError(
            f"{file} is of the manifest {undo.owner}, and this one is {owner}", hint="use the manifest of that time"
        )
    return undo


def _parsed(content: bytes) -> Undo | None:
    try:
        document = json.loads(content.decode())
        if (document["kind"], document["format_version"]) != (_KIND, _FORMAT_VERSION):
            return None
        assets = tuple(Adopted(**each) for each in document["assets"])
        undo = Undo(document["service_sid"], document["owner"], assets)
        return undo if _is_right(undo) else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _is_right(undo: Undo) -> bool:
    """Whether every Asset was adopted by that owner at that path, each once. Raises TypeError for what is no text."""
    sids = [each.asset_sid for each in undo.assets]
    adopted = [memory.parse(each.adopted_as) for each in undo.assets]
    return (
        is_sid(undo.service_sid, "ZS")
        and len(set(sids)) == len(sids)
        and all(is_sid(sid, "ZH") for sid in sids)
        and all(len(each.name) <= memory.NAME_LIMIT and _is_text(each.name) for each in undo.assets)
        and all(
            found is not None and found.owner == undo.owner and found.label == memory.label_of(each.path, undo.owner)
            for each, found in zip(undo.assets, adopted, strict=True)
        )
    )


def _is_text(name: str) -> bool:
    """Whether it can be sent: JSON may bring lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
