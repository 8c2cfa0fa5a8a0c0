"""`NAME=VALUE` into Settings: every switch by its name, with the words for a wrong one."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, get_args, get_type_hints

from assetsync.emulator.settings import ApiKey, Settings
from assetsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_NOTHING: Final = "none"
_NOT_HERE: Final = {"account": "--account and --auth-token"}
_TRUTH: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN: Final = re.compile(r"(\d{1,9})([smhd])")
_LONGEST_SPAN: Final = 36_500 * 86_400
_LONGEST_SECONDS: Final = 86_400.0
_LARGEST: Final = 2**40

_Reader = tuple["Callable[[str], Any]", str]


def switch_names() -> list[str]:
    return [name for name in get_type_hints(Settings) if name not in _NOT_HERE]


def with_switches(settings: Settings, given: Iterable[str]) -> Settings:
    """The settings with each `NAME=VALUE` applied. Raises UsageError that names the switches, or what is right."""
    hints = get_type_hints(Settings)
    changes: dict[str, Any] = {}
    for each in given:
        name, equals, text = each.partition("=")
        name = name.strip().replace("-", "_")
        if name in _NOT_HERE:
            raise UsageError(f"`{name}` is no switch", hint=f"use {_NOT_HERE[name]}")
        if name not in hints:
            raise _unknown(name)
        if not equals:
            raise UsageError(f"the switch `{name}` has no value", hint=f"write {name}=VALUE")
        changes[name] = _value(name, text.strip(), hints[name])
    return replace(settings, **changes)


def _unknown(name: str) -> UsageError:
    names = switch_names()
    near = difflib.get_close_matches(name, names, n=1)
    guess = f"did you mean `{near[0]}`? " if near else ""
    return UsageError(f"there is no switch `{name}`", hint=f"{guess}The switches are {', '.join(names)}")


def _value(name: str, text: str, hint: Any) -> Any:
    may_be_none = type(None) in get_args(hint)
    if may_be_none and text.lower() == _NOTHING:
        return None
    kind = next(each for each in get_args(hint) if each is not type(None)) if may_be_none else hint
    read, expects = _reader(kind)
    try:
        return read(text)
    except (ValueError, KeyError) as problem:
        way_out = f", or {_NOTHING}" if may_be_none else ""
        raise UsageError(f"the switch `{name}` must be {expects}{way_out}, not `{text}`") from problem


def _reader(kind: Any) -> _Reader:
    """How a value of this type is read, and what it must be."""
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        names = " or ".join(member.value for member in kind)
        return lambda text: _member(kind, text), names
    return _READERS[kind]


def _member(kind: type[StrEnum], text: str) -> StrEnum:
    return next((each for each in kind if each.value.lower() == text.lower()), None) or kind(text)


def _whole(text: str) -> int:
    number = int(text)
    if not 0 <= number <= _LARGEST:
        raise ValueError(text)
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number <= _LONGEST_SECONDS:
        raise ValueError(text)
    return number


def _span(text: str) -> timedelta:
    found = _SPAN.fullmatch(text)
    if found is None or not 0 < int(found[1]) * _UNITS[found[2]] <= _LONGEST_SPAN:
        raise ValueError(text)
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def _some_text(text: str) -> str:
    if not (text and text.isascii() and text.isprintable()):
        raise ValueError(text)
    return text


def _words(text: str) -> frozenset[str]:
    return frozenset(filter(None, (each.strip() for each in text.split(","))))


def _pairs(text: str, separator: str) -> list[tuple[str, str]]:
    """`a@1,b@2`. The last separator counts: `@scope/name@1`."""
    pairs = []
    for each in filter(None, (part.strip() for part in text.split(","))):
        name, found, value = each.rpartition(separator)
        if not (found and name and value):
            raise ValueError(text)
        pairs.append((name, value))
    return pairs


_READERS: Final[dict[Any, _Reader]] = {
    bool: (lambda text: _TRUTH[text.lower()], "true or false"),
    int: (_whole, "a whole number, 0 or more"),
    float: (_seconds, f"a number of seconds, at most {_LONGEST_SECONDS:.0f}"),
    str: (_some_text, "text"),
    timedelta: (_span, "a time such as 90s, 30m, 12h or 7d"),
    frozenset[str]: (_words, "words with commas between"),
    tuple[tuple[str, str], ...]: (lambda text: tuple(_pairs(text, "@")), "names and versions such as twilio@5.0.3,a@1"),
    tuple[ApiKey, ...]: (
        lambda text: tuple(ApiKey(sid, secret) for sid, secret in _pairs(text, ":")),
        "keys and their secrets such as SK1:secret,SK2:secret",
    ),
}
