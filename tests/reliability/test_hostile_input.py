"""Trees made to hurt: bounded time and memory, each wrong entry told by its name, no way out of the folder.

Nothing that a terminal would obey is ever written, in any form.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.cli.stage import Terminal
from tests.reliability.confinement import FORMS, clean, confined, confined_launcher
from tests.reliability.figures import LONG, note
from tests.reliability.truth import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.stage import Stage
    from tests.reliability.launcher import Launcher

__all__ = ["confined_launcher"]

SUITE = "hostile input"


def invalid(stage: Stage, *places: str) -> None:
    """Every command says so in every form, names the places, and asks the service nothing."""
    for command in (("validate",), ("plan",), ("apply", "--yes")):
        for form in FORMS if command[0] == "plan" else FORMS[:2]:
            ran = clean(stage.run(*command, "--format", form)).holds(78)
            assert ran.requests == ()
            assert bool(ran.out) is (form != "text")
            for place in places:
                assert place in ran.err, f"{place!r} is not in {ran.err}"


def touch(folder: Path, *names: bytes) -> None:
    for name in names:
        os.close(os.open(os.fsencode(folder) + b"/" + name, os.O_CREAT | os.O_WRONLY))


WRONG_NAMES = (
    b"\x1b]0;owned\x07.txt",
    b"\x1b[2J.txt",
    b"\x9b31m.txt",
    "\u009b31m.txt".encode(),
    b"a\nb.txt",
    b"a\rb.txt",
    b"a\tb.txt",
    b"\x7f",
    b"\xff\xfe.txt",
    b"\xc3.txt",
    b"\xed\xa0\x80.txt",
    b"\xf0\x9f\x98.txt",
    "a\u202egpj.exe".encode(),
    "\u2066x".encode(),
    "\u2028x".encode(),
    b"\xe6\x97\xa5" * 85,
    b"two words",
    b"%2e%2e%2fetc",
    b"\\..\\x",
    b"a?b#c",
    b"<script>",
    b"|`x`|",
    b"@everyone",
    b"[x](http:x)",
    b"$(reboot)",
    b"'\"",
    b"-->",
)
"""Names that no URL path can carry; those before the one of two words may not be served encoded either."""
NEVER_SERVED = WRONG_NAMES.index(b"two words") + 1


def test_names_made_to_hurt_are_each_told_and_never_shown_as_they_are(stage: Stage) -> None:
    stage.write({"right.txt": "right"})
    touch(stage.root / "public", *WRONG_NAMES)
    (stage.root / "public/\x1b[5mfolder").mkdir()
    touch(stage.root / "public/\x1b[5mfolder", b"a.txt")
    invalid(stage, "Error: 28 problems", "public/\\x1b]0;owned\\x07.txt", "public/\\xff\\xfe.txt", "public/two words")
    errors = stage.run("plan", "--format", "json").plan["errors"]
    assert len(errors) == len(WRONG_NAMES) + 1
    stage.manifest("    names: encode\n")
    invalid(stage, f"Error: {NEVER_SERVED} problems", "public/\\x1b]0;owned\\x07.txt", "public/\\xff\\xfe.txt")
    assert not any("right.txt" in each["file"] for each in errors)
    note(SUITE, names=len(errors))


ODD_NAMES = (
    "two words",
    "[id].html",
    "+page.ts",
    "@scope",
    "%2e%2e%2f",
    "..%2f..%2fetc",
    "...",
    "a?b",
    "a#b",
    "a&b=c;d",
    "caf\u00e9",
    "\u65e5\u672c",
    "\\..\\x",
    "-rf",
    "$(x)",
    "`x`",
    "<script>",
    "'\"|",
    "%",
    "a%00b",
    "\U0001f600",
    "zero\u200bwidth",
)
"""Names that can be percent-encoded."""


def test_odd_names_are_served_under_the_very_path_that_they_encode_to(stage: Stage) -> None:
    stage.manifest('    names: encode\n    exclude: ["!..*"]\n')
    stage.write({name: name for name in ODD_NAMES} | {f"{name}/below": f"{name}/" for name in ("d d", "..d", "%2e")})
    clean(stage.apply())
    paths = {quote(name, safe="!*=/-._~"): name for name in ODD_NAMES}
    assert served(stage).items() >= {path: name.encode() for path, name in paths.items()}.items()
    assert len(served(stage)) == len(ODD_NAMES) + 3
    note(SUITE, names=len(ODD_NAMES))


SECRET = "what lies outside of the folder"


def _socket(place: Path) -> None:
    with (
        chdir(place.parent),
        socket.socket(socket.AF_UNIX) as bound,
    ):  # a socket's name is short, a test's folder is not
        bound.bind(place.name)


def _device(place: Path) -> None:
    if os.geteuid() == 0:
        os.mknod(place, 0o600 | 0o020000, os.makedev(1, 3))
    else:
        os.mkfifo(place)


LINKS = {
    "out": "../outside.txt",
    "far-out": "../../../../../../../../../../etc/passwd",
    "absolute": "/etc/passwd",
    "folder-out": "..",
    "root": "/",
    "through-proc": "/proc/self/root/etc/passwd",
    "process": "/proc/self/environ",
    "descriptor": "/dev/fd/0",
    "endless": "/dev/zero",
    "by-a-link": "sub/up",
    "beside": "../public-not/secret.txt",
    "itself": "itself",
    "one": "two",
    "two": "one",
    "dangling": "nowhere",
    "here": ".",
    "long": "x" * 300,
    "escape": "\x1b]0;owned\x07",
    "no-utf8": "\udcff",
}
NO_FILES: dict[str, Callable[[Path], object]] = {"fifo": os.mkfifo, "socket": _socket, "device": _device}


def test_there_is_no_way_out_of_the_folder_and_nothing_that_is_no_file_is_opened(stage: Stage) -> None:
    public = stage.root / "public"
    stage.write({"right.txt": "right", "sub/a.txt": "a"})
    (stage.root / "public-not").mkdir()
    for file in (stage.root / "outside.txt", stage.root / "public-not/secret.txt"):
        file.write_text(SECRET)
    for name, target in LINKS.items():
        (public / name).symlink_to(target)
    (public / "sub/up").symlink_to("../../outside.txt")
    for name, make in NO_FILES.items():
        make(public / name)
    invalid(stage, *(f"public/{name}: " for name in (*LINKS, *NO_FILES, "sub/up")))
    problems = stage.run("plan", "--format", "json").plan["errors"]
    assert len(problems) == len(LINKS) + len(NO_FILES) + 1
    assert not any(SECRET in json.dumps(each) for each in problems)
    stage.manifest(f"    exclude: [{', '.join((*LINKS, *NO_FILES, 'up'))}]\n")
    stage.apply()
    assert served(stage) == {"right.txt": b"right", "sub/a.txt": b"a"}
    note(SUITE, links=len(LINKS), others=len(NO_FILES))


@pytest.mark.parametrize("make", [*NO_FILES.values(), lambda place: place.mkdir(), lambda place: place.symlink_to("a")])
def test_an_ignore_file_that_is_none_is_told_and_not_waited_for(
    stage: Stage, launcher: Launcher, make: Callable[[Path], object]
) -> None:
    stage.write({"a": "a"})
    make(stage.root / "public/.assetsyncignore")
    ran = confined(launcher, stage, "plan").holds(78, "public/.assetsyncignore: is not a regular file")
    assert ran.out == ""
    note(SUITE, others=1)


@pytest.fixture
def hurt(stage: Stage) -> Iterator[Stage]:
    """The stage; its folder is removed by a program that can: what removes a test's folders cannot go so deep."""
    stage.write({"right.txt": "right"})
    yield stage
    subprocess.run(["rm", "-rf", stage.root / "public"], check=True)


