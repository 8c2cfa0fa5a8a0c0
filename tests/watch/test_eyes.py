"""Seeing: real folders; limits of the system in a user namespace of their own, where nobody else notices."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assetsync.watch.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.watch.settling import Touch


class Seen:
    def __init__(self) -> None:
        self.paths: list[str] = []
        self._changed = threading.Condition()

    def __call__(self, touch: Touch) -> None:
        with self._changed:
            self.paths.append(touch.path)
            self._changed.notify_all()

    def until(self, path: Path) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: str(path) in self.paths, 20), (path, self.paths)


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def eyes(tmp_path: Path, seen: Seen) -> Iterator[Eyes]:
    (tmp_path / "public/sub").mkdir(parents=True)
    found = Eyes([tmp_path / "public", tmp_path / "public/sub", tmp_path / "later"], tmp_path / "assetsync.yaml", seen)
    found.open()
    yield found
    found.close()


def test_what_is_touched_below_a_root_and_the_manifest(tmp_path: Path, eyes: Eyes, seen: Seen) -> None:
    assert eyes.blind is None
    (tmp_path / "public/sub/a.txt").write_text("a")
    seen.until(tmp_path / "public/sub/a.txt")
    (tmp_path / "README").write_text("no business of ours")
    (tmp_path / "assetsync.yaml").write_text("version: 1")
    seen.until(tmp_path / "assetsync.yaml")
    assert str(tmp_path / "README") not in seen.paths


def test_a_root_that_comes_later_or_is_made_again(tmp_path: Path, eyes: Eyes, seen: Seen) -> None:
    (tmp_path / "later").mkdir()
    assert not eyes.check()
    assert "" in seen.paths  # something happened, nobody knows what
    (tmp_path / "later/b.txt").write_text("b")
    seen.until(tmp_path / "later/b.txt")
    shutil.rmtree(tmp_path / "later")
    eyes.check()
    (tmp_path / "later").mkdir()
    eyes.check()
    (tmp_path / "later/c.txt").write_text("c")
    seen.until(tmp_path / "later/c.txt")


def test_a_root_that_is_deleted_and_made_again_between_two_looks(tmp_path: Path, eyes: Eyes, seen: Seen) -> None:
    """It may have the same inode as before."""
    for number in range(20):
        shutil.rmtree(tmp_path / "public")
        (tmp_path / "public/sub").mkdir(parents=True)
        seen.until(tmp_path / "public")  # that it is gone
        eyes.check()
        file = tmp_path / f"public/sub/{number}.txt"
        file.write_text("new")
        seen.until(file)
        seen.paths.clear()


def test_nothing_is_left_after_it(tmp_path: Path, seen: Seen) -> None:
    (tmp_path / "public").mkdir()
    before = threading.active_count()
    for _ in range(3):
        eyes = Eyes([tmp_path / "public"], tmp_path / "assetsync.yaml", seen)
        eyes.open()
        eyes.open()
        assert threading.active_count() > before
        eyes.close()
        eyes.close()
    deadline = time.monotonic() + 20
    while threading.active_count() > before:
        assert time.monotonic() < deadline, threading.enumerate()


LIMITED = """
import sys, time
from pathlib import Path
from assetsync.watch.eyes import Eyes
root = Path(sys.argv[1])
touched = []
eyes = Eyes([root], root.parent / "assetsync.yaml", touched.append)
eyes.open()
print(eyes.blind, flush=True)
eyes.close()
"""


@pytest.mark.parametrize(
    ("limit", "reason"), [("watches", "max_user_watches"), ("instances", "max_user_instances"), (None, "None")]
)
def test_where_the_system_has_no_more_watches_it_says_so(tmp_path: Path, limit: str | None, reason: str) -> None:
    for name in "abcdef":
        (tmp_path / "public" / name).mkdir(parents=True)
    lower = f"echo {3 if limit == 'watches' else 0} > /proc/sys/user/max_inotify_{limit} && " if limit else ""
    run = f"{lower}exec {sys.executable} -c '{LIMITED}' {tmp_path / 'public'}"
    done = subprocess.run(("unshare", "-Ur", "sh", "-c", run), capture_output=True, text=True, check=False, timeout=60)
    if done.returncode and "unshare" in done.stderr:
        pytest.skip(f"no user namespaces here: {done.stderr}")
    assert done.returncode == 0, done.stderr
    assert reason in done.stdout


OVERFLOWING = """
import sys, threading
from pathlib import Path
from assetsync.watch.eyes import Eyes
root, lost = Path(sys.argv[1]), threading.Event()
eyes = Eyes([root], root.parent / "assetsync.yaml", lambda touch: touch.path == "" and lost.set())
eyes.open()
print("watching", flush=True)
print(lost.wait(60), flush=True)
eyes.close()
"""


def test_it_says_so_when_the_system_drops_events(tmp_path: Path) -> None:
    """For real: the process is stopped until more has happened than the system keeps for it."""
    most = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    root = tmp_path / "public"
    root.mkdir()
    with subprocess.Popen((sys.executable, "-c", OVERFLOWING, root), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "watching\n"
        process.send_signal(signal.SIGSTOP)
        for _ in range(most):  # twice as many events
            for name in "ab":
                (root / name).touch()
        process.send_signal(signal.SIGCONT)
        assert process.stdout.readline() == "True\n"


def test_a_folder_that_is_seen_twice_is_no_warning(tmp_path: Path, eyes: Eyes, seen: Seen) -> None:
    """Made while its parent is being registered: `watchdog` warns, and here warnings end its only thread."""
    for number in range(1000):
        (tmp_path / f"public/{number % 7}/{number}/deep").mkdir(parents=True)
    (tmp_path / "public/6/7/last.txt").parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "public/last.txt").write_text("last")
    seen.until(tmp_path / "public/last.txt")
