"""The fault file: YAML (or JSON, which is YAML too) to `Faults`, or every problem in it with its place."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

import yaml

from assetsync.emulator.faults.keys import EFFECTS, FILE_KEYS, MATCH, RULE_KEYS
from assetsync.emulator.faults.rule import (
    CutConnection,
    Drip,
    FaultRule,
    Faults,
    HalfPage,
    Malform,
    Match,
    Respond,
    Retype,
    Truncate,
)
from assetsync.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from assetsync.emulator.faults.keys import Key
    from assetsync.emulator.faults.rule import Effect

MAX_BYTES: Final = 1 << 18
_LONGEST_SHOWN: Final = 60
_QUOTE: Final = "put a value that begins with a sign such as `*` in quotes"
_WITHOUT_BODY: Final = ("204", "205", "304")
_OF_ANSWERS_ONLY: Final = ("retry_after", "body")


def read_faults(file: Path) -> Faults:
    """Raises InvalidInput, with every problem of the file, or for a file that cannot be read."""
    try:
        return parse_faults(file.read_bytes(), str(file))
    except OSError as problem:
        raise InvalidInput((Problem(str(file), 0, 0, f"cannot be read: {problem.strerror}"),)) from problem


def parse_faults(source: bytes, file: str) -> Faults:
    """`file` is what problems are said to be in. Raises InvalidInput with all of them."""
    reader = _Reader(file)
    faults = reader.read(_text(source, file))
    if reader.problems:
        raise InvalidInput(tuple(reader.problems))
    return faults


def _text(source: bytes, file: str) -> str:
    if len(source) > MAX_BYTES:
        raise InvalidInput((Problem(file, 1, 1, f"the file is larger than {MAX_BYTES >> 10} KiB"),))
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source[: error.start].count(b"\n") + 1
        raise InvalidInput((Problem(file, line, 1, "this is not UTF-8", hint="save the file as UTF-8"),)) from error
    # YAML forbids the tabs that JSON is often indented with; outside of strings a blank is as good, inside is none
    return text.replace("\t", " ") if text.lstrip().startswith("{") else text


class _Reader:
    """One file: what is right in it becomes values, what is wrong becomes problems."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file

    def read(self, text: str) -> Faults:
        try:
            loader = yaml.SafeLoader(text)
            root = loader.get_single_node()
            return Faults() if root is None else self._file_of(loader, root)
        except yaml.MarkedYAMLError as error:
            said = ", ".join(filter(None, (error.context, error.problem)))
            self._add(error.problem_mark or error.context_mark, f"this is not YAML: {said}", None, _QUOTE)
        except yaml.reader.ReaderError as error:
            line = text[: error.position].count("\n")
            self._add(
                yaml.Mark("", error.position, line, 0, None, 0), f"U+{error.character:04X} is not allowed in YAML"
            )
        except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:  # odd `!!` tags too
            self._add(None, f"this cannot be read: {error}")
        return Faults()

    def _file_of(self, loader: Any, root: Any) -> Faults:
        nodes = self._mapping(loader, root, FILE_KEYS, "the file")
        rules = nodes.get("rules")
        return Faults(
            rules=() if rules is None else tuple(self._rules(loader, rules)),
            seed=_plain(loader, nodes.get("seed")),
            concurrency=_plain(loader, nodes.get("concurrency")),
            retry_after=_plain(loader, nodes.get("retry_after")),
        )

    def _mapping(self, loader: Any, node: Any, keys: Mapping[str, Key], name: str) -> dict[str, Any]:
        """The nodes of the keys that are known and right; the others are problems."""
        if not isinstance(node, yaml.MappingNode):
            self._add(node.start_mark, f"{name} must be a mapping of keys to values", _shown(node), _example(keys))
            return {}
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
            if key not in keys:
                self._add(
                    key_node.start_mark, f"there is no key `{_shown(key_node)}` in {name}", None, _guess(key, keys)
                )
            elif key in found:
                self._add(key_node.start_mark, f"the key `{key}` is there twice", None, "leave one of them out")
            elif not keys[key].fits(loader.construct_object(value_node, deep=True)):
                self._add(value_node.start_mark, f"`{key}` {keys[key].expects}", _shown(value_node))
                found[key] = None
            else:
                found[key] = value_node
        return found

    def _rules(self, loader: Any, node: Any) -> Iterator[FaultRule]:
        for each in node.value:
            before = len(self.problems)
            nodes = self._mapping(loader, each, RULE_KEYS, "a rule")
            if isinstance(each, yaml.MappingNode):
                self._check_rule(each, nodes, is_known=len(self.problems) == before)
            if len(self.problems) == before:
                yield _rule({key: _plain(loader, value) for key, value in nodes.items()})

    def _check_rule(self, node: Any, nodes: Mapping[str, Any], *, is_known: bool) -> None:
        """What keys make of each other. A key that is not `is_known` may be the effect, misspelt."""
        effects = _effects(nodes)
        mark = node.start_mark
        if "match" not in nodes:
            self._add(mark, "the rule lacks the key `match`", None, "write, for example: match: POST /v1/Services")
        if is_known and not effects and "delay" not in nodes:
            self._add(mark, "the rule does nothing", None, f"add one of {_listed((*EFFECTS, 'delay'))}")
        if len(effects) > 1:
            self._add(mark, f"{_listed(effects)} cannot go together", None, "write a rule for each")
        if "at" in nodes and "chance" in nodes:
            self._add(mark, "`at` and `chance` cannot go together", None, "write a rule for each")
        for key in _OF_ANSWERS_ONLY:
            if key in nodes and "answer" not in nodes:
                self._add(mark, f"`{key}` needs `answer`", None, f"write, for example: answer: 503, beside {key}")
        if "body" in nodes and getattr(nodes.get("answer"), "value", None) in _WITHOUT_BODY:
            self._add(mark, "an answer with this status has no `body`", None, "leave it out")
        if "after_work" in nodes and effects and not {"answer", "drop"} & set(effects) and "delay" not in nodes:
            self._add(mark, f"`after_work` means nothing with {_listed(effects)}", None, "leave it out")

    def _add(self, mark: Any, message: str, text: str | None = None, hint: str | None = None) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        self.problems.append(Problem(self._file, line, column, message, text, hint))


