"""Markup that escapes by itself: whatever is not `Html` already is foreign text.

Foreign text cannot make elements, and what would be invisible or change the reading order (control characters,
bidirectional overrides, zero-width characters, halves of surrogate pairs) is shown by its number instead.
"""

from __future__ import annotations

import html
import re
from typing import Final

_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
_PLAIN: Final = re.compile(r"[A-Za-z0-9 \-_.,:;/?=%!*~+()]*")
"""Text that needs no second look: nearly all there is."""
_VOID: Final = frozenset({"img", "input", "link", "meta", "br"})


class Html(str):
    """Markup, to be sent as it is. An f-string or a join of it is plain text again, and would be escaped."""

    __slots__ = ()


NOTHING: Final = Html("")

Child = str | int | None
"""None leaves nothing."""


def escaped(text: str) -> Html:
    return Html(text if _PLAIN.fullmatch(text) else _UNSEEN.sub(_as_mark, html.escape(text)))


def element(tag: str, /, *children: Child, **attributes: str | int | bool | None) -> Html:
    """`class_` is `class`, `data_label` is `data-label`; a True attribute has no value, False and None are left out."""
    start = f"<{tag}{''.join([_attribute(key, value) for key, value in attributes.items()])}>"
    if tag in _VOID:
        return Html(start)
    return Html(f"{start}{joined(*children)}</{tag}>")


def joined(*children: Child) -> Html:
    return Html("".join([_shown(child) for child in children]))


def _shown(child: Child) -> str:
    if child is None:
        return ""
    return child if isinstance(child, Html) else escaped(str(child))


def _attribute(key: str, value: str | int | bool | None) -> str:  # noqa: FBT001 a value, not a flag
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = str(value)
    return f' {name}="{text if _PLAIN.fullmatch(text) else _UNSEEN.sub(_as_number, html.escape(text))}"'


def _as_mark(match: re.Match[str]) -> str:
    return f'<span class="unseen">{_as_number(match)}</span>'


def _as_number(match: re.Match[str]) -> str:
    return f"U+{ord(match[0]):04X}"
