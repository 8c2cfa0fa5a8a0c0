"""`assetsync schema`: the JSON schemas that this version follows."""

from __future__ import annotations

import click

from assetsync.schemas import load_schema

NAMES = {"manifest": "assetsync", "plan": "plan", "events": "events"}


@click.command(
    "schema",
    short_help="Print a JSON schema.",
    help=(
        "Print the JSON schema of the manifest, of `plan --format json`, or of a line of `--events`.\n\n"
        "Editors read it: `assetsync schema > assetsync.schema.json`, and begin the manifest with\n\n"
        "\b\n# yaml-language-server: $schema=assetsync.schema.json"
    ),
)
@click.argument("name", type=click.Choice(list(NAMES)), default="manifest")
def command(name: str) -> int:
    """Print it."""
    click.echo(load_schema(NAMES[name]), nl=False)
    return 0
