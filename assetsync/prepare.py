"""From the manifest to a reviewed plan: scan, survey, verify, plan, review. Nothing is written on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from assetsync.errors import CredentialsError, FileChanged, InvalidInput, NotFound
from assetsync.local.digest import sha256_of
from assetsync.local.names import in_file
from assetsync.local.walk import unreadable
from assetsync.manifest.model import Unmanaged
from assetsync.meant import match_environment
from assetsync.model import Deployment
from assetsync.plan.actions import Unchanged
from assetsync.plan.board import Candidate, Verified
from assetsync.plan.limits import check_build, check_environments
from assetsync.plan.plan import Plan, Target, make_plan
from assetsync.plan.planner import candidates, plan_actions
from assetsync.plan.retention import is_asked_for, window_of
from assetsync.plan.safety import Refusal, review
from assetsync.twilio.memory import label_of
from assetsync.twilio.snapshot import snapshot_of
from assetsync.twilio.survey import check_service, read_holdings, read_others, read_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from assetsync.apply.journal import Journal
    from assetsync.manifest.model import Manifest
    from assetsync.model import AssetVersion, Build, DesiredAsset, DesiredTree, Environment
    from assetsync.plan.actions import Action
    from assetsync.plan.retention import Window
    from assetsync.twilio.client import ServerlessClient
    from assetsync.twilio.snapshot import JournalView, OwnAsset, Snapshot
    from assetsync.twilio.survey import Holdings

_LOOKERS = 10
_LONGEST_HISTORY = 50
"""Deployments: more Builds than `retain` can name."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan with what it was made from, and the guards that it trips (none overridden yet)."""

    plan: Plan
    snapshot: Snapshot
    tree: DesiredTree
    refusals: tuple[Refusal, ...]
    warnings: tuple[str, ...]


def prepare(
    manifest: Manifest,
    tree: Callable[[], DesiredTree],
    client: ServerlessClient,
    journal: Journal,
    *,
    account_sid: str | None = None,
    runtime: str | None = None,
    retain: bool = False,
) -> Prepared:
    """Plan one Environment. `tree` is called while the first requests are under way; `account_sid` is what the user
    said, None where only a key was given; `runtime` overrides the Build's; `retain` obeys the manifest's key.

    Raises InvalidInput for what the manifest or the files make impossible, CredentialsError, ServiceError.
    """
    with ThreadPoolExecutor(1) as background:
        holdings_read = background.submit(read_holdings, client, manifest.service)
        desired = tree()
        holdings = holdings_read.result()
    environment = match_environment(manifest, holdings.environments)
    snapshot = read_snapshot(client, holdings, environment, owner=manifest.name, journal=journal.view)
    window = read_window(snapshot, manifest, desired, client) if retain else None
    return prepare_on(snapshot, manifest, desired, client, account_sid=account_sid, runtime=runtime, window=window)


def read_window(
    snapshot: Snapshot, manifest: Manifest, desired: DesiredTree, client: ServerlessClient
) -> Window | None:
    """Since when what is kept is kept; None where the manifest keeps nothing, or there is nothing to keep."""
    environment = snapshot.environment
    wanted = {asset.path for asset in desired.assets}
    if not manifest.retain or environment is None or snapshot.live is None or not is_asked_for(wanted, snapshot):
        return None
    history = client.list_deployments(environment.service_sid, environment.sid, limit=_LONGEST_HISTORY)
    live = Deployment("", snapshot.live.sid)
    return window_of(manifest.retain, environment.sid, (live, *history))


def prepare_on(
    snapshot: Snapshot,
    manifest: Manifest,
    desired: DesiredTree,
    client: ServerlessClient,
    *,
    account_sid: str | None = None,
    runtime: str | None = None,
    window: Window | None = None,
) -> Prepared:
    """Plan on what is known of the Service; where something is to be changed, ask for what is not. Raises as above."""
    account = _account(snapshot, account_sid)
    plan = _plan(manifest, desired, snapshot, Verified(), account, runtime, window)
    if plan.build_needed or plan.repairs:
        known = snapshot if snapshot.others is not None else read_others(client, snapshot)
        cleaned = without_copied_names(client, known, plan)
        check_service(manifest.service, cleaned.service)
        found = candidates(desired.assets, cleaned)
        if found or cleaned != snapshot:
            snapshot, verified = cleaned, verify(client, cleaned, desired.assets, found)
            plan = _plan(manifest, desired, snapshot, verified, account, runtime, window)
    findings = check_build(plan, str(manifest.path))
    room = check_environments(plan, len(snapshot.environments), str(manifest.path))
    if problems := (*findings.problems, *room):
        raise InvalidInput(problems)
    refusals = review(plan, snapshot, desired.folders, manifest.max_delete)
    warnings = (*desired.warnings, *findings.warnings, *_console_warning(snapshot))
    return Prepared(plan, snapshot, desired, refusals, warnings)


def actions_on(
    build: Build,
    owner: str,
    holdings: Holdings,
    environment: Environment,
    tree: DesiredTree | None,
    journal: JournalView,
) -> tuple[frozenset[str], tuple[Action, ...] | None]:
    """The SIDs of our Assets, and what the folders would change if that Build were live; None without a tree.

    Nothing is asked: what a restore would save shows as an upload.
    """
    snapshot = snapshot_of(
        owner=owner,
        service_sid=holdings.service_sid,
        environment=environment,
        environments=holdings.environments,
        live=build,
        assets=holdings.assets,
        now=None,
        journal=journal,
    )
    own = frozenset(snapshot.own)
    if tree is None:
        return own, None
    actions = plan_actions(tree.assets, snapshot, Verified())
    return own, tuple(action for action in actions if not isinstance(action, Unchanged))


