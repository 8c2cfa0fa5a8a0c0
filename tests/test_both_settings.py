"""The table of `scripts/both_settings.py` keeps up with the switches, and its settings reach the tests' service."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assetsync.emulator.settings import Settings
from assetsync.emulator.switches import switch_names, with_switches
from tests.fakes.switched import VARIABLE, switched

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parent.parent


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("both_settings", ROOT / "scripts" / "both_settings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT: Any = _script()


def test_every_switch_has_another_setting_or_a_reason() -> None:
    assert set(SCRIPT.OTHER) | set(SCRIPT.SURE_OR_NO_DATA) == {*switch_names(), "account"}
    assert not set(SCRIPT.OTHER) & set(SCRIPT.SURE_OR_NO_DATA)


@pytest.mark.parametrize("name", SCRIPT.OTHER)
def test_the_other_setting_differs_from_the_default_and_reaches_the_service(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = f"{name}={SCRIPT.OTHER[name]}"
    monkeypatch.setenv(VARIABLE, f"log_entries=7 {given}")
    assert getattr(switched(), name) == getattr(with_switches(Settings(), [given]), name) != getattr(Settings(), name)
    assert switched().log_entries == 7


def test_what_a_test_gives_itself_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "strict_paths=false services=3")
    assert switched(strict_paths=True).strict_paths
    assert switched(strict_paths=True).services == 3
