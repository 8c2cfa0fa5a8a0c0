"""The manifest from disk: the thin edge round `parse`."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from assetsync.errors import UsageError
from assetsync.manifest.environments import Request
from assetsync.manifest.locate import manifest_folder, project_root
from assetsync.manifest.parse import declared_environments, parse_manifest, parse_ownership
from assetsync.manifest.source import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from assetsync.manifest.model import EnvironmentSpec, Manifest, Ownership


def load_manifest(
    path: Path,
    *,
    environment: str | None,
    variables: Mapping[str, str],
    create_environment: bool = False,
    suffix: str | None = None,
    find_environment: bool = False,
) -> Manifest:
    """The manifest at `path` for one Environment; `variables` is the process environment.

    An Environment that it does not declare is refused, or made (`create_environment`), or looked for (`find_...`).

    Raises UsageError where the file cannot be read or no Environment be selected, InvalidInput with every problem
    in the manifest else.
    """
    return parse_manifest(
        _read(path),
        path=path,
        root=project_root(path),
        folder=manifest_folder(path),
        request=Request(environment, create_environment, suffix, find_environment),
        variables=variables,
    )


def load_environments(path: Path) -> tuple[EnvironmentSpec, ...]:
    """The declared Environments of the manifest at `path`, as written. Raises as `load_manifest` does."""
    return declared_environments(_read(path), path=path, root=project_root(path), folder=manifest_folder(path))


def load_ownership(path: Path, *, variables: Mapping[str, str]) -> Ownership:
    """Who owns what by the manifest at `path`. Raises as `load_manifest` does."""
    root, folder = project_root(path), manifest_folder(path)
    return parse_ownership(_read(path), path=path, root=root, folder=folder, variables=variables)


def _read(path: Path) -> bytes:
    """The bytes of a regular file, one more than a manifest may have at most: a pipe would hang, a disk not end."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UsageError(f"the manifest {path} is not a file", hint="name the file with --manifest")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = "name the file with --manifest, or run `assetsync init` to write one"
        raise UsageError(f"the manifest {path} cannot be read: {reason}", hint=hint) from error
