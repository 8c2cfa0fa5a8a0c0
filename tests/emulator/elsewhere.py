"""Local services in processes of their own are held against the description as well.

`announce` prepares the environment that such a process inherits; there `witness` (through `tests/fakes/witness`) judges
each answer and appends what is wrong to a file, which `told` reads in the test process.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.emulator.openapi import Contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.emulator.messages import Answer, Request

_DESCRIPTION: Final = "WITNESS_DESCRIPTION"
_WRONG: Final = "WITNESS_WRONG"
_ROOT: Final = Path(__file__).parents[2]


def announce(description: Any, folder: Path) -> None:
    """Whatever this process starts from now on inherits the witness. `folder` is this process's own."""
    (folder / "description.json").write_text(json.dumps(description))
    before = [each for each in (os.environ.get("PYTHONPATH"),) if each]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(_ROOT / "tests/fakes/witness"), str(_ROOT), *before])
    os.environ[_DESCRIPTION] = str(folder / "description.json")
    os.environ[_WRONG] = str(folder / "wrong.txt")


def told() -> list[str]:
    """What was wrong since the last time, a line each."""
    name = os.environ.get(_WRONG)
    if not name or not Path(name).exists():
        return []
    taken = Path(name).rename(f"{name}.taken")
    return taken.read_text(encoding="utf-8").splitlines()


def witness() -> Callable[[Request, Answer], None]:
    """For the other process."""
    contract = Contract(json.loads(Path(os.environ[_DESCRIPTION]).read_text()))

    def judge(request: Request, answer: Answer) -> None:
        wrong = contract.problem(request, answer)
        if wrong is not None:
            with Path(os.environ[_WRONG]).open("a", encoding="utf-8") as file:
                file.write(f"{wrong}\n")

    return judge
