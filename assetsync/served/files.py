"""From the paths of a site to files in a folder: names that cannot lead anywhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from assetsync.local.excludes import DEFAULT_EXCLUDES
from assetsync.manifest.patterns import Patterns, parse_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT_FILE = "index.html"
"""What the path `/` is called in a folder, where its manifest says `index: index.html`."""

_OURS = ("assetsync.yaml", "assetsync.yml")
_LEFT_OUT = Patterns([parsed for text in (*DEFAULT_EXCLUDES, *_OURS) if (parsed := parse_pattern(text, text))])
"""What no folder gives to a Service: what tools obey (`.git/`, `.envrc`, our own files) must not come from one."""

_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a path goes: a name relative to the folder, or why it cannot go anywhere."""

    path: str
    name: str | None
    fault: str | None = None
    is_left_out: bool = False


def placed(paths: Iterable[str]) -> tuple[Placed, ...]:
    """Each path's place, in path order. What is percent-encoded is decoded, as `names: encode` encodes it again."""
    wanted = sorted(set(paths))
    names = {path: _name(path) for path in wanted}
    taken: dict[str, str] = {}
    folders = {folder for name in names.values() if isinstance(name, str) for folder in _folders(name)}
    found = []
    for path in wanted:
        name = names[path]
        if isinstance(name, _Fault):
            found.append(Placed(path, None, name.why, name.is_left_out))
        elif path == "/" and "/index.html" in names:
            found.append(Placed(path, None, "/index.html has the only file name that it could have"))
        elif name in folders:
            found.append(Placed(path, None, f"{name} is a folder: other paths lie below it"))
        elif name in taken:
            found.append(Placed(path, None, f"{taken[name]} has the same file name"))
        else:
            taken[name] = path
            found.append(Placed(path, name))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Fault:
    why: str
    is_left_out: bool = False


def _name(path: str) -> str | _Fault:
    if path == "/":
        return ROOT_FILE
    if not path.startswith("/"):
        return _Fault("it does not begin with a slash")
    segments = [unquote_to_bytes(segment) for segment in path[1:].split("/")]
    for segment in segments:
        if segment in {b"", b".", b".."}:
            return _Fault("a part of it is empty or made of dots, which no file can be called")
        if b"/" in segment or b"\\" in segment or any(byte < 32 or byte == 127 for byte in segment):
            return _Fault("it holds characters that no file name should have")
        if len(segment) > _LONGEST_NAME:
            return _Fault(f"a part of it is longer than {_LONGEST_NAME} bytes")
    try:
        name = b"/".join(segments).decode("utf-8")
    except UnicodeDecodeError:
        return _Fault("it is not UTF-8")
    if not name.isprintable():
        return _Fault("it holds characters that no file name should have")
    if _is_left_out(name):
        return _Fault("files of that name are left out of every folder", is_left_out=True)
    return name


def _is_left_out(name: str) -> bool:
    """Whether the file, or a folder above it, is left out by default."""
    entries = [(folder, True) for folder in _folders(name)] + [(name, False)]
    found = (_LEFT_OUT.last_match(entry.encode(), folder=is_folder) for entry, is_folder in entries)
    return any(pattern is not None and not pattern.negated for pattern in found)


def _folders(name: str) -> Iterable[str]:
    parts = name.split("/")
    return ("/".join(parts[:end]) for end in range(1, len(parts)))
