"""The published JSON Schemas: one folder of files, for editors and for the program itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assetsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_PACKAGE = Path(__file__).resolve().parent

FOLDERS = (_PACKAGE / "schema", _PACKAGE.parent / "schema")
"""Where the files are: inside the package once it is installed, beside it in a checkout."""

_ENDING = ".schema.json"


def load_schema(name: str, folders: Sequence[Path] = FOLDERS) -> str:
    """The text of `<name>.schema.json`, from the first of `folders` that holds it.

    `assetsync` is the manifest. Raises UsageError, which lists the names there are, for any other.
    """
    for folder in folders:
        file = folder / (name + _ENDING)
        if name in _names(folder):
            return file.read_text(encoding="utf-8")
    known = ", ".join(schema_names(folders)) or "none"
    raise UsageError(f"there is no schema named `{name}`", hint=f"the schemas are: {known}")


def schema_names(folders: Sequence[Path] = FOLDERS) -> tuple[str, ...]:
    """Every name that `load_schema` knows, sorted."""
    return tuple(sorted({name for folder in folders for name in _names(folder)}))


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(file.name.removesuffix(_ENDING) for file in folder.glob("*" + _ENDING))
