"""Every switch of the local service, each with the source of its default.

Where nothing is known of the real service, the default is the stricter reading: what passes here passes there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

MIB = 1 << 20


class Synchronous(StrEnum):
    """How much a power failure may take. A killed process loses nothing under any of them.

    OFF: nothing is flushed, for short-lived tests. NORMAL: content is flushed before its row is written, rows may lag.
    FULL: content, its folder entry and every row.
    """

    OFF = "OFF"
    NORMAL = "NORMAL"
    FULL = "FULL"


class BuildLimitReading(StrEnum):
    """F1.1: are 1000 public and 1000 protected Assets counted each, or as one sum?"""

    EACH = "each"
    SUM = "sum"


DEFAULT_DEPENDENCIES = (
    ("lodash", "4.17.21"),
    ("twilio", "5.0.3"),
    ("fs", "0.0.1-security"),
    ("xmldom", "0.6.0"),
    ("util", "0.12.5"),
    ("@twilio/runtime-handler", "1.3.0"),
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A further pair of credentials, `SK...` and its secret (F10.1)."""

    sid: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    sid: str
    auth_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """How faithful, how strict and how large.

    account: None takes the state folder's own, drawn at random when the folder is new
    seed: SIDs, domains and the order inside Builds are drawn from it; None is random
    domain_root: Environments are served below it; `*.localhost` resolves to loopback in browsers and curl
    services, environments: how many an account and a Service may have (F1.3, F1.4)
    public_bytes, private_bytes: upload limits; public and protected share one (F1.1), of the smaller MB (F1.2)
    public_per_build, private_per_build: F1.1; build_limit_reading says whether protected Assets share the public 1000
    functions_per_build: 50 in 2019, unknown today (F1.5); None is no limit
    latency_seconds: how long every request waits before the work on it begins
    build_seconds: how long a Build stays `building` (F1.11)
    dependencies, runtime: what a Build that names none is given (F6.8)
    retired_runtimes: refused in new Builds (F6.10)
    refuse_path_clashes: two Assets, or an Asset and a Function, at one path of a Build (F2.7, unknown)
    deploy_needs_completed: refuse to deploy a Build that is not completed (F7.9, unknown)
    flex_guard: refuse to deploy paths under `/plugins/` without `IsPlugin` (F7.7, seen sometimes)
    strict_paths: refuse what neither documented rule covers: non-ASCII, brackets, stray `%`, `//`, `..` (F2.4, unknown)
    refuse_empty_files: F2.11, unknown
    upload_touches_asset: whether an upload moves the Asset's `date_updated` (unknown; no is the stricter)
    oldest_first: order of the lists whose order is unknown; Versions and Deployments are newest first always (F4.3)
    propagation_seconds: how long the old content is served after a Deployment (F8.7)
    cache_control: sent with served files, None sends none (F8.4, unknown; `no-cache` suits local work)
    retention: how old unused Versions and empty Assets may grow (F1.7)
    build_retention: the same for Builds that no Environment uses (F1.8, unclear), None keeps them
    retention_interval: how often the clean-up runs while the service is served; the first time at its start
    log_entries: how many requests the request log remembers
    """

    account: Account | None = None
    api_keys: tuple[ApiKey, ...] = ()
    seed: int | None = None
    synchronous: Synchronous = Synchronous.NORMAL
    domain_root: str = "localhost"
    services: int = 50
    environments: int = 25
    public_bytes: int = 25_000_000
    private_bytes: int = 10_000_000
    public_per_build: int = 1000
    private_per_build: int = 50
    build_limit_reading: BuildLimitReading = BuildLimitReading.SUM
    functions_per_build: int | None = 50
    latency_seconds: float = 0.0
    build_seconds: float = 0.0
    dependencies: tuple[tuple[str, str], ...] = DEFAULT_DEPENDENCIES
    runtime: str = "node22"
    retired_runtimes: frozenset[str] = frozenset({"node8", "node10", "node12", "node14"})
    refuse_path_clashes: bool = True
    deploy_needs_completed: bool = True
    flex_guard: bool = True
    strict_paths: bool = True
    refuse_empty_files: bool = True
    upload_touches_asset: bool = False
    oldest_first: bool = False
    propagation_seconds: float = 0.0
    cache_control: str | None = "no-cache"
    retention: timedelta = timedelta(days=7)
    build_retention: timedelta | None = timedelta(days=7)
    retention_interval: timedelta = timedelta(minutes=10)
    log_entries: int = 10_000
