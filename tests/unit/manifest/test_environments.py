"""Which Environment a run is about, and what its variables become."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from assetsync.errors import InvalidInput
from assetsync.manifest.model import EnvironmentSpec
from tests.unit.manifest.manifests import MINIMAL, WHOLE, changed, parsed, problems, refusal

if TYPE_CHECKING:
    from assetsync.errors import Problem

PREVIEWS = changed("production", "production\n  - name: preview-${PR}\n    suffix: pr-${PR}")


def test_the_only_declared_environment_is_the_default() -> None:
    """It may be named all the same."""
    assert parsed(MINIMAL).environment == EnvironmentSpec("production")
    assert parsed(MINIMAL, environment="production") == parsed(MINIMAL)


def test_several_environments_require_a_choice() -> None:
    """The message lists them, expanded where that is possible."""
    error = refusal(PREVIEWS, None)

    assert error.message == "the manifest declares several Environments: say which one with --environment"
    assert error.hint == "name one of production, preview-${PR}"
    assert error.exit_code == 64


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("prodution", "did you mean `production`? declared: production, staging; --create-environment makes a new one"),
        ("x", "declared: production, staging; --create-environment makes a new one"),
        ("", "declared: production, staging; --create-environment makes a new one"),
    ],
)
def test_an_undeclared_name_is_refused(name: str, hint: str) -> None:
    """With what was probably meant, and what there is."""
    error = refusal(WHOLE, name)

    assert error.message == f"the manifest declares no Environment named `{name}`"
    assert error.hint == hint


def test_a_name_with_variables_matches_what_it_becomes() -> None:
    """Or what is written; one whose variable is unset does not match and does not disturb."""
    preview = EnvironmentSpec("preview-7", "pr-7")

    assert parsed(PREVIEWS, environment="preview-7", variables={"PR": "7"}).environment == preview
    assert parsed(PREVIEWS, environment="preview-${PR}", variables={"PR": "7"}).environment == preview
    assert parsed(PREVIEWS, environment="production").environment == EnvironmentSpec("production")
    assert refusal(PREVIEWS, "preview-7").exit_code == 64
    assert parsed(PREVIEWS, environment="production").environments[1].name == "preview-${PR}"


def test_a_rule_follows_the_environment_that_it_names_as_written() -> None:
    """Later stages compare with the name of the selected Environment."""
    text = PREVIEWS + "    rules:\n      - match: a\n        environments: ['preview-${PR}', production]\n"

    selected = parsed(text, environment="preview-7", variables={"PR": "7"})
    assert selected.folders[0].rules[0].environments == ("preview-7", "production")
    created = parsed(text, environment="new", create=True)
    assert created.folders[0].rules[0].environments == ("preview-${PR}", "production")


@pytest.mark.parametrize(
    ("service", "variables", "expected"),
    [
        ("${A}", {"A": "site"}, "site"),
        ("a-${A}-${B}", {"A": "1", "B": "2"}, "a-1-2"),
        ("${A:-site}", {}, "site"),
        ("${A:-site}", {"A": ""}, "site"),
        ("${A:-site}", {"A": "other"}, "other"),
        ("x${A:-}", {}, "x"),
        ("ZS${A}", {"A": "00" * 16}, "ZS" + "00" * 16),
    ],
)
def test_variables_of_the_service_are_expanded(service: str, variables: dict[str, str], expected: str) -> None:
    """With their defaults, which count for an empty variable too."""
    assert parsed(changed("my-site", service), variables=variables).service == expected


@pytest.mark.parametrize(
    ("written", "variables", "message"),
    [
        ("${A}", {}, "the variable `A` in `service` is not set"),
        ("${A}", {"A": ""}, "the variable `A` in `service` is empty"),
        ("${A}", {"A": "a b"}, "`service` becomes `a b`, but must be a unique name of 1 to 50"),
        ("${A}", {"A": "${B}", "B": "x"}, "`service` becomes `${B}`, but must be"),
        ("${A}${A}", {"A": "s" * 26}, "`service` becomes `sss"),
        ("${A:-}", {}, "`service` becomes ``, but must be"),
        ("${A}", {"A": "x\x1b[31m"}, "`service` becomes `xU+001B[31m`"),
        ("${A}", {"A": "x\n"}, "`service` becomes `xU+000A`"),
    ],
)
def test_what_a_variable_yields_is_checked_again(written: str, variables: dict[str, str], message: str) -> None:
    """Length and characters hold after expansion, which happens once."""
    (problem,) = problems(changed("my-site", written), variables)

    assert message in problem.message
    assert (problem.line, problem.column, problem.text) == (3, 10, written)


def test_every_unset_variable_is_told_at_once() -> None:
    """In the Service and in the Environment; each once a text."""
    found = problems(changed("production", "${A}-${A}\n    suffix: ${B}").replace("my-site", "${C}-${D}"))

    assert [each.message.split("`")[1] for each in found] == ["C", "D", "A", "B"]


@pytest.mark.parametrize(("variables", "suffix"), [({}, None), ({"S": "stg"}, "stg")])
def test_a_suffix_may_become_none_by_an_explicit_default_only(variables: dict[str, str], suffix: str | None) -> None:
    """A pipeline that lost a variable must not end on the bare domain."""
    assert parsed(changed("production", "p\n    suffix: ${S:-}"), variables=variables).environment.suffix == suffix
    assert len(problems(changed("production", "p\n    suffix: ${S}"), {"S": ""})) == 1


def test_names_that_become_the_same_are_told_apart_by_nobody() -> None:
    """Two Environments of one name after expansion are a problem, at the second."""
    text = changed("production", "production\n  - name: ${A}\n    suffix: x")

    assert [each.message for each in problems_of(text, "production", {"A": "production"})] == [
        "the Environments `production` and `${A}` become the same name"
    ]


def test_suffixes_that_become_the_same_are_a_problem() -> None:
    """Whatever the case: it is part of a domain name."""
    text = WHOLE.replace("- name: production ", "- name: production\n    suffix: ${S} ")

    assert [each.message for each in problems_of(text, "production", {"S": "STG"})] == [
        "`suffix` becomes `STG`, which the Environment `staging` has already"
    ]


def problems_of(text: str, environment: str, variables: dict[str, str]) -> tuple[Problem, ...]:
    with pytest.raises(InvalidInput) as raised:
        parsed(text, environment=environment, variables=variables)
    return raised.value.problems


def test_a_new_environment_takes_its_name_as_suffix() -> None:
    """Where that fits a domain; the manifest's own Environments stay what they are."""
    manifest = parsed(WHOLE, environment="pr-7", create=True)

    assert manifest.environment == EnvironmentSpec("pr-7", "pr-7")
    assert len(manifest.environments) == 2
    assert parsed(WHOLE, environment="pr_7", create=True, suffix="x").environment == EnvironmentSpec("pr_7", "x")


