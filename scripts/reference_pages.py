"""The reference pages of the documentation, made from what the program itself goes by.

That is click's commands, the schemas and the Python API; `docs/conf.py` puts each where a page says so
(`<!-- made: NAME -->`).
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from typing import TYPE_CHECKING, Any

import click

import assetsync
from assetsync.cli.main import group
from assetsync.schemas import load_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]


def made(name: str) -> str:
    """The Markdown of `commands`, `manifest`, `plan`, `events` or `python`. Raises KeyError for any other."""
    makers = {
        "commands": commands,
        "manifest": lambda: objects("assetsync", "The manifest"),
        "plan": lambda: definitions("plan"),
        "events": lambda: definitions("events"),
        "python": python_api,
    }
    return "\n".join(makers[name]()) + "\n"


# Commands


def commands() -> Iterator[str]:
    """A section a command, with each option, its variable and its default."""
    whole = group()
    with click.Context(whole, info_name="assetsync") as above:
        for name in whole.list_commands(above):
            command = whole.get_command(above, name)
            assert command is not None
            with click.Context(command, info_name=name, parent=above) as context:
                yield from _command(command, context)


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    yield from (f"## {context.info_name}", "", "```text", command.get_usage(context), "```", "")
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        yield from (_verbatim(paragraph) if paragraph.startswith("\b") else _prose(paragraph), "")
    yield from ("| option | variable | |", "| --- | --- | --- |")
    for option in command.get_params(context):
        if isinstance(option, click.Option) and not option.hidden:
            yield _option(option, context)
    yield from ("", *_below(command))


def _below(command: click.Command) -> tuple[str, ...]:
    return (_prose(command.epilog), "") if command.epilog else ()


def _option(option: click.Option, context: click.Context) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    metavar = "" if option.is_flag or option.count else option.make_metavar(context)
    value = f" `{metavar}`" if metavar else ""
    variable = f"`{option.envvar}`" if isinstance(option.envvar, str) else ""
    default = f" By default `{option.default}`." if option.show_default and option.default is not None else ""
    return f"| {_cell(names + value)} | {variable} | {_cell(_prose(option.help or '') + default)} |"


def _verbatim(paragraph: str) -> str:
    return "```text\n" + paragraph.removeprefix("\b").strip("\n") + "\n```"


# Schemas


def objects(name: str, title: str) -> Iterator[str]:
    """A section an object of the schema, with a row a key."""
    schema = json.loads(load_schema(name))
    yield from _object(schema, schema, title, "##")


def definitions(name: str) -> Iterator[str]:
    """The same for a schema that is a choice of several documents."""
    schema = json.loads(load_schema(name))
    yield from (_prose(schema["description"]), "")
    for choice in schema.get("anyOf") or schema["oneOf"]:
        called = choice["$ref"].rsplit("/", 1)[-1]
        yield from _object(_resolved(choice, schema), schema, f"`{called}`", "###")


def _object(found: Json, schema: Json, title: str, level: str) -> Iterator[str]:
    yield from (f"{level} {title}", "", _prose(found.get("description", "")), "")
    yield from ("| key | value | |", "| --- | --- | --- |")
    below = []
    for key, value in found.get("properties", {}).items():
        inside = _resolved(value, schema)
        must = ", required" if key in found.get("required", ()) else ""
        yield f"| `{key}` | {_cell(_kind(inside, schema) + must)} | {_cell(_meaning(inside))} |"
        each = _resolved(inside.get("items") or inside, schema)
        if each.get("properties"):
            below.append((key + ("[]" if "items" in inside else ""), each))
    yield ""
    for key, each in below:
        yield from _object(each, schema, f"{title}: `{key}`" if title.startswith("`") else key, level)


def _resolved(found: Json, schema: Json) -> Json:
    if "$ref" not in found:
        return found
    named = schema["$defs"][found["$ref"].rsplit("/", 1)[-1]]
    return {**named, **{key: value for key, value in found.items() if key != "$ref"}}


def _kind(found: Json, schema: Json) -> str:
    if "const" in found:
        return f"`{_json(found['const'])}`"
    if "enum" in found:
        return " or ".join(f"`{_json(each)}`" for each in found["enum"])
    kinds = found.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not kinds:
        several = found.get("anyOf") or found.get("oneOf") or ()
        return " or ".join(_kind(_resolved(each, schema), schema) for each in several) or "anything"
    words = [f"list of {_kind(_resolved(found['items'], schema), schema)}s" if kind == "array" and "items" in found
             else kind for kind in kinds]  # fmt: skip
    return " or ".join(words)


def _meaning(found: Json) -> str:
    said = _prose(found.get("description", ""))
    default = f" By default `{_json(found['default'])}`." if found.get("default") not in (None, {}) else ""
    examples = [f"`{_json(each)}`" for each in found.get("examples", ())]
    return said + default + (f" For example {' or '.join(examples)}." if examples else "")


def _json(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


# The Python API


def python_api() -> Iterator[str]:
    """A section a name of `assetsync.__all__`."""
    yield from (_docstring(inspect.getmodule(assetsync.connect)).split("\n", 1)[1], "")
    functions = [name for name in assetsync.__all__ if inspect.isfunction(getattr(assetsync, name))]
    for name in (*functions, *(each for each in assetsync.__all__ if each not in functions)):
        found = getattr(assetsync, name)
        yield from _member(f"assetsync.{name}", found, "##")
        if inspect.isclass(found) and not issubclass(found, BaseException):
            yield from _fields(found)
            for method, value in vars(found).items():
                if not method.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                    yield from _member(f"{name}.{method}", value, "###")


def _member(name: str, found: Any, level: str) -> Iterator[str]:
    yield from (f"{level} {name}", "")
    if inspect.isfunction(found):
        yield from ("```python", f"{name.rsplit('.', 1)[-1]}{_signature(found)}", "```", "")
    elif inspect.isclass(found) and issubclass(found, BaseException):
        above = [f"`{each.__name__}`" for each in found.__mro__[1:] if issubclass(each, assetsync.AssetsyncError)]
        yield from (f"An error{', a kind of ' if above else ''}{' and '.join(above)}.", "")
    yield from (_docstring(found), "")


def _signature(found: Any) -> str:
    parameters = [each for each in inspect.signature(found).parameters.values() if each.name != "self"]
    text = str(inspect.Signature(parameters, return_annotation=inspect.signature(found).return_annotation))
    return re.sub(r"'([^']*)'|<function (\w+) at \w+>", lambda each: each[1] or each[2], text)


def _fields(found: Any) -> Iterator[str]:
    if not dataclasses.is_dataclass(found):
        return
    yield from ("| field | type |", "| --- | --- |")
    for each in dataclasses.fields(found):
        yield f"| `{each.name}` | {_cell(f'`{each.type}`')} |"
    yield ""


def _docstring(found: Any) -> str:
    """Its own, not one that it inherits or that `dataclass` made up."""
    text = inspect.cleandoc(found.__doc__ or "")
    return "" if text.startswith(f"{getattr(found, '__name__', '')}(") else text


# Markdown


def _prose(text: str) -> str:
    """Text of the program as Markdown: what is between backticks stays, angle brackets elsewhere are no tags."""
    return re.sub(r"(`[^`]*`)|<", lambda each: each[1] or "&lt;", text.strip())


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    import sys

    sys.stdout.write(made(sys.argv[1]))
