"""No credential is ever told: not on a screen, not in a file, not in the list of processes, whatever goes wrong.

The law is stricter than "not whole": no twelve characters in a row of a password, of what the header says of it, or of
a proxy's, may stand anywhere that assetsync writes to.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.cli.fixtures import KEY
from tests.cli.held import Held, is_read, is_upload
from tests.cli.stage import Ran, Running
from tests.fakes.clock import HastyClock
from tests.fakes.wire_server import Drop, Outcome, Reply, Seen, WireServer
from tests.reliability.figures import LONG, note
from tests.reliability.liar import Liar, Truth, kind_of, put, texts
from tests.reliability.quoting import Quoting

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tests.cli.stage import Stage

pytestmark = pytest.mark.timeout(1800 if LONG else 290)

SUITE = "secrets"
WINDOW = 12
PROXY_USER, PROXY_PASSWORD = "proxy-user", "pw-of-the-proxy/%26+1"
ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")


@dataclass(frozen=True, slots=True)
class Secret:
    """A pair for Basic auth."""

    user: str
    password: str

    @property
    def windows(self) -> frozenset[bytes]:
        """All that gives the password away, twelve characters each; the header's beginning tells the user only."""
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode().rstrip("=")
        telling = token[-(-4 * (len(self.user) + 1) // 3) :]
        return frozenset(
            text[at : at + WINDOW].encode() for text in (self.password, telling) for at in range(len(text) - WINDOW + 1)
        )


class Watch:
    """What was told until now, and every file that assetsync has: none of it may hold a secret."""

    def __init__(self, stage: Stage, *secrets: Secret) -> None:
        self.stage, self.secrets = stage, secrets
        self.looked_at = 0

    def hold(self, *texts: str | bytes) -> None:
        """Fail when a text gives one of the secrets away."""
        for text in texts:
            raw = text if isinstance(text, bytes) else text.encode(errors="replace")
            self.looked_at += 1
            found = [window for secret in self.secrets for window in secret.windows if window in raw]
            assert not found, (found[0], raw[:4000])

    def run(self, *arguments: str) -> Ran:
        ran = self.stage.run(*arguments)
        self.hold(ran.said)
        assert "internal error" not in ran.said, ran.said
        if "json" in arguments:
            assert isinstance(ran.document, dict)
        else:
            assert not ACCOUNT.search(ran.said), ran.said
        return ran

    def files(self) -> set[str]:
        """Look at every file in the home and the project; their names."""
        found = [file for folder in (self.stage.root, self.home) for file in folder.rglob("*") if file.is_file()]
        self.hold(*(file.read_bytes() for file in found))
        return {file.name for file in found}

    @property
    def home(self) -> Path:
        return Path(os.environ["HOME"])


VOICES = ((), ("-v",), ("-q",), ("--format", "json"), ("--format", "json", "-v"), ("--color", "always", "-v"))
MARKDOWN = ("--format", "markdown", "-v")


def as_token(_monkeypatch: pytest.MonkeyPatch, stage: Stage) -> Secret:
    account = stage.emulator.core.account
    return Secret(account.sid, account.auth_token)


def as_key(monkeypatch: pytest.MonkeyPatch, _stage: Stage) -> Secret:
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    monkeypatch.setenv("TWILIO_API_KEY", KEY.sid)
    monkeypatch.setenv("TWILIO_API_SECRET", KEY.secret)
    return Secret(KEY.sid, KEY.secret)


def as_profile(monkeypatch: pytest.MonkeyPatch, stage: Stage) -> Secret:
    account = stage.emulator.core.account.sid
    folder = stage.root.parent / "twilio-cli"  # outside of what is looked at: the user's own file has the secret
    folder.mkdir()
    profile = {"accountSid": account, "apiKey": KEY.sid, "apiSecret": KEY.secret}
    (folder / "config.json").write_text(json.dumps({"activeProject": "one", "profiles": {"one": profile}}))
    monkeypatch.setenv("TWILIO_CONFIG_DIR", str(folder))
    monkeypatch.delenv("TWILIO_ACCOUNT_SID")
    monkeypatch.delenv("TWILIO_AUTH_TOKEN")
    return Secret(KEY.sid, KEY.secret)


IDENTITIES = {"token": as_token, "key": as_key, "profile": as_profile}


@pytest.fixture(params=IDENTITIES)
def watch(request: pytest.FixtureRequest, live: Stage, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """A stage with live files, driven as one of three identities."""
    live.clock = HastyClock()
    return Watch(live, IDENTITIES[request.param](monkeypatch, live))


@pytest.fixture
def by_token(live: Stage, monkeypatch: pytest.MonkeyPatch) -> Watch:
    live.clock = HastyClock()
    return Watch(live, as_token(monkeypatch, live))


def test_no_command_tells_or_keeps_a_credential_however_much_it_says(watch: Watch) -> None:
    stage = watch.stage
    for number, voice in enumerate((*VOICES, MARKDOWN)):
        stage.write({"page-0.html": f"edit {number}"})
        plans = [
            ("plan", "--all", "--out", f"saved-{number}.json"),
            ("apply", f"saved-{number}.json"),
            ("apply", "--yes"),
        ]
        others = [("status",), ("gc", "--yes", "--builds-keep", "0"), ("explain", "public/page-0.html"), ("validate",)]
        others += [("init", "--force", "--name", "website", "--service", stage.service)]
        for command in plans if voice == MARKDOWN else [*plans, *others]:
            watch.run(*command, *voice).holds(0)
    watch.run("schema", "manifest").holds(0)
    assert {"saved-0.json", "journal.sqlite", "assetsync.yaml"} <= watch.files()
    note(SUITE, texts=watch.looked_at)


# Errors of every kind


def unicode_escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in text)


BODIES: dict[str, tuple[Callable[[str, str], str], str]] = {
    "as JSON": (lambda said, clear: json.dumps({"message": f"no {said}", "detail": clear, "code": 20001}), ""),
    "escaped": (lambda said, clear: f'{{"message": "{unicode_escaped(said + " " + clear)}"}}', ""),
    "with slashes escaped": (lambda said, _: '{"message": "' + said.replace("/", "\\/") + '"}', ""),
    "where it is cut": (lambda said, clear: json.dumps({"message": "x" * 280 + clear + said}), ""),
    "cut in the middle": (lambda _, clear: json.dumps({"message": "x" * (300 - len(clear) + 16) + clear}), ""),
    "as HTML": (lambda said, clear: f"<html><pre>Authorization: {said}\n{clear}</pre></html>", "text/html"),
    "as text of which the end is cut": (lambda said, clear: "x " * 80 + clear + said, "text/plain"),
    "before much more": (lambda said, clear: f"{clear} {said} " + "y" * 100_000, "text/plain"),
    "as no object": (lambda said, clear: json.dumps([said, clear]), ""),
}
STATUSES = (200, 302, 400, 401, 403, 404, 407, 429, 500, 503)


def test_a_service_that_quotes_the_request_is_not_quoted(watch: Watch) -> None:
    """In the reason, in each header and in the body, in several ways of writing; for each kind of answer."""
    cases = [(status, body) for status in STATUSES for body in BODIES]
    if not LONG:
        names = list(BODIES)
        cases = [(status, names[number % len(names)]) for number, status in enumerate((*STATUSES, *STATUSES[2:]))]
    watch.stage.write({"page-0.html": "edited"})
    commands = [
        ("plan", "-v"),
        ("status", "--format", "json"),
        ("apply", "--yes"),
        ("gc", "--yes", "-v"),
        ("plan", "-q"),
    ]
    for number, (status, name) in enumerate(cases):
        body, kind = BODIES[name]
        with Quoting(status, body, kind or "application/json") as server, pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("ASSETSYNC_API_URL", f"http://127.0.0.1:{server.port}")
            ran = watch.run(*commands[number % len(commands)])
        assert ran.code in ({0, 1, 3, 64} if status == 404 else {1, 77}), (status, name, ran.said)
        assert server.quoted[0].startswith("Basic "), (status, name)
    watch.files()
    note(SUITE, quoting_answers=len(cases))


def test_a_service_that_puts_them_into_what_it_holds_is_not_quoted_either(by_token: Watch) -> None:
    """Into paths, names, domains, whatever a success tells; a plan that was saved so can still be applied."""
    watch, stage = by_token, by_token.stage
    foreign = stage.outside.upload("/foreign.txt")
    ours = [each["sid"] for each in (stage.outside.live() or {})["asset_versions"]]
    stage.outside.publish("production", foreign, *ours)
    (secret,) = watch.secrets
    token = base64.b64encode(f"{secret.user}:{secret.password}".encode()).decode()
    tried = 0
    with Liar(stage.emulator) as liar, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("ASSETSYNC_API_URL", liar.url)
        stage.write({"page-0.html": "seen"})
        watch.run("plan").holds(0)
        watch.run("status").holds(0)
        kinds = {
            (told.kind, tuple(step for step in way if isinstance(step, str)))
            for told in liar.told
            for way in texts(told.document)
        }
        for number, (kind, keys) in enumerate(sorted(kinds)):
            if not LONG and number % 9 and keys[-1] not in {"path", "domain_name", "friendly_name"}:
                continue

            def lie(seen: Seen, truth: Truth) -> Outcome:
                reply = truth()
                document = json.loads(reply.body)
                ways = [way for way in texts(document) if tuple(step for step in way if isinstance(step, str)) == keys]  # noqa: B023
                for way in ways if kind_of(seen) == kind else ():  # noqa: B023
                    put(document, way, f"/{secret.password}/{token}")
                return Reply(reply.status, json.dumps(document).encode(), reply.headers)

            liar.lie = lie
            for command in (("plan", "-v"), ("plan", "--format", "json"), ("plan", *MARKDOWN), ("status",)):
                watch.run(*command)
                tried += 1
        liar.lie = about_path(f"/{token}.txt")
        watch.run("plan", "--out", "saved.json").holds(0)
        assert '"path": "/[hidden]' in (stage.root / "saved.json").read_text()
        watch.run("apply", "saved.json").holds(0)
    watch.files()
    note(SUITE, quoting_values=tried)


def about_path(path: str) -> Callable[[Seen, Truth], Outcome]:
    """The foreign file is told to be live at another path."""

    def lie(_seen: Seen, truth: Truth) -> Outcome:
        reply = truth()
        body = reply.body.replace(b'"path":"/foreign.txt"', b'"path":"' + path.encode() + b'"')
        return Reply(reply.status, body, reply.headers)

    return lie


def test_a_service_that_cannot_be_reached_is_told_of_without_them(by_token: Watch) -> None:
    """No name, no port, no TLS, a connection that is lost."""
    watch = by_token
    watch.stage.write({"page-0.html": "edited"})
    with WireServer(lambda _seen: Drop()) as lost:
        for url, words in (
            ("http://no-such-host.invalid", "the connection could not be made"),
            ("https://no-such-host.invalid", "the connection could not be made"),
            ("http://127.0.0.1:1", "the connection could not be made"),
            (lost.url.replace("http:", "https:"), "the connection could not be made"),
            (lost.url, "the connection was lost"),
        ):
            with pytest.MonkeyPatch.context() as monkeypatch:
                monkeypatch.setenv("ASSETSYNC_API_URL", url)
                for voice in VOICES if LONG else VOICES[1::3]:
                    watch.run("plan", *voice).holds(1, words)
                watch.run("apply", "--yes", "-v").holds(1, words)
    watch.files()
    note(SUITE, unreachable=5)


@contextmanager
def proxied(port: int, *, scheme: str = "http") -> Iterator[None]:
    """A service on another machine that only a proxy with a password leads to."""
    user = f"{PROXY_USER}:{PROXY_PASSWORD.replace('/', '%2F').replace('%26', '%2526')}"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("ASSETSYNC_API_URL", f"{scheme}://serverless.invalid")
        for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{user}@127.0.0.1:{port}")
        yield


def test_a_proxy_and_its_password_are_not_quoted(by_token: Watch) -> None:
    watch = Watch(by_token.stage, *by_token.secrets, Secret(PROXY_USER, PROXY_PASSWORD))
    watch.stage.write({"page-0.html": "edited"})
    tried = 0
    for scheme in ("http", "https"):
        for status, name in ((407, "as HTML"), (502, "as JSON"), (403, "escaped")):
            body, kind = BODIES[name]
            with Quoting(status, body, kind or "application/json") as proxy, proxied(proxy.port, scheme=scheme):
                for voice in VOICES if LONG else VOICES[1:4]:
                    watch.run("plan", *voice).holds(1)
                    tried += 1
            sent = base64.b64encode(f"{PROXY_USER}:{PROXY_PASSWORD}".encode()).decode()
            assert any(sent in said for said in proxy.quoted), (scheme, proxy.quoted)
        with proxied(1, scheme=scheme):
            watch.run("plan", "-v").holds(1, "the connection could not be made")
    for url in (
        f"http://u:{PROXY_PASSWORD}@[bad",
        f"nonsense://u:{PROXY_PASSWORD}@x",
        f"http://u:{PROXY_PASSWORD}@x:99999",
    ):
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("ASSETSYNC_API_URL", f"https://u:{PROXY_PASSWORD}@serverless.invalid")
            watch.run("plan", "-v").holds(64, "ASSETSYNC_API_URL")
            monkeypatch.setenv("ASSETSYNC_API_URL", "https://serverless.invalid")
            monkeypatch.setenv("HTTPS_PROXY", url)
            watch.run("plan", "-v").holds(64, "HTTPS_PROXY")
    watch.files()
    note(SUITE, quoting_proxies=tried)


def test_a_secret_that_a_manifest_takes_from_a_variable_is_not_told(by_token: Watch) -> None:
    watch = by_token
    manifest = watch.stage.root / "assetsync.yaml"
    for field, text in (
        ("service: ", "service: ${TWILIO_AUTH_TOKEN} #"),
        ("- name: ", "- name: ${TWILIO_AUTH_TOKEN}!\n    #"),
    ):
        watch.stage.manifest()
        manifest.write_text(manifest.read_text().replace(field, text, 1))
        for command in (("validate",), ("plan",), ("plan", "--format", "json"), ("plan", *MARKDOWN), ("status",)):
            watch.run(*command)
    watch.files()


def test_a_secret_that_is_no_text_is_named_by_its_variable(by_token: Watch) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setitem(os.environ, "TWILIO_AUTH_TOKEN", "ab\udcff" + "c" * 30)
        for voice in VOICES:
            by_token.stage.run("plan", *voice).holds(77, "The secret holds bytes that are no text")


# Crashes


class Broken(HastyClock):
    """A mistake of ours, deep inside and in any thread, whose message holds a secret."""

    def __init__(self, secret: Secret, good: int) -> None:
        super().__init__()
        self._secret, self._good = secret, good

    def now(self) -> datetime:
        self._good -= 1
        if self._good < 0:
            self._fail(self._secret.password)
        return super().now()

    def wait(self, seconds: float, cancelled: threading.Event) -> None:
        self._fail(f"{seconds} {cancelled} {self._secret.password}")

    def _fail(self, secret: str) -> NoReturn:
        raise RuntimeError(f"unexpected {self._secret!r}") from KeyError(secret)


def test_a_mistake_of_ours_is_told_by_its_place_alone(by_token: Watch) -> None:
    watch, stage = by_token, by_token.stage
    (secret,) = watch.secrets
    places = set()
    for number, good in enumerate((0, 1, 2, 3, 5, 8)):
        stage.write({"page-0.html": f"edit {number}", f"new-{number}.txt": "new"})
        for command in (
            ("plan",),
            ("apply", "--yes", "-v"),
            ("apply", "--yes", "--format", "json"),
            ("plan", *MARKDOWN),
        ):
            stage.clock = Broken(secret, good)
            ran = stage.run(*command)
            watch.hold(ran.said)
            if ran.code:
                assert ran.holds(1).said.count("internal error: RuntimeError in ") >= 1, ran.said
                places.add(re.search(r"in (\w+\.py), line \d+", ran.said)[1])  # type: ignore[index]
                if "json" in command:
                    assert ran.document["errors"][0]["message"].startswith("internal error: RuntimeError")
    assert "transport.py" in places
    stage.clock = HastyClock()
    watch.run("apply", "--yes").holds(0)
    watch.run("plan", "--detailed-exitcode").holds(0)
    watch.files()
    note(SUITE, crashes=24)


@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV], ids=lambda each: each.name)
def test_a_process_that_dies_with_a_dump_of_its_stacks_tells_nothing(by_token: Watch, number: signal.Signals) -> None:
    watch = by_token
    watch.stage.write({"page-0.html": "edited", "new.txt": "new"})
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in ("PYTHONFAULTHANDLER", "PYTHONDEVMODE"):
            monkeypatch.setenv(name, "1")
        with (
            Held(watch.stage.emulator.core, is_upload) as held,
            Running("apply", "--yes", "-v", "--concurrency", "2") as running,
        ):
            held.wait_for(1)
            running.signal(number)
            ended = running.end()
    # Python's own dump of threads that go on meanwhile may end in another fault.
    assert ended.code in {-number, -signal.SIGSEGV, -signal.SIGBUS}
    assert "Fatal Python error" in ended.err
    assert '.py"' in ended.err  # of which thread is told first, and how far, differs
    watch.hold(ended.said)
    watch.files()


