"""The scan against a naive one that walks everything and reads everything; `explain` against the scan."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from assetsync.errors import InvalidInput
from assetsync.local.explain import explain
from assetsync.local.scan import scan
from assetsync.manifest.model import DigestKind, EnvironmentSpec, Folder, Manifest, Rule
from assetsync.model import Visibility

NAMES = st.sampled_from(["a", "b", "A", "a.js", "b.js", "c.html", ".hidden", "node_modules", "d", "x y", "e.key", "f~"])
# Patterns that fnmatch understands as git does: no slash but at the end.
SIMPLE = st.sampled_from(["a", "*.js", "b*", "d/", "A", "*.html", "?", "[ab]", "*"])
CONTENTS = st.sampled_from([b"", b"1", b"22", b"-----BEGIN PRIVATE KEY-----"])
TREES = st.dictionaries(st.lists(NAMES, min_size=1, max_size=3).map("/".join), CONTENTS, max_size=12)
RULES = st.builds(
    Rule,
    match=SIMPLE,
    visibility=st.none() | st.sampled_from(Visibility),
    content_type=st.none() | st.just("text/x-own"),
    allow_secret=st.none() | st.booleans(),
    environments=st.none() | st.sampled_from([("production",), ("staging",)]),
)


@dataclass(frozen=True)
class Naive:
    visibility: str
    content_type: str
    sha256: str
    secret: bool


@st.composite
def folders(draw: st.DrawFn) -> Folder:
    return Folder(
        "public",
        draw(st.sampled_from(["/", "/app/"])),
        draw(st.sampled_from(Visibility)),
        include=draw(st.just(("**",)) | st.lists(SIMPLE, min_size=1, max_size=2).map(tuple)),
        exclude=tuple(draw(st.lists(SIMPLE, max_size=2))),
        rules=tuple(draw(st.lists(RULES, max_size=3))),
    )


def _plant(root: Path, tree: dict[str, bytes]) -> None:
    (root / "public").mkdir()
    for name, content in tree.items():
        path = root / "public" / name
        if not path.exists() and not any(parent.is_file() for parent in path.parents):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _manifest(root: Path, folder: Folder) -> Manifest:
    production = EnvironmentSpec("production")
    return Manifest(
        root / "assetsync.yaml",
        root.resolve(),
        "web",
        "s",
        production,
        (production,),
        (folder,),
        digest=DigestKind.SHA256,
    )


def _matches(pattern: str, parts: tuple[str, ...], *, folder: bool) -> bool:
    """Whether a simple pattern names the entry itself or a folder above it."""
    for depth, name in enumerate(parts, 1):
        is_folder = folder or depth < len(parts)
        if (is_folder or not pattern.endswith("/")) and fnmatch.fnmatchcase(
            name, pattern.rstrip("/").replace("**", "*")
        ):
            return True
    return False


def _expected(root: Path, folder: Folder) -> dict[str, Naive]:
    """Every file of the tree, then what each pattern says of it; no pruning, no cache, no streaming."""
    expected = {}
    for file in sorted(path for path in (root / "public").rglob("*") if path.is_file()):
        parts = file.relative_to(root / "public").parts
        rubbish = any(part.startswith(".") or part.endswith("~") for part in parts) or "node_modules" in parts[:-1]
        if rubbish or any(_matches(pattern, parts, folder=False) for pattern in folder.exclude):
            continue
        if not any(_matches(pattern, parts, folder=False) for pattern in folder.include):
            continue
        rules = [
            rule
            for rule in folder.rules
            if _matches(rule.match, parts, folder=False) and rule.environments in (None, ("production",))
        ]
        visibility = [folder.visibility, *(rule.visibility for rule in rules if rule.visibility)][-1]
        own = any(rule.content_type for rule in rules)
        known = {".js": "text/javascript", ".html": "text/html"}.get(file.suffix, "application/octet-stream")
        allowed = [False, *(rule.allow_secret for rule in rules if rule.allow_secret is not None)][-1]
        content = file.read_bytes()
        secret = file.suffix == ".key" or b"PRIVATE KEY" in content
        expected[folder.target + "/".join(parts)] = Naive(
            visibility.value,
            "text/x-own" if own else known,
            hashlib.sha256(content).hexdigest(),
            secret and not allowed and visibility is not Visibility.PRIVATE,
        )
    return expected


def _must_fail(expected: dict[str, Naive]) -> bool:
    return any(" " in path for path in expected) or len({path.lower() for path in expected}) < len(expected)


@settings(max_examples=150, deadline=None)
@given(tree=TREES, folder=folders())
def test_the_scan_finds_what_a_naive_one_finds(tree: dict[str, bytes], folder: Folder) -> None:
    """Cold, and again with what the first left in its cache."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        _plant(root, tree)
        expected = _expected(root, folder)
        for _ in ("cold", "warm"):
            try:
                found = scan(
                    _manifest(root, folder), cache_dir=root / "cache", now_ns=lambda: time.time_ns() + 60 * 10**9
                )
            except InvalidInput:
                assert _must_fail(expected)
                continue
            assert not _must_fail(expected)
            assert [asset.path for asset in found.assets] == sorted(expected)
            assert {
                asset.path: Naive(asset.visibility.value, asset.content_type, asset.sha256 or "", bool(asset.secret))
                for asset in found.assets
            } == expected
            assert found.folders[0].files == len(expected)


@settings(max_examples=100, deadline=None)
@given(tree=TREES, folder=folders(), lines=st.lists(SIMPLE | SIMPLE.map("!{}".format), max_size=3))
def test_explain_agrees_with_the_scan(tree: dict[str, bytes], folder: Folder, lines: list[str]) -> None:
    """File by file: served or not, where, as what; and what is not served says why."""
    tree = {path: content for path, content in tree.items() if " " not in path and "A" not in path}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        _plant(root, tree)
        (root / "public/.assetsyncignore").write_text("\n".join(lines))
        manifest = _manifest(root, folder)
        by_source = {asset.source: asset for asset in scan(manifest, cache_dir=None, now_ns=time.time_ns).assets}
        for file in [path for path in (root / "public").rglob("*") if path.is_file()]:
            (coverage,) = explain(manifest, file).coverages
            asset = by_source.get(os.fspath(file.relative_to(root)))
            assert coverage.served is (asset is not None)
            assert coverage.decided_by
            if asset is not None:
                assert coverage.visibility is not None
                assert coverage.content_type is not None
                assert (coverage.paths, coverage.secret) == ((asset.path,), asset.secret)
                assert (coverage.visibility.value, coverage.content_type.value) == (
                    asset.visibility,
                    asset.content_type,
                )
