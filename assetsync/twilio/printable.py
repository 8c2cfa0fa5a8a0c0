"""Foreign text made fit for an error message: one line, bounded, nothing that a terminal would obey."""

from __future__ import annotations


def printable(text: str, *, limit: int = 300) -> str:
    """`text` with blanks collapsed and every control, format or lone surrogate character escaped.

    At most `limit` characters of the input are shown; a cut is marked by ` ...`.
    """
    flat = " ".join(text[: limit * 4].split())
    shown = escaped(flat[:limit])
    return f"{shown} ..." if len(flat) > limit or len(text) > limit * 4 else shown


def escaped(text: str) -> str:
    """`text`, as long as it is, with every control, format or lone surrogate character escaped."""
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
