"""Numbers as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_STEP = 1024
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def size(count: int) -> str:
    """`340 B`, `1.2 KiB`, `34 MiB`: the unit in which at most 1023 of it are shown."""
    value, power = float(count), 0
    while round(value) >= _STEP and power < len(_UNITS) - 1:
        value, power = value / _STEP, power + 1
    digits = 1 if power and round(value, 1) < 10 else 0
    return f"{value:.{digits}f} {_UNITS[power]}"


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 5 s`."""
    if round(seconds, 1) < 10:
        return f"{seconds:.1f} s"
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def moment(date: datetime) -> str:
    """`2026-11-30 12:00 UTC`, of a date in UTC."""
    return f"{date:%Y-%m-%d %H:%M} UTC"


def span(seconds: float) -> str:
    """A long time in its largest unit and the next: `6 d 23 h`, `12 h`, `3 min`; `0 min` is less than one."""
    left = int(seconds) // 60
    parts = []
    for unit, size_of in (("d", 24 * 60), ("h", 60), ("min", 1)):
        count, left = divmod(left, size_of)
        parts.append(f"{count} {unit}" if count else "")
    first = next((at for at, part in enumerate(parts) if part), len(parts))
    return " ".join(part for part in parts[first : first + 2] if part) or "0 min"


def short_sid(sid: str | None) -> str:
    """An Account SID is semi-private: text shows its ends."""
    return "unknown" if sid is None else f"{sid[:6]}...{sid[-4:]}"
