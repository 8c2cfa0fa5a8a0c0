"""The results: a row a comparison, as a table and as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.turns import Series


@dataclass(frozen=True, slots=True)
class Compared:
    """Ours beside another's, and what the ratio of the medians is to be at the most."""

    what: str
    ours: Series
    other: str
    theirs: Series
    goal: float
    stretch: float | None = None

    @property
    def ratio(self) -> float:
        return self.ours.median / self.theirs.median

    @property
    def holds(self) -> bool:
        return self.ratio <= self.goal


@dataclass(frozen=True, slots=True)
class Counted:
    """A figure that is no time: requests, bytes, an exponent; and what it is to be at the most."""

    what: str
    figure: float
    unit: str
    goal: float | None = None

    @property
    def holds(self) -> bool:
        return self.goal is None or self.figure <= self.goal


Row = Compared | Counted


def markdown(rows: Sequence[Row]) -> str:
    """Two tables; what does not hold is in bold."""
    compared = [each for each in rows if isinstance(each, Compared)]
    counted = [each for each in rows if isinstance(each, Counted)]
    lines: list[str] = []
    if compared:
        lines += ["| what | assetsync | beside | theirs | ratio | goal |", "|---|---|---|---|---|---|"]
        lines += [
            f"| {each.what} | {each.ours} | {each.other} | {each.theirs} | {_ratio(each)} | {each.goal:g} |"
            for each in compared
        ]
    if counted:
        lines += ["", "| what | figure | goal |", "|---|---|---|"]
        lines += [f"| {each.what} | {_figure(each)} {each.unit} | {_goal(each)} |" for each in counted]
    return "\n".join(lines) + "\n"


def _ratio(row: Compared) -> str:
    return f"{row.ratio:.2f}" if row.holds else f"**{row.ratio:.2f}**"


def _goal(row: Counted) -> str:
    return "" if row.goal is None else f"{row.goal:.4g} {row.unit}"


def _figure(row: Counted) -> str:
    return f"{row.figure:.4g}" if row.holds else f"**{row.figure:.4g}**"


_WIDE, _BAR, _TEXT = 900, 22, 420


def picture(rows: Sequence[Row]) -> str:
    """An SVG: how long assetsync takes where the other takes 1."""
    compared = [each for each in rows if isinstance(each, Compared)]
    most = max([1.2, *(min(each.ratio, 4.0) for each in compared)])
    scale = (_WIDE - _TEXT - 70) / most
    high = 40 + _BAR * len(compared)
    one = _TEXT + scale
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {high}" font-family="system-ui" font-size="12">',
        f'<rect width="{_WIDE}" height="{high}" fill="white"/>',
        f'<text x="{one:.0f}" y="16" text-anchor="middle">the other = 1</text>',
    ]
    for place, each in enumerate(compared):
        y = 28 + place * _BAR
        width = min(each.ratio, 4.0) * scale
        colour = "#2f7d4f" if each.holds else "#b3452b"
        label = f"{each.what}, beside {each.other}"
        parts += [
            f'<text x="{_TEXT - 8}" y="{y + 13}" text-anchor="end">{escape(label)}</text>',
            f'<rect x="{_TEXT}" y="{y}" width="{width:.1f}" height="{_BAR - 6}" fill="{colour}"/>',
            f'<text x="{_TEXT + width + 6:.1f}" y="{y + 13}">{each.ratio:.2f}</text>',
        ]
    parts += [f'<line x1="{one:.1f}" x2="{one:.1f}" y1="22" y2="{high - 8}" stroke="black"/>', "</svg>"]
    return "\n".join(parts) + "\n"