def chain(name: str, length: int, *files: bytes) -> Callable[[Path], None]:
    """So many folders in one another, made from within: their path may be longer than any call takes."""

    def make(public: Path) -> None:
        with chdir(public):
            for _ in range(length):
                Path(name).mkdir()
                os.chdir(name)
            touch(Path(), *files)

    return make


def _clique(public: Path) -> None:
    """Each folder leads to every other one, so that there are more ways through them than atoms."""
    for number in range(40):
        (public / f"d{number}").mkdir()
        for other in range(40):
            if other != number:
                (public / f"d{number}/l{other}").symlink_to(f"../d{other}")


def _ladder(public: Path) -> None:
    """Two ways from each folder to the next: 2^60 paths."""
    for number in range(60):
        (public / f"d{number}").mkdir()
        for name in "ab":
            (public / f"d{number}/{name}").symlink_to(f"../d{number + 1}")
    (public / "d60").mkdir()


def _sparse(public: Path) -> None:
    with (public / "huge").open("wb") as stream:
        stream.truncate(2**40)


def _patterns(public: Path) -> None:
    (public / ".assetsyncignore").write_text("*a*b*[c-z]?\n" * 80_000)


def _stars(public: Path) -> None:
    """Patterns that a backtracking matcher would try for ever, and a name that they almost match."""
    (public / ".assetsyncignore").write_text("".join(f"{'*a' * 60}*b{number}\n" for number in range(900)))
    touch(public, b"a" * 250, b"two words")


