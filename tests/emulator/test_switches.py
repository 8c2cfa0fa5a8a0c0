"""Every switch by its name, from text."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from assetsync.emulator.settings import Account, ApiKey, BuildLimitReading, Settings, Synchronous
from assetsync.emulator.switches import switch_names, with_switches
from assetsync.errors import UsageError

VALUES: dict[str, tuple[str, Any]] = {
    "api_keys": ("SK1:a,SK2:b", (ApiKey("SK1", "a"), ApiKey("SK2", "b"))),
    "seed": ("7", 7),
    "synchronous": ("full", Synchronous.FULL),
    "domain_root": ("test", "test"),
    "services": ("5", 5),
    "environments": ("0", 0),
    "public_bytes": ("1000", 1000),
    "private_bytes": ("1000", 1000),
    "public_per_build": ("3", 3),
    "private_per_build": ("3", 3),
    "build_limit_reading": ("each", BuildLimitReading.EACH),
    "functions_per_build": ("none", None),
    "latency_seconds": ("0.25", 0.25),
    "build_seconds": ("20", 20.0),
    "dependencies": ("@a/b@1, c@^2", (("@a/b", "1"), ("c", "^2"))),
    "runtime": ("node24", "node24"),
    "retired_runtimes": ("node18, node20", frozenset({"node18", "node20"})),
    "refuse_path_clashes": ("no", False),
    "deploy_needs_completed": ("false", False),
    "flex_guard": ("Off", False),
    "strict_paths": ("off", False),
    "refuse_empty_files": ("no", False),
    "upload_touches_asset": ("yes", True),
    "oldest_first": ("on", True),
    "propagation_seconds": ("5", 5.0),
    "cache_control": ("none", None),
    "retention": ("12h", timedelta(hours=12)),
    "build_retention": ("none", None),
    "retention_interval": ("90s", timedelta(seconds=90)),
    "log_entries": ("10", 10),
}


def test_every_setting_but_the_account_has_a_switch() -> None:
    assert set(VALUES) == {field.name for field in fields(Settings)} - {"account"}
    assert switch_names() == [field.name for field in fields(Settings) if field.name != "account"]


@pytest.mark.parametrize("name", VALUES)
def test_a_switch_sets_its_setting_and_no_other(name: str) -> None:
    text, value = VALUES[name]
    before = Settings(account=Account("AC1", "x"))
    assert with_switches(before, [f"{name}={text}"]) == replace(before, **{name: value})
    assert replace(before, **{name: value}) != before


def test_switches_add_up_the_last_one_counts_and_dashes_are_as_good() -> None:
    given = ["seed=1", "build-seconds = 2", "seed=3", "seed=none", "build_retention=30m"]
    assert with_switches(Settings(), given) == Settings(
        seed=None, build_seconds=2.0, build_retention=timedelta(minutes=30)
    )


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        (
            "build_secs=1",
            "there is no switch `build_secs`",
            "did you mean `build_seconds`? The switches are api_keys, ",
        ),
        ("=", "there is no switch ``", "The switches are api_keys, seed, "),
        ("account=AC1", "`account` is no switch", "use --account and --auth-token"),
        ("seed", "the switch `seed` has no value", "write seed=VALUE"),
        ("seed=x", "the switch `seed` must be a whole number, 0 or more, or none, not `x`", None),
        ("services=-1", "the switch `services` must be a whole number, 0 or more, not `-1`", None),
        ("services=none", "the switch `services` must be a whole number, 0 or more, not `none`", None),
        ("build_seconds=nan", "the switch `build_seconds` must be a number of seconds, at most 86400, not `nan`", None),
        ("strict_paths=maybe", "the switch `strict_paths` must be true or false, not `maybe`", None),
        ("synchronous=x", "the switch `synchronous` must be OFF or NORMAL or FULL, not `x`", None),
        ("build_limit_reading=", "the switch `build_limit_reading` must be each or sum, not ``", None),
        ("retention=7", "the switch `retention` must be a time such as 90s, 30m, 12h or 7d, not `7`", None),
        ("retention=0d", "the switch `retention` must be a time such as 90s, 30m, 12h or 7d, not `0d`", None),
        ("retention=999999999d", "the switch `retention` must be a time", None),
        ("dependencies=lodash", "the switch `dependencies` must be names and versions such as", None),
        ("api_keys=SK1", "the switch `api_keys` must be keys and their secrets such as", None),
        ("domain_root=", "the switch `domain_root` must be text, not ``", None),
    ],
)
def test_a_wrong_switch_is_told_what_is_right(given: str, message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as refused:
        with_switches(Settings(), [given])
    assert refused.value.message.startswith(message)
    assert (refused.value.hint or "").startswith(hint or "")
