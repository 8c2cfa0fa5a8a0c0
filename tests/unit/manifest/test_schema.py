"""The schema: valid itself, complete for an editor, and of one mind with the program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
import yaml

from assetsync.errors import UsageError
from assetsync.manifest.contract import manifest_schema
from assetsync.schemas import load_schema, schema_names
from tests.unit.manifest.manifests import MINIMAL, WHOLE, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def fragments(schema: dict[str, Any], name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield name, schema
    for key, below in schema.get("properties", {}).items():
        yield from fragments(below, f"{name}/{key}")
    if "items" in schema:
        yield from fragments(schema["items"], f"{name}/*")


ALL = dict(fragments(manifest_schema()))


def test_the_schema_is_a_schema() -> None:
    """Valid under the metaschema of 2020-12, which it names."""
    jsonschema_rs.meta.validate(manifest_schema())

    assert manifest_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", [name for name in ALL if name])
def test_an_editor_can_complete_and_explain_each_key(name: str) -> None:
    """Title, description, type and examples that are valid themselves; no mapping takes unknown keys."""
    schema = ALL[name]

    assert schema["title"]
    assert len(schema["description"]) > 20
    assert schema["type"]
    assert schema["examples"]
    for example in schema["examples"]:
        jsonschema_rs.validate(schema, example)
    if schema["type"] == "object":
        assert schema["additionalProperties"] is False
    if "pattern" in schema:
        assert schema["patternErrorMessage"].startswith("must be ")


def test_the_words_cover_every_keyword_of_the_schema() -> None:
    """A keyword that the wording does not know would speak in the wrong words."""
    known = {
        *(
            "title",
            "description",
            "examples",
            "default",
            "type",
            "properties",
            "items",
            "patternErrorMessage",
            "$schema",
        ),
        *("required", "additionalProperties", "dependentSchemas", "enum", "const"),
        *("minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "pattern"),
    }

    assert {keyword for schema in ALL.values() for keyword in schema} <= known


def test_the_examples_of_the_documentation_are_valid_as_plain_yaml() -> None:
    """So that an editor, which knows YAML's own types only, does not complain."""
    for text in (MINIMAL, WHOLE):
        jsonschema_rs.validate(manifest_schema(), yaml.safe_load(text))


def test_every_default_is_the_one_that_the_program_uses() -> None:
    """A manifest that spells the defaults out means the same as one that does not."""
    short = yaml.safe_load(MINIMAL.replace("    target: /\n", ""))
    full = with_defaults(manifest_schema(), short)

    assert full != short
    assert "default" in ALL["/folders/*/target"]
    assert parsed(json.dumps(full)).folders == parsed(json.dumps(short)).folders
    for name in ("environment", "environments", "max_delete", "unmanaged", "digest", "service"):
        assert getattr(parsed(json.dumps(full)), name) == getattr(parsed(json.dumps(short)), name)


def with_defaults(schema: dict[str, Any], value: Any) -> Any:
    if isinstance(value, list):
        return [with_defaults(schema["items"], item) for item in value]
    if not isinstance(value, dict):
        return value
    defaults = {key: each["default"] for key, each in schema["properties"].items() if "default" in each}
    return {key: with_defaults(schema["properties"][key], each) for key, each in (defaults | value).items()}


def test_schemas_are_found_installed_and_in_a_checkout(tmp_path: Path) -> None:
    """The folder inside the package counts first, then the one beside it."""
    installed, checkout = tmp_path / "package" / "schema", tmp_path / "schema"
    installed.mkdir(parents=True)
    checkout.mkdir()
    (checkout / "assetsync.schema.json").write_text("1")

    assert load_schema("assetsync", (installed, checkout)) == "1"
    (installed / "assetsync.schema.json").write_text("2")
    (checkout / "plan.schema.json").write_text("3")
    assert load_schema("assetsync", (installed, checkout)) == "2"
    assert schema_names((installed, checkout)) == ("assetsync", "plan")
    assert json.loads(load_schema("assetsync")) == manifest_schema()
    assert "assetsync" in schema_names()


@pytest.mark.parametrize("name", ["nothing", "", "../schema/assetsync", "*"])
def test_an_unknown_schema_is_refused_with_the_names(name: str, tmp_path: Path) -> None:
    """Whatever is asked for, no other file is read."""
    (tmp_path / "plan.schema.json").write_text("{}")
    with pytest.raises(UsageError, match="there is no schema named") as raised:
        load_schema(name, (tmp_path,))

    assert raised.value.hint == "the schemas are: plan"