# The list of processes


def descendants(pid: int) -> Iterator[int]:
    """The process and all that it began, itself or through others, each thread's."""
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from descendants(int(child))


def seen_by_all(pid: int) -> bytes:
    """What anybody may read of a process: its command line, its name, its status, and of its threads."""
    process = Path(f"/proc/{pid}")
    found = [process / "cmdline", process / "comm", process / "stat", process / "status", process / "wchan"]
    found += [thread / "comm" for thread in (process / "task").iterdir()]
    return b"\n".join(file.read_bytes() for file in found)


def test_no_list_of_processes_shows_a_credential(by_token: Watch) -> None:
    watch = by_token
    watch.stage.write({"page-0.html": "edited", "new.txt": "new"})
    seen = 0
    for command, which in ((("plan", "-v"), is_read), (("apply", "--yes", "--concurrency", "2"), is_upload)):
        with Held(watch.stage.emulator.core, which) as held, Running(*command) as running:
            held.wait_for(1)
            shown = [seen_by_all(pid) for pid in descendants(running.process.pid)]
            held.release()
            running.end().holds(0)
        assert shown[0].startswith(b"/") or b"assetsync" in shown[0]
        watch.hold(*shown)
        seen += len(shown)
    note(SUITE, processes=seen)


def test_the_local_service_knows_nothing_of_the_users_own_credentials(by_token: Watch) -> None:
    """Its own token it prints, for that is its purpose, and a command with --local does not."""
    watch = by_token
    state = watch.home / "data/local"
    with Running("emulator", "--port", "0") as running:
        said = running.read_until("TWILIO_AUTH_TOKEN=")
        watch.hold(*(seen_by_all(pid) for pid in descendants(running.process.pid)))
        token = json.loads((state / "server.json").read_text())["auth_token"]
        watch.stage.write({"page-0.html": "edited"})
        for voice in ((), ("-v",), ("--format", "json")):
            ran = watch.stage.run("apply", "--local", "--yes", *voice).holds(0)
            assert token not in ran.said
            watch.hold(ran.said)
        running.signal(signal.SIGTERM)
        ended = running.end()
    watch.hold(said, ended.said)
    assert "lock" in watch.files()


