"""Commands as real processes that begin at once: one warm process forks a child for each.

A `python -m assetsync` takes half a second to import what it needs. The launcher imports it once and then forks; each
child is a process of its own, with its own sockets and files, and dies by SIGKILL like any other.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

from tests.cli.stage import PATIENCE, REPOSITORY, Ran

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType


class Child:
    """A command that runs, or has run: what it says goes to files. None is left running by `with`."""

    def __init__(self, launcher: Launcher, pid: int, out: Path, err: Path) -> None:
        self._launcher, self._pid, self._out, self._err = launcher, pid, out, err
        self._ended: Ran | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ended is None:
            os.kill(self._pid, signal.SIGKILL)
            self.end()

    def kill(self) -> None:
        """SIGKILL, and wait until nothing of the process is left."""
        os.kill(self._pid, signal.SIGKILL)
        ended = self.end()
        assert ended.code == -signal.SIGKILL, f"it left with {ended.code} before it could be killed: {ended.said}"

    def end(self) -> Ran:
        """Wait for its end."""
        self._ended = Ran(self._launcher.read_number(), self._out.read_text(), self._err.read_text())
        return self._ended


class Launcher:
    """`with Launcher() as launcher:` one command at a time."""

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="launcher-")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.launcher"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=PATIENCE)
        self._folder.cleanup()

    def start(self, *arguments: str, cwd: Path, **variables: str) -> Child:
        """The command in `cwd` with these variables and no others."""
        out, err = Path(self._folder.name, "out"), Path(self._folder.name, "err")
        job = {"arguments": arguments, "cwd": str(cwd), "out": str(out), "err": str(err), "variables": variables}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return Child(self, self.read_number(), out, err)

    def run(self, *arguments: str, cwd: Path, **variables: str) -> Ran:
        with self.start(*arguments, cwd=cwd, **variables) as child:
            return child.end()

    def read_number(self) -> int:
        """What the warm process tells next: the id of a child, or how the last one ended (negative: by a signal)."""
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


def serve() -> None:
    """Read a job a line; for each, tell the child's process id, and how it ended."""
    import assetsync
    import assetsync.cli.main

    for folder in ("apply", "cli", "local", "manifest", "plan", "report", "twilio"):
        for module in pkgutil.walk_packages([f"{assetsync.__path__[0]}/{folder}"], f"assetsync.{folder}."):
            importlib.import_module(module.name)
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        _tell(child)
        _, status = os.waitpid(child, 0)
        _tell(os.waitstatus_to_exitcode(status))


def _become(job: Mapping[str, Any]) -> NoReturn:
    from assetsync.cli.main import main

    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["variables"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, file in ((1, job["out"]), (2, job["err"])):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    code: Any = 0
    try:
        main(job["arguments"])
    except SystemExit as left:
        code = left.code or 0
    except BaseException:  # noqa: BLE001 - whatever it was, the child must not go on as the launcher
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