def verify(
    client: ServerlessClient, snapshot: Snapshot, desired: tuple[DesiredAsset, ...], found: tuple[Candidate, ...]
) -> Verified:
    """Look at the candidates, lazily: for each path the best first, and no further than the first that will do.

    A Version that some live Build holds needs no request. The files' SHA-256 are taken here and nowhere else.
    """
    assets = {asset.path: asset for asset in desired}
    versions: dict[str, AssetVersion | None] = {
        version.sid: version
        for build in (snapshot.live, *(snapshot.others or ()))
        if build is not None
        for version in build.asset_versions
    }
    groups = [(assets[path], tuple(group)) for path, group in groupby(found, key=attrgetter("path"))]
    digests: dict[str, str] = {}

    def look(group: tuple[DesiredAsset, tuple[Candidate, ...]]) -> None:
        asset, ranked = group
        digests[asset.path] = asset.sha256 or _sha256(asset)
        for candidate in ranked:
            if not digests[asset.path].startswith(candidate.sha256):
                continue
            if candidate.version_sid not in versions:
                versions[candidate.version_sid] = _fetch_version(client, snapshot.service_sid or "", candidate)
            version = versions[candidate.version_sid]
            if version is not None and (version.path, version.visibility) == (asset.path, asset.visibility):
                return

    with ThreadPoolExecutor(_LOOKERS) as pool:
        list(pool.map(look, groups))
    return Verified(versions, digests)


def _sha256(asset: DesiredAsset) -> str:
    """Raises InvalidInput where the file is not any more what was just read of it."""
    try:
        return sha256_of(asset.file)
    except FileChanged as error:
        raise InvalidInput((in_file(asset.source, "the file changed while it was read", hint=error.hint),)) from error
    except OSError as error:
        raise InvalidInput((unreadable(asset.source, "file", error),)) from error


def without_copied_names(client: ServerlessClient, snapshot: Snapshot, plan: Plan) -> Snapshot:
    """The same without the Assets that `plan` would have us use or take off line on the word of a copied name.

    In doubt is an Asset whose name tells of Versions while no live Build shows one of them to be its own. It is ours
    when one of them is found in it, else foreign, also where the journal knows it: it may be another owner's.
    """
    changed = {label_of(action.path, snapshot.owner) for action in plan.changes}
    here = {version.asset_sid for version in snapshot.live_versions}
    live = {v.sid: v.asset_sid for b in (snapshot.live, *(snapshot.others or ())) if b for v in b.asset_versions}
    doubtful = [
        own
        for own in snapshot.own.values()
        if (own.sid in here or own.label in changed)
        and own.named
        and all(live.get(entry.version_sid) != own.sid for entry in own.entries[: own.named])
    ]

    def is_foreign(own: OwnAsset) -> bool:
        claims = (Candidate(own.label, own.sid, entry.version_sid, entry.sha256) for entry in own.entries[: own.named])
        return all(_fetch_version(client, snapshot.service_sid or "", claim) is None for claim in claims)

    with ThreadPoolExecutor(_LOOKERS) as pool:
        foreign = {own.sid for own, copied in zip(doubtful, pool.map(is_foreign, doubtful), strict=True) if copied}
    return replace(snapshot, own={sid: own for sid, own in snapshot.own.items() if sid not in foreign})


def _fetch_version(client: ServerlessClient, service: str, candidate: Candidate) -> AssetVersion | None:
    try:
        return client.fetch_version(service, candidate.asset_sid, candidate.version_sid)
    except NotFound:
        return None


def _plan(
    manifest: Manifest,
    desired: DesiredTree,
    snapshot: Snapshot,
    verified: Verified,
    account_sid: str | None,
    runtime: str | None,
    window: Window | None,
) -> Plan:
    environment, wanted = snapshot.environment, manifest.environment
    target = Target(
        account_sid=account_sid,
        service=snapshot.service.unique_name if snapshot.service else manifest.service,
        service_sid=snapshot.service_sid,
        environment=wanted.name,
        environment_sid=environment.sid if environment else None,
        suffix=wanted.suffix,
        domain=environment.domain_name if environment else None,
        base_build=environment.build_sid if environment else None,
    )
    return make_plan(
        target=target,
        desired=desired.assets,
        snapshot=snapshot,
        verified=verified,
        drop_foreign=manifest.unmanaged is Unmanaged.DROP,
        runtime=runtime,
        window=window,
    )


def _account(snapshot: Snapshot, said: str | None) -> str | None:
    """The account that answered. Raises CredentialsError when it is not the one that the user named."""
    found = next((each.account_sid for each in snapshot.environments), None)
    if found is None and snapshot.service is not None:
        found = snapshot.service.account_sid
    if found is not None and said is not None and found != said:
        raise CredentialsError(
            f"the key belongs to the account {found}, and TWILIO_ACCOUNT_SID or the profile says {said}",
            hint="set the key and the account of one and the same account",
        )
    return found or said


def _console_warning(snapshot: Snapshot) -> tuple[str, ...]:
    if snapshot.service is None or not snapshot.service.ui_editable:
        return ()
    name = snapshot.service.unique_name
    return (
        f"the Service {name} is editable in the Twilio Console: deployments from there and from here undo each other",
    )
