"""From a folder mapping's rules to the properties of a file: the last matching rule wins, property by property."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.model import Visibility

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.manifest.model import Folder, Rule

_RANK = {Visibility.PUBLIC: 0, Visibility.PROTECTED: 1, Visibility.PRIVATE: 2}


@dataclass(frozen=True, slots=True)
class Properties:
    """What folder and rules say about a file, each with the index of the rule that said it, None for the folder."""

    visibility: Visibility
    visibility_rule: int | None
    content_type: str | None
    content_type_rule: int | None
    charset: str | None
    charset_rule: int | None
    allow_secret: bool
    allow_secret_rule: int | None


def rule_counts(rule: Rule, environment: str) -> bool:
    """Whether the rule counts in the selected Environment."""
    return rule.environments is None or environment in rule.environments


def properties(folder: Folder, matching: int) -> Properties:
    """`matching` has bit n set where rule n matches, as in a Judgement."""
    rules = [(index, rule) for index, rule in enumerate(folder.rules) if matching >> index & 1]
    visibility_rule = _last(index for index, rule in rules if rule.visibility is not None)
    content_type_rule = _last(index for index, rule in rules if rule.content_type is not None)
    charset_rule = _last(index for index, rule in rules if rule.charset is not None)
    allow_secret_rule = _last(index for index, rule in rules if rule.allow_secret is not None)
    by_rule = None if visibility_rule is None else folder.rules[visibility_rule].visibility
    return Properties(
        visibility=by_rule or folder.visibility,
        visibility_rule=visibility_rule,
        content_type=None if content_type_rule is None else folder.rules[content_type_rule].content_type,
        content_type_rule=content_type_rule,
        charset=folder.charset if charset_rule is None else folder.rules[charset_rule].charset,
        charset_rule=charset_rule,
        allow_secret=allow_secret_rule is not None and bool(folder.rules[allow_secret_rule].allow_secret),
        allow_secret_rule=allow_secret_rule,
    )


def stricter(one: Visibility, other: Visibility) -> Visibility:
    """The one that fewer may fetch."""
    return max(one, other, key=_RANK.__getitem__)


def _last(indexes: Iterator[int]) -> int | None:
    return max(indexes, default=None)
