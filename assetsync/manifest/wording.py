"""What the schema forbids, in our words: what is wrong, what would be right, and what was probably meant.

The words for a pattern are the schema's own (`patternErrorMessage`, which editors show as well), and so are examples.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import yaml

from assetsync.manifest.findings import Finding, child, label, shown
from assetsync.manifest.quoting import quoted
from assetsync.manifest.values import types
from assetsync.manifest.variables import malformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jsonschema_rs import ValidationError

    Schema = Mapping[str, Any]

_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "boolean": "`true` or `false`",
    "array": "a list",
    "object": "a mapping of keys to values",
}
_TRUTH = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_LONGEST_GUESSED = 40


def key_findings(error: ValidationError, pointer: str, schema: Schema, whole: Schema) -> Iterator[Finding]:
    """A key that is missing, or the keys that do not exist. `schema` speaks of the mapping, `whole` of everything."""
    name = str(schema["title"])
    if error.kind.name == "required":
        key = str(error.kind.value)
        if _is_mistyped(key, error.instance, schema["properties"]):
            return
        example = schema["properties"][key]["examples"][0]
        hint = f"write, for example: {key}: {_inline(example)}"
        yield Finding(pointer, f"the {name} lacks the key `{key}`", hint=hint)
        return
    for key in sorted(map(str, error.kind.value)):
        hint = _unknown_key_hint(key, schema["properties"], whole)
        yield Finding(child(pointer, key), f"the {name} has no key `{shown(key)}`", key, hint, at_key=True)


def value_finding(error: ValidationError, pointer: str, schema: Schema, flow: str | None) -> Finding:
    """A value that is not what it must be; `flow` is its source where it is a list or mapping in brackets."""
    value: Any = error.instance
    name = label(pointer)
    if "dependentSchemas" in error.schema_path:
        return _index_finding(pointer, str(value))
    match error.kind.name:
        case "type" if value is None:
            return Finding(pointer, f"{name} has no value", hint=_missing_value_hint(schema))
        case "enum":
            message = f"{name} must be {_choice(schema)}, not {_kind_of(value)}"
            return Finding(pointer, message, str(value), _enum_hint(str(value), schema))
        case "minItems" | "minLength":
            message = f"{name} is empty" if value == "" else f"{name} needs at least one item"
            return Finding(pointer, message, hint=_example_hint(schema))
        case "maxItems":
            message = f"{name} has {len(value)} items, and may have {schema['maxItems']}"
            return Finding(pointer, message, hint="use fewer and wider ones")
        case "maxLength":
            return Finding(pointer, f"{name} is longer than {schema['maxLength']} characters", str(value))
        case _:
            message = f"{name} {expectation(schema)}, not {_kind_of(value)}"
            hint = _value_hint(value, schema, flow) if pointer else "begin with `version: 1`"
            return Finding(pointer, message, flow or _source(value), hint)


def expectation(schema: Schema) -> str:
    """What a value must be, as the end of a sentence: `must be ...`."""
    if "patternErrorMessage" in schema:
        return str(schema["patternErrorMessage"])
    if "const" in schema:
        return f"must be {schema['const']}"
    return "must be " + " or ".join(_WORDS[each] for each in types(schema))


def resembling(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, whatever its case; a dash may stand for an underscore."""
    plain = {each.lower().replace("_", "-"): each for each in known}
    if len(word) > _LONGEST_GUESSED:
        return None
    close = difflib.get_close_matches(word.lower().replace("_", "-"), plain, n=1, cutoff=0.6)
    return plain[close[0]] if close else None


def _index_finding(target: str, value: str) -> Finding:
    hint = "write `target: /`, or serve the file under its own name and remove `index`"
    message = f"`index` needs the target `/`, not `{shown(value)}`"
    return Finding(child(target.rpartition("/")[0], "index"), message, hint=hint)


def _is_mistyped(key: str, mapping: Any, known: Schema) -> bool:
    """Whether an unknown key stands for the missing one, so that one mistake is told once."""
    unknown = [each for each in mapping if each not in known]
    return len(unknown) <= len(known) and any(resembling(each, known) == key for each in unknown)


def _unknown_key_hint(key: str, known: Schema, whole: Schema) -> str:
    homes = tuple(dict.fromkeys(_homes(whole, key, "the manifest itself")))
    if homes:
        return f"`{key}` belongs in {' or '.join(homes)}"
    meant = resembling(key, known)
    return f"did you mean `{meant}`?" if meant else f"the keys are {', '.join(known)}"


def _homes(schema: Schema, key: str, name: str) -> Iterator[str]:
    """Where in the manifest a key of this name would be known."""
    properties = schema.get("properties", {})
    if key in properties:
        yield name
    for each, below in properties.items():
        yield from _homes(below, key, f"`{each}`")
    if "items" in schema:
        yield from _homes(schema["items"], key, f"an item of {name}")


def _value_hint(value: Any, schema: Schema, flow: str | None) -> str | None:
    allowed = types(schema)
    if isinstance(value, str) and (broken := malformed(value)) is not None:
        return f"`{shown(broken)}` is no variable: write ${{VAR}} or ${{VAR:-default}}"
    if isinstance(value, str) and "boolean" in allowed:
        meant = _TRUTH.get(value.lower(), value.lower())
        return f"write `{meant}`, without quotes" if meant in {"true", "false"} else None
    if isinstance(value, str) and "integer" in allowed and value.isdecimal():
        return f"write {shown(value)} without quotes"
    if isinstance(value, str) and "array" in allowed:
        return f"write [{quoted(shown(value))}]"
    if isinstance(value, list | dict) and "string" in allowed:
        return f"quote it if it is meant as text: {quoted(shown(flow)) if flow else 'in double quotes'}"
    return _example_hint(schema)


def _missing_value_hint(schema: Schema) -> str:
    if "string" in types(schema):
        return "give one; a text that begins with # or that says null needs quotes"
    return "give one, or remove the key"


def _enum_hint(value: str, schema: Schema) -> str | None:
    meant = resembling(value, schema["enum"])
    return f"did you mean `{meant}`?" if meant else _example_hint(schema)


def _example_hint(schema: Schema) -> str | None:
    examples = schema.get("examples")
    return f"for example {_inline(examples[0])}" if examples else None


def _choice(schema: Schema) -> str:
    *most, last = [f"`{each}`" for each in schema["enum"]]
    return f"{', '.join(most)} or {last}" if most else last


def _kind_of(value: Any) -> str:
    source = _source(value)
    if source is not None:
        return f"`{shown(source)}`"
    return "a list" if isinstance(value, list) else "a mapping"


def _source(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) else None


def _inline(value: Any) -> str:
    dumped: str = yaml.safe_dump(value, default_flow_style=True, width=1000, sort_keys=False)
    return dumped.removesuffix("\n").removesuffix("\n...")