TREES = {
    "a chain of 1900 folders": (chain("d", 1900, b"f"), "bytes long, and Twilio takes 255"),
    "a chain that is longer than a path": (chain("d" * 250, 60, b"f"), "cannot be read (File name too long)"),
    "a chain of 900 wrong names": (
        chain("a b", 900, *(b"f%d" % number for number in range(500))),
        "the name has a space",
    ),
    "folders that lead to each other": (_clique, "more than 41000 files or folders"),
    "two ways at each step": (_ladder, "more than 41000 files or folders"),
    "a file of a tebibyte": (_sparse, "is 1099511627776 bytes large"),
    "80,000 patterns": (_patterns, "has more than 1000 patterns"),
    "patterns of many stars": (_stars, "the name has a space"),
}


@pytest.mark.parametrize("name", TREES)
def test_a_tree_made_to_hurt_is_told_at_little_cost(hurt: Stage, launcher: Launcher, name: str) -> None:
    make, message = TREES[name]
    make(hurt.root / "public")
    ran = confined(launcher, hurt, "plan", "--format", "json").holds(78)
    assert any(message in each["message"] for each in ran.plan["errors"]), ran.plan["errors"][0]
    assert len(ran.err.splitlines()) < 3000
    note(SUITE, trees=1)


KINDS = {
    "excluded": ((b".%d",), 0, "1 asset"),
    "good": ((b"f%d",), 78, "public files, and a Build takes 1000"),
    "wrong": ((b"f %d",), 78, "the name has a space"),
    "of all kinds": ((b".%d", b"f%d", b"f %d", b"f%d~", b"\xff%d"), 78, "the name is not UTF-8"),
}


@pytest.mark.parametrize("kind", KINDS if LONG else ["of all kinds"])
def test_a_folder_of_100_000_entries_is_gone_through(hurt: Stage, launcher: Launcher, kind: str) -> None:
    patterns, code, message = KINDS[kind]
    names = (patterns[number % len(patterns)] % number for number in range(100_000))
    touch(hurt.root / "public", *names)
    ran = confined(launcher, hurt, "validate").holds(code, message)
    assert len(ran.err.splitlines()) < 3000
    note(SUITE, entries=100_000)


# Terminals


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate",),
        ("plan", "--format", "json"),
        ("plan", "--format", "markdown"),
        ("apply", "--yes"),
        ("explain", "public/\x1b]0;owned\x07.txt", "public/\udcff\udc9b5m"),
        ("plan", "-e", "\x1b]0;owned\x07\u009b5m"),
        ("plan", "-m", "\x1b]0;owned\x07/assetsync.yaml"),
        ("\x1b]0;owned\x07",),
    ],
    ids=lambda arguments: ascii(arguments[0]),
)
def test_no_terminal_is_given_anything_to_obey(stage: Stage, arguments: tuple[str, ...]) -> None:
    """On a terminal of its own: but for our own colours and cursor, nothing."""
    stage.write({"right.txt": "right"})
    touch(stage.root / "public", *(name for name in WRONG_NAMES if len(name) < 40))
    (stage.root / "public/dangling").symlink_to("\x1b]0;owned\x07\x1b[31;5m")
    with Terminal(*arguments, cwd=stage.root) as terminal:
        seen = terminal.end().out
    assert "Traceback" not in seen
    assert "internal error" not in seen
    assert not [
        each for each in ("\x1b]", "\x07", "\x9b", "\x9d", "\x1b[31;5m", "\u202e", "\u2066", "\x7f") if each in seen
    ]
    note(SUITE, terminals=1)
