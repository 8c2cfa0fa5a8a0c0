"""The plan as a JSON document: what `plan --format json` prints and what a saved plan holds.

Its shape is published in `schema/plan.schema.json`. Paths in it are relative; it holds no secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from assetsync.plan.actions import Create, Delete, Rename, Restore, Unchanged, Upload

if TYPE_CHECKING:
    from assetsync.plan.actions import Action
    from assetsync.plan.plan import Foreign, Plan
    from assetsync.plan.safety import Refusal

FORMAT_VERSION = 1

Document = dict[str, Any]


def plan_document(
    plan: Plan, refusals: tuple[Refusal, ...], *, everything: bool, warnings: tuple[str, ...] = ()
) -> Document:
    """The plan with its safety; unchanged actions only with `everything`."""
    target = plan.target
    shown = plan.actions if everything else plan.changes
    return {
        "format_version": FORMAT_VERSION,
        "owner": plan.owner,
        "account_sid": target.account_sid,
        "service": {"sid": target.service_sid, "unique_name": target.service},
        "environment": {
            "sid": target.environment_sid,
            "name": target.environment,
            "suffix": target.suffix,
            "domain": target.domain,
            "build_sid": target.base_build,
        },
        "summary": plan.summary,
        "actions": [action_document(action, plan) for action in shown],
        "carried": [_foreign(each) for each in plan.carried],
        "replaced": [_foreign(each) for each in plan.replaced],
        "dropped": [_foreign(each) for each in plan.dropped],
        "kept": [
            {"path": each.path, "asset_sid": each.asset_sid, "version_sid": each.version_sid, "builds": each.builds}
            for each in plan.kept
        ],
        "functions": [{"path": each.path, "version_sid": each.sid} for each in plan.functions],
        "build": {"needed": plan.build_needed, "reasons": build_reasons(plan)},
        "requests": plan.request_estimate,
        "bytes": plan.bytes_to_send,
        "safety": [refusal_document(refusal) for refusal in refusals],
        "warnings": list(warnings),
    }


def action_name(action: Action) -> str:
    match action:
        case Unchanged():
            return "unchanged"
        case Restore():
            return "restore"
        case Upload():
            return "upload"
        case Rename():
            return "rename"
        case Create():
            return "create"
        case Delete():
            return "delete"
        case _:
            assert_never(action)


def action_document(action: Action, plan: Plan) -> Document:
    replaced = next((each.asset_sid for each in plan.replaced if each.path == action.path), None)
    common: Document = {
        "action": action_name(action),
        "path": action.path,
        "previous_path": action.previous_path if isinstance(action, Rename) else None,
        "asset_sid": None if isinstance(action, Create) else action.asset_sid,
        "replaces": replaced,
        "reasons": [] if isinstance(action, Unchanged) else [str(reason) for reason in action.reasons],
    }
    if isinstance(action, Delete):
        return common | {
            "source": None,
            "visibility": action.visibility,
            "content_type": None,
            "size": None,
            "digest": None,
        }
    asset = action.asset
    return common | {
        "source": asset.source,
        "visibility": str(asset.visibility),
        "content_type": asset.content_type,
        "size": asset.size,
        "digest": f"xxh3_128:{asset.digest}",
    }


def refusal_document(refusal: Refusal) -> Document:
    return {
        "reason": refusal.reason,
        "message": refusal.message,
        "observed": refusal.observed,
        "limit": refusal.limit,
        "override": refusal.override,
        "allowed_by": refusal.allowed_by,
        "files": list(refusal.files),
    }


def build_reasons(plan: Plan) -> list[str]:
    """Why a Build is needed, a phrase each; empty where none is."""
    counts = plan.summary
    phrases = [
        f"{counts[name]} to {name}" for name in ("create", "upload", "restore", "rename", "delete") if counts[name]
    ]
    phrases += [f"{counts[name]} foreign {name}" for name in ("replaced", "dropped") if counts[name]]
    if plan.build_needed and not phrases:
        phrases.append("a path is served twice")
    return phrases


def _foreign(each: Foreign) -> Document:
    return {"path": each.path, "asset_sid": each.asset_sid, "version_sid": each.version_sid, "owner": each.owner}
