"""The laws of `${VAR}`."""

from __future__ import annotations

import os
import re
import subprocess

from hypothesis import given
from hypothesis import strategies as st

from assetsync.manifest.variables import expand, malformed, may_become, misplaced_variables, unset_variables

NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,2}", fullmatch=True)
PIECES = st.one_of(
    st.text(alphabet="ab-$ ", max_size=4),
    NAMES.map("${{{}}}".format),
    st.tuples(NAMES, st.text(alphabet="ab- ", max_size=3)).map(lambda pair: f"${{{pair[0]}:-{pair[1]}}}"),
)
TEXTS = st.lists(PIECES, max_size=5).map("".join)
VALUES = st.dictionaries(NAMES, st.text(alphabet="xy$-", max_size=3), max_size=4)


@given(TEXTS, VALUES)
def test_a_text_is_expanded_piece_by_piece(text: str, variables: dict[str, str]) -> None:
    """The pieces between variables stay; each variable is its value or its default; nothing is expanded twice."""
    expected, rest = "", text
    while (found := re.search(r"\$\{(\w+)(:-([^${}]*))?\}", rest)) is not None:
        expected += rest[: found.start()] + (variables.get(found[1], "") or found[3] or "")
        rest = rest[found.end() :]

    assert expand(text, variables) == expected + rest


@given(TEXTS, VALUES, VALUES)
def test_what_a_text_becomes_once_more_variables_are_set_it_may_become(
    text: str, variables: dict[str, str], later: dict[str, str]
) -> None:
    filled = {**later, **{name: value for name, value in variables.items() if value}}
    unset = set(unset_variables(text, variables))
    known = {name: value for name, value in filled.items() if name in unset or variables.get(name)}
    assert may_become(text, expand(text, known), variables)


@given(TEXTS, VALUES, st.text(alphabet="abxy-$ ", max_size=6))
def test_where_all_are_set_a_text_may_become_what_it_becomes_and_nothing_else(
    text: str, variables: dict[str, str], other: str
) -> None:
    if not unset_variables(text, variables):
        becomes = expand(text, variables)
        assert may_become(text, becomes, variables)
        assert may_become(text, other, variables) == (other == becomes)


@given(st.lists(PIECES.filter(lambda piece: "$" not in piece or "{" in piece), max_size=3).map("".join))
def test_a_shell_expands_alike(text: str) -> None:
    """The syntax is the shell's, so that nobody need learn another."""
    variables = {"A": "x", "B": "", "_": "y"}
    quoted = text.replace('"', '\\"')
    clean = {**variables, "PATH": os.environ["PATH"]}
    del clean["_"]
    if "_" in text or "PATH" in text:
        return
    shell = subprocess.run(["/bin/sh", "-c", f'printf %s "{quoted}"'], env=clean, capture_output=True, check=True)

    assert expand(text, clean) == shell.stdout.decode()


@given(TEXTS, VALUES)
def test_unset_variables_are_those_that_leave_a_hole(text: str, variables: dict[str, str]) -> None:
    """Neither a value nor a default; an empty value is none."""
    written = re.findall(r"\$\{(\w+)\}", text)

    assert list(unset_variables(text, variables)) == [
        name for at, name in enumerate(written) if not variables.get(name) and name not in written[:at]
    ]


@given(TEXTS)
def test_well_formed_texts_have_nothing_malformed(text: str) -> None:
    """Unless a stray dollar meets a brace."""
    assert malformed(text) is None


def test_malformed_variables_are_shown_as_far_as_they_go() -> None:
    """To the closing brace, or the end."""
    assert malformed("a${1}b") == "${1}"
    assert malformed("${A}${") == "${"
    assert malformed("${A:-${B}}") == "${A:- }"
    assert malformed("$${A}{") is None


def test_misplaced_variables_are_found_in_every_corner() -> None:
    """In lists, in mappings, under unknown keys; not where they are allowed."""
    tree = {
        "service": "${A}",
        "environments": [{"name": "${A}", "suffix": "${A}", "other": "${A}"}],
        "folders": [{"exclude": ["a", "${A}"], "rules": [{"environments": ["${A}"], "match": "${A}"}]}],
        "version": 1,
    }

    assert [finding.pointer for finding in misplaced_variables(tree)] == [
        "/environments/0/other",
        "/folders/0/exclude/1",
        "/folders/0/rules/0/match",
    ]