def _rule(values: Mapping[str, Any]) -> FaultRule:
    found = MATCH.fullmatch(values["match"])
    assert found is not None
    at = values.get("at")
    return FaultRule(
        match=Match.of(found[1], found[2]),
        at=None if at is None else frozenset(at if isinstance(at, list) else [at]),
        chance=values.get("chance"),
        times=values.get("times"),
        delay=float(values.get("delay", 0)),
        after_work=values.get("after_work", False),
        effect=_effect(values),
        source=values,
    )


def _effect(values: Mapping[str, Any]) -> Effect | None:
    match next(iter(_effects(values)), None):
        case "answer":
            return Respond(values["answer"], values.get("retry_after"), values.get("body"), values.get("content_type"))
        case "drop":
            return CutConnection()
        case "drip":
            return Drip(values["drip"])
        case "truncate":
            return Truncate(values["truncate"])
        case "malformed":
            return Malform()
        case "half_page":
            return HalfPage()
        case "content_type":
            return Retype(values["content_type"])
        case _:
            return None


def _effects(found: Mapping[str, Any]) -> list[str]:
    """A `content_type` beside `answer` is part of that answer."""
    effects = [key for key in EFFECTS if key in found]
    return [key for key in effects if key != "content_type"] if "answer" in effects else effects


def _plain(loader: Any, node: Any) -> Any:
    return None if node is None else loader.construct_object(node, deep=True)


def _shown(node: Any) -> str:
    if isinstance(node, yaml.ScalarNode):
        text = str(node.value)
        return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"


def _guess(key: str, keys: Mapping[str, Key]) -> str:
    near = difflib.get_close_matches(key[:_LONGEST_SHOWN], keys, n=1)
    return f"did you mean `{near[0]}`?" if near else f"the keys are {_listed(keys)}"


def _example(keys: Mapping[str, Key]) -> str:
    return "begin with `rules:`" if keys is FILE_KEYS else "write, for example: {match: POST /v1/Services, answer: 503}"


def _listed(names: Any) -> str:
    *first, last = [f"`{name}`" for name in names]
    return f"{', '.join(first)} and {last}" if first else last
