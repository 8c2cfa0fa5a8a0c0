"""Twilio's identifiers: two letters for the kind of resource, then 32 hexadecimal digits."""

from __future__ import annotations

import re

_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")


def is_sid(text: str, kind: str) -> bool:
    """Whether `text` is a SID of `kind`, such as `ZS`; nothing else may ever become a part of a URL's path."""
    return text.startswith(kind) and _SID.fullmatch(text) is not None
