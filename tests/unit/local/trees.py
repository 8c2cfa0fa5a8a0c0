"""Projects on disk and manifests for them, as values."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from assetsync.errors import InvalidInput, Problem
from assetsync.local.limits import TWILIO_LIMITS, Limits
from assetsync.local.scan import scan
from assetsync.manifest.model import EnvironmentSpec, Folder, Manifest
from assetsync.model import DesiredAsset, DesiredTree, Visibility

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SITE = Folder("public", "/", Visibility.PUBLIC)
# Far enough behind every file that a test wrote for the cache to believe its times.
LATER_NS = 60 * 10**9


def plant(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files below `root`; a name that ends with `/` is an empty folder."""
    for name, content in files.items():
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def manifest_for(root: Path, *folders: Folder, environment: str = "production") -> Manifest:
    """A manifest `assetsync.yaml` in `root`, which need not be there; no folders: SITE."""
    return Manifest(
        path=root / "assetsync.yaml",
        root=root.resolve(),
        name="website",
        service="my-site",
        environment=EnvironmentSpec(environment),
        environments=(EnvironmentSpec(environment),),
        folders=folders or (SITE,),
    )


def later() -> int:
    return time.time_ns() + LATER_NS


def scanned(manifest: Manifest, cache_dir: Path | None = None, limits: Limits = TWILIO_LIMITS) -> DesiredTree:
    return scan(manifest, cache_dir=cache_dir, now_ns=later, limits=limits)


def served(manifest: Manifest) -> dict[str, DesiredAsset]:
    return {asset.path: asset for asset in scanned(manifest).assets}


def problems(manifest: Manifest, limits: Limits = TWILIO_LIMITS) -> tuple[Problem, ...]:
    """What a scan that must fail complains about."""
    try:
        tree = scanned(manifest, limits=limits)
    except InvalidInput as error:
        return error.problems
    raise AssertionError(f"no problem was found; {len(tree.assets)} assets")


_opened: list[list[str]] = []


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _opened:
        _opened[-1].append(str(arguments[0]))


sys.addaudithook(_hear)


@contextmanager
def opened_files() -> Iterator[list[str]]:
    """The names of all files that Python opens meanwhile."""
    _opened.append([])
    try:
        yield _opened[-1]
    finally:
        _opened.pop()


def site(**changes: object) -> Folder:
    return replace(SITE, **changes)  # type: ignore[arg-type]
