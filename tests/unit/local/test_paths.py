"""From file names to URL paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assetsync.local.names import shown
from assetsync.local.paths import path_problem
from assetsync.manifest.model import Names
from assetsync.model import Visibility
from tests.unit.local.trees import manifest_for, plant, problems, served, site

if TYPE_CHECKING:
    from pathlib import Path


def test_every_allowed_character_is_carried_as_it_is(tmp_path: Path) -> None:
    name = "AZaz09-_.~!*="
    plant(tmp_path, {f"public/{name}/{name}": ""})
    assert list(served(manifest_for(tmp_path))) == [f"/{name}/{name}"]


@pytest.mark.parametrize(
    ("name", "named"),
    [("[id].html", ('"["', '"]"')), ("a b", ("a space",)), ("+page", ('"+"',)), ("50%", ('"%"',)), ("é", ('"é"',))],
)
def test_another_character_is_a_problem_that_names_it_and_the_way_out(
    name: str, named: tuple[str, ...], tmp_path: Path
) -> None:
    plant(tmp_path, {f"public/{name}": ""})
    (problem,) = problems(manifest_for(tmp_path))
    assert (problem.file, problem.text) == (f"public/{name}", name)
    assert all(one in problem.message for one in named)
    assert problem.hint is not None
    assert "names: encode" in problem.hint


def test_encode_works_segment_by_segment(tmp_path: Path) -> None:
    plant(tmp_path, {"public/(group)/[id] é/50%.html": "", "public/plain~!*=.html": ""})
    assert list(served(manifest_for(tmp_path, site(names=Names.ENCODE)))) == [
        "/%28group%29/%5Bid%5D%20%C3%A9/50%25.html",
        "/plain~!*=.html",
    ]


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        (b"a\xff.txt", "a\\xff.txt"),
        (b"a\nb", "a\\nb"),
        (b"\x1b[31m", "\\x1b[31m"),
        ("a\u202etxt".encode(), "a\\u202etxt"),
    ],
)
@pytest.mark.parametrize("names", Names)
def test_a_name_that_a_person_cannot_read_is_refused_and_shown_escaped(
    names: Names, name: bytes, escaped: str, tmp_path: Path
) -> None:
    plant(tmp_path, {"public/": ""})
    with open(bytes(tmp_path) + b"/public/" + name, "wb"):  # noqa: PTH123
        pass
    (problem,) = problems(manifest_for(tmp_path, site(names=names)))
    assert (problem.file, problem.text) == (f"public/{escaped}", escaped)
    assert problem.message.isprintable()


def test_a_bad_folder_name_is_one_problem_however_many_files_are_below(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {"public/my docs/a": "", "public/my docs/b": "", "public/my docs/so deep/c d": "", "public/no no/": ""},
    )
    found = problems(manifest_for(tmp_path))
    assert [one.file for one in found] == ["public/my docs", "public/my docs/so deep", "public/my docs/so deep/c d"]


def test_shown_keeps_what_is_printable_and_is_unambiguous() -> None:
    assert shown("ünï [id]\\") == "ünï [id]\\"
    assert shown("\\n\n") == "\\\\n\\n"
    assert shown("\u2066é") == "\\u2066é"


def test_255_bytes_are_taken_and_256_are_not(tmp_path: Path) -> None:
    plant(tmp_path, {f"public/{'d' * 126}/{'a' * 127}": "", f"public/{'d' * 126}/{'b' * 128}": ""})
    (problem,) = problems(manifest_for(tmp_path))
    assert problem.file.endswith("b" * 128)
    assert "256" in problem.message


@pytest.mark.parametrize("path", ["/a//b", "/../a", "/a/./b", "//", "/a/"])
def test_empty_and_dot_segments_are_problems(path: str) -> None:
    """Only a wrong `target` could make one, and a schema should have caught that."""
    assert path_problem(path, "a", 255) is not None
    assert path_problem("/", "a", 255) is None


@pytest.mark.parametrize(
    ("one", "other", "word"),
    [
        ("Readme.md", "readme.md", "case"),
        ("\u00e9.md", "e\u0301.md", "normalisation"),
        ("\u00c9.md", "e\u0301.md", "normalisation"),
        ("stra\u00dfe", "STRASSE", "case"),
        ("\u1e9e", "ss", "case"),
    ],
)
def test_names_that_a_reader_may_confuse_collide(one: str, other: str, word: str, tmp_path: Path) -> None:
    plant(tmp_path, {f"public/{one}": "", f"public/{other}": ""})
    (problem,) = problems(manifest_for(tmp_path, site(names=Names.ENCODE)))
    assert word in problem.message
    assert {problem.file, "public/" + problem.message.rpartition("public/")[2]} == {f"public/{one}", f"public/{other}"}


def test_two_sources_for_one_path_name_both_files(tmp_path: Path) -> None:
    plant(tmp_path, {"public/app/a.js": "", "dist/a.js": ""})
    dist = site(source="dist", target="/app/", visibility=Visibility.PROTECTED)
    (problem,) = problems(manifest_for(tmp_path, site(), dist))
    assert problem.file == "public/app/a.js"
    assert problem.message == 'would be served at "/app/a.js", and so would dist/a.js'
