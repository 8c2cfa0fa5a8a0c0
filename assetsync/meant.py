"""Which Environment of the Service is meant: the manifest's, matched by its name (F7.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assetsync.errors import InvalidInput, Problem, UsageError
from assetsync.manifest.wording import resembling
from assetsync.twilio.printable import printable
from assetsync.twilio.survey import read_environments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from assetsync.manifest.model import Manifest
    from assetsync.model import Build, Environment
    from assetsync.twilio.client import ServerlessClient


def existing_environment(manifest: Manifest, environments: Iterable[Environment]) -> Environment:
    """The same as `match_environment`. Raises UsageError where it does not exist yet."""
    found = match_environment(manifest, environments)
    if found is None:
        raise UsageError(_absent(manifest), hint="`assetsync apply` makes it")
    return found


def live_build(client: ServerlessClient, manifest: Manifest) -> tuple[Environment, Build | None]:
    """The manifest's Environment and what is live there. Raises UsageError where it does not exist."""
    environment = existing_environment(manifest, read_environments(client, manifest.service))
    if environment.build_sid is None:
        return environment, None
    return environment, client.fetch_build(environment.service_sid, environment.build_sid)


def match_environment(manifest: Manifest, environments: Iterable[Environment]) -> Environment | None:
    """The Environment that the manifest means, matched by unique name; None where it does not exist yet.

    Raises InvalidInput where its suffix is another one, or is taken by another name (F7.4); UsageError where it is not
    declared and not there.
    """
    wanted = manifest.environment
    if wanted.any_suffix:
        return _one_that_is_there(manifest, tuple(environments))
    for each in sorted(environments, key=lambda found: found.unique_name != wanted.name):
        if each.unique_name == wanted.name and each.domain_suffix == wanted.suffix:
            return each
        if each.unique_name == wanted.name:
            said, right = wanted.suffix or "no suffix", each.domain_suffix
            raise _environment_problem(
                manifest,
                f"the Environment {wanted.name} exists with {f'the suffix {right}' if right else 'no suffix'}, "
                f"the manifest says {said}",
                f"write `suffix: {right}`" if right else "leave `suffix` out",
            )
        if each.domain_suffix == wanted.suffix:
            taken = f"the suffix {wanted.suffix}" if wanted.suffix else "the bare domain (no suffix)"
            raise _environment_problem(
                manifest,
                f"{taken} belongs to the Environment {each.unique_name} already, not to {wanted.name}",
                f"write `name: {each.unique_name}`, or give {wanted.name} another suffix",
            )
    return None


def _one_that_is_there(manifest: Manifest, environments: tuple[Environment, ...]) -> Environment:
    found = {each.unique_name: each for each in environments}
    name = manifest.environment.name
    if name not in found:
        meant = resembling(name, [*found, *(each.name for each in manifest.environments)])
        there = ", ".join(map(printable, found)) or "none"
        guess = f"did you mean `{printable(meant)}`? " if meant else ""
        raise UsageError(_absent(manifest), hint=f"{guess}the Service has: {there}")
    return found[name]


def _absent(manifest: Manifest) -> str:
    return f"the Environment {manifest.environment.name} of {manifest.service} does not exist"


def _environment_problem(manifest: Manifest, message: str, hint: str) -> InvalidInput:
    """At the Environment's place in the manifest; at none where the command line named it."""
    declared = [
        f"/environments/{at}/name" for at, each in enumerate(manifest.environments) if each == manifest.environment
    ]
    if not declared:
        where = "with --create-environment, --environment and --suffix say which one is meant"
        return InvalidInput((Problem(str(manifest.path), 0, 0, message, hint=where),))
    mark = manifest.mark(declared[0])
    return InvalidInput((Problem(str(manifest.path), mark.line, mark.column, message, hint=hint),))
