"""Any bytes as manifest over any tree of odd names: a selection inside the folders, or the two errors; nothing else."""

from __future__ import annotations

import json
import os
import re
import stat
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetsync.errors import InvalidInput, UsageError
from assetsync.local.scan import select
from assetsync.manifest.load import load_environments, load_manifest
from tests.reliability.figures import LONG, note

if TYPE_CHECKING:
    from assetsync.errors import Problem
    from assetsync.local.scan import Selected

EXAMPLES = settings(
    max_examples=2000 if LONG else 150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
PATH = re.compile(r"/(?:(?:[A-Za-z0-9\-_.~!*=]|%[0-9A-F]{2})+(?:/|\Z))*")

NAMES = st.one_of(
    st.sampled_from(
        [b"a", b"b", b"A", b"a.js", b"index.html", b"public", b"sub", b".well-known", b"x.private.js", b"-", b"~"]
    ),
    st.sampled_from(
        [b"a b", b"\xff", b"\x1b[m", b"..a", b"...", b"%2e%2e", b"\\", b"\n", b"*", b"[", b"!", b"#", b"\xe2\x80\xae"]
    ),
    st.binary(min_size=1, max_size=9).map(lambda name: name.replace(b"/", b"").replace(b"\0", b"") or b"n"),
).filter(lambda name: name not in {b".", b".."})
OUTSIDE, SECRET = b"@outside", b"@outside/secret"
"""What becomes the path of a folder beside the project, and of a file in it."""
TARGETS = st.sampled_from(
    [OUTSIDE, SECRET, b"../../outside", b"/etc/passwd", b"/", b"a", b"b", b"sub", b".", b"..", b"\xff"]
)
CONTENTS = st.one_of(
    st.just(b""), st.binary(max_size=20), st.sampled_from([b"*\n", b"!a\n", b"/\n", b"[\n", b"**/a\n", b"a/\n!b"])
)


@dataclass(frozen=True)
class Entry:
    """One thing to be planted: `kind` is f(ile), d(irectory), l(ink), p(ipe) or i(gnore file)."""

    way: tuple[bytes, ...]
    kind: str
    content: bytes


WAYS = st.lists(NAMES, min_size=1, max_size=3).map(tuple)
TAME_WAYS = st.lists(st.sampled_from([b"a", b"b", b"sub", b"a b", b"[id]", b"%2e"]), min_size=1, max_size=3).map(tuple)
FILES = st.builds(Entry, TAME_WAYS, st.just("f"), CONTENTS)
LINKS = st.builds(Entry, TAME_WAYS, st.just("l"), TARGETS)
ODD = st.builds(Entry, WAYS, st.sampled_from("fdip"), CONTENTS)
TREES = st.lists(FILES, max_size=6) | st.lists(FILES | LINKS, max_size=6) | st.lists(FILES | LINKS | ODD, max_size=10)

TEXTS = st.sampled_from(
    ["**", "*", "a", "!a", "/a", "sub/", "[a", "", "#a", "\\", "**/*.js", "*a*a*b", "!*", "..", "a\u202eb"]
) | st.text(max_size=6)
SOURCES = st.sampled_from(
    [
        "public",
        "public",
        "public",
        ".",
        "./public/",
        "public/sub",
        "public/..",
        "..",
        "../outside",
        "/etc",
        "link",
        "out",
        "",
    ]
)
RULES = st.fixed_dictionaries(
    {"match": TEXTS}, optional={"visibility": st.sampled_from(["public", "private", "x"]), "charset": st.just("utf-8")}
)
FOLDERS = st.fixed_dictionaries(
    {"source": SOURCES, "visibility": st.sampled_from(["public", "protected", "private"])},
    optional={
        "target": st.sampled_from(["/", "/t/", "/../", "/t//", "t"]),
        "include": st.lists(TEXTS, max_size=2),
        "exclude": st.lists(TEXTS, max_size=2),
        "names": st.sampled_from(["encode", "encode", "reject"]),
        "index": st.sampled_from(["index.html", "a", "../a", ""]),
        "visibility_from_name": st.booleans(),
        "rules": st.lists(RULES, max_size=2),
    },
)
PLAIN = st.fixed_dictionaries(
    {"source": st.sampled_from(["public", "."]), "visibility": st.just("public"), "names": st.just("encode")}
)
MANIFESTS = st.one_of(PLAIN.map(lambda folder: [folder]), st.lists(FOLDERS, min_size=1, max_size=2)).map(
    lambda folders: {
        "version": 1,
        "name": "web",
        "service": "s",
        "environments": [{"name": "production"}],
        "folders": folders,
    }
)


def plant(root: Path, tree: list[Entry]) -> Path:
    """A project folder beside something that must not be reached; what cannot be made is left out."""
    root = root.resolve()
    project, outside = root / "project", root / "outside"
    (project / "public").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (project / "link").symlink_to("public")
    (project / "out").symlink_to("../outside")
    for entry in tree:
        try:
            _make(Path(os.fsdecode(b"/".join((os.fsencode(project / "public"), *entry.way)))), entry, outside)
        except (OSError, ValueError):
            continue
    return project


def _make(place: Path, entry: Entry, outside: Path) -> None:
    """Never through a link, which may lead anywhere on this machine, nor in the place of anything."""
    if entry.kind == "i":
        place = place.with_name(".assetsyncignore")
    if os.path.realpath(place.parent) != str(place.parent) or os.path.lexists(place):
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    match entry.kind:
        case "d":
            place.mkdir()
        case "l":
            place.symlink_to(os.fsdecode(entry.content).replace("@outside", str(outside)))
        case "p":
            os.mkfifo(place)
        case _:
            with place.open("xb") as stream:
                stream.write(entry.content)


def outcome(project: Path) -> Selected | InvalidInput | UsageError:
    file = project / "assetsync.yaml"
    try:
        names = [each.name for each in load_environments(file)]
        return select(load_manifest(file, environment=names[0], variables={"A": "a"}))
    except (InvalidInput, UsageError) as error:
        return error


def check_selected(selected: Selected, project: Path) -> None:
    """Each file is a regular one of the project's own, under a path that a URL carries and that leads nowhere else."""
    inside = {
        (status.st_dev, status.st_ino)
        for folder, _, names in os.walk(os.fsencode(project))
        for name in names
        if stat.S_ISREG((status := Path(os.fsdecode(folder), os.fsdecode(name)).lstat()).st_mode)
    }
    paths = [candidate.described.path for candidate in selected.candidates]
    assert len(set(paths)) == len(paths)
    for candidate, path in zip(selected.candidates, paths, strict=True):
        found = Path(candidate.found.file).stat()
        assert (found.st_dev, found.st_ino) in inside
        assert candidate.found.file == os.path.realpath(candidate.found.file)
        assert candidate.found.file.startswith(f"{os.path.realpath(project)}/")
        assert PATH.fullmatch(path)
        assert len(path) <= 255
        assert not {".", ".."} & set(path.split("/"))
        assert not {".", ".."} & {unquote(segment) for segment in path.split("/")}


def check_problem(problem: Problem) -> None:
    for text in (problem.file, problem.message, problem.text or "", problem.hint or ""):
        assert text.isprintable(), problem
    assert (problem.line > 0) == (problem.column > 0)


def tried(project: Path, manifest: bytes, seen: Counter[str]) -> None:
    (project / "assetsync.yaml").write_bytes(manifest)
    found = outcome(project)
    if isinstance(found, InvalidInput):
        assert found.problems
        for problem in found.problems:
            check_problem(problem)
        seen["invalid"] += 1
    elif isinstance(found, UsageError):
        seen["usage"] += 1
    else:
        check_selected(found, project)
        seen["selected"] += 1
        seen["files"] += len(found.candidates)


def test_any_tree_under_a_manifest_of_odd_values_is_selected_inside_the_folders_or_told() -> None:
    seen: Counter[str] = Counter()

    @EXAMPLES
    @given(TREES, MANIFESTS)
    def law(tree: list[Entry], manifest: dict[str, Any]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            tried(plant(Path(folder), tree), json.dumps(manifest).encode(), seen)

    law()
    assert min(seen["invalid"], seen["selected"], seen["files"]) > 5, seen
    note("any input", trees=seen["invalid"] + seen["selected"], files=seen["files"])


def test_any_bytes_as_manifest_are_a_value_or_told() -> None:
    """Bytes from nothing, and a right manifest with some exchanged, cut out or put in."""
    seen: Counter[str] = Counter()
    right = (
        b"version: 1\nname: web\nservice: s\nenvironments:\n  - name: production\n"
        b"folders:\n  - source: public\n    visibility: public\n    exclude: ['*.map']\n"
    )

    @EXAMPLES
    @given(st.binary(max_size=60), st.integers(0, len(right)), st.integers(0, 12), st.booleans())
    def law(some: bytes, start: int, gap: int, whole: bool) -> None:
        with tempfile.TemporaryDirectory() as folder:
            project = plant(Path(folder), [Entry((b"a",), "f", b"a")])
            tried(project, some if whole else right[:start] + some[:8] + right[start + gap :], seen)

    law()
    assert min(seen["invalid"], seen["selected"]) > 2, seen
    note("any input", manifests=seen["invalid"] + seen["selected"] + seen["usage"])
