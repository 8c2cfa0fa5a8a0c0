"""A reader who does what a page says: one shell with its folder, variables and last exit code, a command at a time."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.docs.pages import INTERRUPTED, Command, File, Script

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from tests.docs.pages import Meanwhile

PATIENCE = 60.0
LOCAL = "http://127.0.0.1:4080"
"""Where the pages say that the local service is; it is where the test has it."""

_ODD = (  # what no two runs have in common, and what a local service calls otherwise than Twilio does
    (re.compile(r"^(uploaded|fetched) \d+ of .*\n|^Build \S+ is building .*\n", re.MULTILINE), ""),  # now and then
    (re.compile(r"\b([A-Z]{2})[0-9a-f]{4}\.\.\.[0-9a-f]{4}\b"), r"\1#"),
    (re.compile(r"https?://([a-z0-9-]+\.(?:twil\.io|localhost))(?::\d+)?"), r"https://\1"),
    (re.compile(r"-\d{4}((?:-[a-z0-9-]+)?)\.(?:twil\.io|localhost)(?::\d+)?"), r"-#\1.twil.io"),
    (re.compile(r"(127\.0\.0\.1|\{domain\}):\d+"), r"\1:4080"),
    (re.compile(r"\b\d{8}T\d{6}Z"), "then"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "some day"),
    (re.compile(r"(?<![\d:])\d\d:\d\d(:\d\d(\.\d+)?)?\b"), "some time"),
    (re.compile(r"\b\d+(\.\d+)?(?= (ms|s)\b)"), "#"),
    (re.compile(r"\b\d+ (d|h|min)( \d+ (h|min))?\b"), "so long"),
    (re.compile(r"(?<!about )\b\d+(?= requests?,)"), "#"),  # a Build is asked for as long as it takes
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
)
_SID = re.compile(r"\b([A-Z]{2})?[0-9a-f]{32}\b")
_ELLIPSIS = "..."


def canonical(text: str) -> str:
    """What counts of an output. SIDs are numbered as they appear: which of them are the same counts, too."""
    seen: dict[str, str] = {}
    text = _SID.sub(lambda found: seen.setdefault(found[0], f"{found[1] or ''}#{len(seen) + 1}"), text)
    for odd, instead in _ODD:
        text = odd.sub(instead, text)
    return text.strip("\n") + "\n"


def agree(wanted: str, got: str) -> bool:
    """Whether the page tells the truth. `...` stands for any lines, at the end of a line for the rest of it."""
    if not any(row.rstrip().endswith(_ELLIPSIS) for row in wanted.splitlines()):
        return canonical(wanted) == canonical(got)
    rows = _numberless(canonical(wanted)).splitlines()
    return re.fullmatch("".join(map(_pattern, rows)), _numberless(canonical(got))) is not None


def _numberless(text: str) -> str:
    """Where something is left out, the first SID that is told may be another one."""
    return re.sub(r"#\d+\b", "#", text)


def _pattern(row: str) -> str:
    if row == _ELLIPSIS:
        return r"(?:.*\n)*?"
    if row.endswith(_ELLIPSIS):
        return re.escape(row.removesuffix(_ELLIPSIS)) + r".*\n"
    return re.escape(row) + r"\n"


class Session:
    """`root` is the reader's folder, `around` what else is there: where the local service is, and who may use it."""

    def __init__(self, root: Path, variables: Mapping[str, str], service: str) -> None:
        self.root, self._service = root, service
        self._state = root.parent / "shell"
        self._state.mkdir()
        (self._state / "cwd").write_text(str(root))
        (self._state / "variables").write_text("")
        (Path(variables["HOME"]) / ".curlrc").write_text("fail-with-body\nsilent\n")
        self._code = 0
        self._begun: list[subprocess.Popen[bytes]] = []
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._variables = {**variables, "PATH": programs, "PYTHONUNBUFFERED": "1", "COLUMNS": "100"}

    def write(self, file: File) -> None:
        target = Path((self._state / "cwd").read_text().strip()) / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.text)

    def script(self, script: Script) -> str:
        """What it printed. Raises AssertionError where it ends badly."""
        text = script.text if script.language == "sh" else f"python3 - <<'END'\n{script.text}\nEND"
        said = self._finish(self._begin(f"set -e\n{text}", keep=script.language == "sh"))
        assert self._code == 0, f"line {script.line}: left with {self._code}:\n{said}"
        return said

    def command(self, command: Command) -> str:
        """What it printed, as a terminal would show it; `code` says how it ended."""
        running = self._begin(command.text, keep=True)
        said = self._watch(running, command.meanwhile) if command.meanwhile else ""
        if command.is_interrupted:
            last = command.output.rstrip().removesuffix(INTERRUPTED).rstrip().splitlines()[-1]
            said += _read_until(running, said, last)
            os.killpg(running.pid, signal.SIGINT)
            said = said.rstrip("\n") + f"\n{INTERRUPTED}\n"
        return self._shown(said + self._finish(running))

    @property
    def code(self) -> int:
        return self._code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for running in self._begun:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.communicate()
            assert running.stdout is not None
            running.stdout.close()

    def _watch(self, running: subprocess.Popen[bytes], meanwhile: Meanwhile) -> str:
        said = _read_until(running, "", meanwhile.cue)
        self.script(Script(0, "sh", meanwhile.script))
        return said

    def _begin(self, text: str, *, keep: bool) -> subprocess.Popen[bytes]:
        """A shell that takes over where the last one was left."""
        after = 'code=$?; export -p > "$0/variables"; pwd > "$0/cwd"; exit $code' if keep else ""
        before = f'. "$0/variables"; cd "$(cat "$0/cwd")"; trap {_quoted(after)} EXIT; (exit {self._code})'
        running = subprocess.Popen(
            ["bash", "-c", f"{before}\n{text.replace(LOCAL, self._service)}", str(self._state)],
            env=self._variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._begun.append(running)
        return running

    def _finish(self, running: subprocess.Popen[bytes]) -> str:
        said, _none = running.communicate(timeout=PATIENCE)
        self._code = running.returncode
        return said.decode()

    def _shown(self, said: str) -> str:
        return said.replace(self._service, LOCAL).replace(str(self.root.parent), "/home/you")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _read_until(running: subprocess.Popen[bytes], said: str, cue: str) -> str:
    """What it prints until `cue` is among it, with what was `said` before."""
    assert running.stdout is not None
    descriptor, read, deadline = running.stdout.fileno(), b"", time.monotonic() + PATIENCE
    while _numberless(canonical(cue)).strip() not in _numberless(canonical(said + read.decode(errors="replace"))):
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        more = os.read(descriptor, 65536) if ready else b""
        if not more:
            raise AssertionError(f"it never said {cue!r}, but:\n{said}{read.decode(errors='replace')}")
        read += more
    return read.decode()
