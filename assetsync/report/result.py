"""What an apply did, as the `result` of its JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assetsync.apply.applier import Outcome
    from assetsync.twilio.tally import Tally


def result_document(outcome: Outcome, site: str | None, tally: Tally, seconds: float) -> dict[str, Any]:
    """`url` is null for a path that is not served; the list of errors is empty, since there is a result.

    `expires_at` is there for a preview whose time this run has set.
    """
    return {
        "build_sid": outcome.build_sid,
        "deployment_sid": outcome.deployment_sid,
        "site": site,
        "versions": [
            {
                "path": served.path,
                "asset_sid": served.asset_sid,
                "version_sid": served.version_sid,
                "url": f"{site}{served.path}" if site and served.visibility != "private" else None,
            }
            for served in outcome.versions
        ],
        **({"expires_at": outcome.expiry.isoformat()} if outcome.expiry else {}),
        "errors": [],
        "warnings": list(outcome.warnings),
        "requests": tally.requests,
        "bytes_sent": tally.bytes_sent,
        "seconds": round(seconds, 3),
    }
