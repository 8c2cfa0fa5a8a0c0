"""Manifests made to hurt: little time and memory, a clear error at line and column, nothing for a terminal to obey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.reliability.confinement import MIB, clean, confined, confined_launcher
from tests.reliability.figures import note

if TYPE_CHECKING:
    from tests.cli.stage import Stage
    from tests.reliability.launcher import Launcher

__all__ = ["confined_launcher"]

SUITE = "hostile input"


def right(service: str = "shop") -> str:
    return (
        f"version: 1\nname: website\nservice: {service}\nenvironments:\n  - name: production\n"
        "folders:\n  - source: public\n    target: /\n    visibility: public\n"
    )


def filled(piece: str, *, head: str = "", tail: str = "", size: int = MIB) -> str:
    """As many pieces between head and tail as a manifest may be large."""
    return head + piece * ((size - len(head) - len(tail)) // len(piece)) + tail


MANY = "more than 20000 values"
ESCAPE, VARIABLE, PATTERN = '"\\e",', "'${',", "'*a*b*[c-z]',"
LARGE = {
    "alias bomb": (
        "a: &a [x, x]\n" + "".join(f"a{at + 1}: &a{at + 1} [*a{at or ''}, *a{at or ''}]\n" for at in range(40)),
        "the aliases add",
    ),
    "wide alias bomb": ("a: &a [" + "x, " * 9000 + "]\nb: [" + "*a, " * 9000 + "]\n", "the aliases add"),
    "brackets": (filled("["), "nested deeper than 32"),
    "braces": (filled("{"), "nested deeper than 32"),
    "dashes": (filled("- "), "nested deeper than 32"),
    "question marks": (filled("? "), "nested deeper than 32"),
    "keys in a row": (filled("a: "), "a colon cannot stand here"),
    "one list": (filled("a,", head=right() + "    exclude: [", tail="]\n"), MANY),
    "empty lists": (filled("[],", head=right() + "    exclude: [", tail="]\n"), MANY),
    "empty mappings": (filled("{},", head=right() + "    rules: [", tail="]\n"), MANY),
    "control characters": (filled('"\\e",', head=right() + "    exclude: [", tail="]\n"), MANY),
    "some control characters": (right() + f"    exclude: [{ESCAPE * 19_000}]\n", "control character U+001B"),
    "variables": (filled("'${',", head=right() + "    exclude: [", tail="]\n"), MANY),
    "some variables": (right() + f"    exclude: [{VARIABLE * 19_000}]\n", "variables are not expanded here"),
    "rules": (
        right() + "    rules:\n" + "      - {match: 'zz*a*b', charset: utf-8}\n" * 3900,
        "`rules` has 3900 items, and may have 1000",
    ),
    "patterns": (right() + f"    exclude: [{PATTERN * 19_000}]\n", "`exclude` has 19000 items"),
    "folders": (
        right() + "  - {source: public, visibility: public}\n" * 3900,
        "`folders` has 3901 items, and may have 100",
    ),
    "the same key": (filled("a: 1\n"), MANY),
    "keys": ("".join(f"k{at}: 1\n" for at in range(9000)), "has no key `k0`"),
    "a number for a key": (right() + f"? '{'1' * 5000}'\n: \"\\e\"\n", "control character U+001B"),
    "a number": (right() + f"safety: {{max_delete: {'9' * 500_000}}}\n", "a percentage from 0% to 100%, or a count"),
    "one scalar": (filled("a", head="name: '", tail="'\n"), "1 to 32 lower-case letters"),
    "an open quote": (filled("\\x41", head='name: "'), "this quote is never closed"),
    "a source": (right().replace("public\n    t", "../" * 300_000 + "\n    t"), "longer than 4096 characters"),
    "a variable in a variable": (right("'" + "${A:-" * 200_000 + "'"), "must be a unique name of 1 to 50"),
    "lines": (filled("\n"), "the manifest is empty"),
    "documents": (filled("---\n"), "a second document begins here"),
    "anchors": (filled("&a b,", head="[", tail="]"), MANY),
    "tags": (filled("!t a,", head="[", tail="]"), "as a tag"),
    "more than 1 MiB": (filled("# ", size=MIB + 2), "larger than 1 MiB"),
    "NUL": (right() + filled("\0", size=1000), "the control character U+0000"),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_manifest_made_to_hurt_is_told_by_its_place_at_little_cost(
    stage: Stage, launcher: Launcher, name: str
) -> None:
    text, message = LARGE[name]
    stage.write({"a.txt": "a"})
    (stage.root / "assetsync.yaml").write_text(text)
    ran = confined(launcher, stage, "plan", "--format", "json").holds(78)
    errors = ran.plan["errors"]
    assert any(message in each["message"] for each in errors), errors[0]
    assert len(errors) <= 1100
    assert all(each["file"] == "assetsync.yaml" and each["line"] > 0 and each["column"] > 0 for each in errors)
    note(SUITE, manifests=1)


OBEYED = "\x1b]0;owned\x07\x1b[31;5m\x9b5m\x9d0;owned\x9c\x08\x7f"
REORDERED = "a\u202egpj.exe\u2066\u200f"
PLACES = {
    "a value": ("website", "{}"),
    "a value in quotes": ("website", '"{}"'),
    "a key": ("name:", "{}:"),
    "a key in quotes": ("name:", '"{}":'),
    "a pattern": ("    target: /\n", "    exclude: ['{}']\n"),
    "a source": ("public\n", "'{}'\n"),
    "a target": ("target: /", "target: '/{}'"),
    "an environment": ("name: production", "name: '{}'"),
    "a service": ("service: shop", "service: '{}'"),
    "a tag": ("name: ", "name: !{} "),
    "an anchor": ("name: ", "name: &{} "),
    "an alias": ("website", "*{}"),
    "a comment": ("website", "website # {}"),
    "a variable": ("service: shop", "service: '${{{}}}'"),
    "a content type": ("    target: /\n", "    rules: [{{match: a, content_type: '{}'}}]\n"),
}


@pytest.mark.parametrize("place", PLACES)
def test_what_a_terminal_would_obey_is_never_shown_from_a_manifest(stage: Stage, place: str) -> None:
    """As raw characters, as escapes of YAML's own, harmless until they are read, and as text that runs backwards."""
    old, new = PLACES[place]
    stage.write({"a.txt": "a"})
    escaped = "".join(f"\\x{ord(each):02x}" for each in OBEYED)
    for payload in (OBEYED, escaped, REORDERED):
        manifest = right().replace(old, new.format(payload), 1)
        assert manifest != right()
        (stage.root / "assetsync.yaml").write_text(manifest)
        for arguments in (("plan",), ("plan", "--format", "json"), ("plan", "--format", "markdown"), ("validate",)):
            ran = clean(stage.run(*arguments))
            assert ran.code in {0, 3, 78}, ran.said
            assert ran.code == 78 or payload is not OBEYED
    note(SUITE, payloads=3)
