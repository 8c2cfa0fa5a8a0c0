from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assetsync.report.line import on_screen

ACCOUNT = "AC0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, as it is  ", "plain text, as it is  "),
        ("caf\u00e9 \U0001f600", "caf\u00e9 \U0001f600"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("two\nlines\r", "two\\nlines\\r"),
        ("\u202egnp.exe \x9b2J \ud800", "\\u202egnp.exe \\x9b2J \\ud800"),
        (f"account {ACCOUNT}, {ACCOUNT}.", "account AC0123...cdef, AC0123...cdef."),
        (f"/v1/Accounts/{ACCOUNT}/x", "/v1/Accounts/AC0123...cdef/x"),
        (f"{ACCOUNT}0 is longer than that", f"{ACCOUNT}0 is longer than that"),
    ],
)
def test_a_line_is_shown_as_a_person_may_have_it(text: str, shown: str) -> None:
    assert on_screen(text) == shown


@given(st.text())
def test_no_line_has_anything_that_a_terminal_obeys(text: str) -> None:
    assert on_screen(text).isprintable()
