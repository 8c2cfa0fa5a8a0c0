"""What assetsync wrote into a friendly name, read loosely and for display only.

The local service owes nothing to its clients: a name that does not look like one of theirs is just a name.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(r"(?P<label>.*) \[as1 (?P<owner>[^\s\]]+)(?P<entries>(?: [^\s\]]+)*)\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Remembered:
    """label: the path, perhaps cut; owner: the manifest's name; versions: the SIDs that the entries speak of."""

    label: str
    owner: str
    versions: tuple[str, ...]


def remembered(friendly_name: str) -> Remembered | None:
    match = _NAME.fullmatch(friendly_name)
    if match is None:
        return None
    return Remembered(match["label"], match["owner"], tuple(map(_version_sid, match["entries"].split())))


def _version_sid(entry: str) -> str:
    """`ZN` and the 16 bytes behind the colon; an entry that has none names no Version, and still is one."""
    text = entry.rpartition(":")[2]
    try:
        return f"ZN{base64.urlsafe_b64decode(text + '=' * (-len(text) % 4)).hex()}"
    except (binascii.Error, ValueError):
        return ""
