"""What two Builds serve differently, as lines and as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assetsync.report.line import Line, Style
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from assetsync.plan.difference import Change, Difference

MOST_LINES = 40
_LOOKS = {
    "added": ("+", Style.ADD),
    "removed": ("-", Style.REMOVE),
    "content": ("~", Style.CHANGE),
    "visibility": ("~", Style.CHANGE),
}


def difference_lines(found: Difference, own: Collection[str]) -> Iterator[Line]:
    """Ours first, then what is not."""
    ours = [change for change in found.changes if change.is_of(own)]
    theirs = [change for change in found.changes if not change.is_of(own)]
    yield from _group("changes", [_line(change) for change in ours])
    others = [_line(change) for change in theirs]
    others += [Line(f"  ~ the npm package {printable(name)}", Style.CHANGE) for name in found.dependencies]
    if found.runtimes is not None:
        before, after = (printable(each or "the default") for each in found.runtimes)
        others.append(Line(f"  ~ the runtime of the Functions: {before} -> {after}", Style.CHANGE))
    yield from _group("not ours", others)


def difference_document(found: Difference, own: Collection[str]) -> dict[str, Any]:
    return {
        "changes": [
            {
                "path": change.path,
                "kind": "function" if change.is_function else "asset",
                "change": change.kind,
                "ours": change.is_of(own),
            }
            for change in found.changes
        ],
        "dependencies": list(found.dependencies),
        "runtimes": None if found.runtimes is None else list(found.runtimes),
    }


def _line(change: Change) -> Line:
    sign, style = _LOOKS[change.kind]
    what = f"Function {printable(change.path)}" if change.is_function else printable(change.path)
    shift = ""
    if change.kind == "visibility" and change.before is not None and change.after is not None:
        shift = f"  {printable(change.before.visibility)} -> {printable(change.after.visibility)}"
    return Line(f"  {sign} {what}{shift}", style)


def _group(what: str, lines: Sequence[Line]) -> Iterator[Line]:
    if not lines:
        return
    yield Line(f"{what}: {len(lines)}", Style.DIM)
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield Line(f"    and {len(lines) - MOST_LINES} more", Style.DIM)
    yield Line()
