"""`assetsync init`: a manifest to begin with, for the folder that looks like the site."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Unpack

import click

from assetsync.cli.options import Voice, option, voice_options
from assetsync.cli.run import command_run
from assetsync.errors import UsageError
from assetsync.local.whole_file import regular_target, write_whole
from assetsync.report.line import Line, Style

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
    help="Write assetsync.yaml into FOLDER (default: here), for the folder in it that looks like the site.",
)
@click.argument("folder", default=".", type=click.Path(path_type=Path, exists=True, file_okay=False))
@option("--name", help="The owner name; by default made from the folder's name.")
@option("--service", help="The Service's unique name; by default the owner name.")
@option("--source", help="The folder of files, relative to FOLDER; by default the first of public, dist, build, ...")
@option("--force", is_flag=True, help="Replace a manifest that is there.")
@voice_options
def command(
    *, folder: Path, name: str | None, service: str | None, source: str | None, force: bool, **voice: Unpack[Voice]
) -> int:
    """Write the manifest, unless there is one."""
    with command_run(**voice) as run:
        file = folder / "assetsync.yaml"
        if file.exists() and not force:
            raise UsageError(f"{file} exists already", hint="edit it, or add --force to replace it")
        owner = name or _owner_name(folder.resolve().name)
        chosen = source or _likely_source(folder)
        if not (folder / chosen).is_dir():
            raise UsageError(
                f"{folder / chosen} is not a folder", hint="build the site first, or name another --source"
            )
        index = "    index: index.html   # also served at /\n" if (folder / chosen / "index.html").is_file() else ""
        text = TEMPLATE.format(
            name=owner, service=service or owner, source=json.dumps(chosen, ensure_ascii=False), index=index
        )
        _check(text, file)
        try:
            write_whole(regular_target(file), text.encode())
        except OSError as error:
            raise UsageError(f"{file} cannot be written: {error.strerror}", hint="name another folder") from error
        run.output.standing = f"{file} was written"
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


def _owner_name(folder: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", folder.lower()).strip("-")[:32] or "website"


def _likely_source(folder: Path) -> str:
    found = next((each for each in LIKELY_FOLDERS if (folder / each).is_dir()), None)
    if found is None:
        raise UsageError(
            f"none of {', '.join(LIKELY_FOLDERS)} is a folder in {folder}", hint="name yours with --source FOLDER"
        )
    return found


def _check(text: str, file: Path) -> None:
    """The manifest that is about to be written must be right. Raises InvalidInput."""
    from assetsync.manifest.locate import manifest_folder, project_root
    from assetsync.manifest.parse import parse_manifest

    parse_manifest(
        text,
        path=file,
        root=project_root(file),
        folder=manifest_folder(file),
        environment=None,
        variables={},
        create_environment=False,
        suffix=None,
    )
