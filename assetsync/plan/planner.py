"""The planner: pure, in two functions. `candidates` names what is worth verifying, `plan_actions` decides.

The passes go over all desired assets in path order, pass by pass; what a pass settles, the next one does not see.
Each Asset is used at most once, since a Build may hold one Version of an Asset (F2.7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.plan.actions import Action, Create, Delete, Rename, Restore, Unchanged, Upload
from assetsync.plan.board import Board, Candidate, Verified, same_content, same_type
from assetsync.plan.reasons import reasons_for
from assetsync.twilio.memory import room

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.model import DesiredAsset
    from assetsync.twilio.memory import Entry
    from assetsync.twilio.snapshot import OwnAsset, Snapshot


def candidates(desired: tuple[DesiredAsset, ...], snapshot: Snapshot) -> tuple[Candidate, ...]:
    """The remembered Versions that a restore could use, for each path the best first."""
    board = Board(desired, snapshot, Verified())
    board.pass_over(_unchanged)
    return tuple(
        Candidate(asset.path, own.sid, entry.version_sid, entry.sha256)
        for asset in board.open()
        for own, entry in _remembering(asset, board)
    )


def plan_actions(
    desired: tuple[DesiredAsset, ...], snapshot: Snapshot, verified: Verified, kept: frozenset[str] = frozenset()
) -> tuple[Action, ...]:
    """One action for each desired asset, and one for each own path that stops being served, in path order.

    kept: the SIDs of own live Versions that stay for a while though nobody wants their paths
    """
    board = Board(desired, snapshot, verified, kept)
    for decide in (_unchanged, _restore, _upload, _rename, _create):
        board.pass_over(decide)
    return tuple(sorted((*board.settled.values(), *_deletes(board)), key=lambda action: action.path))


def _unchanged(asset: DesiredAsset, board: Board) -> Unchanged | None:
    for version, own in board.own_live_at(asset.path):
        entry = own.entry_of(version.sid)
        if entry and same_content(entry, asset) and same_type(entry, asset) and version.visibility == asset.visibility:
            return Unchanged(asset, own.sid, version.sid)
    return None


def _restore(asset: DesiredAsset, board: Board) -> Restore | None:
    for own, entry in _remembering(asset, board):
        version = board.verified.versions.get(entry.version_sid)
        if (
            version is not None
            and (version.asset_sid, version.path, version.visibility) == (own.sid, asset.path, asset.visibility)
            and entry.sha256 == board.sha96(asset)
        ):
            return Restore(asset, own.sid, entry.version_sid, reasons_for(asset, board, entry.version_sid))
    return None


def _upload(asset: DesiredAsset, board: Board) -> Upload | None:
    for _, own in board.own_live_at(asset.path):
        if own.sid not in board.elsewhere and room(asset.path, board.owner) > 1:
            return Upload(asset, own.sid, reasons_for(asset, board))
    for own in board.unused(asset.path):
        if own.idle and own.sid not in board.elsewhere and own.sid not in board.here:
            return Upload(asset, own.sid, reasons_for(asset, board))
    return None


def _rename(asset: DesiredAsset, board: Board) -> Rename | None:
    donors = [
        (_base_name(version.path) != _base_name(asset.path), version.path, own.sid)
        for version, own in board.unwanted_with(asset.digest)
        if own.sid not in board.used
    ]
    if not donors:
        return None
    _, previous_path, donor = min(donors)
    board.used.add(donor)
    board.renamed.add(previous_path)
    keeps_asset = board.alone and room(asset.path, board.owner) > 1
    return Rename(asset, previous_path, donor if keeps_asset else None, reasons_for(asset, board))


def _create(asset: DesiredAsset, board: Board) -> Create:
    return Create(asset, reasons_for(asset, board))


def _deletes(board: Board) -> Iterator[Delete]:
    told = set(board.renamed)
    for version, own in board.unwanted:
        if version.path not in told:
            told.add(version.path)
            yield Delete(version.path, version.visibility, own.sid, version.sid)


def _remembering(asset: DesiredAsset, board: Board) -> Iterator[tuple[OwnAsset, Entry]]:
    """Own Assets that remember this content and type: those that serve this path here, then those labelled with it.

    Last those whose rename to this path was killed: the new Version is in the journal, the label is still the old path.
    """
    serving = {own.sid: own for _, own in board.own_live_at(asset.path)}
    homes = (*serving.values(), *(own for own in board.unused(asset.path) if own.sid not in serving))
    renaming = [own for _, own in board.unwanted_with(asset.digest) if own.sid not in board.used]
    remembered = [(own, own.entries) for own in homes] + [(own, own.entries[own.named :]) for own in renaming]
    for own, entries in remembered:
        for entry in entries:
            if same_content(entry, asset) and same_type(entry, asset):
                yield own, entry


def _base_name(path: str) -> str:
    return path.rpartition("/")[2]
