"""Which Environment a run is about: one that the manifest declares, or a new one that the command line asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assetsync.errors import UsageError
from assetsync.manifest.contract import fits, fragment
from assetsync.manifest.findings import Finding, child, label, shown
from assetsync.manifest.model import EnvironmentSpec
from assetsync.manifest.variables import expand, has_variables, may_become, unset_variables
from assetsync.manifest.wording import expectation, resembling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAME = ("environments", 0, "name")
_SUFFIX = ("environments", 0, "suffix")


@dataclass(frozen=True, slots=True)
class Selection:
    """`written` is the selected Environment as the manifest writes it, None for a new one."""

    environment: EnvironmentSpec
    written: EnvironmentSpec | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line says: `name` None leaves the choice to a manifest that declares one Environment.

    create: one that is not declared is made, with this suffix; find: one that is not declared may be there already
    """

    name: str | None = None
    create: bool = False
    suffix: str | None = None
    find: bool = False


def select(declared: Sequence[EnvironmentSpec], request: Request, variables: Mapping[str, str]) -> Selection:
    """The Environment of this run, its variables expanded. `declared` holds at least one.

    A name matches after expansion, or as it is written; one whose variables are unset does not match, and is no
    error. Raises UsageError where the command line must say more, or something else.
    """
    if request.name is None and len(declared) > 1:
        hint = f"name one of {', '.join(_shown_names(declared, variables))}"
        raise UsageError("the manifest declares several Environments: say which one with --environment", hint=hint)
    found = [
        at for at, spec in enumerate(declared) if request.name is None or _is_called(spec, request.name, variables)
    ]
    if not found:
        return Selection(_new(declared, request, variables), None)
    first, *others = found
    selection = _declared(declared, first, variables)
    twins = (Finding(f"/environments/{at}/name", _twins(declared[first], declared[at])) for at in others)
    if request.suffix is not None and request.suffix != selection.environment.suffix:
        raise UsageError(
            f"--suffix is for a new Environment, and `{selection.environment.name}` is declared in the manifest",
            hint="remove the option, or change the suffix in the manifest",
        )
    return Selection(selection.environment, declared[first], (*selection.findings, *twins))


def declared_as(name: str, declared: Sequence[EnvironmentSpec], variables: Mapping[str, str]) -> str | None:
    """How the manifest writes an Environment of this name, None where it declares none.

    As far as the variables tell: one that is unset may hold anything.
    """
    return next((spec.name for spec in declared if spec.name == name or may_become(spec.name, name, variables)), None)


def expanded(
    text: str, pointer: str, path: Sequence[str | int], variables: Mapping[str, str]
) -> tuple[str, tuple[Finding, ...]]:
    """A text of the manifest with its variables replaced, and what is wrong with them or with the outcome."""
    if not has_variables(text):
        return text, ()
    unset = unset_variables(text, variables)
    if unset:
        return text, tuple(_unset(name, text, pointer, empty=name in variables) for name in unset)
    value = expand(text, variables)
    if fits(value, path):
        return value, ()
    message = f"{label(pointer)} becomes `{shown(value)}`, but {expectation(fragment(path))}"
    return value, (Finding(pointer, message, text, "change the variable, or the text around it"),)


def _declared(declared: Sequence[EnvironmentSpec], at: int, variables: Mapping[str, str]) -> Selection:
    pointer = child("/environments", at)
    name, of_name = expanded(declared[at].name, child(pointer, "name"), _NAME, variables)
    suffix, of_suffix = expanded(declared[at].suffix or "", child(pointer, "suffix"), _SUFFIX, variables)
    findings = [*of_name, *of_suffix]
    holder = _holder_of(suffix, [spec for other, spec in enumerate(declared) if other != at], variables)
    if holder is not None and has_variables(declared[at].suffix or "") and not of_suffix:
        message = f"`suffix` becomes `{suffix}`, which the Environment `{holder}` has already"
        findings.append(Finding(child(pointer, "suffix"), message, declared[at].suffix, "give each its own"))
    return Selection(EnvironmentSpec(name, suffix or None), declared[at], tuple(findings))


def _new(declared: Sequence[EnvironmentSpec], request: Request, variables: Mapping[str, str]) -> EnvironmentSpec:
    name = request.name or ""
    if not (request.create or request.find):
        raise _undeclared(name, _shown_names(declared, variables))
    if not fits(name, _NAME):
        what = "be created" if request.create else "be there"
        raise UsageError(f"the Environment `{shown(name)}` cannot {what}: its name {expectation(fragment(_NAME))}")
    if request.find:
        return EnvironmentSpec(name, any_suffix=True)
    suffix = name if request.suffix is None else request.suffix
    if not suffix or not fits(suffix, _SUFFIX):
        hint = "a suffix must be 1 to 16 letters, digits or inner dashes"
        what = f"`{shown(suffix)}` cannot be the domain suffix of the Environment `{name}`"
        raise UsageError(what, hint=f"name one with --suffix; {hint}" if request.suffix is None else hint)
    holder = _holder_of(suffix, declared, variables)
    if holder is not None:
        hint = "name another with --suffix"
        raise UsageError(f"the domain suffix `{suffix}` belongs to the declared Environment `{holder}`", hint=hint)
    return EnvironmentSpec(name, suffix)


def _undeclared(name: str, names: Sequence[str]) -> UsageError:
    meant = resembling(name, names)
    guess = f"did you mean `{meant}`? " if meant else ""
    hint = f"{guess}declared: {', '.join(names)}; --create-environment makes a new one"
    return UsageError(f"the manifest declares no Environment named `{shown(name)}`", hint=hint)


def _is_called(spec: EnvironmentSpec, name: str, variables: Mapping[str, str]) -> bool:
    return name == spec.name or (not unset_variables(spec.name, variables) and name == expand(spec.name, variables))


def _holder_of(suffix: str, specs: Sequence[EnvironmentSpec], variables: Mapping[str, str]) -> str | None:
    """The name of the Environment that has this suffix, as far as the variables tell."""
    for spec in specs:
        written = spec.suffix or ""
        if not unset_variables(written, variables) and expand(written, variables).lower() == suffix.lower():
            return spec.name
    return None


def _shown_names(declared: Sequence[EnvironmentSpec], variables: Mapping[str, str]) -> list[str]:
    return [spec.name if unset_variables(spec.name, variables) else expand(spec.name, variables) for spec in declared]


def _twins(first: EnvironmentSpec, other: EnvironmentSpec) -> str:
    return f"the Environments `{first.name}` and `{other.name}` become the same name"


def _unset(name: str, text: str, pointer: str, *, empty: bool) -> Finding:
    state = "is empty" if empty else "is not set"
    hint = f"set it in the environment, or give a default: ${{{name}:-default}}"
    return Finding(pointer, f"the variable `{name}` in {label(pointer)} {state}", text, hint)