# Who may read the files


def modes(folder: Path) -> dict[str, int]:
    return {str(each): stat.S_IMODE(each.stat().st_mode) for each in (folder, *folder.rglob("*"))}


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o022, 0o077])
def test_what_is_kept_is_for_the_users_eyes_alone(live: Stage, tmp_path: Path, umask: int) -> None:
    """Whatever the umask, and also in the place of a file that everybody could read."""
    cache, plan = tmp_path / f"{umask}/deeper/cache", live.root / "saved.json"
    plan.write_text("{}")
    plan.chmod(0o666)
    live.write({"new.txt": "new"})
    before = os.umask(umask)
    try:
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("ASSETSYNC_CACHE_DIR", str(cache))
            monkeypatch.setenv("ASSETSYNC_DATA_DIR", str(tmp_path / f"{umask}/data"))
            live.run("plan", "--out", str(plan)).holds(0)
            live.run("apply", str(plan)).holds(0)
            live.run("apply", "--local", "--yes", "--exit").holds(0)
            assert stat.S_IMODE(plan.stat().st_mode) == 0o600
            kept = modes(tmp_path / str(umask))
            (cache / "journal.sqlite").chmod(0o644)
            live.run("plan").holds(0)
            assert stat.S_IMODE((cache / "journal.sqlite").stat().st_mode) == 0o600
    finally:
        os.umask(before)
    files = {Path(name).name for name in kept if Path(name).is_file()}
    assert {"journal.sqlite", "server.json"} <= files or "journal.sqlite" in files
    open_to_others = {name: oct(mode) for name, mode in kept.items() if mode & 0o077 and not below_private(name, kept)}
    assert open_to_others == {}
    for name, mode in kept.items():
        if str(cache) in name:
            assert mode == (0o700 if Path(name).is_dir() else 0o600), name
    note(SUITE, private_files=len(files))


