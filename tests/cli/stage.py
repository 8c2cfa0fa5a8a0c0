"""Where the command line is driven: a project folder, a clean environment, the local service on a real socket."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx
import jsonschema_rs

from assetsync.cli.invocation import invoke
from assetsync.cli.main import group

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import pytest

    from assetsync.emulator.server import RunningEmulator
    from assetsync.twilio.retry import Clock

REPOSITORY = Path(__file__).parents[2]
INHERITED = ("TWILIO_", "ASSETSYNC_", "GITHUB_")
PATIENCE = 60.0
"""Seconds that a subprocess may take to say what it has to say."""

_PLAN_SCHEMA = jsonschema_rs.validator_for(json.loads((REPOSITORY / "schema/plan.schema.json").read_text()))

Json = dict[str, Any]


def clean_environment(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Nothing of the machine that runs the tests reaches the command."""
    for name in list(os.environ):
        if name.startswith(INHERITED) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "PY_COLORS", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("ASSETSYNC_CACHE_DIR", str(home / "cache"))
    monkeypatch.setenv("ASSETSYNC_DATA_DIR", str(home / "data"))


def connect(monkeypatch: pytest.MonkeyPatch, emulator: RunningEmulator) -> None:
    """The variables by which any client uses a running local service."""
    monkeypatch.setenv("ASSETSYNC_API_URL", emulator.url)
    monkeypatch.setenv("ASSETSYNC_SITE_URL", f"http://{{domain}}:{emulator.port}")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", emulator.core.account.sid)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", emulator.core.account.auth_token)


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished command. `requests` are (method, path) of what the service's API was asked meanwhile."""

    code: int
    out: str
    err: str
    requests: tuple[tuple[str, str], ...] = ()

    @property
    def said(self) -> str:
        return self.out + self.err

    @property
    def flat(self) -> str:
        """Everything said, in one line."""
        return " ".join(self.said.split())

    @property
    def writes(self) -> tuple[tuple[str, str], ...]:
        return tuple(each for each in self.requests if each[0] != "GET")

    @property
    def document(self) -> Json:
        """Standard output as the one JSON document that it must be."""
        found: Json = json.loads(self.out)
        return found

    @property
    def plan(self) -> Json:
        """The same, held against the published schema."""
        found = self.document
        _PLAN_SCHEMA.validate(found)
        return found

    def holds(self, code: int, *fragments: str) -> Self:
        """Fail unless it left with `code`, without a traceback, and said each fragment."""
        assert self.code == code, (self.code, self.said)
        assert "Traceback" not in self.said
        for fragment in fragments:
            assert fragment in self.flat, f"{fragment!r} is not in {self.said}"
        return self


