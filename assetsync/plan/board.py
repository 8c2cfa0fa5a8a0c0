"""The state of one planning run: who serves what, which Assets are used, which desired assets are settled."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assetsync.plan.actions import Create, Serving
from assetsync.twilio.memory import label_of, type_tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from assetsync.model import AssetVersion, DesiredAsset
    from assetsync.twilio.memory import Entry
    from assetsync.twilio.snapshot import OwnAsset, Snapshot


@dataclass(frozen=True, slots=True)
class Candidate:
    """A remembered Version that may serve `path` without an upload, if it exists and `sha256` (96 bits) agrees."""

    path: str
    asset_sid: str
    version_sid: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What looking at the candidates found: Versions by SID (None: gone), and files' SHA-256 (hex) by path."""

    versions: Mapping[str, AssetVersion | None] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)


def same_content(entry: Entry, asset: DesiredAsset) -> bool:
    return entry.digest == asset.digest and (asset.sha256 is None or asset.sha256.startswith(entry.sha256))


def same_type(entry: Entry, asset: DesiredAsset) -> bool:
    return entry.type_tag == type_tag(asset.content_type)


class Board:
    """What the passes look at and write down.

    used: the SIDs of the Assets that a settled action takes; renamed: the paths that a rename leaves
    unwanted: own live Versions whose path nobody wants any more, in path order; those that are `kept` are left out
    elsewhere, here: the SIDs of the Assets that other Environments, that this Environment serves
    alone: this owner serves nothing in any other Environment
    """

    def __init__(
        self,
        desired: tuple[DesiredAsset, ...],
        snapshot: Snapshot,
        verified: Verified,
        kept: frozenset[str] = frozenset(),
    ) -> None:
        self.desired = sorted(desired, key=lambda each: each.path)
        self.snapshot, self.verified = snapshot, verified
        self.owner = snapshot.owner
        self.wanted = {asset.path for asset in desired}
        self.elsewhere = snapshot.served_elsewhere
        self.alone = self.elsewhere.isdisjoint(snapshot.own)
        self.here = {version.asset_sid for version in snapshot.live_versions}
        self.used: set[str] = set()
        self.renamed: set[str] = set()
        self.settled: dict[str, Serving] = {}
        self._live_at: dict[str, list[AssetVersion]] = defaultdict(list)
        for version in sorted(snapshot.live_versions, key=lambda each: each.sid):
            self._live_at[version.path].append(version)
        self._labelled: dict[str, list[OwnAsset]] = defaultdict(list)
        for own in sorted(snapshot.own.values(), key=lambda each: each.sid):
            self._labelled[own.label].append(own)
        self.unwanted = [
            (version, snapshot.own[version.asset_sid])
            for path in sorted(self._live_at.keys() - self.wanted)
            for version in self._live_at[path]
            if version.asset_sid in snapshot.own and version.sid not in kept
        ]
        self._unwanted_by_digest: dict[str, list[tuple[AssetVersion, OwnAsset]]] = defaultdict(list)
        for version, own in self.unwanted:
            if entry := own.entry_of(version.sid):
                self._unwanted_by_digest[entry.digest].append((version, own))

    def pass_over(self, decide: Callable[[DesiredAsset, Board], Serving | None]) -> None:
        """Let one rule settle what it can, in path order."""
        for asset in self.open():
            action = decide(asset, self)
            if action is not None:
                self.settled[asset.path] = action
                if not isinstance(action, Create) and action.asset_sid is not None:
                    self.used.add(action.asset_sid)

    def open(self) -> list[DesiredAsset]:
        return [asset for asset in self.desired if asset.path not in self.settled]

    def live_at(self, path: str) -> list[AssetVersion]:
        return self._live_at.get(path, [])

    def own_live_at(self, path: str) -> Iterator[tuple[AssetVersion, OwnAsset]]:
        """The unused own Assets that this Environment serves at `path`."""
        for version in self.live_at(path):
            if version.asset_sid in self.snapshot.own and version.asset_sid not in self.used:
                yield version, self.snapshot.own[version.asset_sid]

    def labelled(self, path: str) -> list[OwnAsset]:
        """The own Assets whose name bears this path, by SID."""
        return self._labelled.get(label_of(path, self.owner), [])

    def unused(self, path: str) -> list[OwnAsset]:
        return [own for own in self.labelled(path) if own.sid not in self.used]

    def unwanted_with(self, digest: str) -> list[tuple[AssetVersion, OwnAsset]]:
        """Own live Versions of this content whose path nobody wants any more."""
        return self._unwanted_by_digest.get(digest, [])

    def sha96(self, asset: DesiredAsset) -> str:
        return self.verified.sha256.get(asset.path, "")[:24]
