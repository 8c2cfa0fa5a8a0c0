"""The same files as a project of assetsync and as one of the Serverless Toolkit."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.turns import Ran, memory, run
from tests.fakes.npm import installed, program

if TYPE_CHECKING:
    from benchmarks.service import Service

_MANIFEST = """\
version: 1
name: benchmark
service: {service}
environments: [{{name: dev}}]
folders: [{{source: assets, target: /, visibility: public}}]
"""
_REDIRECT = Path(__file__).parents[1] / "tests/interop/node/redirect.cjs"


@dataclass(frozen=True, slots=True)
class Site:
    """A folder with `assets`, and whatever else the tools need."""

    root: Path

    @classmethod
    def made(cls, root: Path, files: int, size: int, *, ending: str = ".txt", folders: int = 20) -> Site:
        """`files` of `size` random bytes each, in `folders` folders."""
        for number in range(files):
            file = root / f"assets/{number % folders:03}/{number:06}{ending}"
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as out:
                for _ in range(size >> 20):
                    out.write(os.urandom(1 << 20))
                out.write(os.urandom(size % (1 << 20)))
        (root / "assetsync.yaml").write_text(_MANIFEST.format(service="ours"))
        (root / "package.json").write_text(json.dumps({"name": "theirs", "version": "1.0.0", "dependencies": {}}))
        (root / ".env").write_text("")
        return cls(root)

    @property
    def files(self) -> list[Path]:
        return sorted(each for each in (self.root / "assets").rglob("*") if each.is_file())

    def edit(self, number: int = 0) -> None:
        """Another content of the same size."""
        file = self.files[number]
        file.write_bytes(os.urandom(file.stat().st_size))

    def forget(self) -> None:
        """The hash cache and the journal."""
        shutil.rmtree(self.root / ".cache", ignore_errors=True)

    def assetsync(self, service: Service | None, *arguments: str, expected: int = 0) -> Ran:
        return run([_assetsync(), *arguments], self.root, self._variables(service), expected=expected)

    def memory_of(self, service: Service | None, *arguments: str) -> int:
        """Peak bytes in RAM of `assetsync` with these arguments."""
        return memory([_assetsync(), *arguments], self.root, self._variables(service))

    def _variables(self, service: Service | None) -> dict[str, str]:
        return {"ASSETSYNC_CACHE_DIR": str(self.root / ".cache")} | (service.variables if service else {})

    def twilio_run(self, service: Service, *arguments: str, concurrency: int | None = None) -> Ran:
        """`twilio-run deploy` to a Service of its own, its requests sent to the local service."""
        more = {"TWILIO_SERVERLESS_API_CONCURRENCY": str(concurrency)} if concurrency else {}
        return run(
            [
                *(program("node"), "--require", _REDIRECT, twilio_run()),
                *("deploy", "--override-existing-project", *arguments),
                *("--username", service.account, "--password", service.token),
            ],
            self.root,
            {"ASSETSYNC_INTEROP_URL": service.url, "CI": "1", "HOME": str(self.root)} | more,
        )


def twilio_run() -> Path:
    return installed("twilio-run@5") / "node_modules/twilio-run/bin/twilio-run.js"


def _assetsync() -> str:
    """The command as it is installed beside this Python: what a user runs."""
    return str(Path(sys.executable).with_name("assetsync"))
