"""Build the wheel and see that the schemas and what the local service sends to browsers are in it, byte for byte."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(folder: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, "."], check=True)
    wheel = next(Path(folder).glob("assetsync-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        for file, name in wanted():
            if name not in held or archive.read(name) != file.read_bytes():
                raise SystemExit(f"{file} is not in the wheel as it is in the repository")
    sys.stdout.write(f"{wheel.name} holds the schemas and the files for browsers\n")


def wanted() -> Iterator[tuple[Path, str]]:
    """Files that are not Python, and where they lie in the wheel."""
    yield Path("assetsync/py.typed"), "assetsync/py.typed"
    for schema in Path("schema").glob("*.json"):
        yield schema, f"assetsync/schema/{schema.name}"
    for file in Path("assetsync/emulator/console/static").iterdir():
        if file.is_file():
            yield file, file.as_posix()
    client = Path("assetsync/emulator/live/client.js")
    yield client, client.as_posix()


if __name__ == "__main__":
    main(sys.argv[1])
