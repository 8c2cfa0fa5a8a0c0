"""Print the README's command of a name: the code block after `<!-- command: NAME -->`, as a user would copy it."""

from __future__ import annotations

import re
import sys
from pathlib import Path


def command(name: str, readme: str) -> str:
    found = re.search(rf"<!-- command: {name} -->\s*```(?:sh|bash|console)\n(.*?)```", readme, re.DOTALL)
    if found is None:
        raise SystemExit(f"README.md has no command named {name}")
    return found[1].strip()


if __name__ == "__main__":
    sys.stdout.write(command(sys.argv[1], Path("README.md").read_text(encoding="utf-8")) + "\n")