@pytest.mark.parametrize("name", ["a-name-of-17-long", "pr_7", "pr.7", "pr-"])
def test_a_name_that_cannot_be_a_suffix_asks_for_one(name: str) -> None:
    """Longer than 16 characters, or not what a domain can hold."""
    error = refusal(WHOLE, name, create=True)

    assert error.message == f"`{name}` cannot be the domain suffix of the Environment `{name}`"
    assert "name one with --suffix" in (error.hint or "")


@pytest.mark.parametrize(
    ("name", "suffix", "message"),
    [
        ("", None, "the Environment `` cannot be created: its name must be 1 to 100 letters"),
        ("${A}", None, "the Environment `${A}` cannot be created"),
        ("a b", "x", "the Environment `a b` cannot be created"),
        ("pr", "", "`` cannot be the domain suffix of the Environment `pr`"),
        ("pr", "${A}", "`${A}` cannot be the domain suffix"),
        ("pr", "STG", "the domain suffix `STG` belongs to the declared Environment `staging`"),
        ("production", "x", "--suffix is for a new Environment, and `production` is declared"),
    ],
)
def test_what_cannot_be_created_is_refused(name: str, suffix: str | None, message: str) -> None:
    """Nothing is guessed, nothing is sent."""
    assert message in refusal(WHOLE, name, create=True, suffix=suffix).message


def test_a_declared_environment_needs_no_creation() -> None:
    """The same command line serves the first and every later run."""
    assert parsed(WHOLE, environment="staging", create=True, suffix="stg").environment.suffix == "stg"
    assert refusal(WHOLE, "staging", suffix="other").exit_code == 64
