"""The local service of a state folder: one process serves it, the others find it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from assetsync.emulator.address import Address, answers, read_address
from assetsync.emulator.faults.document import parse_faults
from assetsync.emulator.local import LocalService, open_local, serve
from assetsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _no_pause(_seconds: float) -> None:
    pass


def _authenticated(local: LocalService) -> int:
    auth = (local.account_sid, local.auth_token)
    return httpx.get(f"{local.url}/v1/Services", auth=auth, trust_env=False).status_code


def test_the_first_starts_it_and_the_next_find_it(tmp_path: Path) -> None:
    with open_local(tmp_path, port=0) as first:
        with open_local(tmp_path, port=0) as second:
            assert (first.started_here, second.started_here) == (True, False)
            assert second.address == first.address
            assert second.site_url == f"http://{{domain}}:{httpx.URL(first.url).port}"
            assert _authenticated(second) == 200
            second.bend(parse_faults(b"rules: [{match: /v1/**, answer: 500}]", "faults"))
            assert second.one_site_url is None
        assert _authenticated(first) == 200
        assert first.auth_token not in repr(first.address)
    assert read_address(tmp_path) is None
    first.close()


def test_the_address_is_for_its_owner_only_and_names_the_process(tmp_path: Path) -> None:
    with open_local(tmp_path, port=0) as local:
        file = tmp_path / "server.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(file.read_text()) == {
            "pid": os.getpid(),
            "url": local.url,
            "account_sid": local.account_sid,
            "auth_token": local.auth_token,
        }


def test_the_credentials_stay_with_the_folder(tmp_path: Path) -> None:
    with open_local(tmp_path, port=0) as first:
        pass
    with open_local(tmp_path, port=0) as again:
        assert (again.account_sid, again.auth_token) == (first.account_sid, first.auth_token)


def test_a_taken_port_is_replaced_by_a_free_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, open_local(tmp_path, taken.getsockname()[1]) as local:
        assert _authenticated(local) == 200


def test_a_stale_address_deceives_nobody(tmp_path: Path) -> None:
    stale = {"pid": 1, "url": "http://127.0.0.1:1", "account_sid": "AC1", "auth_token": "x"}
    (tmp_path / "server.json").write_text(json.dumps(stale))
    with open_local(tmp_path, port=0) as local:
        assert local.started_here
        assert local.account_sid != "AC1"


def test_another_account_at_the_address_is_not_taken_for_ours(tmp_path: Path) -> None:
    with open_local(tmp_path, port=0) as local:
        assert answers(local.address)
        assert not answers(Address(local.url, "AC1", "x"))
    assert not answers(local.address)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": "x"}'])
def test_a_holder_that_never_answers_is_an_error_after_a_bounded_wait(tmp_path: Path, text: str) -> None:
    with open_local(tmp_path, port=0):
        (tmp_path / "server.json").write_text(text)
        pauses: list[float] = []
        with pytest.raises(UsageError, match="does not answer") as problem:
            open_local(tmp_path, port=0, pause=pauses.append)
        assert problem.value.hint
        assert len(pauses) == 100


def test_a_holder_that_is_still_starting_is_waited_for(tmp_path: Path) -> None:
    with open_local(tmp_path, port=0) as local:
        address = (tmp_path / "server.json").read_text()
        (tmp_path / "server.json").unlink()

        def write_it(_seconds: float) -> None:
            (tmp_path / "server.json").write_text(address)

        with open_local(tmp_path, port=0, pause=write_it) as second:
            assert second.url == local.url


def test_an_unusable_folder_is_an_error_and_leaves_no_lock(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be used"):
        open_local(tmp_path / "file", port=0)
    state = tmp_path / "state"
    state.mkdir()
    (state / "state.sqlite3").write_bytes(b"not a database" * 100)
    for _ in range(2):
        with pytest.raises(UsageError, match=r"is not a state folder|cannot be used"):
            open_local(state, port=0, pause=_no_pause)


def test_an_address_that_cannot_be_written_stops_what_was_started(tmp_path: Path) -> None:
    open_local(tmp_path, port=0).close()
    (tmp_path / "server.json").mkdir()
    with pytest.raises(UsageError, match="cannot be used: Is a directory"):
        open_local(tmp_path, port=0)
    assert not list(tmp_path.glob("*.tmp"))
    (tmp_path / "server.json").rmdir()
    with open_local(tmp_path, port=0) as local:
        assert local.started_here


def test_waiting_ends_with_close(tmp_path: Path) -> None:
    local = open_local(tmp_path, port=0)
    waiter = threading.Thread(target=local.wait_until_stopped)
    waiter.start()
    local.close()
    waiter.join(30)
    assert not waiter.is_alive()


STAYS = "Another command still uses this local service, which ends after it. Ctrl-C ends it now.\n"

USE = """
import pathlib, sys
from assetsync.emulator.local import open_local
with open_local(pathlib.Path(sys.argv[1]), port=0) as local:
    print(local.started_here, local.url, flush=True)
    sys.stdin.readline()
