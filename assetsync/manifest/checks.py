"""What a schema cannot say: things that must agree with each other, and patterns and paths that must make sense."""

from __future__ import annotations

import os.path
import re
from typing import TYPE_CHECKING, Any

from assetsync.manifest.findings import Finding, child, label, shown
from assetsync.manifest.patterns import parse_pattern
from assetsync.manifest.wording import resembling

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Tree = dict[str, Any]

_LONGEST_TARGET = 254
"""A path is at most 255 characters (F1.10), and at least one of them names the file."""

_DRIVE = re.compile(r"[A-Za-z]:")


def checks(tree: Tree, folder: Path, root: Path) -> Iterator[Finding]:
    """Everything wrong in a tree that the schema went over: a value is well formed, or None and told already.

    `folder` is where the manifest is and `root` the project root, both absolute; neither is looked at.
    """
    yield from _environments(tree)
    names = [environment["name"] for _, environment in mappings(tree, "environments") if environment.get("name")]
    for pointer, mapping in mappings(tree, "folders"):
        yield from _source(mapping.get("source"), child(pointer, "source"), folder, root)
        yield from _target(mapping.get("target"), child(pointer, "target"))
        yield from _index(mapping.get("index"), child(pointer, "index"))
        for key in ("include", "exclude"):
            for at, pattern in enumerate(mapping.get(key) or ()):
                yield from _pattern(pattern, child(child(pointer, key), at))
        for below, rule in mappings(mapping, "rules"):
            yield from _rule(rule, pointer + below, names)


def mappings(tree: Tree, key: str) -> Iterator[tuple[str, Tree]]:
    """The well-formed mappings of the list at `key`, each with its pointer below `tree`."""
    for at, item in enumerate(tree.get(key) or ()):
        if item is not None:
            yield child(child("", key), at), item


def normalised_target(target: str) -> str:
    """The target with a slash at both ends."""
    inner = target.strip("/")
    return f"/{inner}/" if inner else "/"


def _environments(tree: Tree) -> Iterator[Finding]:
    names: set[str] = set()
    suffixes: dict[str, str] = {}
    for pointer, environment in mappings(tree, "environments"):
        name = environment.get("name")
        if name in names:
            yield Finding(child(pointer, "name"), f"two Environments are named `{name}`", name, "name each once")
        if name is None or name in names:
            continue
        names.add(name)
        suffix = environment.get("suffix") or ""
        other = suffixes.setdefault(suffix.lower(), name)
        if other != name and suffix:
            message = f"the Environments `{other}` and `{name}` have the same suffix"
            yield Finding(child(pointer, "suffix"), message, suffix, "give each its own")
        elif other != name:
            message = (
                f"the Environments `{other}` and `{name}` both have no suffix, and only one can have the bare domain"
            )
            yield Finding(pointer, message, name, f"give `{name}` a suffix, such as `suffix: stg`")


def _source(source: str | None, pointer: str, folder: Path, root: Path) -> Iterator[Finding]:
    if source is None:
        return
    if source.startswith("/") or _DRIVE.match(source):
        yield Finding(pointer, "`source` is an absolute path", source, "write it relative to the manifest")
    elif "\\" in source:
        yield Finding(pointer, "`source` holds a backslash", source, f"write {shown(source.replace(chr(92), '/'))}")
    elif not _inside(os.path.normpath(folder / source), str(root)):
        hint = f"name a folder inside the project root {root}"
        yield Finding(pointer, "`source` is outside the project", source, hint)


def _inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")


def _target(target: str | None, pointer: str) -> Iterator[Finding]:
    if target is None:
        return
    if {".", ".."} & set(target.split("/")):
        yield Finding(pointer, "`target` holds a dot segment", target, "write the path in full, such as /admin/")
    elif len(normalised_target(target)) > _LONGEST_TARGET:
        yield Finding(pointer, f"`target` is longer than {_LONGEST_TARGET} characters", target, "a path has up to 255")


def _index(index: str | None, pointer: str) -> Iterator[Finding]:
    if index is not None and ("\\" in index or {"", ".", ".."} & set(index.split("/"))):
        hint = "write its path relative to the source, such as index.html"
        yield Finding(pointer, "`index` must name a file inside the source", index, hint)


def _pattern(pattern: str | None, pointer: str) -> Iterator[Finding]:
    if pattern is None:
        return
    parsed = parse_pattern(pattern, pointer)
    if parsed is None or parsed.regex is None:
        message = f"{label(pointer)} is not a pattern: it matches nothing"
        yield Finding(pointer, message, pattern, _nothing_hint(pattern))


def _nothing_hint(pattern: str) -> str:
    if pattern.startswith("#"):
        return f"a leading # makes a comment: write \\{shown(pattern)}"
    if "[" in pattern:
        return "a [ opens a set, which needs its ] and something in it: write \\[ for the character itself"
    return "write gitignore syntax; ** names every file"


def _rule(rule: Tree, pointer: str, names: list[str]) -> Iterator[Finding]:
    match = rule.get("match")
    if match is not None and match.startswith("!"):
        hint = f"write a rule for {shown(match[1:]) or 'the files'}, after the one that it takes back"
        yield Finding(child(pointer, "match"), "`match` cannot be negated", match, hint)
    else:
        yield from _pattern(match, child(pointer, "match"))
    content_type = rule.get("content_type")
    if content_type is not None and rule.get("charset") and "charset=" in content_type.lower():
        message = "`content_type` and `charset` of this rule both name a charset"
        yield Finding(child(pointer, "charset"), message, content_type, "keep one of the two")
    for at, name in enumerate(rule.get("environments") or ()):
        if name is not None and name not in names:
            yield _undeclared(name, child(child(pointer, "environments"), at), names)


def _undeclared(name: str, pointer: str, names: list[str]) -> Finding:
    meant = resembling(name, names)
    hint = f"did you mean `{meant}`?" if meant else f"declared are: {', '.join(names) or 'none'}"
    return Finding(pointer, f"`{shown(name)}` is not a declared Environment", name, hint)
