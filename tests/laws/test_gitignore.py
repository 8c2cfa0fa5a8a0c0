"""Patterns mean what git means by them; `git check-ignore` is the oracle, for the verdict and for what decided."""

from __future__ import annotations

import os
import subprocess
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assetsync.local.patterns import Pattern, Patterns, ignore_file_lines, parse_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# Few letters, so that names and patterns meet; "é" and "ê" share their first byte.
NAMES = st.text("ab.-]^!é", min_size=1, max_size=4).filter(lambda name: name not in {".", ".."})
PIECES = st.sampled_from([
    *"ab.-]^!é?*/", "**", "/**", "**/", "[ab]", "[!a]", "[^b.]", "[a-c]", "[!-]", "[]a]", "[[:alpha:]]", "[[:punct:]b]",
    "[a", "[\\]a]", "[b-a]", "[[:nope:]]", "[[:", "[[:a]", "[[:]a]", "[.-]", "[a-\\b]", "\\", "\\a", "\\*", "\\/", "\\é",
    "[é]", " ", "\\ ", "\t", "#", "\r", "ê",
])  # fmt: skip
PATTERN = st.lists(PIECES, min_size=1, max_size=6).map("".join)
LIKELY = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "!", "/", "!/", "**/"]),
        st.lists(st.text("ab*?", min_size=1, max_size=3), min_size=1, max_size=3).map("/".join),
        st.sampled_from(["", "/", "/**", "/*"]),
    ),
)
LINES = st.lists(st.one_of(LIKELY, PATTERN), max_size=6)
TREE = st.lists(st.lists(NAMES, min_size=1, max_size=3).map(tuple), min_size=1, max_size=12, unique=True)


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fresh work tree each time, all of one repository."""
    git = tmp_path_factory.mktemp("git")
    subprocess.run(["git", "init", "-q", "--bare", git], check=True)
    return (_work_tree(tmp_path_factory.mktemp("trees"), git, number) for number in count())


def _work_tree(folder: Path, git: Path, number: int) -> Path:
    tree = folder / str(number)
    tree.mkdir()
    (folder / "git").symlink_to(git)
    return tree


def _plant(root: Path, tree: list[tuple[str, ...]]) -> dict[str, bool]:
    """Create the longest paths as files; returns every entry with whether it is a folder."""
    entries: dict[str, bool] = {}
    for parts in sorted(tree, key=len, reverse=True):
        path = "/".join(parts)
        if path in entries:
            continue
        for depth in range(1, len(parts)):
            entries["/".join(parts[:depth])] = True
        entries[path] = False
    for path, folder in entries.items():
        (root / path if folder else (root / path).parent).mkdir(parents=True, exist_ok=True)
        if not folder:
            (root / path).touch()
    return entries


def _git_decides(tree: Path, paths: list[str], exclude: Path) -> dict[str, tuple[str, str]]:
    """Path to (pattern, line) of what decided, both empty where nothing did."""
    command = ["git", f"--git-dir={tree.parent / 'git'}", f"--work-tree={tree}", "-c", f"core.excludesFile={exclude}"]
    answer = subprocess.run(
        [*command, "check-ignore", "--no-index", "-v", "-n", "-z", "--stdin"],
        input=b"".join(os.fsencode(path) + b"\0" for path in paths),
        capture_output=True,
        cwd=tree,
        check=False,
    )
    assert answer.returncode in {0, 1}, answer.stderr
    fields = [field.decode() for field in answer.stdout.split(b"\0")[:-1]]
    rows = zip(fields[0::4], fields[1::4], fields[2::4], fields[3::4], strict=True)
    return {path: (pattern, f"{source.rpartition('/')[2]}:{line}") for source, line, pattern, path in rows}


def _we_decide(path: str, entries: Mapping[str, bool], lists: Mapping[str, Patterns]) -> Pattern | None:
    """The pattern that decides about `path`, where `lists` are the patterns of each folder; from the top, as git."""
    parts = path.split("/")
    decided = None
    for depth in range(1, len(parts) + 1):
        entry = "/".join(parts[:depth])
        decided = _last_match(entry, entries[entry], lists)
        if decided is not None and not decided.negated:
            break
    return decided


def _last_match(entry: str, folder: bool, lists: Mapping[str, Patterns]) -> Pattern | None:
    for base in sorted(lists, key=len, reverse=True):
        if entry.startswith(base):
            found = lists[base].last_match(os.fsencode(entry[len(base) :]), folder=folder)
            if found is not None:
                return found
    return None


def _parsed(content: bytes, name: str) -> Patterns:
    parsed = [parse_pattern(line, f"{name}:{number}") for number, line in ignore_file_lines(content)]
    return Patterns([pattern for pattern in parsed if pattern is not None])


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, tree=TREE)
@example(lines=["a**/b"], tree=[("ab", "b", "b"), ("ab", "b")])
@example(lines=["b/a**"], tree=[("b", "ab", "b")])
@example(lines=["a", "!a/b"], tree=[("a", "b")])
@example(lines=["*", "!a/", "!a/b"], tree=[("a", "b"), ("a", "a")])
@example(lines=["?"], tree=[("é",)])
@example(lines=["a//", "//b", "/", "!", "!/"], tree=[("a", "b"), ("b", "a")])
@example(lines=["a\\", "[b-a]", "[[:nope:]]"], tree=[("a", "b")])
@example(lines=["*a*a*b"], tree=[("aaab",), ("aab", "ab")])
def test_one_list_decides_as_git_does(lines: list[str], tree: list[tuple[str, ...]], repositories: Path) -> None:
    """For every entry of the tree: the same verdict, by the same line."""
    root = next(repositories)  # type: ignore[call-overload]
    entries = _plant(root, tree)
    content = "\n".join(lines).encode()
    exclude = root.parent / "exclude"
    exclude.write_bytes(content)
    expected = _git_decides(root, list(entries), exclude)
    patterns = _parsed(content, "exclude")
    for path in entries:
        decided = _we_decide(path, entries, {"": patterns})
        assert (decided.origin if decided else ":") == expected[path][1], path


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), base=LINES, tree=TREE)
def test_ignore_files_of_folders_decide_as_gitignore_files_do(
    data: st.DataObject, base: list[str], tree: list[tuple[str, ...]], repositories: Path
) -> None:
    """Deeper files later, each relative to its folder, all of them after the list that has no folder."""
    root = next(repositories)  # type: ignore[call-overload]
    entries = _plant(root, tree)
    exclude = root.parent / "exclude"
    exclude.write_bytes("\n".join(base).encode())
    lists = {"": Patterns([])}
    deeper: dict[str, Patterns] = {}
    for number, folder in enumerate(["", *sorted(path + "/" for path, is_folder in entries.items() if is_folder)]):
        content = "\n".join(data.draw(LINES, label=folder or "top")).encode()
        (root / folder / ".gitignore").write_bytes(content)
        deeper[folder] = _parsed(content, f"{number}")
    expected = _git_decides(root, list(entries), exclude)
    own = _parsed(exclude.read_bytes(), "exclude")
    for path in entries:
        decided = _decide_with_folders(path, entries, own, deeper)
        assert (decided.text if decided else "") == expected[path][0].strip("\r"), path
    assert lists


def _decide_with_folders(
    path: str, entries: Mapping[str, bool], own: Patterns, deeper: Mapping[str, Patterns]
) -> Pattern | None:
    parts = path.split("/")
    decided = None
    for depth in range(1, len(parts) + 1):
        entry = "/".join(parts[:depth])
        decided = _last_match(entry, entries[entry], deeper)
        if decided is None:
            decided = own.last_match(os.fsencode(entry), folder=entries[entry])
        if decided is not None and not decided.negated:
            break
    return decided
