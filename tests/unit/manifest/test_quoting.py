"""Patterns without quotes: YAML keeps their text, or the user is told to quote them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from assetsync.errors import InvalidInput
from assetsync.manifest import nodes
from assetsync.manifest.document import read_document
from assetsync.manifest.model import Mark
from assetsync.manifest.quoting import MEANINGS, quoted, text_at, unquoted
from assetsync.manifest.syntax import syntax_problem

if TYPE_CHECKING:
    from assetsync.errors import Problem
    from assetsync.manifest.syntax import YamlLoader

PATTERNS = st.text(alphabet="ab.*/[]{}!&@%`#>|,-?: '\"\\", min_size=1, max_size=12)


@given(PATTERNS)
def test_the_quoted_form_always_means_the_text(text: str) -> None:
    """What the hint says to write is read back as exactly the text."""
    assert yaml.safe_load(f"- {quoted(text)}\n") == [text]


@given(PATTERNS)
@example("*.map")
@example("[id].html")
@example("![id].html")
@example("[!a]*.js")
@example("&a")
def test_an_unquoted_pattern_is_its_text_or_a_problem(text: str) -> None:
    """Both parsers agree on it, and neither ever yields another text than the one that a YAML reader would."""
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        root, found = reading(f"- {text}\n", loader)
        assert all(problem.line in {1, 2} and problem.message for problem in found)
        if root is not None and not found:
            assert shape(root) == oracle(f"- {text}\n", loader)


def reading(text: str, loader: YamlLoader) -> tuple[nodes.Node | None, tuple[Problem, ...]]:
    try:
        document = read_document(text, "f", loader)
    except InvalidInput as invalid:
        return None, invalid.problems
    return document.root, document.problems


def shape(node: nodes.Node) -> object:
    match node:
        case nodes.Scalar():
            return node.text
        case nodes.Sequence():
            return [shape(item) for item in node.items]
        case nodes.Mapping():
            return {entry.key: shape(entry.value) for entry in node.entries}


def oracle(text: str, loader: YamlLoader) -> object:
    """PyYAML's own construction, with every scalar read as text."""
    return yaml.load(text, Loader=texts(loader))


def texts(loader: YamlLoader) -> YamlLoader:
    class Texts(loader):  # type: ignore[misc, valid-type]
        yaml_implicit_resolvers: dict[str, object] = {}  # noqa: RUF012 - PyYAML's own switch

    return Texts


@given(st.sampled_from(sorted(set(MEANINGS) - {"*", "&"})), st.text(alphabet="ab./*", min_size=1, max_size=6))
def test_each_special_character_is_named(first: str, rest: str) -> None:
    """A text that begins with a character of YAML's own is told to be quoted, in block and in flow style."""
    closed = {"[": "]b", "{": "}b"}.get(first, "")
    text = first + rest + closed
    for line in (f"- {text}\n", f"k: {text}\n", f"- {text} # c\n"):
        for loader in (yaml.SafeLoader, yaml.CSafeLoader):
            _, found = reading(line, loader)
            assert [problem.hint for problem in found] == [f"quote it: {quoted(text)}"]


def test_a_text_ends_where_its_list_item_does() -> None:
    """In brackets a comma or the closing bracket ends it, brackets of its own do not."""
    line = "exclude: [[a].x, {b,c}.y, *.z]"

    assert text_at(line, 10) == "[a].x"
    assert text_at(line, 17) == "{b,c}.y"
    assert text_at(line, 26) == "*.z"
    assert text_at("- *.map, # c", 2) == "*.map"
    assert text_at("[*.map", 1) == "*.map"


def test_a_place_without_a_special_text_is_nothing() -> None:
    """Marks after the end, inside a word or at a closed collection are left to the general message."""
    assert unquoted(["a"], [Mark(7, 1)]) is None
    assert unquoted(["abc*d"], [Mark(1, 4)]) is None
    assert unquoted(["- [a, b]"], [Mark(1, 3)]) is None
    assert unquoted(["a]b"], [Mark(1, 3)]) is None
    assert unquoted(["x[a]b"], [Mark(1, 5)]) is None


def test_an_error_without_a_place_stands_at_the_beginning() -> None:
    """PyYAML's errors need not have a mark."""
    problem = syntax_problem(yaml.YAMLError("strange"), ["a"], "f")

    assert (problem.line, problem.column, problem.message) == (1, 1, "not valid YAML: strange")
