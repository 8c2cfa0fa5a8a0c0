"""`explain` against the scan: what it says of a path is what the scan makes of it, ten thousand times over.

Trees with dot files, ignore files, links and names that no URL carries; manifests with several mappings, negations and
rules. Where the scan refuses a tree, each sentence about a file must be `explain`'s as well; what is wrong is then
taken out of the tree, until there are assets to compare with.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetsync.errors import InvalidInput
from assetsync.local.explain import explain
from assetsync.local.limits import Limits
from assetsync.local.names import shown
from assetsync.local.scan import scan
from assetsync.manifest.model import EnvironmentSpec, Folder, Manifest, Mark, Names, Rule
from assetsync.model import Visibility

if TYPE_CHECKING:
    from assetsync.errors import Problem
    from assetsync.local.explain import Coverage
    from assetsync.model import DesiredAsset

    Found = dict[str, list[DesiredAsset]]
    """What a scan brings, by source; a source may be served at several paths."""

LONG = os.environ.get("ASSETSYNC_HYPOTHESIS") == "long"
LEAST_PAIRS, EXAMPLES = (10_000, 600) if LONG else (2_500, 150)
"""By default a part of what `ASSETSYNC_HYPOTHESIS=long` compares."""
SMALL = Limits(file_bytes=40, private_bytes=30, path_bytes=60)

FOLDERS = st.sampled_from(
    ["a", "b", "A", "drafts", ".well-known", ".git", "node_modules", "d e", "[id]", "x.private", "sub.dir"]
)
NAMES = st.sampled_from(
    [
        *("a", "b", "A", "a.js", "b.js", "B.JS", "index.html", "app.css", "x.tar.gz", "font.woff2", "no-extension"),
        *(".hidden", ".env", ".well-known", "Thumbs.db", "e~", "f.swp", "#lock#", "id_rsa", "e.key", "x.map"),
        *("x y", "[id].html", "(group)", "+page.js", "50%", "ü.css", "u\u0308.css", "a,b", "back\\slash", "tab\t"),
        *("\udcff.bin", "a.private.js", "a.protected.js", "secret.private", "x.private.tar.gz", "a.PRIVATE.js"),
        *("~!*=", "longer-than-a-path-may-be-when-it-is-far-down-" + "n" * 20),
    ]
)
PATTERNS = st.sampled_from(
    [
        *("*.js", "*.map", "a", "A/", "b/", "/a", "a/*", "a/**", "**/b", "**/a/**", "drafts/", "*.html", "[ab]", "?"),
        *(
            "*",
            "**",
            "/*",
            "*.private*",
            "\\[id\\].html",
            ".well-known/",
            ".hidden",
            "index.html",
            "x y",
            "*.*",
            "d e/",
        ),
    ]
)
LINES = PATTERNS | PATTERNS.map("!{}".format)
CONTENTS = st.sampled_from([b"", b"1", b"22", b"-----BEGIN PRIVATE KEY-----", bytes(35), bytes(50)])
PLACES = st.lists(FOLDERS, max_size=3).map("/".join)
TOPS = st.sampled_from(["public", "public", "public", "more"])


@dataclass(frozen=True)
class Plant:
    """What is put at a place: a file, an ignore file's lines, or a link to another place of the same top folder."""

    top: str
    place: str
    name: str
    what: bytes | tuple[str, ...] | str

    @property
    def path(self) -> str:
        return "/".join(filter(None, (self.top, self.place, self.name)))


FILES = st.builds(Plant, TOPS, PLACES, NAMES, CONTENTS)
IGNORES = st.builds(
    Plant, TOPS, PLACES, st.just(".assetsyncignore"), st.lists(LINES, min_size=1, max_size=3).map(tuple)
)
INDEXES = st.builds(Plant, TOPS, st.sampled_from(["", "a"]), st.just("index.html"), CONTENTS)
LINKS = st.builds(Plant, TOPS, PLACES, NAMES | FOLDERS, st.sampled_from(["", "a", "b", "a.js", "a/b", "../more/a"]))
TREES = st.tuples(
    st.lists(INDEXES, max_size=1),
    st.lists(FILES, min_size=6, max_size=16),
    st.lists(IGNORES, max_size=2),
    st.lists(LINKS, max_size=2),
).map(lambda parts: [plant for part in parts for plant in part])
RULES = st.builds(
    Rule,
    match=PATTERNS,
    visibility=st.none() | st.sampled_from(Visibility),
    content_type=st.none() | st.just("text/x-own"),
    charset=st.none() | st.just("utf-8"),
    allow_secret=st.none() | st.booleans(),
    environments=st.none() | st.sampled_from([("production",), ("staging",)]),
)
MAPPINGS = st.builds(
    Folder,
    st.sampled_from(["public", "public", "public/a", "more", "./public/../more", ".", "linked"]),
    st.sampled_from(["/", "/app/", "/app/v1/"]),
    st.sampled_from(Visibility),
    include=st.just(("**",)) | st.lists(LINES, min_size=1, max_size=3).map(tuple),
    exclude=st.lists(LINES, max_size=3).map(tuple),
    index=st.sampled_from([None, None, "index.html", "a/index.html"]),
    names=st.sampled_from(Names),
    charset=st.none() | st.just("utf-8"),
    visibility_from_name=st.booleans(),
    rules=st.lists(RULES, max_size=3).map(tuple),
)


def _plant(root: Path, tree: list[Plant]) -> None:
    """As far as one thing does not stand in another's way."""
    for top in ("public/a", "more"):
        (root / top).mkdir(parents=True)
    (root / "linked").symlink_to("public")
    for plant in tree:
        file = root / plant.path
        if _is_free(root, file):
            file.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(plant.what, str):
                file.symlink_to(os.path.relpath(root / plant.top / plant.what, file.parent))
            else:
                file.write_bytes(plant.what if isinstance(plant.what, bytes) else "\n".join(plant.what).encode())


