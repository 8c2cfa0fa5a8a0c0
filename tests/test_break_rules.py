"""The table of `scripts/rules.py` keeps up with the code: every snippet is there, every named test exists."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent


def _table() -> Any:
    spec = importlib.util.spec_from_file_location("rules", ROOT / "scripts" / "rules.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


BREAKS = _table().BREAKS


def test_each_rule_is_broken_once() -> None:
    rules = [each.rule for each in BREAKS]
    assert len(set(rules)) == len(rules) >= 30


@pytest.mark.parametrize("each", BREAKS, ids=lambda each: each.rule)
def test_the_snippet_is_in_the_source_and_the_test_is_there(each: Any) -> None:
    assert (ROOT / each.file).read_text().count(each.old) == 1
    assert each.old != each.new
    file, *_, name = each.test.split("::")
    assert re.search(rf"^ *def {name}\(", (ROOT / file).read_text(), re.MULTILINE)
