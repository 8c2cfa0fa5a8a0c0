"""Which files a mapping selects: defaults, `exclude`, `.assetsyncignore`, `include`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from assetsync.manifest.model import Names
from tests.unit.local.trees import manifest_for, plant, problems, served, site

if TYPE_CHECKING:
    from pathlib import Path

RUBBISH = [
    ".hidden", ".htaccess", ".git/config", ".svn/x", "sub/.git", "CVS/Root", "node_modules/x/index.js",
    "deep/node_modules/x.js", ".DS_Store", "__MACOSX/x", "Thumbs.db", "thumbs.db", "desktop.ini", "a.txt~", "a.swp",
    "#a#", "x.assetsync-plan.json", "x.assetsync-undo.json", "._a", ".well-known/.hidden", "lost+found/x", "Icon\r",
]  # fmt: skip


def paths(tmp_path: Path, **changes: object) -> list[str]:
    return list(served(manifest_for(tmp_path, site(**changes))))


def test_rubbish_is_left_out_by_default(tmp_path: Path) -> None:
    kept = ["public/index.html", "public/.well-known/security.txt", "public/a/.well-known/x", "public/CVS.html"]
    plant(tmp_path, {f"public/{name}": "" for name in RUBBISH} | dict.fromkeys(kept, ""))
    assert [f"public{path}" for path in paths(tmp_path)] == sorted(kept)


@pytest.mark.parametrize(
    ("name", "pattern"),
    [(".hidden", "!.hidden"), (".git/config", "!.git"), ("node_modules/a.js", "!node_modules/"), ("a.swp", "!*.swp")],
)
def test_a_pattern_brings_back_what_a_default_leaves_out(name: str, pattern: str, tmp_path: Path) -> None:
    plant(tmp_path, {f"public/{name}": ""})
    assert paths(tmp_path) == []
    assert paths(tmp_path, exclude=(pattern,)) == [f"/{name}"]


def test_the_manifest_in_the_source_is_left_out_and_can_be_brought_back(tmp_path: Path) -> None:
    plant(tmp_path, {"assetsync.yaml": "", "index.html": "", "sub/assetsync.yaml": ""})
    assert paths(tmp_path, source=".") == ["/index.html", "/sub/assetsync.yaml"]
    assert "/assetsync.yaml" in paths(tmp_path, source=".", exclude=("!assetsync.yaml",))


def test_a_manifest_with_an_odd_name_is_left_out_and_nothing_else(tmp_path: Path) -> None:
    plant(tmp_path, {"site[1].yaml": "", "site1.yaml": ""})
    manifest = replace(manifest_for(tmp_path, site(source=".", names=Names.ENCODE)), path=tmp_path / "site[1].yaml")
    assert list(served(manifest)) == ["/site1.yaml"]


def test_exclude_comes_after_the_defaults_and_ignore_files_after_exclude(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {"public/a.map": "", "public/b.map": "", "public/lib/a.map": "", "public/.assetsyncignore": "!a.map\n"},
    )
    plant(tmp_path, {"public/lib/.assetsyncignore": "/a.map\r\n"})
    assert paths(tmp_path, exclude=("*.map",)) == ["/a.map"]


def test_a_file_below_an_excluded_folder_cannot_be_brought_back(tmp_path: Path) -> None:
    plant(tmp_path, {"public/drafts/a": "", "public/drafts/.assetsyncignore": "!a", "public/b": ""})
    assert paths(tmp_path, exclude=("drafts/", "!drafts/a")) == ["/b"]
    assert paths(tmp_path, exclude=("drafts/*", "!drafts/a")) == ["/b", "/drafts/a"]


def test_ignore_files_speak_of_their_own_folder(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a/x": "", "public/a/b/x": "", "public/x": "", "public/a/.assetsyncignore": "/x"})
    assert paths(tmp_path) == ["/a/b/x", "/x"]


def test_gitignore_is_not_read(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "", "public/.gitignore": "*", ".gitignore": "public/"})
    assert paths(tmp_path) == ["/a"]


def test_include_must_match_too(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a.html": "", "public/a.js": "", "public/docs/b.js": "", "public/docs/old/c.js": ""})
    assert paths(tmp_path, include=("*.html", "docs/", "!docs/old/")) == ["/a.html", "/docs/b.js"]
    assert paths(tmp_path, include=("*",), exclude=("*.js",)) == ["/a.html"]
    assert paths(tmp_path, include=()) == []


def test_a_hopeless_pattern_in_an_ignore_file_is_a_problem_with_its_line(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "", "public/.assetsyncignore": "# fine\n\n*.map\n[abc\n"})
    (problem,) = problems(manifest_for(tmp_path))
    assert (problem.file, problem.line, problem.text) == ("public/.assetsyncignore", 4, "[abc")


def test_an_ignore_file_that_cannot_count_is_a_problem(tmp_path: Path) -> None:
    """What it would exclude must not slip out: a link, a folder, one that is too large."""
    plant(tmp_path, {"public/a/.assetsyncignore/": "", "public/a/x": "", "public/b/x": "", "public/ignore": "x"})
    (tmp_path / "public/b/.assetsyncignore").symlink_to("../ignore")
    plant(tmp_path, {"public/c/.assetsyncignore": b"#" * (2**20 + 1)})
    found = problems(manifest_for(tmp_path))
    assert [problem.file for problem in found] == [f"public/{name}/.assetsyncignore" for name in "abc"]
    assert "1 MiB" in found[2].message


def test_a_large_ignore_file_is_read_to_its_end(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "", "public/b": "", "public/.assetsyncignore": "# comment\n" * 90_000 + "a"})
    assert paths(tmp_path) == ["/b"]


def test_an_ignore_file_of_too_many_patterns_is_a_problem_at_the_first_of_them_too_many(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": "", "public/.assetsyncignore": "# fine\n" + "b\n" * 1000})
    assert paths(tmp_path) == ["/a"]
    plant(tmp_path, {"public/.assetsyncignore": "# fine\n" + "b\n" * 1001})
    (problem,) = problems(manifest_for(tmp_path))
    assert (problem.message, problem.line) == ("has more than 1000 patterns", 1002)
