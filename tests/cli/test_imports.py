"""What each command imports: what it does not use costs its user time at every call."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.stage import Stage

HEAVY = {
    *("click", "httpx", "jsonschema_rs", "pathspec", "platformdirs", "rich", "watchdog", "xxhash", "yaml"),
    *("starlette", "uvicorn", "multipart", "anyio", "h11"),
    *("asyncio", "concurrent.futures", "email.message", "http.client", "multiprocessing", "sqlite3", "ssl"),
}
PARTS = {"apply", "emulator", "local", "manifest", "plan", "report", "twilio", "watch"}
OURS = {f"assetsync.{part}" for part in PARTS}

PROGRAM = """
import json, os, sys
from assetsync.cli.main import main
try:
    main(sys.argv[1:])
finally:
    json.dump(sorted(sys.modules), open(os.environ["MODULES"], "w"))
"""


def imported(stage: Stage, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The heavy modules, and the parts of ours, that a command has imported when it ends."""
    file = stage.root.parent / "modules.json"
    monkeypatch.setenv("MODULES", str(file))
    subprocess.run([sys.executable, "-c", PROGRAM, *arguments], check=True, capture_output=True, cwd=stage.root)
    return set(json.loads(file.read_text())) & (HEAVY | OURS)


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ("--version", set[str]()),
        (
            "validate",
            {"click", "jsonschema_rs", "yaml", "xxhash"}
            | {"assetsync.local", "assetsync.manifest", "assetsync.report", "assetsync.twilio"},
        ),
        (
            "plan",
            {"click", "httpx", "jsonschema_rs", "yaml", "xxhash"}
            | (OURS - {"assetsync.emulator", "assetsync.watch"})
            | {"anyio", "concurrent.futures", "email.message", "h11", "http.client", "sqlite3", "ssl"},
        ),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_command_imports_what_it_uses(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, arguments: str, needed: set[str]
) -> None:
    stage.write({"a.txt": b"a"})
    stage.apply()
    assert imported(stage, arguments, monkeypatch=monkeypatch) == needed
