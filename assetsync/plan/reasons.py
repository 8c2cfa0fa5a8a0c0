"""Why a path is not simply unchanged: the words behind each action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.plan.actions import Reason
from assetsync.plan.board import same_content, same_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.model import AssetVersion, DesiredAsset
    from assetsync.plan.board import Board
    from assetsync.twilio.snapshot import OwnAsset


def reasons_for(asset: DesiredAsset, board: Board, restored: str | None = None) -> tuple[Reason, ...]:
    """The reasons in a fixed order; `restored` is the Version that a restore uses."""
    own_of = board.snapshot.own
    live = board.live_at(asset.path)
    served = [(version, own_of[version.asset_sid]) for version in live if version.asset_sid in own_of]
    found: list[Reason] = []
    if served:
        found += _differences(*served[0], asset)
    elif not live:
        found.append(Reason.NEW)
    if len(served) < len(live):
        found.append(Reason.REPLACES_FOREIGN)
    if restored is None:
        found += _failed_restores(asset, board)
        if any(own.sid in board.elsewhere for _, own in served):
            found.append(Reason.COPY_ON_WRITE)
    return tuple(dict.fromkeys(found))


def _differences(version: AssetVersion, own: OwnAsset, asset: DesiredAsset) -> Iterator[Reason]:
    entry = own.entry_of(version.sid)
    if entry is None:
        yield Reason.UNKNOWN_CONTENT
    elif entry.digest != asset.digest:
        yield Reason.CONTENT
    elif not same_content(entry, asset):
        yield Reason.SHA256_DIFFERS
    if version.visibility != asset.visibility:
        yield Reason.VISIBILITY
    if entry is not None and not same_type(entry, asset):
        yield Reason.CONTENT_TYPE


def _failed_restores(asset: DesiredAsset, board: Board) -> Iterator[Reason]:
    """What was remembered of this content and could not be used after all."""
    versions = board.verified.versions
    for own in board.labelled(asset.path):
        for entry in own.entries:
            if not (same_content(entry, asset) and same_type(entry, asset)):
                continue
            if asset.path in board.verified.sha256 and entry.sha256 != board.sha96(asset):
                yield Reason.SHA256_DIFFERS
            elif entry.version_sid in versions and versions[entry.version_sid] is None:
                yield Reason.VERSION_GONE
