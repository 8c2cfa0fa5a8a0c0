"""From the text of a manifest to its value: pure, and every problem at once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from assetsync.errors import InvalidInput
from assetsync.manifest.build import declared, manifest_of
from assetsync.manifest.checks import checks
from assetsync.manifest.contract import MAX_FINDINGS, accepted, manifest_schema, violations
from assetsync.manifest.document import read_document
from assetsync.manifest.environments import Request, expanded, select
from assetsync.manifest.model import Ownership
from assetsync.manifest.source import read_text
from assetsync.manifest.values import typed
from assetsync.manifest.variables import misplaced_variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from assetsync.errors import Problem
    from assetsync.manifest.findings import Finding, Places
    from assetsync.manifest.model import EnvironmentSpec, Manifest


def parse_manifest(
    source: str | bytes,
    *,
    path: Path,
    root: Path,
    request: Request,
    variables: Mapping[str, str],
    folder: Path | None = None,
) -> Manifest:
    """The manifest for one Environment.

    `path` is shown in messages as it is; `root` is the project root and `folder` where the manifest is (the root if
    not given), both absolute.
    Raises UsageError where no Environment can be selected, InvalidInput with every problem of the manifest else;
    where the declared Environments are wrong themselves, those problems come first.
    """
    draft = _draft(source, path, root, folder or root)
    if not draft.selectable:
        raise draft.invalid()
    selection = select(declared(draft.tree), request, variables)
    service, of_service = expanded(draft.tree.get("service") or "", "/service", ("service",), variables)
    draft.require_valid((*selection.findings, *of_service))
    return manifest_of(draft.tree, path, root, service, selection, draft.places.values)


def declared_environments(
    source: str | bytes, *, path: Path, root: Path, folder: Path | None = None
) -> tuple[EnvironmentSpec, ...]:
    """Every Environment of a valid manifest, names and suffixes as written; no variable needs to be set.

    Each name is one that `parse_manifest` takes as `environment`. Raises InvalidInput.
    """
    draft = _draft(source, path, root, folder or root)
    draft.require_valid(())
    return declared(draft.tree)


def parse_ownership(
    source: str | bytes, *, path: Path, root: Path, variables: Mapping[str, str], folder: Path | None = None
) -> Ownership:
    """What a valid manifest says of its owner; no variable of an Environment needs to be set. Raises InvalidInput."""
    draft = _draft(source, path, root, folder or root)
    service, of_service = expanded(draft.tree.get("service") or "", "/service", ("service",), variables)
    draft.require_valid(of_service)
    return Ownership(draft.tree["name"], service, declared(draft.tree))


@dataclass(frozen=True, slots=True)
class _Draft:
    """A manifest before any variable is expanded; `tree` holds None for each value that was refused."""

    file: str
    tree: dict[str, Any]
    places: Places
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]

    @property
    def selectable(self) -> bool:
        wrong = any(finding.pointer.startswith("/environments") for finding in self.findings)
        return not wrong and bool(self.tree.get("environments"))

    def require_valid(self, more: Iterable[Finding]) -> None:
        if self.findings or self.problems or more:
            raise self.invalid(more)

    def invalid(self, more: Iterable[Finding] = ()) -> InvalidInput:
        found = (self.places.problem(finding, self.file) for finding in (*self.findings, *more))
        return InvalidInput((*self.problems, *found))


def _draft(source: str | bytes, path: Path, root: Path, folder: Path) -> _Draft:
    file = str(path)
    document = read_document(read_text(source, file), file)
    values = typed(document.root, manifest_schema())
    early = tuple(islice(chain(values.findings, misplaced_variables(values.tree)), MAX_FINDINGS))
    forbidden, refused = violations(values, frozenset(finding.pointer for finding in early))
    tree = accepted(values.tree, refused)
    sound = tree if isinstance(tree, dict) else {}
    findings = (*early, *forbidden, *islice(checks(sound, folder, root), MAX_FINDINGS))
    return _Draft(file, sound, values.places, findings, document.problems)
