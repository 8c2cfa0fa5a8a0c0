"""`assetsync validate`: everything that can be known without a request."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from assetsync.cli.options import manifest_options, voice_options
from assetsync.cli.run import command_run
from assetsync.errors import InvalidInput
from assetsync.report.line import Line, Style
from assetsync.report.units import plural, size

if TYPE_CHECKING:
    from pathlib import Path

    from assetsync.cli.run import Run
    from assetsync.errors import Problem
    from assetsync.model import DesiredTree


@click.command(
    "validate",
    short_help="Check the manifest and the files, without any request.",
    help=(
        "Check the manifest and the files of every declared Environment (or of the one named by -e), and tell every "
        "problem at once. No request is made and no credentials are needed."
    ),
)
@manifest_options
@voice_options
def command(
    *, manifest: Path | None, environment: str | None, create_environment: bool, suffix: str | None, **voice: Any
) -> int:
    """Check each Environment; problems that several share are told once."""
    from assetsync.cli.reading import read_tree
    from assetsync.cli.session import manifest_path
    from assetsync.local.scan import select
    from assetsync.manifest.load import load_environments, load_manifest

    with command_run(**voice) as run:
        path = manifest_path(manifest)
        names = [environment] if environment else [each.name for each in load_environments(path)]
        problems: list[Problem] = []
        trees: dict[str, DesiredTree] = {}
        for name in names:
            try:
                chosen = load_manifest(
                    path,
                    environment=name,
                    variables=os.environ,
                    create_environment=create_environment,
                    suffix=suffix,
                )
                trees[chosen.environment.name] = read_tree(select(chosen), run.emit)
            except InvalidInput as error:
                problems += error.problems
        if problems:
            raise InvalidInput(tuple(problems))
        _tell(run, path, trees)
    return 0


def _tell(run: Run, path: Path, trees: dict[str, DesiredTree]) -> None:
    run.output.document |= {
        "manifest": str(path),
        "environments": [
            {"name": name, "assets": len(tree.assets), "bytes": _bytes(tree), "warnings": list(tree.warnings)}
            for name, tree in trees.items()
        ],
        "errors": [],
    }
    for name, tree in trees.items():
        run.output.warn(tree.warnings)
        secrets = [asset for asset in tree.assets if asset.secret]
        run.output.warn(
            f"{asset.source} looks like a secret ({asset.secret}) and would be {asset.visibility}: apply will refuse it"
            for asset in secrets
        )
        found = f"{plural(len(tree.assets), 'asset')}, {size(_bytes(tree))}"
        run.output.result([Line(f"{path} is valid for {name}: {found}.", Style.GOOD)])
    run.output.close()


def _bytes(tree: DesiredTree) -> int:
    return sum(asset.size for asset in tree.assets)
