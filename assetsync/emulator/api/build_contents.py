"""What a Build may hold: pure checks over the Versions that a request names."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from assetsync.emulator.api.kinds import ASSET, FUNCTION, Kind
from assetsync.emulator.refusals import invalid
from assetsync.emulator.settings import BuildLimitReading, Settings

if TYPE_CHECKING:
    from assetsync.emulator.store import Row


def check_versions(rows: list[Row], settings: Settings) -> None:
    """Raises the Refusal that the service gives for these Asset and Function Versions."""
    if not rows:
        raise invalid("At least one Function Version or Asset Version is required for Build.")
    for kind in (ASSET, FUNCTION):
        _check_one_version_each(kind, [row for row in rows if row["kind"] == kind.word])
    if settings.refuse_path_clashes:
        _check_paths(rows)
    _check_counts(rows, settings)


def _check_one_version_each(kind: Kind, rows: list[Row]) -> None:
    """F2.7."""
    seen: dict[str, str] = {}
    for row in rows:
        other = seen.setdefault(row["item_sid"], row["sid"])
        if other != row["sid"]:
            raise invalid(
                f"Different {kind.noun} Versions for same {kind.noun}. Conflicting SIDs: {other} and {row['sid']}"
            )


def _check_paths(rows: list[Row]) -> None:
    seen: dict[str, str] = {}
    for row in rows:
        other = seen.setdefault(row["path"], row["sid"])
        if other != row["sid"]:
            raise invalid(f"Duplicate path {row['path']}. Conflicting SIDs: {other} and {row['sid']}")


def _check_counts(rows: list[Row], settings: Settings) -> None:
    """F1.1, F1.5."""
    counts = Counter(row["visibility"] for row in rows if row["kind"] == ASSET.word)
    public, protected = counts["public"], counts["protected"]
    if settings.build_limit_reading is BuildLimitReading.SUM:
        _check_count("public and protected Assets", public + protected, settings.public_per_build)
    else:
        _check_count("public Assets", public, settings.public_per_build)
        _check_count("protected Assets", protected, settings.public_per_build)
    _check_count("private Assets", counts["private"], settings.private_per_build)
    functions = sum(row["kind"] == FUNCTION.word for row in rows)
    _check_count("Functions", functions, settings.functions_per_build)


def _check_count(what: str, count: int, limit: int | None) -> None:
    if limit is not None and count > limit:
        raise invalid(f"A Build is limited to {limit} {what}")


def parse_dependencies(text: str) -> list[dict[str, str]]:
    """The `Dependencies` parameter: a JSON list, also inside the extra quotes that the toolkit sends (F6.11)."""
    text = text.strip()
    if text.startswith('"[') and text.endswith(']"'):
        text = text[1:-1]
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        try:
            value = json.loads(json.loads(f'"{text}"'))
        except (ValueError, TypeError, RecursionError) as problem:
            raise invalid("Dependencies is not a JSON list") from problem
    if not isinstance(value, list):
        raise invalid("Dependencies is not a JSON list")
    return [_dependency(entry) for entry in value]


def _dependency(entry: Any) -> dict[str, str]:
    match entry:
        case {"name": str(name), "version": str(version)} if name and _is_text(name) and _is_text(version):
            return {"name": name, "version": version}
        case _:
            raise invalid("Dependencies must each have a name and a version")


def _is_text(value: str) -> bool:
    """JSON can write half of a character, which no answer can hold."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_runtime(runtime: str, settings: Settings) -> None:
    """F6.10: an open string, but retired ones are refused."""
    if runtime in settings.retired_runtimes:
        raise invalid(f"Runtime {runtime} is not supported")