"""


class User:
    """A process that uses the local service of a folder until it is told to end."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        command = [sys.executable, "-W", "error", "-c", USE, str(folder)]
        pipe = subprocess.PIPE
        self.process = stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True))
        stack.callback(self.process.kill)
        assert self.process.stdout is not None
        started, _, self.url = self.process.stdout.readline().strip().partition(" ")
        self.has_started_it = started == "True"

    def finish(self) -> None:
        """Tell it to end, and do not wait for that."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def says(self) -> str:
        """The next line of its standard error."""
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def end(self) -> tuple[int, str]:
        """The exit code, and what is left of its standard error."""
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, err


@pytest.fixture
def users(tmp_path: Path) -> Iterator[tuple[User, User]]:
    """The one that serves, and a guest."""
    with contextlib.ExitStack() as stack:
        owner, guest = User(tmp_path, stack), User(tmp_path, stack)
        assert (owner.has_started_it, guest.has_started_it) == (True, False)
        assert owner.url == guest.url
        yield owner, guest


def _is_served(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_emulator", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_the_one_that_serves_ends_after_its_guest(users: tuple[User, User]) -> None:
    owner, guest = users
    owner.finish()
    assert owner.says() == STAYS
    assert _is_served(guest.url)
    guest.finish()
    assert guest.end() == (0, "")
    assert owner.end() == (0, "")
    assert not _is_served(guest.url)


def test_a_guest_that_ends_first_ends_nothing_and_leaves_nobody_to_wait_for(users: tuple[User, User]) -> None:
    owner, guest = users
    guest.finish()
    assert guest.end() == (0, "")
    assert _is_served(owner.url)
    owner.finish()
    assert owner.end() == (0, "")
    assert not _is_served(owner.url)


def test_a_newcomer_may_come_while_the_one_that_serves_stays_for_another(
    users: tuple[User, User], tmp_path: Path
) -> None:
    owner, guest = users
    owner.finish()
    assert owner.says() == STAYS
    with contextlib.ExitStack() as stack:
        newcomer = User(tmp_path, stack)
        assert (newcomer.has_started_it, newcomer.url) == (False, owner.url)
        guest.finish()
        assert guest.end() == (0, "")
        assert _is_served(newcomer.url)
        newcomer.finish()
        assert newcomer.end() == (0, "")
    assert owner.end() == (0, "")


def test_a_guest_that_is_killed_is_waited_for_no_longer(users: tuple[User, User]) -> None:
    owner, guest = users
    owner.finish()
    assert owner.says() == STAYS
    guest.process.kill()
    assert owner.end() == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_wait_for_a_guest(users: tuple[User, User], number: int) -> None:
    owner, guest = users
    owner.finish()
    assert owner.says() == STAYS
    owner.process.send_signal(number)
    assert owner.end() == (0, "The local service ends while another command uses it.\n")
    assert not _is_served(guest.url)


def test_an_address_that_came_in_place_of_ours_is_not_forgotten(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with open_local(folder, port=0) as first:
        shutil.rmtree(folder)
        with open_local(folder, port=0) as second:
            first.close()
            assert read_address(folder) == second.address
        assert read_address(folder) is None


def test_an_address_of_another_process_is_not_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "server.json"
    with open_local(tmp_path, port=0):
        value = json.loads(file.read_text()) | {"pid": os.getppid()}
        file.write_text(json.dumps(value))
    assert json.loads(file.read_text()) == value


def test_a_signal_that_interrupts_no_system_call_of_the_main_thread_is_heeded(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", ELSEWHERE, str(tmp_path)], timeout=60, check=False)
    assert done.returncode == 0


ELSEWHERE = """
import pathlib, signal, sys, threading, time
from assetsync.emulator.local import serve
def announce(local):
    threading.Thread(target=signal_here, daemon=True).start()
