"""What an adoption found, as a table."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from assetsync.report.line import Line, Style
from assetsync.report.units import plural
from assetsync.served.adopt import Verdict
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assetsync.served.adopt import Seen

MOST_LINES = 40
_DIFFERS = (Verdict.BYTES, Verdict.CONTENT_TYPE, Verdict.VISIBILITY)
_GROUPS = (
    ("take over", "=", Style.ADD, (Verdict.EQUAL,)),
    ("differs, stays as it is", "~", Style.CHANGE, _DIFFERS),
    ("cannot be compared, stays as it is", "?", Style.WARNING, (Verdict.UNREADABLE,)),
    ("another manifest's, stays as it is", "!", Style.WARNING, (Verdict.ANOTHERS,)),
)


def adoption_lines(seen: Sequence[Seen], *, everything: bool = False) -> Iterator[Line]:
    """A group for each kind of verdict, and what rule would keep a type that the manifest gives otherwise."""
    for title, sign, style, verdicts in _GROUPS:
        group = [each for each in seen if each.verdict in verdicts]
        if not group:
            continue
        yield Line(f"{title}: {len(group)}", Style.DIM)
        shown = group if everything else group[:MOST_LINES]
        for each in shown:
            said = f"called {printable(each.name)!r}" if each.verdict is Verdict.EQUAL else printable(each.message)
            yield Line(f"  {sign} {printable(each.path)}  {said}", style)
        if len(group) > len(shown):
            yield Line(f"    and {len(group) - len(shown)} more (--all shows them)", Style.DIM)
        yield Line()
    yield from _types(seen)


def _types(seen: Sequence[Seen]) -> Iterator[Line]:
    """The rules that would keep the types which other tools gave."""
    kinds = Counter(
        (each.path.rpartition(".")[2], each.content_type)
        for each in seen
        if each.verdict is Verdict.CONTENT_TYPE and each.content_type and "." in each.path.rpartition("/")[2]
    )
    for (extension, content_type), count in sorted(kinds.items(), key=lambda each: (-each[1], each[0])):
        what = f"{plural(count, 'file')} differ in the type alone" if count > 1 else "1 file differs in the type alone"
        rule = f'{{match: "*.{printable(extension)}", content_type: {printable(content_type or "")}}}'
        yield Line(f"{what}; this rule in the manifest would keep it: - {rule}")


def counts(seen: Sequence[Seen]) -> str:
    """`195 to take over, 5 differ, 1 cannot be compared`"""
    found = Counter(each.verdict for each in seen)
    differs = sum(found[verdict] for verdict in _DIFFERS)
    parts = [f"{found[Verdict.EQUAL]} to take over"]
    parts += [f"{differs} {'differs' if differs == 1 else 'differ'}"] if differs else []
    parts += [f"{found[Verdict.UNREADABLE]} cannot be compared"] if found[Verdict.UNREADABLE] else []
    parts += [f"{found[Verdict.ANOTHERS]} of other manifests"] if found[Verdict.ANOTHERS] else []
    return ", ".join(parts)
