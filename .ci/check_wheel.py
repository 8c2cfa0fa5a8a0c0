"""Build the wheel and see that the schemas are in it, byte for byte, and that it is found from there."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path


def main(folder: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, "."], check=True)
    wheel = next(Path(folder).glob("assetsync-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        for schema in Path("schema").glob("*.json"):
            if archive.read(f"assetsync/schema/{schema.name}") != schema.read_bytes():
                raise SystemExit(f"{schema} in the wheel is not the one in the repository")
        if "assetsync/py.typed" not in archive.namelist():
            raise SystemExit("py.typed is not in the wheel")
    sys.stdout.write(f"{wheel.name} holds the schemas\n")


if __name__ == "__main__":
    main(sys.argv[1])
