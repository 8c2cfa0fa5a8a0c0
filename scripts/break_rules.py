"""Break each rule of planning, applying and safety on purpose, and see that a named test notices.

    python scripts/break_rules.py            every break, a few minutes
    python scripts/break_rules.py NAME...    those whose rule contains one of the words

Works in temporary copies, one for each core. A break counts as noticed only when its test ran and failed; before
anything is broken, all the tests must pass. Exits 1 when a break goes unnoticed, a test cannot be run, or a snippet no
longer matches.
"""

from __future__ import annotations

import compileall
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

from rules import BREAKS, Break

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("assetsync", "schema", "tests", "pyproject.toml")
SECONDS = 120
FAILED = 1
"""Exit code of pytest for tests that ran and failed; any other one says nothing about the rule."""


def main(words: list[str]) -> int:
    chosen = [each for each in BREAKS if not words or any(word in each.rule for word in words)]
    if not chosen:
        print(f"no rule contains {' or '.join(words)}")
        return 1
    with tempfile.TemporaryDirectory(prefix="break-rules-") as folder:
        copies: Queue[Path] = Queue()
        for number in range(os.cpu_count() or 1):
            copies.put(_copied(Path(folder, str(number))))
        first = copies.queue[0]
        sound = _run(first, *sorted({each.test for each in chosen}))
        if sound.returncode != 0:
            print(f"{sound.stdout}{sound.stderr}\nthe tests do not pass before anything is broken")
            return 1
        failed = _failed(chosen, copies)
    print(f"{len(chosen) - failed} of {len(chosen)} breaks were noticed")
    return 1 if failed else 0


def _failed(chosen: list[Break], copies: Queue[Path]) -> int:
    """Try each in a copy that is free, tell each in its turn; how many went unnoticed."""

    def one(each: Break) -> str:
        copy = copies.get()
        try:
            return _try(copy, each)
        finally:
            copies.put(copy)

    widths = [max(len(text) for text in column) for column in zip(*map(_row, chosen), strict=True)]
    failed = 0
    with ThreadPoolExecutor(copies.qsize()) as pool:
        for each, verdict in zip(chosen, pool.map(one, chosen), strict=True):
            failed += verdict != "yes"
            cells = [text.ljust(width) for text, width in zip(_row(each), widths, strict=True)]
            print(" | ".join((*cells, verdict)), flush=True)
    return failed


def _row(each: Break) -> tuple[str, str]:
    return each.rule, each.test.rpartition("::")[2]


def _try(copy: Path, each: Break) -> str:
    """Break one rule in the copy, run its test, mend it; "yes" where the test failed."""
    file = copy / each.file
    sound = file.read_text()
    if sound.count(each.old) != 1:
        return f"the snippet is there {sound.count(each.old)} times in {each.file}"
    file.write_text(sound.replace(each.old, each.new))
    try:
        code = _run(copy, each.test).returncode
    except subprocess.TimeoutExpired:
        return "the test does not end"
    finally:
        file.write_text(sound)
    return {FAILED: "yes", 0: "NO"}.get(code, f"the test cannot be run (pytest exit code {code})")


def _run(copy: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """The copy's package comes before the installed one; no stale bytecode is left behind."""
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=line", "--no-header", *tests]
    return subprocess.run(
        command, cwd=copy, env=environment, timeout=SECONDS, capture_output=True, check=False, text=True
    )


def _copied(folder: Path) -> Path:
    folder.mkdir()
    for name in COPIED:
        _copy(ROOT / name, folder / name)
    # What is as it was need not be compiled each time; what is broken is younger than that, and is compiled anew.
    compileall.compile_dir(folder, quiet=1)
    return folder


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    else:
        shutil.copy2(source, target)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
