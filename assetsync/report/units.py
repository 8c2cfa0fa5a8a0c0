"""Numbers as people read them."""

from __future__ import annotations

from math import log

_STEP = 1024
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def size(count: int) -> str:
    """`340 B`, `1.2 KiB`, `34 MiB`: three digits at most before the unit."""
    if count < _STEP:
        return f"{count} B"
    power = min(int(log(count, _STEP)), len(_UNITS) - 1)
    value = count / _STEP**power
    return f"{value:.1f} {_UNITS[power]}" if value < 10 else f"{value:.0f} {_UNITS[power]}"


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 5 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def short_sid(sid: str | None) -> str:
    """An Account SID is semi-private: text shows its ends."""
    return "unknown" if sid is None else f"{sid[:6]}...{sid[-4:]}"
