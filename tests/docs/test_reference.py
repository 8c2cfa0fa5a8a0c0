"""The pages that are made leave nothing out: each option that `--help` shows, each key of the schemas, each name."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import assetsync
from assetsync.cli.main import COMMANDS, group
from tests.cli.stage import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator


@cache
def page(name: str) -> str:
    """As `docs/conf.py` has it made."""
    made = [sys.executable, "-m", "scripts.reference_pages", name]
    return subprocess.run(made, check=True, capture_output=True, text=True, cwd=REPOSITORY).stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_option_of_a_command_is_told_with_its_variable(command: str) -> None:
    section = page("commands").split(f"## {command}\n")[1].split("\n## ")[0]
    shown = CliRunner().invoke(group(), [command, "--help"]).output
    options = re.findall(r"^  (?:-\w, )?(--[a-z-]+)", shown.split("\nOptions:\n")[1], re.MULTILINE)
    assert "--help" in options
    for option in options:
        [row] = re.findall(rf"^\| .*`{option}`.*$", section, re.MULTILINE)
        assert option in {"--help", "--version"} or "`ASSETSYNC_" in row, row


@pytest.mark.parametrize(("name", "schema"), [("manifest", "assetsync"), ("plan", "plan"), ("events", "events")])
def test_each_key_of_a_schema_has_a_row(name: str, schema: str) -> None:
    text = (REPOSITORY / f"schema/{schema}.schema.json").read_text()
    for key in keys(json.loads(text)):
        assert f"\n| `{key}` |" in page(name), key


def keys(found: Any) -> Iterator[str]:
    """Every property anywhere in a schema."""
    if isinstance(found, dict):
        if isinstance(properties := found.get("properties"), dict) and "const" not in properties.get("target", {}):
            yield from properties
        for value in found.values():
            yield from keys(value)
    elif isinstance(found, list):
        for value in found:
            yield from keys(value)


@pytest.mark.parametrize("name", assetsync.__all__)
def test_each_name_of_the_python_api_is_told(name: str) -> None:
    section = page("python").split(f"\n## assetsync.{name}\n")[1].split("\n## ")[0]
    assert re.search(r"^[A-Z`].*[.:]$", re.sub(r"An error.*", "", section), re.MULTILINE), "it says what it is"