class Outside:
    """One Service as an outsider sees it: raw JSON over plain httpx. It is also how other tools act."""

    def __init__(self, emulator: RunningEmulator, service: str) -> None:
        self.emulator, self.service = emulator, service
        account = emulator.core.account
        self._http = httpx.Client(
            base_url=f"{emulator.url}/v1", auth=(account.sid, account.auth_token), trust_env=False, timeout=30
        )
        self._visitor = httpx.Client(trust_env=False, timeout=30)

    def close(self) -> None:
        self._http.close()
        self._visitor.close()

    def get(self, path: str = "", **params: Any) -> Any:
        answer = self._http.get(f"/Services/{self.service}{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def every(self, path: str) -> list[Json]:
        page = self.get(path, PageSize=1000)
        assert page["meta"]["next_page_url"] is None
        found: list[Json] = page[page["meta"]["key"]]
        return found

    def post(self, path: str, data: Mapping[str, Any] | None = None) -> Any:
        answer = self._http.post(f"/Services/{self.service}{path}", data=dict(data or {}))
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    def delete(self, path: str) -> None:
        answer = self._http.delete(f"/Services/{self.service}{path}")
        assert answer.status_code == 204, answer.text

    def new_service(self, *environments: tuple[str, str], name: str | None = None) -> None:
        """The Service, and Environments as (name, suffix)."""
        name = name or self.service
        self._http.post("/Services", data={"UniqueName": name, "FriendlyName": name}).raise_for_status()
        for unique_name, suffix in environments:
            self.new_environment(unique_name, suffix)

    def new_environment(self, name: str, suffix: str = "") -> None:
        self.post("/Environments", {"UniqueName": name, **({"DomainSuffix": suffix} if suffix else {})})

    def upload(
        self,
        path: str,
        content: bytes = b"foreign",
        *,
        visibility: str = "public",
        kind: str = "Assets",
        name: str = "",
    ) -> str:
        """A new Asset (or Function) with one Version; the Version's SID."""
        item = self.post(f"/{kind}", {"FriendlyName": name or path})["sid"]
        return self.add_version(item, path, content, visibility=visibility, kind=kind)

    def add_version(
        self,
        item: str,
        path: str,
        content: bytes,
        *,
        visibility: str = "public",
        kind: str = "Assets",
        content_type: str = "text/plain",
    ) -> str:
        answer = self._http.post(
            f"/Services/{self.service}/{kind}/{item}/Versions",
            data={"Path": path, "Visibility": visibility},
            files={"Content": ("file", content, "application/javascript" if kind == "Functions" else content_type)},
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["sid"])

    def publish(self, environment: str, *versions: str, functions: tuple[str, ...] = (), **more: str) -> str:
        """One Build of these Versions, deployed; its SID."""
        data = {"AssetVersions": list(versions), "FunctionVersions": list(functions), **more}
        build = str(self.post("/Builds", {key: value for key, value in data.items() if value})["sid"])
        sid = self.environment(environment)["sid"]
        self.post(f"/Environments/{sid}/Deployments", {"BuildSid": build})
        return build

    def assets(self) -> dict[str, str]:
        """Friendly names by SID."""
        return {each["sid"]: each["friendly_name"] for each in self.every("/Assets")}

    def environment(self, name: str) -> Json:
        return next(each for each in self.every("/Environments") if each["unique_name"] == name)

    def live(self, name: str = "production") -> Json | None:
        sid = self.environment(name)["build_sid"]
        return None if sid is None else dict(self.get(f"/Builds/{sid}"))

    def paths(self, name: str = "production") -> dict[str, str]:
        """What is live: visibility by path."""
        build = self.live(name)
        return {each["path"]: each["visibility"].lower() for each in (build["asset_versions"] if build else ())}

    def visit(self, path: str, name: str = "production", **headers: str) -> httpx.Response:
        """A GET on the site, through loopback with the site's name in the Host header."""
        host = f"{self.environment(name)['domain_name']}:{self.emulator.port}"
        return self._visitor.get(f"{self.emulator.url}{path}", headers={"Host": host, **headers})

    def visit_url(self, url: str) -> httpx.Response:
        """A GET on a printed URL, whose name is looked up by nobody."""
        where = httpx.URL(url)
        host = where.netloc.decode()
        return self._visitor.get(where.copy_with(host="127.0.0.1"), headers={"Host": host})


class Stage:
    """A project of its own with a Service name of its own, and the command line over it.

    `clock` is what the command's requests wait by; None is the real one.
    """

    def __init__(
        self, root: Path, emulator: RunningEmulator, outside: Outside, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.root, self.emulator, self.outside, self._capsys = root, emulator, outside, capsys
        self.service = outside.service
        self.clock: Clock | None = None

    def run(self, *arguments: str) -> Ran:
        """The command in this process, as `main` runs it."""
        self._capsys.readouterr()
        self.emulator.core.requests.clear()
        code = invoke(group(), arguments, self.clock)
        said = self._capsys.readouterr()
        asked = tuple((each.method, each.path) for each in self.emulator.core.requests.api())
        return Ran(code, said.out, said.err, asked)

    def apply(self, *arguments: str) -> Ran:
        """An apply that must succeed, whatever is missing."""
        return self.run("apply", "--yes", "--create-service", *arguments).holds(0)

    def write(self, files: Mapping[str, bytes | str], folder: str = "public") -> None:
        for relative, content in files.items():
            file = self.root / folder / relative
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)

    def manifest(self, folders: str = "", *, more: str = "", environments: str = "", name: str = "website") -> Path:
        """Write assetsync.yaml; `folders` continues the one mapping, `more` ends the document."""
        file = self.root / "assetsync.yaml"
        file.write_text(
            f"version: 1\nname: {name}\nservice: {self.service}\nenvironments:\n"
            f"{environments or '  - name: production'}\n"
            f"folders:\n  - source: public\n    target: /\n    visibility: public\n{folders}{more}"
        )
        return file


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "assetsync", *arguments]


