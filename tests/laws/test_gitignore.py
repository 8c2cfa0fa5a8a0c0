"""Patterns mean what git means by them: `git check-ignore` is the oracle for the verdict and for what decided it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assetsync.local.selection import Selection, Standing, with_ignore_file
from assetsync.manifest.patterns import Pattern, Patterns, ignore_file_lines, parse_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Tree = list[tuple[str, ...]]

# Few letters, so that names and patterns meet; the two accented ones share their first byte.
NAMES = st.text("ab.-]^!é", min_size=1, max_size=4).filter(lambda name: name not in {".", ".."})
TREES = st.lists(st.lists(NAMES, min_size=1, max_size=3).map(tuple), min_size=1, max_size=12, unique=True)
PIECES = st.sampled_from([
    *"ab.-]^!éê?*/# \t\r\\", "**", "/**", "**/", "\\a", "\\*", "\\/", "\\é", "\\ ",
    "[ab]", "[!a]", "[^b.]", "[a-c]", "[!-]", "[]a]", "[.-]", "[b-a]", "[a-\\b]", "[\\]a]", "[é]", "[a",
    "[[:alpha:]]", "[[:punct:]b]", "[[:nope:]]", "[[:", "[[:a]", "[[:]a]",
])  # fmt: skip
ODD = st.lists(PIECES, min_size=1, max_size=6).map("".join)
LIKELY = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "!", "/", "!/", "**/"]),
    st.lists(st.text("ab*?", min_size=1, max_size=3), min_size=1, max_size=3).map("/".join),
    st.sampled_from(["", "/", "/**", "/*"]),
)
LINES = st.lists(LIKELY | ODD, max_size=6)
FROM_ONE_LIST = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True)
class Git:
    """A repository, and fresh work trees for it."""

    folder: Path
    numbers: count[int]

    def work_tree(self) -> Path:
        tree = self.folder / f"tree{next(self.numbers)}"
        tree.mkdir()
        return tree

    def decides(self, tree: Path, paths: list[str], exclude: Path) -> dict[str, str]:
        """Path to `file:line` of what decided, `:` where nothing did."""
        command = ["git", f"--git-dir={self.folder / 'git'}", f"--work-tree={tree}"]
        answer = subprocess.run(
            [*command, "-c", f"core.excludesFile={exclude}", "check-ignore", "--no-index", "-v", "-n", "-z", "--stdin"],
            input=b"".join(os.fsencode(path) + b"\0" for path in paths),
            capture_output=True,
            cwd=tree,
            check=False,
        )
        assert answer.returncode in {0, 1}, answer.stderr
        fields = [os.fsdecode(field) for field in answer.stdout.split(b"\0")[:-1]]
        return {
            path: f"{file}:{line}" for file, line, path in zip(fields[::4], fields[1::4], fields[3::4], strict=True)
        }


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Git:
    folder = tmp_path_factory.mktemp("git")
    subprocess.run(["git", "init", "-q", "--bare", folder / "git"], check=True)
    return Git(folder, count())


def _plant(root: Path, tree: Tree) -> dict[str, bool]:
    """Create the longest paths as files; returns every entry with whether it is a folder."""
    entries: dict[str, bool] = {}
    for parts in sorted(tree, key=len, reverse=True):
        entries |= {"/".join(parts[:depth]): True for depth in range(1, len(parts))}
        entries.setdefault("/".join(parts), False)
    for path, folder in entries.items():
        (root / path if folder else (root / path).parent).mkdir(parents=True, exist_ok=True)
        if not folder:
            (root / path).touch()
    return entries


def _parsed(content: bytes, file: str) -> Patterns:
    parsed = [parse_pattern(line, f"{file}:{number}") for number, line in ignore_file_lines(content)]
    return Patterns([pattern for pattern in parsed if pattern is not None])


def _we_decide(path: str, entries: Mapping[str, bool], exclude: Patterns, ignores: Mapping[str, Patterns]) -> str:
    """What `Git.decides` says, by the walk's own steps; `ignores` are the ignore files by folder."""
    selection = Selection(exclude, Patterns([]), ())
    standing = _with_ignores(selection.top(), ignores)
    decided: Pattern | None = None
    parts = path.split("/")
    for depth, name in enumerate(parts, 1):
        judgement = selection.judge(standing, os.fsencode(name), folder=entries["/".join(parts[:depth])])
        decided = judgement.exclude
        if judgement.excluded:
            break
        standing = _with_ignores(selection.enter(standing, os.fsencode(name), judgement), ignores)
    return ":" if decided is None else decided.origin


def _with_ignores(standing: Standing, ignores: Mapping[str, Patterns]) -> Standing:
    patterns = ignores.get(os.fsdecode(standing.path))
    return standing if patterns is None else with_ignore_file(standing, patterns)


@FROM_ONE_LIST
@given(lines=LINES, tree=TREES)
@example(lines=["a**/b"], tree=[("ab", "b", "b"), ("ab", "b")])
@example(lines=["b/a**"], tree=[("b", "ab", "b")])
@example(lines=["a", "!a/b"], tree=[("a", "b")])
@example(lines=["*", "!a/", "!a/b"], tree=[("a", "b"), ("a", "a")])
@example(lines=["a/**\\/b"], tree=[("a", "x", "y", "b"), ("a", "b")])
@example(lines=["?"], tree=[("é",)])
@example(lines=["a//", "//b", "/", "!", "!/"], tree=[("a", "b"), ("b", "a")])
@example(lines=["a\\", "[b-a]", "[[:nope:]]"], tree=[("a", "b")])
@example(lines=["*a*a*b"], tree=[("aaab",), ("aab", "ab")])
def test_one_list_decides_as_git_does(lines: list[str], tree: Tree, git: Git) -> None:
    """For every entry of the tree the same line decides."""
    root = git.work_tree()
    entries = _plant(root, tree)
    exclude = git.folder / "exclude"
    exclude.write_bytes("\n".join(lines).encode())
    patterns = _parsed(exclude.read_bytes(), str(exclude))
    expected = git.decides(root, list(entries), exclude)
    assert {path: _we_decide(path, entries, patterns, {}) for path in entries} == expected


@settings(FROM_ONE_LIST, max_examples=120)
@given(data=st.data(), lines=LINES, tree=TREES)
def test_ignore_files_of_folders_decide_as_gitignore_files_do(
    data: st.DataObject, lines: list[str], tree: Tree, git: Git
) -> None:
    """Deeper files later, each relative to its folder, all of them after the list that has no folder."""
    root = git.work_tree()
    entries = _plant(root, tree)
    exclude = git.folder / "exclude"
    exclude.write_bytes("\n".join(lines).encode())
    ignores: dict[str, Patterns] = {}
    for folder in ["", *(f"{path}/" for path, is_folder in entries.items() if is_folder)]:
        content = "\n".join(data.draw(LINES, label=folder)).encode()
        (root / folder / ".gitignore").write_bytes(content)
        ignores[folder] = _parsed(content, f"{folder}.gitignore")
    patterns = _parsed(exclude.read_bytes(), str(exclude))
    expected = git.decides(root, list(entries), exclude)
    assert {path: _we_decide(path, entries, patterns, ignores) for path in entries} == expected
