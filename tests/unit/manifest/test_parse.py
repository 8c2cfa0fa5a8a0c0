"""Valid manifests, and what their values mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from assetsync.manifest.model import (
    DigestKind,
    EnvironmentSpec,
    Folder,
    Mark,
    MaxDelete,
    Names,
    Rule,
    Unmanaged,
)
from assetsync.manifest.parse import declared_environments
from assetsync.model import Visibility
from tests.unit.manifest.manifests import MINIMAL, ROOT, WHOLE, changed, parsed, problems


def test_the_manifest_of_the_design_is_read_as_it_says() -> None:
    """Every key of the documented example reaches its field."""
    manifest = parsed(WHOLE, environment="staging")

    assert (manifest.path, manifest.root) == (Path("assetsync.yaml"), ROOT)
    assert (manifest.name, manifest.service) == ("website", "my-site")
    assert manifest.environment == EnvironmentSpec("staging", "stg")
    assert manifest.environments == (EnvironmentSpec("production"), EnvironmentSpec("staging", "stg"))
    assert manifest.folders == (
        Folder(
            "public",
            "/",
            Visibility.PUBLIC,
            include=("**",),
            exclude=("*.map", "drafts/"),
            index="index.html",
            names=Names.REJECT,
            rules=(
                Rule("admin/**", visibility=Visibility.PROTECTED),
                Rule("*.wasm", content_type="application/wasm"),
                Rule("internal/**", visibility=Visibility.PUBLIC, environments=("staging",)),
            ),
        ),
    )
    assert manifest.max_delete == MaxDelete(percent=30.0)
    assert (manifest.unmanaged, manifest.digest) == (Unmanaged.KEEP, DigestKind.XXH3)


def test_every_other_key_reaches_its_field() -> None:
    """The keys that the example leaves out, and the other value of each choice."""
    text = (
        MINIMAL.replace("target: /", "target: ivr/audio").replace("visibility: public", "visibility: private")
        + """\
    charset: utf-8
    names: encode
    visibility_from_name: true
    rules:
      - {match: "*.key", allow_secret: false, charset: utf-8}
safety: {max_delete: 0}
unmanaged: drop
digest: sha256
"""
    )
    manifest = parsed(text)
    rule = Rule("*.key", charset="utf-8", allow_secret=False)

    assert manifest.folders == (
        Folder(
            "public",
            "/ivr/audio/",
            Visibility.PRIVATE,
            names=Names.ENCODE,
            charset="utf-8",
            visibility_from_name=True,
            rules=(rule,),
        ),
    )
    assert manifest.max_delete == MaxDelete(count=0)
    assert (manifest.unmanaged, manifest.digest) == (Unmanaged.DROP, DigestKind.SHA256)


@pytest.mark.parametrize(
    ("written", "target"),
    [("/", "/"), ("a", "/a/"), ("/a", "/a/"), ("a/", "/a/"), ("/a/b", "/a/b/"), ("/a/b/", "/a/b/"), ("~x", "/~x/")],
)
def test_a_target_begins_and_ends_with_a_slash(written: str, target: str) -> None:
    """Both slashes may be left out."""
    assert parsed(changed("target: /", f"target: {written}")).folders[0].target == target


@pytest.mark.parametrize(
    ("written", "suffix"),
    [("no", "no"), ("007", "007"), ("1e3", "1e3"), ("2001-01-01", "2001-01-01"), ("true", "true"), ("0x1F", "0x1F")],
)
def test_text_that_looks_like_something_else_stays_text(written: str, suffix: str) -> None:
    """YAML's own ideas of numbers, dates and truth do not change what was written."""
    assert parsed(changed("production", f"production\n    suffix: {written}")).environment.suffix == suffix


@pytest.mark.parametrize("written", ["", "~", "null", "''", '""'])
def test_an_empty_suffix_is_no_suffix(written: str) -> None:
    """Whichever way it is written."""
    assert parsed(changed("production", f"production\n    suffix: {written}")).environment.suffix is None


