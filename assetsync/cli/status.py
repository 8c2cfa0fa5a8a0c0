"""`assetsync status`: what is live, in a handful of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import Common, manifest_options, service_options, voice_options
from assetsync.cli.run import command_run
from assetsync.report.line import Line, Style
from assetsync.report.units import plural, short_sid
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assetsync.cli.session import Session
    from assetsync.manifest.model import Manifest


@click.command(
    "status",
    short_help="Show what is live.",
    help=(
        "Show the Environment's domain, its live Build, and whose assets it serves: ours, ours with a version that "
        "nobody remembers (somebody else uploaded it), foreign ones, Functions. The folders are not read."
    ),
)
@manifest_options
@service_options
@voice_options
def command(**flags: Any) -> int:
    """Look and tell."""
    from assetsync.cli.session import open_session, read_manifest

    common = Common(**flags)
    with command_run(**common.voice) as run:
        manifest = read_manifest(common)
        with run.progress(), open_session(common, run.emit) as session:
            run.output.document |= _look(manifest, session)
        run.output.result(_lines(run.output.document))
        run.output.close()
    return 0


def _look(manifest: Manifest, session: Session) -> dict[str, Any]:
    from assetsync.prepare import match_environment
    from assetsync.twilio.survey import read_holdings, read_snapshot

    client = session.client
    holdings = read_holdings(client, manifest.service)
    found: dict[str, Any] = {
        "service": {"sid": holdings.service_sid, "unique_name": manifest.service},
        "environment": None,
        "errors": [],
    }
    environment = match_environment(manifest, holdings.environments)
    if environment is None:
        return found | {"environment": {"name": manifest.environment.name, "sid": None, "build_sid": None}}
    snapshot = read_snapshot(client, holdings, environment, owner=manifest.name, journal=session.journal.view)
    deployments = client.list_deployments(environment.service_sid, environment.sid, limit=1)
    live = snapshot.live_versions
    ours = [version for version in live if version.asset_sid in snapshot.own]
    unknown = sorted(v.path for v in ours if snapshot.own[v.asset_sid].entry_of(v.sid) is None)
    newest = deployments[0].date_created if deployments else None
    return found | {
        "account_sid": environment.account_sid,
        "environment": {
            "name": environment.unique_name,
            "sid": environment.sid,
            "suffix": environment.domain_suffix,
            "domain": environment.domain_name,
            "url": session.reach.endpoints.site(environment.domain_name),
            "build_sid": environment.build_sid,
            "deployed_at": newest.isoformat() if newest else None,
        },
        "assets": {
            "ours": len(ours),
            "unknown": unknown,
            "foreign": len(live) - len(ours),
            "owners": sorted({snapshot.owners[v.asset_sid] for v in live if v.asset_sid in snapshot.owners}),
            "kept": len(snapshot.own) - len({version.asset_sid for version in ours}),
        },
        "functions": len(snapshot.live.function_versions) if snapshot.live else 0,
        "runtime": snapshot.live.runtime if snapshot.live else None,
    }


def _lines(found: dict[str, Any]) -> Iterator[Line]:
    service, environment = found["service"], found["environment"]
    service_name, name = printable(service["unique_name"]), printable(environment["name"] if environment else "")
    if service["sid"] is None:
        yield Line(f"The Service {service_name} does not exist yet.")
        return
    if environment["sid"] is None:
        yield Line(f"The Environment {name} of {service_name} does not exist yet.")
        return
    yield Line(f"{name} of {service_name}, account {short_sid(found['account_sid'])}", Style.BOLD)
    yield Line(f"  {printable(environment['url'])}/")
    if environment["build_sid"] is None:
        yield Line("  nothing is deployed")
        return
    yield Line(f"  Build {environment['build_sid']}, deployed {environment['deployed_at'] or 'at an unknown time'}")
    assets = found["assets"]
    counts = f"{plural(assets['ours'], 'asset')} of ours, {assets['foreign']} foreign"
    yield Line(f"  {counts}, {plural(found['functions'], 'Function')}")
    if assets["unknown"]:
        shown = ", ".join(assets["unknown"][:5])
        yield Line(
            f"  {len(assets['unknown'])} of ours with a version that nobody remembers: {printable(shown)}",
            Style.WARNING,
        )
    if assets["owners"]:
        yield Line(f"  other manifests here: {printable(', '.join(assets['owners']))}")
