"""Safety: evaluated on the plan, before any write, at `plan` as well as at `apply`.

Every refusal carries the figure that was observed, the limit, and the one flag that overrides just that reason.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assetsync.errors import Refused, UsageError
from assetsync.manifest.model import MaxDelete
from assetsync.plan.actions import Rename, Unchanged
from assetsync.plan.fingerprints import without_renewed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from assetsync.model import DesiredAsset, FolderTally
    from assetsync.plan.plan import Foreign, Plan
    from assetsync.twilio.snapshot import Snapshot

DEFAULT_MAX_DELETE = MaxDelete(percent=30.0)
NEVER_REFUSED = 3
"""So many lost paths the default limit lets pass whatever the percentage."""

CREATE_SERVICE = "--create-service"
"""The one override without a figure."""

OVERRIDES = (
    "--allow-deletes",
    "--allow-empty",
    "--allow-replace",
    "--allow-takeover",
    "--allow-drop",
    "--allow-flex",
    "--allow-secrets",
    CREATE_SERVICE,
)
"""What agrees to what `review` refuses, of a plan."""

FLEX_SERVICE = "default"
FLEX_PATHS = "/plugins/"
"""Flex keeps its plugins in this Service and under these paths (F7.7)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason not to go on.

    reason: a stable name; message: the sentence; observed: the figure a consent has to name
    limit: what would have been allowed; override: the flag; allowed_by: the consent given, None where there is none
    files: every file that it is about, each with why, where the plan's own lines do not tell
    """

    reason: str
    message: str
    observed: int
    limit: str
    override: str
    allowed_by: str | None = None
    files: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """The flag as a user would write it, for exactly the observed figure."""
        return self.override if self.override == CREATE_SERVICE else f"{self.override}={self.observed}"


@dataclass(frozen=True, slots=True)
class Consent:
    """`--allow-deletes` or `--allow-deletes=41`: `figure` None agrees to any, else to at most that many."""

    override: str
    figure: int | None = None

    def __str__(self) -> str:
        return self.override if self.figure is None else f"{self.override}={self.figure}"


def review(
    plan: Plan, snapshot: Snapshot, folders: tuple[FolderTally, ...], max_delete: MaxDelete | None
) -> tuple[Refusal, ...]:
    """Every guard that the plan trips, none of them overridden yet."""
    if not plan.build_needed:
        return ()
    served = own_paths(snapshot)
    return tuple(
        refusal
        for guard in (
            _deletes(plan, served, max_delete),
            _empty(plan, served, folders),
            _replacements(plan),
            _drops(plan),
            _new_service(plan),
            _flex(plan),
            _secrets(plan),
        )
        for refusal in guard
    )


def with_consents(refusals: Iterable[Refusal], consents: Iterable[Consent]) -> tuple[Refusal, ...]:
    """The same refusals, each marked with the consent that covers its figure; consents given before stay."""
    given = tuple(consents)
    return tuple(replace(refusal, allowed_by=refusal.allowed_by or _covering(refusal, given)) for refusal in refusals)


def own_paths(snapshot: Snapshot) -> frozenset[str]:
    """The paths that this owner serves in this Environment now."""
    return frozenset(v.path for v in snapshot.live_versions if v.asset_sid in snapshot.own)


def lost_paths(plan: Plan, served: frozenset[str]) -> tuple[str, ...]:
    """Own paths that nobody wants any more, those left out that only change their fingerprint.

    What is kept for open pages counts when it begins to be kept, and not when its time is up: that was agreed to then.
    """
    wanted = {action.path for action in plan.serving}
    agreed = plan.expired | {each.path for each in plan.kept if each.mark is None}
    return without_renewed(served - wanted - agreed, wanted - served)


def _covering(refusal: Refusal, consents: tuple[Consent, ...]) -> str | None:
    for consent in consents:
        if consent.override == refusal.override and (consent.figure is None or refusal.observed <= consent.figure):
            return str(consent)
    return None


def _deletes(plan: Plan, served: frozenset[str], max_delete: MaxDelete | None) -> Iterator[Refusal]:
    limit = max_delete or DEFAULT_MAX_DELETE
    lost = len(lost_paths(plan, served))
    if not lost or (max_delete is None and lost <= NEVER_REFUSED):
        return
    share = 100 * lost / len(served)
    if limit.count is not None:
        if lost > limit.count:
            message = f"{lost} of {len(served)} paths would stop being served: over the limit of {limit.count}"
            yield Refusal("max-delete", message, lost, str(limit.count), "--allow-deletes")
    elif limit.percent is not None and share > limit.percent:
        message = f"{lost} of {len(served)} paths would stop being served, {share:.2f} %: over {limit.percent:g} %"
        yield Refusal("max-delete", message, lost, f"{limit.percent:g}%", "--allow-deletes")


def _empty(plan: Plan, served: frozenset[str], folders: tuple[FolderTally, ...]) -> Iterator[Refusal]:
    lost = served - {action.path for action in plan.serving}
    if served and not plan.serving:
        message = f"nothing is left to serve: all {len(served)} paths of {plan.owner} would go"
        yield Refusal("empty", message, len(served), "1 file left", "--allow-empty")
        return
    targets = sorted({folder.target for folder in folders}, key=len, reverse=True)
    homes = Counter(next((t for t in targets if path.startswith(t)), None) for path in lost)
    filled = {folder.target for folder in folders if folder.files}
    for folder in folders:
        count = homes[folder.target]
        if not folder.files and folder.target not in filled and count:
            served_now = f"{_count(range(count), 'path')} below {folder.target}"
            message = f"the folder {folder.source} is empty while it serves {served_now}"
            yield Refusal("empty-folder", message, count, "1 file left", "--allow-empty")


def _replacements(plan: Plan) -> Iterator[Refusal]:
    unowned = [each for each in plan.replaced if each.owner is None]
    owned = [each for each in plan.replaced if each.owner is not None]
    if unowned:
        message = f"{_assets(unowned)} that assetsync did not make would be replaced: {_paths(unowned)}"
        yield Refusal("replace", message, len(unowned), "0", "--allow-replace")
    if owned:
        owners = ", ".join(sorted({str(each.owner) for each in owned}))
        message = f"{_assets(owned)} of another manifest ({owners}) would be taken over: {_paths(owned)}"
        yield Refusal("takeover", message, len(owned), "0", "--allow-takeover")


def _drops(plan: Plan) -> Iterator[Refusal]:
    if plan.dropped:
        message = f"unmanaged: drop would take {_assets(plan.dropped)} off line: {_paths(plan.dropped)}"
        yield Refusal("drop", message, len(plan.dropped), "0", "--allow-drop")


def _new_service(plan: Plan) -> Iterator[Refusal]:
    if plan.target.service_sid is None:
        message = f"the Service {plan.target.service} does not exist in this account and region and would be created"
        yield Refusal("create-service", message, 1, "0", CREATE_SERVICE)


def _flex(plan: Plan) -> Iterator[Refusal]:
    if plan.target.service == FLEX_SERVICE:
        yield Refusal("flex", "the Service default belongs to Twilio Flex", 1, "0", "--allow-flex")
        return
    touched = {action.path for action in plan.changes} | {each.path for each in plan.dropped}
    touched |= {action.previous_path for action in plan.sending if isinstance(action, Rename)}
    paths = sorted(path for path in touched if path.startswith(FLEX_PATHS))
    if paths:
        message = f"{_count(paths, 'path')} under {FLEX_PATHS} would change, where Twilio Flex keeps its plugins"
        yield Refusal("flex", message, len(paths), "0", "--allow-flex")


def _secrets(plan: Plan) -> Iterator[Refusal]:
    found = [a.asset for a in plan.serving if a.asset.secret and not isinstance(a, Unchanged)]
    if found:
        files = [f"{asset.source} ({asset.secret})" for asset in found]
        what = "1 file that looks like a secret" if len(found) == 1 else f"{len(found)} files that look like secrets"
        message = f"{what} would be {_visibilities(found)}: {_first(files)}"
        yield Refusal("secrets", message, len(found), "0", "--allow-secrets", files=tuple(files))


def _visibilities(found: Iterable[DesiredAsset]) -> str:
    return " or ".join(sorted({str(asset.visibility) for asset in found}, reverse=True))


def _assets(found: Sequence[Foreign]) -> str:
    return _count(found, "asset")


def _paths(found: Sequence[Foreign]) -> str:
    return _first([each.path for each in found])


def _count(found: Sequence[object], noun: str) -> str:
    return f"{len(found)} {noun}{'' if len(found) == 1 else 's'}"


def _first(names: list[str], most: int = 3) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def unanswered(refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
    return tuple(refusal for refusal in refusals if refusal.allowed_by is None)


def consents_from(flags: Mapping[str, int | None]) -> tuple[Consent, ...]:
    return tuple(Consent(override, figure) for override, figure in flags.items())


def check_consents(consents: Iterable[Consent]) -> None:
    """Raise UsageError for a flag that agrees to nothing, as one that is misspelt does."""
    for each in consents:
        if each.override not in OVERRIDES:
            from difflib import get_close_matches

            hint = f"did you mean {near[0]}?" if (near := get_close_matches(each.override, OVERRIDES, 1)) else None
            raise UsageError(
                f"{each.override} agrees to nothing that a plan refuses",
                hint=hint or f"there are {', '.join(OVERRIDES)}",
            )


def check_refusals(refusals: Iterable[Refusal]) -> None:
    """Raise Refused while one is not overridden."""
    left = unanswered(refusals)
    if left:
        reasons = ", ".join(each.reason for each in left)
        flags = " ".join(each.flag for each in left)
        raise Refused(f"refused ({reasons}); nothing was written", hint=f"if this is meant: {flags}")
