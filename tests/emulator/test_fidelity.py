"""`docs/emulator-fidelity.md` keeps to the truth: its tests exist, its switches are all there with their defaults."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assetsync.emulator.settings import Settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "emulator-fidelity.md").read_text(encoding="utf-8")
FACTS = (ROOT / "docs" / "service-facts.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:tests/[\w/]+/)?test_\w+\.py)::(\w+)`", TEXT)))
UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


@cache
def _tests_of(file: str) -> frozenset[str]:
    path = ROOT / file if "/" in file else Path(__file__).with_name(file)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_tests_are_named_at_all() -> None:
    assert len(NAMED) > 80


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_test_that_is_named_exists(file: str, name: str) -> None:
    assert name in _tests_of(file)


def test_every_row_names_a_source_and_a_test() -> None:
    rows = [
        line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| behaviour"))
    ]
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if not row.startswith("| `") and not row.startswith("| switch"):
            assert len(cells) == 3, row
            assert cells[1], row
        if not row.startswith("| switch"):
            assert "::" in cells[-1], row


def test_every_fact_that_is_cited_is_known() -> None:
    known = set(re.findall(r"^\| (F\d+\.\d+) \|", FACTS, re.MULTILINE))
    missing = set(re.findall(r"\bF\d+\.\d+", TEXT)) - known
    assert not missing


def test_every_switch_is_listed_with_its_default_and_with_other_settings() -> None:
    listed = {}
    for line in TEXT.splitlines():
        found = re.match(r"\| `(\w+)` \|([^|]*)\|([^|]*)\|", line)
        if found:
            listed[found[1]] = (found[2].strip(), found[3].strip())
    settings = Settings()
    names = [field.name for field in fields(Settings)]
    assert list(listed) == names
    assert {name: default for name, (default, _) in listed.items()} == {
        name: _written(getattr(settings, name)) for name in names
    }
    assert all(other for _, other in listed.values())


def _written(value: Any) -> str:
    """A value as `--set` takes it."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case StrEnum():
            return value.value
        case timedelta():
            seconds = int(value.total_seconds())
            return next(f"{seconds // size}{unit}" for unit, size in UNITS if seconds % size == 0)
        case frozenset():
            return ",".join(sorted(value))
        case tuple():
            return ",".join(f"{name}@{version}" for name, version in value)
        case float():
            return f"{value:g}"
        case _:
            return str(value)
