"""A valid tree to the Manifest. Defaults are those of the dataclasses: a key that is not there is not passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assetsync.manifest.checks import mappings, normalised_target
from assetsync.manifest.model import (
    DigestKind,
    EnvironmentSpec,
    Folder,
    Manifest,
    MaxDelete,
    Names,
    Rule,
    Unmanaged,
)
from assetsync.model import Visibility

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from assetsync.manifest.environments import Selection
    from assetsync.manifest.model import Mark

    Tree = dict[str, Any]

_DEFAULT_TARGET = "/"

_FOLDER: Mapping[str, Callable[[Any], Any]] = {
    "source": str,
    "visibility": Visibility,
    "include": tuple,
    "exclude": tuple,
    "index": str,
    "names": Names,
    "charset": str,
    "visibility_from_name": bool,
}
_RULE: Mapping[str, Callable[[Any], Any]] = {
    "match": str,
    "visibility": Visibility,
    "content_type": str,
    "charset": str,
    "allow_secret": bool,
}
_MANIFEST: Mapping[str, Callable[[Any], Any]] = {"unmanaged": Unmanaged, "digest": DigestKind}


def declared(tree: Tree) -> tuple[EnvironmentSpec, ...]:
    """The Environments as they are written; an empty suffix is none."""
    found = (environment for _, environment in mappings(tree, "environments"))
    return tuple(EnvironmentSpec(each["name"], each.get("suffix") or None) for each in found)


def manifest_of(
    tree: Tree, path: Path, root: Path, service: str, selection: Selection, marks: Mapping[str, Mark]
) -> Manifest:
    """`tree` is valid, `service` and the selection are expanded."""
    return Manifest(
        path=path,
        root=root,
        name=tree["name"],
        service=service,
        environment=selection.environment,
        environments=declared(tree),
        folders=tuple(_folder(mapping, selection) for _, mapping in mappings(tree, "folders")),
        max_delete=_max_delete(tree.get("safety", {}).get("max_delete")),
        retain=tree.get("retain", {}).get("builds", 0),
        marks=marks,
        **_given(tree, _MANIFEST),
    )


def _folder(tree: Tree, selection: Selection) -> Folder:
    rules = tuple(_rule(rule, selection) for _, rule in mappings(tree, "rules"))
    target = normalised_target(tree.get("target", _DEFAULT_TARGET))
    return Folder(target=target, rules=rules, **_given(tree, _FOLDER))


def _rule(tree: Tree, selection: Selection) -> Rule:
    names = tree.get("environments")
    environments = None if names is None else tuple(_expanded_name(name, selection) for name in names)
    return Rule(environments=environments, **_given(tree, _RULE))


def _expanded_name(name: str, selection: Selection) -> str:
    """A rule names an Environment as it is written; the value names the selected one as it is called."""
    written = selection.written
    return selection.environment.name if written is not None and name == written.name else name


def _max_delete(value: str | int | None) -> MaxDelete | None:
    if value is None:
        return None
    if isinstance(value, int):
        return MaxDelete(count=value)
    return MaxDelete(percent=float(value.removesuffix("%")))


def _given(tree: Tree, kinds: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    return {key: kind(tree[key]) for key, kind in kinds.items() if key in tree}
