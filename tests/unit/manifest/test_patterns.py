"""Reading patterns; what they match is proved against git in `tests/laws/test_gitignore.py`."""

from __future__ import annotations

import pytest

from assetsync.manifest.globs import escape
from assetsync.manifest.patterns import Pattern, Patterns, ignore_file_lines, parse_pattern


def parsed(text: str) -> Pattern:
    pattern = parse_pattern(text, text)
    assert pattern is not None
    return pattern


def matches(text: str, path: str, *, folder: bool = False) -> bool:
    return Patterns([parsed(text)]).last_match(path.encode(), folder=folder) is not None


@pytest.mark.parametrize("line", ["", "   ", "# a comment", "#"])
def test_blank_lines_and_comments_are_no_patterns(line: str) -> None:
    assert parse_pattern(line, "") is None


@pytest.mark.parametrize("line", ["/", "!", "!/", "[a", "a\\", "[[:nope:]]", "[!", "[a-\\", "[[:alpha:", "[]"])
def test_a_pattern_that_git_gives_up_matches_nothing(line: str) -> None:
    assert parsed(line).regex is None
    assert not matches(line, "a")
    assert not Patterns([parsed("b"), parsed(line)]).last_match(b"a", folder=True)


@pytest.mark.parametrize(
    ("line", "path", "expected"),
    [
        ("a ", "a", True),
        ("a\\ ", "a ", True),
        ("a\\\\ ", "a\\", True),
        ("a\t", "a\t", True),
        ("\\#a", "#a", True),
        ("\\!a", "!a", True),
        ("a/**", "a/b/c", True),
        ("a/**/b", "a/b", True),
        ("**/b", "a/b", True),
        ("a/**\\/b", "a/x/y/b", True),
        ("a/**\\/b", "a/b", False),
        ("/b", "a/b", False),
        ("a/*", "a/b/c", False),
        ("[/]", "/", False),
        ("[[:space:]]", "\v", False),
        ("[z-a]", "b", False),
        ("a\0b", "a", True),
    ],
)
def test_a_pattern_means_what_git_means(line: str, path: str, *, expected: bool) -> None:
    assert matches(line, path) is expected


def test_a_slash_at_the_end_is_for_folders_only() -> None:
    assert matches("a/", "a", folder=True)
    assert not matches("a/", "a")


@pytest.mark.parametrize("line", ["a?", "a/**", "b/*", "*b", "a[!x]"])
def test_the_mark_of_a_folder_is_never_taken_for_a_part_of_its_name(line: str) -> None:
    assert not matches(line, "a", folder=True)


def test_the_last_pattern_that_matches_decides() -> None:
    patterns = Patterns([parsed("*.js"), parsed("!keep.js"), parsed("lib/*.js")])
    assert patterns.last_match(b"keep.js", folder=False) == parsed("!keep.js")
    assert patterns.last_match(b"lib/keep.js", folder=False) == parsed("lib/*.js")
    assert patterns.last_match(b"a.css", folder=False) is None


def test_many_stars_do_not_explode() -> None:
    """Each star takes its first fit; trying them all would outlast the test run."""
    assert not matches("a*" * 30 + "b", "a" * 250)
    assert matches("a*" * 30 + "b", "a" * 250 + "b")


@pytest.mark.parametrize("name", ["a*b", "[id]", "#x", "!y", "a b ", "back\\slash", "ü?"])
def test_an_escaped_name_means_just_itself(name: str) -> None:
    assert matches(escape(name), name)
    assert matches("/" + escape(name), name)


def test_an_ignore_file_is_split_as_git_splits_it() -> None:
    content = b"\xef\xbb\xbfa\r\nb\n\nc\x0bd\rn"
    assert list(ignore_file_lines(content)) == [(1, "a"), (2, "b"), (3, ""), (4, "c\x0bd\rn")]