def below_private(name: str, kept: dict[str, int]) -> bool:
    """Whether a folder above it keeps everybody else out."""
    return any(kept.get(str(parent), 0o777) & 0o077 == 0 for parent in Path(name).parents)


def test_the_account_is_whole_in_json_alone(by_token: Watch) -> None:
    """`account_sid` is part of the plan's and the status's contract; a person gets its ends."""
    watch, account = by_token, by_token.stage.emulator.core.account.sid
    short = f"{account[:6]}...{account[-4:]}"
    watch.stage.write({"page-0.html": "edited"})
    for name in ("plan", "status"):
        assert short in watch.run(name).holds(0).out
        assert short in watch.run(name, "-v", "--color", "always").holds(0).out
    for command in (("plan", "--out", "saved.json"), ("apply", "saved.json"), ("gc", "--dry-run"), ("plan", *MARKDOWN)):
        watch.run(*command).holds(0)
    for name in ("plan", "status"):
        assert watch.run(name, "--format", "json").holds(0).document["account_sid"] == account
    assert watch.run("plan", "--format", "json").plan["account_sid"] == account  # which the published schema demands
    edited = json.loads((watch.stage.root / "saved.json").read_text()) | {"account_sid": "AC" + "0" * 32}
    (watch.stage.root / "saved.json").write_text(json.dumps(edited))
    watch.run("apply", "saved.json").holds(4, f"it is for the account AC0000...0000, this run for {short}")
