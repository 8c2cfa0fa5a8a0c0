"""Laws of the mark of a preview, against a writer of its own that knows only the format."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from assetsync.model import Variable
from assetsync.twilio.preview_mark import KEY, Mark, mark_in, parse, write

OWNERS = st.text("abz019-", min_size=1, max_size=32)
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0))
MARKS = st.builds(Mark, OWNERS, MOMENTS)


def spelled(owner: str, at: datetime) -> str:
    """The format as it is documented, written a second time."""
    date = f"{at.year:04}-{at.month:02}-{at.day:02}T{at.hour:02}:{at.minute:02}:{at.second:02}Z"
    return f"as1 {owner} {date}"


def variables(*values: str) -> tuple[Variable, ...]:
    return tuple(Variable(f"ZV{number:032x}", KEY, value) for number, value in enumerate(values))


@given(MARKS)
@example(Mark("o" * 32, datetime(1, 1, 1, tzinfo=UTC)))
def test_what_is_written_is_what_the_format_says_and_reads_back(mark: Mark) -> None:
    value = write(mark)
    assert value == spelled(mark.owner, mark.expiry)
    assert len(value.encode()) <= 450
    assert parse(value) == mark


@given(
    st.one_of(st.text(), MARKS.map(write)),
    st.one_of(st.sampled_from(["", *"02aAZ-:. \n\t+\u0661\u00e9"]), st.characters()),
)
def test_nothing_is_accepted_that_the_writer_does_not_write(text: str, odd: str) -> None:
    """Marks with one character put in, taken out or exchanged among them, at every place."""
    for at in range(len(text) + 1):
        for value in (text, text[:at] + odd + text[at:], text[:at] + odd + text[at + 1 :]):
            mark = parse(value)
            assert mark is None or write(mark) == value


@given(MARKS, st.sampled_from(["as1", "as2", "as1 x", " ", "\n"]))
def test_a_mark_with_something_round_it_is_none(mark: Mark, more: str) -> None:
    assert parse(write(mark) + more) is None
    assert parse(more + write(mark)) is None


@given(st.lists(st.one_of(MARKS.map(write), st.text(max_size=8)), max_size=4))
def test_of_several_of_one_owner_the_last_to_end_counts_and_a_strange_one_spoils_them_all(values: list[str]) -> None:
    shape = re.compile(r"as1 ([a-z0-9-]+) (\S+)Z")
    pairs = [(found[1], found[2]) for value in values if (found := shape.fullmatch(value))]
    mark = mark_in((*variables(*values), Variable("ZV" + "f" * 32, "OTHER", "as1 other 2026-01-01T00:00:00Z")))
    if not pairs or len(pairs) < len(values) or len({owner for owner, _ in pairs}) > 1:
        assert mark is None
    else:
        assert mark is not None
        assert write(mark) == f"as1 {pairs[0][0]} {max(expiry for _, expiry in pairs)}Z"


def test_the_date_must_be_one() -> None:
    assert parse("as1 website 2026-11-30T12:00:00Z") == Mark("website", datetime(2026, 11, 30, 12, tzinfo=UTC))
    for expiry in ("2026-02-30T12:00:00Z", "2026-11-30T24:00:00Z", "2026-11-30T12:00:60Z", "0000-11-30T12:00:00Z"):
        assert parse(f"as1 website {expiry}") is None
