"""`assetsync init`: a manifest to begin with, for the folder that looks like the site."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import Common, option, service_options, voice_options
from assetsync.cli.run import command_run
from assetsync.errors import UsageError
from assetsync.local.whole_file import regular_target, write_whole
from assetsync.report.line import Line, Style
from assetsync.report.units import plural
from assetsync.twilio.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assetsync.cli.run import Run
    from assetsync.model import Environment

LIKELY_FOLDERS = ("public", "dist", "build", "out", "_site", "static", "assets")
"""Where static site generators and bundlers write, the likeliest first."""

TEMPLATE = """\
# For completion in an editor: `assetsync schema > assetsync.schema.json`, and begin this file with
# yaml-language-server: $schema=assetsync.schema.json
version: 1
name: {name}  # who owns these assets: unique among the manifests of one Service
service: {service}  # unique name or ZS SID; created on the first apply with --create-service
environments:
  - name: production    # no suffix: the bare domain
folders:
  - source: {source}
    target: /
    visibility: public  # or protected: callers need a Twilio signature; or private: Functions only
{index}    exclude: ["*.map"]
# safety:
#   max_delete: 30%     # how much may go off line at once; by default 30 %, and never refused are 3 paths or fewer
"""


@click.command(
    "init",
    short_help="Write a manifest for this folder.",
    help=(
        "Write assetsync.yaml into FOLDER (default: here), for the folder in it that looks like the site.\n\n"
        "With --from SERVICE it is made for what that Service serves already: `assetsync pull` fetches the files then, "
        "and `assetsync adopt` takes the assets over without sending them again."
    ),
)
@click.argument("folder", default=".", type=click.Path(path_type=Path, exists=True, file_okay=False))
@option("--name", help="The owner name; by default made from the folder's name.")
@option("--service", help="The Service's unique name; by default the owner name.")
@option("--source", help="The folder of files, relative to FOLDER; by default the first of public, dist, build, ...")
@option("--force", is_flag=True, help="Replace a manifest that is there.")
@option(
    "--from",
    "origin",
    envvar="ASSETSYNC_INIT_FROM",
    metavar="SERVICE",
    help="Make it for what this Service serves already.",
)
@option("-e", "--environment", metavar="NAME", help="With --from: the Environment to go by; by default the bare one.")
@service_options
@voice_options
def command(
    *,
    folder: Path,
    name: str | None,
    service: str | None,
    source: str | None,
    force: bool,
    origin: str | None,
    **flags: Any,
) -> int:
    """Write the manifest, unless there is one."""
    common = Common(manifest=None, **flags)
    with command_run(**common.voice) as run:
        file = folder / "assetsync.yaml"
        if file.exists() and not force:
            raise UsageError(f"{file} exists already", hint="edit it, or add --force to replace it")
        owner = name or _owner_name(folder.resolve().name)
        if origin is not None:
            _from_service(common, run, file, origin, owner, source or LIKELY_FOLDERS[0])
            return 0
        chosen = source or _likely_source(folder)
        if not (folder / chosen).is_dir():
            raise UsageError(
                f"{folder / chosen} is not a folder", hint="build the site first, or name another --source"
            )
        index = "    index: index.html   # also served at /\n" if (folder / chosen / "index.html").is_file() else ""
        text = TEMPLATE.format(
            name=owner, service=service or owner, source=json.dumps(chosen, ensure_ascii=False), index=index
        )
        _write(text, file, run)
        run.output.document |= {"manifest": str(file), "name": owner, "source": chosen}
        run.output.result(
            [
                Line(f"Wrote {file} for the folder {chosen}.", Style.GOOD),
                Line(
                    "Next: `assetsync apply --local` tries it here, without an account; `assetsync plan` asks Twilio."
                ),
            ]
        )
        run.output.close()
    return 0


def _from_service(common: Common, run: Run, file: Path, service: str, owner: str, source: str) -> None:
    """The manifest for what a Service serves."""
    from assetsync.cli.session import open_session
    from assetsync.served.begin import manifest_text
    from assetsync.twilio.memory import parse
    from assetsync.twilio.survey import read_holdings

    with run.progress(), open_session(common, run.emit) as session:
        holdings = read_holdings(session.client, service)
        environment = _chosen(holdings.environments, service, common.environment)
        build = session.client.fetch_build(environment.service_sid, environment.build_sid or "")
    others = {
        asset.sid
        for asset in holdings.assets
        if (memory := parse(asset.friendly_name)) is not None and memory.owner != owner
    }
    versions = [version for version in build.asset_versions if version.asset_sid not in others]
    text = manifest_text(owner, service, holdings.environments, versions, source)
    _write(text, file, run, environment.unique_name)
    run.output.document |= {"manifest": str(file), "name": owner, "source": source, "assets": len(versions)}
    where = "" if len(holdings.environments) == 1 else f" -e {environment.unique_name}"
    run.output.result(
        [
            Line(f"Wrote {file} for {plural(len(versions), 'asset')} of {printable(service)}.", Style.GOOD),
            Line(
                f"Next: `assetsync pull{printable(where)} {source}` fetches them, `assetsync adopt{printable(where)}`"
            ),
            Line("takes them over; `assetsync plan` then says what differs."),
        ]
    )
    run.output.close()


def _chosen(environments: Sequence[Environment], service: str, name: str | None) -> Environment:
    """The Environment to go by: the one of that name, else of the bare domain, else the first that serves something."""
    serving = [each for each in environments if each.build_sid]
    ranked = sorted(serving, key=lambda each: (each.domain_suffix is not None, each.unique_name))
    found = next((each for each in ranked if name in {None, each.unique_name}), None)
    if found is None:
        names = ", ".join(each.unique_name for each in ranked)
        raise UsageError(
            f"the Service {service} has no Environment {name or 'that serves anything'}"
            if environments
            else f"the Service {service} does not exist, or has no Environment",
            hint=f"these serve something: {names}" if names else "check the name and the account",
        )
    return found


def _write(text: str, file: Path, run: Run, environment: str | None = None) -> None:
    _check(text, file, environment)
    try:
        write_whole(regular_target(file), text.encode())
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}", hint="name another folder") from error
    run.output.standing = f"{file} was written"


def _owner_name(folder: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", folder.lower()).strip("-")[:32] or "website"


def _likely_source(folder: Path) -> str:
    found = next((each for each in LIKELY_FOLDERS if (folder / each).is_dir()), None)
    if found is None:
        raise UsageError(
            f"none of {', '.join(LIKELY_FOLDERS)} is a folder in {folder}", hint="name yours with --source FOLDER"
        )
    return found


def _check(text: str, file: Path, environment: str | None) -> None:
    """The manifest that is about to be written must be right. Raises InvalidInput."""
    from assetsync.manifest.environments import Request
    from assetsync.manifest.locate import manifest_folder, project_root
    from assetsync.manifest.parse import parse_manifest

    parse_manifest(
        text,
        path=file,
        root=project_root(file),
        folder=manifest_folder(file),
        request=Request(environment),
        variables={},
    )