def signal_here():
    main = threading.main_thread().ident
    while sys._current_frames()[main].f_code.co_name != "wait":
        time.sleep(0.001)
    time.sleep(0.01)  # from the frame to the system call
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)
serve(state_dir=pathlib.Path(sys.argv[1]), port=0, announce=announce)
"""

SERVE = """
import pathlib, sys
from assetsync.emulator.local import serve
def announce(local):
    print(local.url, flush=True)
serve(state_dir=pathlib.Path(sys.argv[1]), port=0, announce=announce)
print("bye", flush=True)
"""


@contextlib.contextmanager
def _serving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVE, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_gracefully_on_a_signal_and_those_who_wait_for_it_too(tmp_path: Path, number: int) -> None:
    with _serving(tmp_path) as (process, url), open_local(tmp_path, port=0) as local:
        assert (local.url, local.started_here) == (url, False)
        with pytest.raises(UsageError, match=f"already at {url}"):
            serve(state_dir=tmp_path, port=0, announce=_never)
        os.kill(process.pid, number)
        local.wait_until_stopped()
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (0, "bye\n")
        assert err in {"", STAYS}  # the latter where this process was slow to notice
        assert read_address(tmp_path) is None


def test_a_signal_during_the_announcement_counts_and_the_old_handlers_come_back(tmp_path: Path) -> None:
    before = (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
    seen: list[int] = []

    def announce(local: LocalService) -> None:
        seen.append(_authenticated(local))
        os.kill(os.getpid(), signal.SIGINT)

    serve(state_dir=tmp_path, port=0, announce=announce)
    assert seen == [200]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_serve_says_when_the_folder_is_held_by_one_without_an_address(tmp_path: Path) -> None:
    with open_local(tmp_path, port=0):
        (tmp_path / "server.json").unlink()
        with pytest.raises(UsageError, match=r"already\."):
            serve(state_dir=tmp_path, port=0, announce=_never)


def test_serve_does_not_move_to_another_port(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(UsageError, match="cannot listen"),
    ):
        serve(state_dir=tmp_path, port=taken.getsockname()[1], announce=_never)


def _never(_local: LocalService) -> None:
    raise AssertionError("it must not come to that")


def test_a_killed_holder_frees_the_folder(tmp_path: Path) -> None:
    with _serving(tmp_path) as (process, url):
        assert url
        process.kill()
        process.wait()
        with open_local(tmp_path, port=0) as local:
            assert local.started_here


MISSING = """
import pathlib, sys
sys.modules[sys.argv[1]] = None
from assetsync.emulator.local import open_local
from assetsync.errors import UsageError
try:
    open_local(pathlib.Path(sys.argv[2]))
except UsageError as problem:
    print(problem.message, problem.hint)
"""


@pytest.mark.parametrize("module", ["starlette", "uvicorn", "python_multipart"])
def test_without_the_extra_it_says_what_to_install(tmp_path: Path, module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MISSING, module, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.startswith(f"The local service needs {module}")
    assert "pip install 'assetsync[local]'" in done.stdout


def test_another_missing_module_is_not_blamed_on_the_extra(tmp_path: Path) -> None:
    code = MISSING.replace("except UsageError as problem", "except ModuleNotFoundError as problem")
    code = code.replace("print(problem.message, problem.hint)", "print(problem.name)")
    done = subprocess.run(
        [sys.executable, "-c", code, "http.cookies", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "http.cookies"
