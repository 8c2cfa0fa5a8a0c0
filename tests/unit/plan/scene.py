"""A Service built by hand, one line an Asset, and the plan for it; every content is a word."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from assetsync.model import (
    AssetVersion,
    Build,
    Dependency,
    DesiredAsset,
    Environment,
    FunctionVersion,
    Visibility,
)
from assetsync.plan.actions import Unchanged
from assetsync.plan.board import Verified
from assetsync.plan.plan import Plan, Target, make_plan
from assetsync.plan.planner import candidates
from assetsync.twilio import memory
from assetsync.twilio.snapshot import OwnAsset, Snapshot
from tests.unit.twilio.sids import sid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.twilio.memory import Entry

OWNER = "website"
ZS, AC, ZE, ZB = sid("ZS"), sid("AC"), sid("ZE"), sid("ZB")
TEXT = "text/plain"
LONG = "/" + "x" * 249
"""A path whose name has room for one entry only."""

PRODUCTION = Environment(ZE, AC, ZS, "production", None, "my-site-1234.twil.io", ZB)
TARGET = Target(AC, "my-site", ZS, "production", ZE, None, "my-site-1234.twil.io", ZB)


def digest_of(content: str) -> str:
    """Stands for the xxh3_128; what follows a `#` does not show in it, so that `one#2` collides with `one`."""
    return hashlib.blake2b(content.partition("#")[0].encode(), digest_size=16).hexdigest()


def sha256_of(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def want(
    path: str, content: str = "one", visibility: str = "public", content_type: str = TEXT, **more: Any
) -> DesiredAsset:
    return DesiredAsset(
        path=path,
        visibility=Visibility(visibility),
        content_type=content_type,
        size=len(content),
        digest=digest_of(content),
        source=f"public{path}",
        file=content,
        **more,
    )


def entry_for(content: str, version_sid: str, content_type: str = TEXT) -> Entry:
    made = memory.entry(
        digest=digest_of(content), sha256=sha256_of(content), content_type=content_type, version_sid=version_sid
    )
    assert made is not None
    return made


@dataclass
class Scene:
    """What stands in the Service. Each method adds one thing and returns its SIDs (Asset, Version)."""

    own: dict[str, OwnAsset] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    live: list[AssetVersion] = field(default_factory=list)
    elsewhere: list[AssetVersion] = field(default_factory=list)
    versions: dict[str, AssetVersion | None] = field(default_factory=dict)
    functions: tuple[FunctionVersion, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def asset(
        self,
        label: str,
        *entries: Entry,
        asset_sid: str | None = None,
        named: int | None = None,
        idle: bool = False,
    ) -> str:
        """An own Asset that says `entries`, the first `named` of them in its name."""
        asset_sid = asset_sid or sid("ZH", next(self.numbers))
        kept = len(entries) if named is None else named
        self.own[asset_sid] = OwnAsset(asset_sid, memory.label_of(label, OWNER), entries, kept, idle)
        return asset_sid

    def version(self, asset_sid: str, path: str, visibility: str = "public", *, gone: bool = False) -> str:
        version_sid = sid("ZN", next(self.numbers))
        self.versions[version_sid] = None if gone else AssetVersion(version_sid, asset_sid, path, visibility)
        return version_sid

    def serve(self, version_sid: str, *, elsewhere: bool = False) -> None:
        version = self.versions[version_sid]
        assert version is not None
        (self.elsewhere if elsewhere else self.live).append(version)

    def ours(
        self,
        path: str,
        content: str | None = "one",
        visibility: str = "public",
        content_type: str = TEXT,
        *,
        label: str | None = None,
        here: bool = True,
        elsewhere: bool = False,
        gone: bool = False,
        idle: bool = False,
        named: int | None = None,
        asset_sid: str | None = None,
    ) -> tuple[str, str]:
        """An own Asset with one Version; `content` None: nobody remembers what is in it."""
        asset_sid = asset_sid or sid("ZH", next(self.numbers))
        version_sid = self.version(asset_sid, path, visibility, gone=gone)
        entries = () if content is None else (entry_for(content, version_sid, content_type),)
        self.asset(label or path, *entries, asset_sid=asset_sid, named=named, idle=idle)
        if here:
            self.serve(version_sid)
        if elsewhere:
            self.serve(version_sid, elsewhere=True)
        return asset_sid, version_sid

    def remembers(self, asset_sid: str, path: str, content: str, **more: Any) -> str:
        """One more Version in an own Asset, which remembers it; it is served nowhere."""
        content_type = more.pop("content_type", TEXT)
        version_sid = self.version(asset_sid, path, **more)
        own = self.own[asset_sid]
        entries = (*own.entries, entry_for(content, version_sid, content_type))
        self.own[asset_sid] = replace(own, entries=entries, named=len(entries))
        return version_sid

    def foreign(self, path: str, *, owner: str | None = None, visibility: str = "public") -> tuple[str, str]:
        asset_sid = sid("ZH", next(self.numbers))
        version_sid = self.version(asset_sid, path, visibility)
        self.serve(version_sid)
        if owner is not None:
            self.owners[asset_sid] = owner
        return asset_sid, version_sid

    @property
    def snapshot(self) -> Snapshot:
        live = None
        if self.live or self.functions:
            live = Build(ZB, "completed", tuple(self.live), self.functions, self.dependencies, "node22")
        others = (Build(sid("ZB", 9), "completed", tuple(self.elsewhere)),) if self.elsewhere else ()
        return Snapshot(OWNER, None, ZS, PRODUCTION, live, self.own, self.owners, (PRODUCTION,), others)

    def verified(self, *desired: DesiredAsset) -> Verified:
        """What a look at the candidates would find."""
        found = candidates(desired, self.snapshot)
        return Verified(
            {each.version_sid: self.versions[each.version_sid] for each in found},
            {each.path: sha256_of(str(asset.file)) for each in found for asset in desired if asset.path == each.path},
        )

    def plan(self, *desired: DesiredAsset, target: Target = TARGET, **options: Any) -> Plan:
        return make_plan(
            target=target, desired=desired, snapshot=self.snapshot, verified=self.verified(*desired), **options
        )


def told(plan: Plan) -> list[tuple[object, ...]]:
    """(action, path, Asset or None, reasons) of everything that changes."""
    return [
        (type(each).__name__.lower(), each.path, getattr(each, "asset_sid", None), ", ".join(each.reasons))
        for each in plan.changes
        if not isinstance(each, Unchanged)
    ]