def test_names_of_every_kind_are_taken() -> None:
    """The limits are inclusive, a Service may be named by its SID, a name may look like a number."""
    text = changed("website", "0123456789abcdefghijklmnopqrst-7").replace("my-site", "ZS" + "0a" * 16)
    manifest = parsed(text.replace("production", "p" * 100 + "\n    suffix: " + "s" * 16))

    assert manifest.name == "0123456789abcdefghijklmnopqrst-7"
    assert manifest.service == "ZS" + "0a" * 16
    assert manifest.environment == EnvironmentSpec("p" * 100, "s" * 16)
    assert parsed(changed("my-site", "2024")).service == "2024"


@pytest.mark.parametrize(
    "content_type",
    ["text/html; charset=utf-8", "application/vnd.a+json", 'multipart/x;boundary="a b;c"', "text/x ; a=b; c=d"],
)
def test_media_types_with_parameters_are_taken(content_type: str) -> None:
    """The header's grammar, without line breaks."""
    text = MINIMAL + f"    rules:\n      - match: a\n        content_type: '{content_type}'\n"

    assert parsed(text).folders[0].rules[0].content_type == content_type


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        ("12.5%", MaxDelete(percent=12.5)),
        ("100%", MaxDelete(percent=100.0)),
        ("'0%'", MaxDelete(percent=0.0)),
        ("30", MaxDelete(count=30)),
    ],
)
def test_the_most_deletes_are_a_percentage_or_a_count(written: str, limit: MaxDelete) -> None:
    """A plain number is taken literally, as a count."""
    assert parsed(MINIMAL + f"safety:\n  max_delete: {written}\n").max_delete == limit


def test_sources_may_be_anywhere_inside_the_project() -> None:
    """A manifest in a subfolder reaches its siblings, not more."""
    text = changed("source: public", "source: ../web/./dist")

    assert parsed(text, folder=ROOT / "deploy").folders[0].source == "../web/./dist"
    assert parsed(changed("source: public", "source: .")).folders[0].source == "."
    assert len(problems(text)) == 1


def test_a_project_may_be_the_whole_disk() -> None:
    """The root folder holds everything."""
    assert declared_environments(MINIMAL, path=Path("a"), root=Path("/")) == (EnvironmentSpec("production"),)


def test_marks_tell_later_stages_where_things_are() -> None:
    """A value is where its text is, a list or mapping where its key or item is, the unknown where its parent is."""
    manifest = parsed(MINIMAL + "    exclude: ['*.map']\nsafety:\n  max_delete: 3\n")

    assert manifest.mark("/folders/0/source") == Mark(7, 13)
    assert manifest.mark("/folders/0/exclude/0") == Mark(10, 15)
    assert manifest.mark("/folders/0/exclude") == Mark(10, 14)
    assert manifest.mark("/folders/0") == manifest.mark("/folders/0/rules/3") == Mark(7, 5)
    assert manifest.mark("/folders") == Mark(6, 1)
    assert manifest.mark("/safety") == Mark(11, 1)
    assert manifest.mark("/nowhere") == Mark(1, 1)


def test_encodings_that_mean_the_same_are_read_the_same() -> None:
    """Bytes, a byte order mark, Windows line ends, an opening `---` and `%YAML` make no difference to the value."""
    plain = parsed(MINIMAL)

    for text in (
        MINIMAL.encode(),
        b"\xef\xbb\xbf" + MINIMAL.encode(),
        MINIMAL.replace("\n", "\r\n"),
        "\ufeff" + MINIMAL,
    ):
        assert parsed(text) == plain
    assert parsed("%YAML 1.2\n---\n" + MINIMAL + "...\n").folders == plain.folders
    assert problems("\ufeffname: \u00e9\n".encode())[0].column == 1


def test_columns_count_characters_and_not_bytes() -> None:
    """An editor goes to the right place in a line with umlauts, and behind a byte order mark."""
    found = problems(("\ufeff{\u00fc\u00fc: 1, nme: x, \u20ac: \U0001f600}").encode())

    assert [each.column for each in found if "has no key" in each.message] == [2, 9, 17]


def test_declared_environments_need_no_variables() -> None:
    """What can be selected is known without any; an invalid manifest is still invalid."""
    text = changed("production", "pr-${PR}\n    suffix: ${PR}").replace("my-site", "${SERVICE}")
    declared = declared_environments(text, path=Path("a"), root=ROOT)

    assert declared == (EnvironmentSpec("pr-${PR}", "${PR}"),)
    assert parsed(text, environment=declared[0].name, variables={"PR": "7", "SERVICE": "s"}).service == "s"