def run_process(*arguments: str, **variables: str) -> Ran:
    """The command as a process of its own, without a terminal."""
    done = subprocess.run(
        command(*arguments),
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
        env={**os.environ, **variables},
    )
    return Ran(done.returncode, done.stdout, done.stderr)


class Running:
    """A command that runs in a process of its own; standard output and error are told apart."""

    def __init__(self, *arguments: str, cwd: Path | None = None) -> None:
        self.process = subprocess.Popen(
            command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )

    def signal(self, number: signal.Signals = signal.SIGINT) -> None:
        self.process.send_signal(number)

    def read_until(self, text: str, *, error: bool = False) -> str:
        """What it says on one of its outputs until `text` is among it."""
        stream = self.process.stderr if error else self.process.stdout
        assert stream is not None
        return _read_until(stream.fileno(), text)

    def end(self, within: float = PATIENCE) -> Ran:
        """Wait for its end. What was read before is not in the result."""
        out, err = self.process.communicate(timeout=within)
        return Ran(self.process.returncode, out.decode(), err.decode())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


class Terminal:
    """A command on a pseudo-terminal: all that a person would see, and what they type."""

    def __init__(self, *arguments: str, cwd: Path | None = None, stdout: int | None = None) -> None:
        # A runner that was started by `nohup` ignores that its terminal is closed, and so would all that it starts.
        self._open(["env", "--default-signal=HUP", *command(*arguments)], cwd, stdout)

    def _open(self, words: list[str], cwd: Path | None, stdout: int | None) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            words,
            stdin=slave,
            stdout=slave if stdout is None else stdout,
            stderr=slave,
            cwd=cwd,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "200"},
        )
        os.close(slave)
        self.seen = ""

    def read_until(self, text: str) -> str:
        found = _read_until(self._master, text)
        self.seen += found
        return found

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def enter(self, text: str) -> None:
        self.press(f"{text}\n")

    def end(self) -> Ran:
        """Read to the end and wait."""
        with contextlib.suppress(OSError):  # EIO: the other side is closed
            while select.select([self._master], [], [], PATIENCE)[0]:
                piece = os.read(self._master, 65536)
                if not piece:
                    break
                self.seen += piece.decode(errors="replace")
        return Ran(self.process.wait(PATIENCE), self.seen, "")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)


class Shell(Terminal):
    """A shell with job control, which has been given a first line."""

    def __init__(self, line: str) -> None:
        self._open(["setsid", "--ctty", "--wait", "bash", "--norc", "--noprofile", "-i"], None, None)
        self.enter(line)


def _read_until(descriptor: int, text: str) -> str:
    deadline = time.monotonic() + PATIENCE
    found = b""
    while text.encode() not in found:
        left = deadline - time.monotonic()
        assert left > 0, f"{text!r} did not come, but {found!r}"
        if not select.select([descriptor], [], [], left)[0]:
            continue
        try:
            piece = os.read(descriptor, 65536)
        except OSError:
            piece = b""
        assert piece, f"it ended before {text!r} came, after {found!r}"
        found += piece
    return found.decode(errors="replace")
