"""Wrong manifests and wrong trees: one clear message each, exit code 78 (or 64), and no request for it."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.stage import Stage

MIB = 1 << 20


def minimal(service: str) -> str:
    return (
        f"version: 1\nname: website\nservice: {service}\nenvironments:\n  - name: production\n"
        "folders:\n  - source: public\n    target: /\n    visibility: public\n"
    )


class Wrong(NamedTuple):
    """`old` replaced by `new` in a right manifest; `place` is `line:column`."""

    old: str
    new: str
    place: str
    message: str
    code: int = 78
    arguments: tuple[str, ...] = ()


LAST = "    visibility: public\n"

MANIFESTS = {
    "a missing folder": Wrong("public\n    t", "dist\n    t", "7:13", "the source folder does not exist: dist"),
    "a source outside by ..": Wrong("public\n    t", "../public\n    t", "7:13", "`source` is outside the project"),
    "an absolute source": Wrong("public\n    t", "/etc\n    t", "7:13", "`source` is an absolute path: /etc"),
    "a file as source": Wrong("public\n    t", "assetsync.yaml\n    t", "7:13", "the source is not a folder"),
    "no visibility": Wrong(LAST, "", "7:5", "lacks the key `visibility`"),
    "a visibility that is none": Wrong("visibility: public", "visibility: pubic", "9:17", "did you mean `public`?"),
    "an unknown key": Wrong(LAST, LAST + "    exlude: [a]\n", "10:5", "did you mean `exclude`?"),
    "a key at the wrong place": Wrong(LAST, LAST + "max_delete: 3\n", "10:1", "`max_delete` belongs in `safety`"),
    "a duplicate key": Wrong(LAST, LAST + "name: other\n", "10:1", "the key `name` is given twice"),
    "a key that is no text": Wrong(LAST, LAST + "? [a]\n: b\n", "10:3", "a key must be text"),
    "an alias by itself": Wrong(LAST, LAST + "digest: &a [*a]\n", "10:13", "the alias `*a` refers to itself"),
    "a tag": Wrong("name: website", "name: !!str website", "2:7", "YAML tags such as"),
    "an unquoted star": Wrong(LAST, LAST + "    exclude:\n      - *.map\n", "11:9", 'quote it: "*.map"'),
    "an unquoted negation": Wrong(LAST, LAST + "    exclude:\n      - !keep\n", "11:9", 'quote it: "!keep"'),
    "unquoted brackets": Wrong(LAST, LAST + "    exclude:\n      - [id].html\n", "11:9", 'quote it: "[id].html"'),
    "an unquoted scope": Wrong(LAST, LAST + "    exclude:\n      - @types/**\n", "11:9", 'quote it: "@types/**"'),
    "a tab": Wrong("name: website", "\tname: website", "2:1", "a tab cannot indent YAML"),
    "two documents": Wrong(LAST, LAST + "---\nversion: 1\n", "10:1", "a second document begins here"),
    "another version": Wrong("version: 1", "version: 2", "1:10", "`version` must be 1, not `2`"),
    "a bad owner name": Wrong("name: website", "name: My Site", "2:7", "1 to 32 lower-case letters"),
    "an owner name of YAML's own": Wrong("name: website", "name: ", "2:1", "`name` has no value"),
    "an unset variable": Wrong("service: ", "service: ${NOWHERE}-", "3:10", "the variable `NOWHERE` in `service`"),
    "a broken variable": Wrong("service: ", "service: ${1}-", "3:10", "`${1}` is no variable"),
    "a variable elsewhere": Wrong("source: public", "source: ${DIR}", "7:13", "variables are not expanded here"),
    "no environment": Wrong("environments:\n  - name: production\n", "", "1:1", "lacks the key `environments`"),
    "a suffix twice": Wrong(
        "  - name: production\n",
        "  - {name: a, suffix: stg}\n  - {name: b, suffix: stg}\n",
        "6:23",
        "`a` and `b` have the same suffix",
        arguments=("-e", "a"),
    ),
    "two bare domains": Wrong(
        "  - name: production\n",
        "  - name: a\n  - name: b\n",
        "6:5",
        "only one can have the bare",
        arguments=("-e", "a"),
    ),
    "an index below": Wrong(
        "target: /\n", "target: /docs\n    index: index.html\n", "9:12", "`index` needs the target `/`"
    ),
    "an index that is not there": Wrong(LAST, LAST + "    index: home.html\n", "10:12", "home.html"),
    "a dot in the target": Wrong("target: /", "target: /a/../b", "8:13", "`target` holds a dot segment"),
    "a pattern of nothing": Wrong(LAST, LAST + '    exclude: ["#x"]\n', "10:15", "it matches nothing"),
    "a negated rule": Wrong(
        LAST, LAST + '    rules: [{match: "!a", visibility: private}]\n', "10:21", "`match` cannot be negated"
    ),
    "a rule for nobody": Wrong(
        LAST,
        LAST + '    rules: [{match: "a", environments: [produktion], visibility: private}]\n',
        "10:41",
        "did you mean `production`?",
    ),
    "a share over everything": Wrong(LAST, LAST + "safety: {max_delete: 130%}\n", "10:22", "max_delete"),
    "several environments": Wrong(
        "  - name: production\n",
        "  - name: a\n  - {name: b, suffix: b}\n",
        "",
        "say which one with --environment name one of a, b",
        64,
    ),
    "an unknown environment": Wrong("", "", "", "did you mean `production`?", 64, ("-e", "prduction")),
    "a suffix that cannot be": Wrong(
        "", "", "", "cannot be the domain suffix", 64, ("-e", "a" * 20, "--create-environment")
    ),
}


@pytest.mark.parametrize("wrong", MANIFESTS.values(), ids=MANIFESTS)
def test_a_wrong_manifest_is_told_by_its_place_before_any_request(stage: Stage, wrong: Wrong) -> None:
    stage.write({"index.html": "x"})
    file = stage.root / "assetsync.yaml"
    right = minimal(stage.service)
    assert wrong.old in right
    file.write_text(right.replace(wrong.old, wrong.new, 1))
    for command in (("plan",), ("apply", "--yes")):
        ran = stage.run(*command, *wrong.arguments).holds(wrong.code, wrong.message)
        assert ran.requests == ()
        assert not wrong.place or f"assetsync.yaml:{wrong.place}: " in ran.err
        assert ran.out == ""


@pytest.mark.parametrize("content", [b"", b"\xff\xfea\0", b"name: caf\xe9\n", b"#" * (MIB + 1)])
def test_a_manifest_that_is_no_text_is_told_before_any_request(stage: Stage, content: bytes) -> None:
    (stage.root / "assetsync.yaml").write_bytes(content)
    ran = stage.run("plan").holds(78, "assetsync.yaml:1:")
    assert ran.requests == ()


def test_a_bomb_of_aliases_is_told_before_any_request(stage: Stage) -> None:
    rows = [
        f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n" for before, name in zip("abcdef", "bcdefg", strict=True)
    ]
    (stage.root / "assetsync.yaml").write_text("a: &a [x]\n" + "".join(rows))
    assert stage.run("plan").holds(78, "the aliases add more than").requests == ()


def test_a_manifest_that_is_nowhere_is_wrong_usage(stage: Stage) -> None:
    (stage.root / "assetsync.yaml").unlink()
    assert stage.run("plan").holds(64, "there is no assetsync.yaml in", "assetsync init").requests == ()
    assert stage.run("plan", "-m", "other.yaml").holds(64, "other.yaml cannot be read").requests == ()
    assert stage.run("plan", "-m", ".").holds(64, "is a directory").requests == ()


def sparse(file: Path, size: int) -> None:
    with file.open("wb") as stream:
        stream.truncate(size)


def outside_link(public: Path) -> None:
    (public.parent / "elsewhere").mkdir()
    (public / "link").symlink_to("../elsewhere")


def loop_of_folders(public: Path) -> None:
    (public / "sub").mkdir()
    (public / "sub" / "up").symlink_to("..")


def bound_socket(public: Path) -> None:
    before = Path.cwd()
    os.chdir(public)  # a socket's name is short, a test's folder is not
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("sock")
    finally:
        os.chdir(before)


def files(*names: str) -> Callable[[Path], object]:
    def make(public: Path) -> None:
        for name in names:
            (public / name).parent.mkdir(parents=True, exist_ok=True)
            (public / name).write_text(name)

    return make


def chain(*makers: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda public: [make(public) for make in makers]


class Tree(NamedTuple):
    """What is made in the folder, what continues its mapping, and what must be said."""

    make: Callable[[Path], object]
    message: str
    folders: str = ""


ENCODE = "    names: encode\n"
LONG = "/".join(["d" * 60] * 5)

TREES = {
    "a link outside the folder": Tree(outside_link, "public/link: is a link to"),
    "a link outside the project": Tree(lambda p: (p / "passwd").symlink_to("/etc/passwd"), "outside the source folder"),
    "a dangling link": Tree(lambda p: (p / "gone").symlink_to("nowhere"), "is a link to nowhere, which does not exist"),
    "a loop of links": Tree(
        chain(lambda p: (p / "a").symlink_to("b"), lambda p: (p / "b").symlink_to("a")), "that leads back to itself"
    ),
    "a link to a folder above": Tree(loop_of_folders, "public/sub/up: is a link to a folder that holds it, a loop"),
    "a fifo": Tree(lambda p: os.mkfifo(p / "pipe"), "public/pipe: is a "),
    "a socket": Tree(bound_socket, "public/sock: is a socket"),
    "a name with a space": Tree(files("two words.txt"), "the name has a space, which a URL path cannot carry"),
    "a name in brackets": Tree(files("[id].html"), "`names: encode`"),
    "a scope": Tree(files("@types/x.d.ts"), 'has "@"'),
    "a name beyond ASCII": Tree(files("caf\u00e9.txt"), "caf\u00e9.txt"),
    "a name with a line break": Tree(files("a\nb.txt"), "the name has a control character"),
    "a name that is not UTF-8": Tree(
        lambda p: os.close(os.open(os.fsencode(p) + b"/\xff.txt", os.O_CREAT | os.O_WRONLY)), "the name is not UTF-8"
    ),
    "a name that reorders": Tree(files("a\u202egpj.exe"), "changes the direction", ENCODE),
    "two names of one case": Tree(files("Logo.png", "logo.png"), "which differs only by case from"),
    "two names of one look": Tree(files("caf\u00e9.txt", "cafe\u0301.txt"), "Unicode normalisation", ENCODE),
    "a path that is too long": Tree(files(f"{LONG}/x.txt"), "its URL path is 311 bytes long, and Twilio takes 255"),
    "a file that is too large": Tree(
        lambda p: sparse(p / "film.mp4", 26 * MIB), "Twilio takes 26214400 bytes (25 MiB)"
    ),
    "a private file that is too large": Tree(
        lambda p: sparse(p / "film.mp4", 11 * MIB),
        "(10 MiB) of a private file",
        '    rules: [{match: "*.mp4", visibility: private}]\n',
    ),
    "too many private files": Tree(
        files(*(f"{number}.txt" for number in range(50))),
        "the folders hold 51 private files, and a Build takes 50",
        '    rules: [{match: "*.txt", visibility: private}]\n',
    ),
    "a token at the wrong place": Tree(
        files("x.private.tar.gz"), "x.private.tar.gz", "    visibility_from_name: true\n"
    ),
    "a token in upper case": Tree(files("x.PRIVATE.js"), "x.PRIVATE.js", "    visibility_from_name: true\n"),
    "two sources of one path": Tree(
        chain(files("a/x.txt"), lambda p: files("x.txt")(p.parent / "other")),
        'would be served at "/a/x.txt", and so would',
        "  - {source: other, target: /a, visibility: public}\n",
    ),
    "an index beside a file at its place": Tree(files("other.html"), "index.html", "    index: index.html\n"),
    "an ignore file that is a link": Tree(
        lambda p: (p / ".assetsyncignore").symlink_to("/etc/hosts"), ".assetsyncignore: is not a regular file"
    ),
    "a pattern of an ignore file": Tree(
        lambda p: (p / ".assetsyncignore").write_text("ok\n/\n"), ".assetsyncignore:2:1: "
    ),
}


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES)
def test_a_wrong_tree_is_told_by_its_file_before_anything_is_written(stage: Stage, tree: Tree) -> None:
    stage.outside.new_service(("production", ""))
    stage.write({"right.txt": "right"})
    tree.make(stage.root / "public")
    stage.manifest(tree.folders)
    checked = stage.run("validate").holds(78, tree.message)
    assert checked.requests == ()
    for command in (("plan",), ("apply", "--yes")):
        ran = stage.run(*command).holds(78, tree.message)
        assert ran.requests == ()
        assert ran.out == ""


def test_a_source_that_leaves_the_project_by_a_link_is_told(stage: Stage) -> None:
    (stage.root.parent / "elsewhere").mkdir()
    (stage.root / "public").symlink_to("../elsewhere")
    ran = stage.run("plan").holds(78, "assetsync.yaml:7:13: the source folder is", "outside the project root")
    assert ran.requests == ()


def test_every_problem_is_told_at_once(stage: Stage) -> None:
    stage.write({"two words.txt": "x", "b|c.txt": "x", "right.txt": "x"})
    sparse(stage.root / "public/film.mp4", 26 * MIB)
    ran = stage.run("plan").holds(78, "two words.txt", "b|c.txt", "film.mp4", "Error: 3 problems")
    assert "right.txt" not in ran.err
    stage.manifest(more="zzzz: 1\nyyyy: 2\n")
    stage.run("plan").holds(78, "`zzzz`", "`yyyy`")


def test_each_problem_stands_in_the_json_with_its_place(stage: Stage) -> None:
    stage.write({"a.txt": "x"})
    stage.manifest(more="zzzz: 1\n")
    (error,) = stage.run("plan", "--format", "json").holds(78).plan["errors"]
    assert (error["file"], error["line"], error["column"]) == ("assetsync.yaml", 10, 1)
    assert error["text"] == "zzzz"


def test_an_asset_at_a_live_functions_path_is_told_before_any_write(stage: Stage) -> None:
    stage.outside.new_service(("production", ""))
    function = stage.outside.upload("/call", b"exports.handler = 1", kind="Functions")
    stage.outside.publish("production", functions=(function,))
    stage.write({"call": "x", "right.txt": "x"})
    ran = stage.run("apply", "--yes").holds(78, "public/call: /call is the path of a live Function")
    assert ran.writes == ()


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (("production", "prod"), "the Environment production exists with the suffix prod, the manifest says no suffix"),
        (("live", ""), "the bare domain (no suffix) belongs to the Environment live already, not to production"),
    ],
)
def test_an_environment_of_another_suffix_is_told_before_any_write(
    stage: Stage, environment: tuple[str, str], message: str
) -> None:
    stage.outside.new_service(environment)
    stage.write({"a.txt": "a"})
    ran = stage.run("apply", "--yes").holds(78, message, "assetsync.yaml:5:11")
    assert ran.writes == ()


def test_what_is_carried_over_counts_for_the_limits_of_a_build(stage: Stage) -> None:
    stage.outside.new_service(("production", ""))
    foreign = [stage.outside.upload(f"/foreign/{number}", visibility="private") for number in range(48)]
    stage.outside.publish("production", *foreign)
    stage.manifest('    rules: [{match: "*.txt", visibility: private}]\n')
    stage.write({"a.txt": "a", "b.txt": "b"})
    stage.run("plan").holds(0, "Plan: 2 to create")
    stage.write({"c.txt": "c"})
    ran = stage.run("apply", "--yes").holds(
        78, "51 private assets in one Build (48 of them carried over): Twilio allows 50"
    )
    assert ran.writes == ()


def test_more_than_a_thousand_with_those_carried_over_is_told_before_any_write(stage: Stage) -> None:
    stage.outside.new_service(("production", ""))
    stage.outside.publish("production", stage.outside.upload("/foreign"))
    stage.write({f"{number}.txt": str(number) for number in range(1000)})
    ran = stage.run("apply", "--yes").holds(78, "1001 public assets in one Build (1 of them carried over)")
    assert ran.writes == ()
