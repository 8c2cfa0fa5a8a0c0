"""`explain`: what becomes of one path, and what decided it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assetsync.local.explain import Answer, Coverage, explain
from assetsync.local.limits import Limits
from assetsync.local.trace import Kind
from assetsync.manifest.model import Manifest, Mark, Names, Rule
from assetsync.model import Visibility
from tests.unit.local.trees import manifest_for, plant, site

if TYPE_CHECKING:
    from assetsync.manifest.model import Folder


def marked(root: Path, *folders: Folder) -> Manifest:
    """A manifest whose folder n stands in line 10(n+1), with its keys below it."""
    marks: dict[str, Mark] = {}
    for index in range(len(folders) or 1):
        line = 10 * (index + 1)
        keys = ["visibility", "exclude/0", "exclude/1", "include/0", "rules/0", "rules/1", "charset"]
        marks |= {f"/folders/{index}": Mark(line, 5)}
        marks |= {f"/folders/{index}/{key}": Mark(line + offset, 7) for offset, key in enumerate(keys, 1)}
    return replace(manifest_for(root, *folders), path=root / "assetsync.yaml", marks=marks)


def only(manifest: Manifest, path: str) -> Coverage:
    (coverage,) = explain(manifest, manifest.root / path).coverages
    return coverage


def test_a_served_file_with_everything_that_decided(tmp_path: Path) -> None:
    rules = (Rule("*.html", visibility=Visibility.PROTECTED), Rule("*", content_type="text/x-own"))
    plant(tmp_path, {"public/index.html": ""})
    folder = site(index="index.html", charset="utf-8", rules=rules)
    manifest = marked(tmp_path, folder)
    explanation = explain(manifest, tmp_path / "public/index.html")
    file = manifest.path
    assert (explanation.path, explanation.kind, explanation.served) == ("public/index.html", Kind.FILE, True)
    assert explanation.coverages == (
        Coverage(
            source="public",
            target="/",
            served=True,
            entry="public/index.html",
            decided_by=(f'include "**" ({file}:14:7)',),
            paths=("/index.html", "/"),
            visibility=Answer("protected", f"rule 1 ({file}:15:7)"),
            content_type=Answer(
                "text/x-own; charset=utf-8", f"rule 2 ({file}:16:7), charset by folder mapping ({file}:17:7)"
            ),
        ),
    )


@pytest.mark.parametrize(
    ("path", "entry", "decided"),
    [
        ("public/a.map", "public/a.map", 'exclude "*.map" ({file}:12:7)'),
        ("public/drafts/deep/x", "public/drafts", 'exclude "drafts/" ({file}:13:7)'),
        ("public/drafts", "public/drafts", 'exclude "drafts/" ({file}:13:7)'),
        ("public/.git/config", "public/.git", 'default exclude ".git"'),
        ("public/not/yet/.hidden", "public/not/yet/.hidden", 'default exclude ".*"'),
        ("public/lib/x.js", "public/lib/x.js", 'public/lib/.assetsyncignore:3 "*.js"'),
        ("public/lib/drafts/not-yet", "public/lib/drafts", 'exclude "drafts/" ({file}:13:7)'),
    ],
)
def test_what_is_left_out_names_the_pattern_and_its_place(path: str, entry: str, decided: str, tmp_path: Path) -> None:
    plant(tmp_path, {"public/a.map": "", "public/drafts/deep/x": "", "public/.git/config": "", "public/lib/x.js": ""})
    plant(tmp_path, {"public/lib/.assetsyncignore": "# ours\n\n*.js\n"})
    manifest = marked(tmp_path, site(exclude=("*.map", "drafts/")))
    coverage = only(manifest, path)
    assert not coverage.served
    assert (coverage.entry, coverage.decided_by) == (entry, (decided.format(file=manifest.path),))
    assert (coverage.paths, coverage.visibility, coverage.content_type) == ((), None, None)


def test_what_is_brought_back_names_both_patterns(tmp_path: Path) -> None:
    plant(tmp_path, {"public/.hidden": "", "public/.cache/x": ""})
    manifest = marked(tmp_path, site(exclude=("!.hidden", "!.cache/")))
    back = f'exclude "!.hidden" ({manifest.path}:12:7)'
    assert only(manifest, "public/.hidden").decided_by == (f'include "**" ({manifest.path}:14:7)', back)
    assert only(manifest, "public/.cache").decided_by == (f'exclude "!.cache/" ({manifest.path}:13:7)',)


def test_what_no_include_matches(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a.js": "", "public/docs/x": ""})
    manifest = marked(tmp_path, site(include=("!*.js",)))
    assert only(manifest, "public/docs/x").decided_by == ("no include pattern matches",)
    assert only(manifest, "public/a.js").decided_by == (f'include "!*.js" ({manifest.path}:14:7)',)


def test_an_include_that_the_manifest_does_not_write_is_the_default(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a": ""})
    assert only(manifest_for(tmp_path), "public/a").decided_by == ('default include "**"',)


def test_a_path_that_does_not_exist_is_judged_as_the_file_it_may_become(tmp_path: Path) -> None:
    plant(tmp_path, {"public/lib/.assetsyncignore": "x.js"})
    manifest = marked(tmp_path)
    explanation = explain(manifest, tmp_path / "public/new/.well-known/a.html")
    assert (explanation.kind, explanation.served) == (Kind.MISSING, True)
    (coverage,) = explanation.coverages
    assert coverage.paths == ("/new/.well-known/a.html",)
    assert coverage.content_type == Answer("text/html", 'extension ".html"')
    assert not only(manifest, "public/lib/deep/x.js").served
    assert only(manifest, "public/new/server.key").secret is not None


def test_a_folder_is_explained_as_what_holds_of_it_all(tmp_path: Path) -> None:
    plant(tmp_path, {"public/admin/a": ""})
    manifest = marked(tmp_path, site(rules=(Rule("admin/", visibility=Visibility.PRIVATE),)))
    explanation = explain(manifest, tmp_path / "public/admin")
    (coverage,) = explanation.coverages
    assert (explanation.kind, coverage.served, coverage.paths) == (Kind.FOLDER, True, ("/admin/",))
    assert coverage.visibility == Answer("private", f"rule 1 ({manifest.path}:15:7)")
    assert coverage.decided_by == ("nothing excludes it",)
    source = only(manifest, "public")
    assert (source.entry, source.paths) == ("public", ("/",))
    assert source.decided_by == (f"source of folder mapping ({manifest.path}:10:5)",)


def test_every_mapping_that_covers_the_path_answers(tmp_path: Path) -> None:
    plant(tmp_path, {"public/app/a.js": "", "other/": ""})
    manifest = marked(tmp_path, site(exclude=("app/",)), site(source="public/app", target="/x/"), site(source="other"))
    explanation = explain(manifest, tmp_path / "public/app/a.js")
    assert [(one.target, one.served) for one in explanation.coverages] == [("/", False), ("/x/", True)]
    assert explain(manifest, tmp_path / "README.md").coverages == ()
    assert not explain(manifest, Path("/etc/passwd")).served
    assert explain(manifest, Path("/etc/passwd")).path == "/etc/passwd"


def test_problems_are_those_of_the_scan(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a b/c": "", "public/big": "xxx", "public/file": "", "public/d.private/x": ""})
    plant(tmp_path, {"public/bad/.assetsyncignore/": "", "public/bad/x": ""})
    (tmp_path / "public/dangling").symlink_to("nowhere")
    manifest = marked(tmp_path, site(visibility_from_name=True))
    for path, word in {
        "public/a b": "a space",
        "public/a b/c": "a space",
        "public/dangling": "does not exist",
        "public/file/below": "nothing can be below it",
        "public/bad": "not a regular file",
        "public/bad/x": "not a regular file",
        "public/d.private/x": "visibility token",
    }.items():
        coverage = only(manifest, path)
        assert not coverage.served, path
        assert word in coverage.problems[0].message, path
    (big,) = explain(manifest, tmp_path / "public/big", limits=Limits(file_bytes=2)).coverages
    assert "3 bytes" in big.problems[0].message
    (missing,) = explain(marked(tmp_path, site(source="missing")), tmp_path / "missing/a").coverages
    assert "does not exist" in missing.problems[0].message


def test_names_decide_too(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a.private.js": "", "public/LICENSE": "", "public/[id].html": ""})
    plant(tmp_path, {"public/apple-app-site-association": ""})
    manifest = marked(tmp_path, site(visibility_from_name=True, names=Names.ENCODE))
    private = only(manifest, "public/a.private.js")
    assert private.visibility == Answer("private", 'name ".private."')
    assert private.paths == ("/a.js",)
    assert private.content_type == Answer("text/javascript", 'extension ".js"')
    assert only(manifest, "public/LICENSE").content_type == Answer("application/octet-stream", "no known extension")
    well_known = only(manifest, "public/apple-app-site-association").content_type
    assert well_known == Answer("application/json", 'name "apple-app-site-association"')
    assert only(manifest, "public/[id].html").paths == ("/%5Bid%5D.html",)


def test_the_content_tells_a_secret(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a.txt": "-----BEGIN PRIVATE KEY-----"})
    assert only(marked(tmp_path), "public/a.txt").secret is not None


def test_a_path_may_be_spelled_in_many_ways(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a/b.html": ""})
    (tmp_path / "elsewhere").symlink_to(tmp_path / "public")
    (tmp_path / "public/linked").symlink_to("a")
    manifest = marked(tmp_path)
    here = os.path.relpath(tmp_path / "public/a/../a/b.html")
    assert explain(manifest, Path(here)).path == "public/a/b.html"
    for spelling in (Path(here), tmp_path / "elsewhere/a/b.html"):
        assert [one.paths for one in explain(manifest, spelling).coverages] == [("/a/b.html",)]
    assert only(manifest, "public/linked/b.html").paths == ("/linked/b.html",)
