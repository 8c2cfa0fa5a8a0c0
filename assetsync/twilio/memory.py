"""What a fresh machine knows about remote content: our memory in an Asset's friendly name.

The API tells neither hash, size nor content type of an Asset Version (F8.9), and a CI runner remembers nothing.
The friendly name is the one free text that an Asset keeps, up to 255 characters (Asset page, F1.10):

    <label> [as1 <owner> ~<mark> ... <entry> <entry> ...]        entry = <xxh3_128><sha256/96><type>:<version>

`label` is the path, or, where the path would leave no room for one entry, its beginning, `#` and 16 hex digits
of its hash. Every field of an entry is base64url without padding. An entry is true or its Version is gone, since
a Version never changes (F5.8). A mark is there only while an Environment keeps what nobody wants any more
(`plan/retention.py`): 4 characters for the Environment and the last Build that wanted it, one mark an Environment. The
parser accepts exactly what the writer writes.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

import xxhash

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME_LIMIT = 255
ENTRY_LENGTH = 66
"""Characters of one entry with the blank before it."""

_MARK_LENGTH = 6
_MOST_MARKS = 4
_HASH_MARK = "#"
_HASH_DIGITS = 16
_B64 = "[A-Za-z0-9_-]"
_ENTRY = rf"{_B64}{{22}}{_B64}{{16}}{_B64}{{4}}:{_B64}{{22}}"
_NAME = re.compile(
    rf"(?P<label>/[A-Za-z0-9\-_.~!*=/%]*(?P<cut>#[0-9a-f]{{16}})?)"
    rf" \[as1 (?P<owner>[a-z0-9-]{{1,32}})(?P<marks>(?: ~{_B64}{{4}}){{0,{_MOST_MARKS}}})(?P<entries>(?: {_ENTRY})*)\]"
)
_VERSION_SID = re.compile(r"ZN[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one Asset Version.

    digest: xxh3_128, 32 hex digits; sha256: its first 96 bits, 24 hex digits
    type_tag: the first 24 bits of the xxh3_64 of the content type, 6 hex digits
    version_sid: `ZN` and 32 lower-case hex digits
    """

    digest: str
    sha256: str
    type_tag: str
    version_sid: str


@dataclass(frozen=True, slots=True)
class Memory:
    """A parsed friendly name of ours; `entries` and `marks` newest first."""

    label: str
    owner: str
    entries: tuple[Entry, ...]
    marks: tuple[str, ...] = ()


def entry(*, digest: str, sha256: str, content_type: str, version_sid: str) -> Entry | None:
    """The entry for a Version of this content, from whole hex digests; None for a SID that an entry cannot hold."""
    if not _VERSION_SID.fullmatch(version_sid):
        return None
    return Entry(digest=digest, sha256=sha256[:24], type_tag=type_tag(content_type), version_sid=version_sid)


def type_tag(content_type: str) -> str:
    return xxhash.xxh3_64_hexdigest(content_type.encode())[:6]


def room(path: str, owner: str) -> int:
    """How many entries the name of an Asset with this path holds: at least one."""
    return (NAME_LIMIT - len(_frame(label_of(path, owner), owner))) // ENTRY_LENGTH


def label_of(path: str, owner: str) -> str:
    """The path as it stands in the name: whole, or cut where it leaves no room for one entry."""
    longest = _longest_label(owner)
    if len(path) <= longest:
        return path
    digest = xxhash.xxh3_64_hexdigest(path.encode())
    return path[: longest - _HASH_DIGITS - len(_HASH_MARK)] + _HASH_MARK + digest


def write(path: str, owner: str, entries: Iterable[Entry] = (), marks: Iterable[str] = ()) -> str:
    """The friendly name: as many marks as leave room for one entry, four at most, then as many entries as fit.

    The first ones first, each Version and each mark once.
    """
    once: dict[str, Entry] = {}
    for each in entries:
        once.setdefault(each.version_sid, each)
    label, most = label_of(path, owner), room_for_marks(path, owner)
    words = [f"~{mark}" for mark in dict.fromkeys(marks)][:most]
    kept = list(once.values())[: (NAME_LIMIT - len(_frame(label, owner, *words))) // ENTRY_LENGTH]
    return _frame(label, owner, *words, *map(_encode, kept))


def mark_of(environment_sid: str, build_sid: str) -> str:
    """The mark that says: this Environment keeps it since the Build after that one."""
    return urlsafe_b64encode(xxhash.xxh3_64_digest(f"{environment_sid}{build_sid}".encode()))[:4].decode()


def room_for_marks(path: str, owner: str) -> int:
    """How many marks have room beside one entry: none where the path is very long."""
    left = NAME_LIMIT - len(_frame(label_of(path, owner), owner)) - ENTRY_LENGTH
    return min(left // _MARK_LENGTH, _MOST_MARKS)


def parse(friendly_name: str) -> Memory | None:
    """The memory in a friendly name; None for a name that we did not write."""
    match = _NAME.fullmatch(friendly_name)
    if match is None or len(friendly_name) > NAME_LIMIT:
        return None
    label, owner = match["label"], match["owner"]
    if len(label) > _longest_label(owner) or (match["cut"] and len(label) != _longest_label(owner)):
        return None
    words, entries = match["marks"].split(), tuple(map(_decode, match["entries"].split()))
    if _frame(label, owner, *words, *map(_encode, entries)) != friendly_name or len(set(words)) != len(words):
        return None
    if len({each.version_sid for each in entries}) != len(entries):
        return None
    return Memory(label, owner, entries, tuple(word[1:] for word in words))


def _longest_label(owner: str) -> int:
    return NAME_LIMIT - ENTRY_LENGTH - len(_frame("", owner))


def _frame(label: str, owner: str, *entries: str) -> str:
    return f"{label} [{' '.join(('as1', owner, *entries))}]"


def _encode(each: Entry) -> str:
    content, version = f"{each.digest}{each.sha256}{each.type_tag}", each.version_sid.removeprefix("ZN")
    digest, rest = content[:32], content[32:]
    return f"{_to_text(digest)}{_to_text(rest)}:{_to_text(version)}"


def _decode(text: str) -> Entry:
    content, _, version = text.partition(":")
    digest, rest = _to_hex(content[:22]), _to_hex(content[22:])
    return Entry(digest=digest, sha256=rest[:24], type_tag=rest[24:], version_sid=f"ZN{_to_hex(version)}")


def _to_text(hex_digits: str) -> str:
    return urlsafe_b64encode(bytes.fromhex(hex_digits)).decode().rstrip("=")


def _to_hex(text: str) -> str:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4)).hex()
