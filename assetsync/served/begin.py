"""A manifest for what a Service serves already: the text that `init --from` writes."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from assetsync.manifest.globs import escape
from assetsync.model import Visibility
from assetsync.served.files import placed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from assetsync.model import AssetVersion, Environment

_PLAIN = re.compile(r"[A-Za-z0-9\-_.~!*=/]*")


def manifest_text(
    owner: str, service: str, environments: Sequence[Environment], versions: Sequence[AssetVersion], source: str
) -> str:
    """The Environments as they are, the bare domain first, and one folder with a rule for what is not public.

    versions: what is live; those of other manifests are left out by the caller
    """
    ordered = sorted(environments, key=lambda each: (each.domain_suffix is not None, each.unique_name))
    kinds = {version.path: version.visibility for version in versions}
    files = {f"/{each.name}": kinds[each.path] for each in placed(kinds) if each.name is not None}
    lines = ["version: 1", f"name: {owner}", f"service: {_quoted(service)}", "environments:"]
    for each in ordered:
        lines.append(f"  - name: {_quoted(each.unique_name)}")
        lines += [f"    suffix: {_quoted(each.domain_suffix)}"] if each.domain_suffix else []
    lines += ["folders:", f"  - source: {_quoted(source)}", "    target: /", "    visibility: public"]
    lines += ["    index: index.html"] if "/" in kinds else []
    lines += ["    names: encode"] if not all(map(_PLAIN.fullmatch, files)) else []
    rules = [f"      - {{match: {_quoted(match)}, visibility: {kind}}}" for match, kind in _rules(files)]
    lines += ["    rules:", *rules] if rules else []
    return "\n".join(lines) + "\n"


def _rules(files: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """A pattern for each folder of one visibility other than public, and for each file that stands alone."""
    kinds = defaultdict[str, set[str]](set)
    for path, visibility in files.items():
        for folder in _folders(path):
            kinds[folder].add(visibility)
    named = set[tuple[str, str]]()
    for path, visibility in files.items():
        if visibility == Visibility.PUBLIC:
            continue
        whole = next((folder for folder in _folders(path) if kinds[folder] == {visibility}), None)
        named.add((f"{escape(whole)}/**" if whole else escape(path), visibility))
    return sorted(named)


def _folders(path: str) -> tuple[str, ...]:
    """`/a/b/c` is in `/a` and `/a/b`, the outermost first."""
    parts = path.split("/")[1:-1]
    return tuple("/" + "/".join(parts[:end]) for end in range(1, len(parts) + 1))


def _quoted(text: str | None) -> str:
    return json.dumps(text, ensure_ascii=False)
