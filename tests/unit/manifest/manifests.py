"""Manifests for the tests of this folder, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from assetsync.errors import InvalidInput, UsageError
from assetsync.manifest.environments import Request
from assetsync.manifest.parse import parse_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assetsync.errors import Problem
    from assetsync.manifest.model import Manifest

MINIMAL = """\
version: 1
name: website
service: my-site
environments:
  - name: production
folders:
  - source: public
    target: /
    visibility: public
"""

WHOLE = """\
# yaml-language-server: $schema=schema/assetsync.schema.json
version: 1
name: website                  # required: who owns these assets, [a-z0-9-]{1,32}
service: my-site               # unique name or ZS SID
environments:                  # at least one
  - name: production           # matched by unique name; no suffix: the bare domain
  - name: staging
    suffix: stg
folders:
  - source: public             # relative to the manifest, inside the project root
    target: /                  # URL prefix
    visibility: public         # required: making something public is a decision
    include: ["**"]            # gitignore syntax, as in exclude
    exclude: ["*.map", "drafts/"]
    index: index.html          # also serve this file at `/` (only with target `/`: F2.6)
    names: reject              # reject | encode: what becomes of names that a URL cannot carry
    rules:                     # the last matching rule wins, property by property
      - match: "admin/**"
        visibility: protected
      - match: "*.wasm"
        content_type: application/wasm
      - match: "internal/**"
        environments: [staging]   # this rule counts in these Environments only
        visibility: public
safety:
  max_delete: 30%              # or a count, taken literally
unmanaged: keep                # keep | drop: what becomes of foreign assets in the live Build
"""

ROOT = Path("/project")


def parsed(
    text: str | bytes,
    *,
    environment: str | None = None,
    variables: Mapping[str, str] | None = None,
    create: bool = False,
    suffix: str | None = None,
    find: bool = False,
    folder: Path = ROOT,
) -> Manifest:
    return parse_manifest(
        text,
        path=Path("assetsync.yaml"),
        root=ROOT,
        folder=folder,
        request=Request(environment, create, suffix, find),
        variables=variables or {},
    )


def problems(text: str | bytes, variables: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """What is wrong with a manifest of one Environment, nothing for a valid one."""
    try:
        parsed(text, variables=variables)
    except InvalidInput as invalid:
        return invalid.problems
    return ()


def refusal(text: str, environment: str | None, *, create: bool = False, suffix: str | None = None) -> UsageError:
    try:
        parsed(text, environment=environment, create=create, suffix=suffix)
    except UsageError as error:
        return error
    raise AssertionError("the command line was accepted")


def changed(old: str, new: str) -> str:
    """The minimal manifest with one text replaced."""
    assert MINIMAL.count(old) == 1
    return MINIMAL.replace(old, new)
