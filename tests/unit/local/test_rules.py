"""The last matching rule wins, property by property."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assetsync.manifest.model import Rule
from assetsync.model import Visibility
from tests.unit.local.trees import manifest_for, plant, problems, served, site

if TYPE_CHECKING:
    from pathlib import Path


def test_the_last_matching_rule_wins_property_by_property(tmp_path: Path) -> None:
    plant(tmp_path, {"public/admin/a.html": "", "public/b.html": ""})
    rules = (
        Rule("*.html", visibility=Visibility.PRIVATE, content_type="text/x-own"),
        Rule("admin/", visibility=Visibility.PROTECTED),
    )
    assets = served(manifest_for(tmp_path, site(rules=rules)))
    assert (assets["/admin/a.html"].visibility, assets["/admin/a.html"].content_type) == ("protected", "text/x-own")
    assert (assets["/b.html"].visibility, assets["/b.html"].content_type) == ("private", "text/x-own")


@pytest.mark.parametrize("match", ["admin/", "admin", "/admin/", "admin/**", "**/admin/**"])
def test_a_rule_for_a_folder_is_for_all_below(match: str, tmp_path: Path) -> None:
    plant(tmp_path, {"public/admin/deep/er/a.html": "", "public/administrator.html": ""})
    rules = (Rule(match, visibility=Visibility.PROTECTED),)
    assets = served(manifest_for(tmp_path, site(rules=rules)))
    assert assets["/admin/deep/er/a.html"].visibility == "protected"
    assert assets["/administrator.html"].visibility == "public"


def test_a_rule_counts_in_its_environments_only(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a.html": ""})
    folder = site(visibility=Visibility.PRIVATE, rules=(Rule("*", Visibility.PUBLIC, environments=("staging",)),))
    assert served(manifest_for(tmp_path, folder))["/a.html"].visibility == "private"
    assert served(manifest_for(tmp_path, folder, environment="staging"))["/a.html"].visibility == "public"


def test_charsets_of_folder_and_rules(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a.html": "", "public/b.css": "", "public/c.png": "", "public/d.js": ""})
    rules = (Rule("b.css", charset="latin1"), Rule("d.js", content_type="text/javascript;x=y"))
    assets = served(manifest_for(tmp_path, site(charset="utf-8", rules=rules)))
    assert {path: asset.content_type for path, asset in assets.items()} == {
        "/a.html": "text/html; charset=utf-8",
        "/b.css": "text/css; charset=latin1",
        "/c.png": "image/png",
        "/d.js": "text/javascript;x=y",
    }


def test_a_name_only_ever_restricts(tmp_path: Path) -> None:
    """Whatever folder and rules say, the stricter of them and the name holds."""
    names = ("a.js", "b.protected.js", "c.private.js")
    plant(tmp_path, {f"public/{name}": "" for name in names})
    for said, expected in (
        (Visibility.PUBLIC, ["public", "protected", "private"]),
        (Visibility.PROTECTED, ["protected", "protected", "private"]),
        (Visibility.PRIVATE, ["private", "private", "private"]),
    ):
        by_folder = site(visibility=said, visibility_from_name=True)
        by_rule = site(visibility_from_name=True, rules=(Rule("*", said),))
        for folder in (by_folder, by_rule):
            assets = served(manifest_for(tmp_path, folder))
            assert [assets[path].visibility for path in ("/a.js", "/b.js", "/c.js")] == expected


def test_tokens_mean_nothing_unless_asked_for(tmp_path: Path) -> None:
    plant(tmp_path, {"public/c.private.js": ""})
    assert served(manifest_for(tmp_path))["/c.private.js"].visibility == "public"


def test_a_token_in_a_folder_name_or_a_loose_one_is_a_problem(tmp_path: Path) -> None:
    plant(tmp_path, {"public/d.private.js/other.js": "", "public/secret.private": "", "public/x.Private/empty/": ""})
    found = problems(manifest_for(tmp_path, site(visibility_from_name=True)))
    assert [problem.file for problem in found] == ["public/d.private.js", "public/secret.private"]


def test_a_token_and_a_bare_name_collide(tmp_path: Path) -> None:
    plant(tmp_path, {"public/a.js": "", "public/a.private.js": ""})
    (problem,) = problems(manifest_for(tmp_path, site(visibility_from_name=True)))
    assert problem.file == "public/a.private.js"
    assert "public/a.js" in problem.message
