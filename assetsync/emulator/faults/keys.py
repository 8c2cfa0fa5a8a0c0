"""The keys of a fault file: what each may be, and the words for it where it is something else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from assetsync.emulator.faults.rule import ANY_METHOD

if TYPE_CHECKING:
    from collections.abc import Callable

MATCH: Final = re.compile(rf"(?:(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|{ANY_METHOD}) +)?(/\S*)")
_TYPE: Final = re.compile(r"[!-~]+/[ -~]+")
_LONGEST_WAIT: Final = 3600


@dataclass(frozen=True, slots=True)
class Key:
    """`expects` ends a sentence that begins with the key's name."""

    fits: Callable[[Any], bool]
    expects: str


def is_whole(value: Any, least: int, most: int | None = None) -> bool:
    """Whether it is a whole number in the range; `true` is none."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return is_number and value >= least and (most is None or value <= most)


def _is_amount(value: Any, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most


def _is_at(value: Any) -> bool:
    many = value if isinstance(value, list) else [value]
    return bool(many) and all(is_whole(each, 1) for each in many)


def _is_match(value: Any) -> bool:
    return isinstance(value, str) and MATCH.fullmatch(value) is not None


def _is_type(value: Any) -> bool:
    return isinstance(value, str) and _TYPE.fullmatch(value) is not None


def _is_text(value: Any) -> bool:
    """YAML can write half of a character, which cannot be sent."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


_RETRY_AFTER: Final = Key(lambda value: is_whole(value, 0), "must be a whole number of seconds")
_YES: Final = "must be `true` or left out"

FILE_KEYS: Final = {
    "seed": Key(lambda value: is_whole(value, 0), "must be a whole number"),
    "concurrency": Key(lambda value: is_whole(value, 1), "must be a whole number, 1 or more"),
    "retry_after": _RETRY_AFTER,
    "rules": Key(lambda value: isinstance(value, list), "must be a list of rules"),
}

EFFECTS: Final = {
    "answer": Key(lambda value: is_whole(value, 200, 599), "must be an HTTP status from 200 to 599"),
    "drop": Key(lambda value: value is True, _YES),
    "drip": Key(lambda value: is_whole(value, 1), "must be a number of bytes a second, 1 or more"),
    "truncate": Key(lambda value: is_whole(value, 0), "must be a number of bytes, 0 or more"),
    "malformed": Key(lambda value: value is True, _YES),
    "half_page": Key(lambda value: value is True, _YES),
    "content_type": Key(_is_type, "must be a media type such as `text/html`"),
}

RULE_KEYS: Final = {
    "match": Key(_is_match, "must be a method and a path, such as `POST /v1/Services/*/Builds`, or a path alone"),
    "at": Key(_is_at, "must be the number of a call, counted from 1, or a list of such numbers"),
    "chance": Key(lambda value: _is_amount(value, 1), "must be a number above 0 and at most 1"),
    "times": Key(lambda value: is_whole(value, 1), "must be a whole number, 1 or more"),
    "delay": Key(lambda value: _is_amount(value, _LONGEST_WAIT), f"must be seconds, at most {_LONGEST_WAIT}"),
    "after_work": Key(lambda value: isinstance(value, bool), "must be `true` or `false`"),
    **EFFECTS,
    "retry_after": _RETRY_AFTER,
    "body": Key(_is_text, "must be text: put it in quotes"),
}