def _is_free(root: Path, file: Path) -> bool:
    above = [parent for parent in file.parents if parent != root and parent.is_relative_to(root)]
    return not os.path.lexists(file) and all(each.is_dir() or not os.path.lexists(each) for each in above)


def _entries(root: Path, folder: Path) -> list[str]:
    """Every path below, also by links; no further where a link leads back. Relative to the root."""
    found = []
    for entry in sorted(folder.iterdir()):
        found.append(os.fspath(entry.relative_to(root)))
        if entry.is_dir() and not Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(entry)):
            found += _entries(root, entry)
    return found


def _manifest(root: Path, folders: tuple[Folder, ...], environment: str) -> Manifest:
    both = EnvironmentSpec("production"), EnvironmentSpec("staging", "stg")
    chosen = both[environment == "staging"]
    marks = {f"/folders/{at}": Mark(at + 1, 1) for at in range(len(folders))}
    return Manifest(root / "assetsync.yaml", root, "web", "s", chosen, both, folders, marks=marks)


def _scanned(manifest: Manifest) -> Found:
    found = defaultdict(list)
    for asset in scan(manifest, cache_dir=None, now_ns=time.time_ns, limits=SMALL).assets:
        found[asset.source].append(asset)
    return dict(found)


def _repaired(root: Path, manifest: Manifest) -> Manifest:
    """Take out of the tree, and of the manifest, what the scan refuses; every refusal is `explain`'s too."""
    while True:
        try:
            _scanned(manifest)
        except InvalidInput as error:
            paths = _entries(root, root)
            _check_problems(root, manifest, error.problems, paths)
            by_name = {shown(path): path for path in paths}
            for problem in error.problems:
                if problem.file in by_name:
                    _remove(root / by_name[problem.file])
            missing = {problem.line for problem in error.problems if problem.file == str(manifest.path)}
            kept = (replace(each, index=None) if at in missing else each for at, each in enumerate(manifest.folders, 1))
            manifest = replace(manifest, folders=tuple(kept))
        else:
            return manifest


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _check_problems(root: Path, manifest: Manifest, problems: tuple[Problem, ...], paths: list[str]) -> None:
    """What is wrong with a file or a folder above it is said of that file; only clashes among files are the scan's."""
    of_files = {one for one in problems if one.file != str(manifest.path) and "would be served at" not in one.message}
    assert _said(root, manifest, [path for path in paths if not (root / path).is_dir()]) <= of_files
    assert _said(root, manifest, paths) >= of_files


def _said(root: Path, manifest: Manifest, paths: list[str]) -> set[Problem]:
    coverages = (each for path in paths for each in explain(manifest, root / path, limits=SMALL).coverages)
    return {problem for coverage in coverages for problem in coverage.problems}


def _check(root: Path, path: str, folder: Folder, coverages: tuple[Coverage, ...], found: Found) -> bool:
    """One path under one mapping, and whether it is served; `found` is what the scan of that mapping alone brings."""
    coverage = next((each for each in coverages if (each.source, each.target) == (folder.source, folder.target)), None)
    if coverage is None or not coverage.served:
        assert path not in found
        return False
    named = next(source for source in (path, *found) if shown(source) == coverage.entry)
    assert (root / named).samefile(root / path), "by a link it may be covered under another name"
    assert named == path or path not in found
    assert sorted(coverage.paths) == sorted(asset.path for asset in found[named])
    assert coverage.visibility is not None
    assert coverage.content_type is not None
    said = (coverage.visibility.value, coverage.content_type.value, coverage.secret)
    assert {said} == {(asset.visibility, asset.content_type, asset.secret) for asset in found[named]}
    return True


def _foretold(root: Path, manifest: Manifest, absent: list[Plant]) -> int:
    """What is said of a file that is not there is what is said once it is; how many were asked about."""
    asked = 0
    for plant in absent:
        file = root / plant.path
        if _is_free(root, file):
            before = explain(manifest, file, limits=SMALL)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"1")
            assert explain(manifest, file, limits=SMALL).coverages == before.coverages
            asked += 1
    return asked


def test_explain_agrees_with_the_scan_on_every_path() -> None:
    """Served or not, at which URL paths, as what; and what is wrong. Each path is asked about under each manifest."""
    compared = served = 0

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        tree=TREES,
        absent=st.lists(FILES, max_size=3),
        folders=st.lists(MAPPINGS, min_size=1, max_size=2, unique_by=lambda one: (one.source, one.target)).map(tuple),
        environment=st.sampled_from(["production", "staging"]),
    )
    def compare(tree: list[Plant], absent: list[Plant], folders: tuple[Folder, ...], environment: str) -> None:
        nonlocal compared, served
        with tempfile.TemporaryDirectory() as name:
            root = Path(os.path.realpath(name))
            (root / "assetsync.yaml").write_text("the manifest")
            _plant(root, tree)
            manifest = _manifest(root, folders, environment)
            compared += _foretold(root, manifest, absent)
            manifest = _repaired(root, manifest)
            alone = [_scanned(_manifest(root, (folder,), environment)) for folder in manifest.folders]
            files = [path for path in _entries(root, root) if not (root / path).is_dir()]
            for path in files:
                explained = explain(manifest, root / path, limits=SMALL)
                for folder, found in zip(manifest.folders, alone, strict=True):
                    _check(root, path, folder, explained.coverages, found)
                served += explained.served
            compared += len(files)

    compare()
    assert compared >= LEAST_PAIRS
    assert served >= LEAST_PAIRS // 10, "and not all of them are left out"
