"""YAML text to a tree of text with places.

Built from the parser's events rather than composed or constructed: no tag is ever acted on, depth and aliases are
bounded while reading, and every scalar is still the text that the user wrote.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from assetsync.errors import InvalidInput, Problem
from assetsync.manifest import nodes
from assetsync.manifest.findings import shown
from assetsync.manifest.quoting import Unquoted, text_at, unquoted
from assetsync.manifest.source import control_character, lines
from assetsync.manifest.syntax import LOADER, place, syntax_problem

if TYPE_CHECKING:
    from assetsync.manifest.model import Mark
    from assetsync.manifest.syntax import YamlLoader

MAX_DEPTH = 32
MAX_PROBLEMS = 100
"""After so many the rest is not worth reading."""

MAX_VALUES = 20_000
"""How many keys, texts, lists and mappings a manifest may hold: each costs a thousand times the byte that it takes."""

MAX_ALIASED = 10_000
"""How many nodes aliases may add to the tree: a few shared lists, never a bomb."""


@dataclass(frozen=True, slots=True)
class Document:
    """`problems` are those that did not keep the rest from being read."""

    root: nodes.Node
    problems: tuple[Problem, ...]


def read_document(text: str, file: str, loader: YamlLoader = LOADER) -> Document:
    """The tree of one YAML document. `text` is what `read_text` returned.

    Raises InvalidInput for what is not YAML, for several documents or none, for nesting deeper than 32 levels, for
    more values than a manifest can mean, and for aliases that are unknown, refer to themselves or multiply the
    document.
    """
    reader = _Reader(file, lines(text))
    try:
        for event in yaml.parse(text, Loader=loader):
            reader.take(event)
    except yaml.YAMLError as error:
        raise InvalidInput((*reader.problems, syntax_problem(error, reader.lines, file))) from error
    if reader.root is None or _is_nothing(reader.root):
        problem = Problem(file, 1, 1, "the manifest is empty", hint="`assetsync init` writes a first one")
        raise InvalidInput((problem,))
    return Document(reader.root, tuple(reader.problems))


@dataclass(slots=True)
class _Open:
    """A collection that is being read; a mapping's children are its keys and values in turn."""

    mark: Mark
    mapping: bool
    flow: bool
    anchor: str | None
    children: list[nodes.Node] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    file: str
    lines: list[str]
    root: nodes.Node | None = None
    problems: list[Problem] = field(default_factory=list)
    documents: int = 0
    begun: int = 0
    aliased: int = 0
    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, nodes.Node | None] = field(default_factory=dict)

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self._document(event)
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._begin(event)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._end(event)
            case _:
                pass

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            mark = place(event.start_mark)
            raise self._stop(mark, "a second document begins here", "a manifest is one document: remove the `---`")

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        mark = place(event.start_mark)
        self._count(mark)
        node = nodes.Scalar(str(event.value), not event.style, mark)
        if event.tag is not None:
            node = self._tag(event.tag, mark) or node
        elif event.anchor is not None and not event.value and not event.style:
            node = self._wants_quotes(mark)
        self._add(node, event.anchor)

    def _alias(self, event: yaml.AliasEvent) -> None:
        mark = place(event.start_mark)
        name = str(event.anchor)
        if name not in self.anchors:
            broken = unquoted(self.lines, [mark]) or Unquoted(f"*{name}", mark)
            raise self._stop(broken.mark, broken.message, broken.hint, broken.text)
        node = self.anchors[name]
        if node is None:
            raise self._stop(mark, f"the alias `*{shown(name)}` refers to itself", "write the value out")
        self.aliased += node.size
        if self.aliased > MAX_ALIASED:
            hint = "write the values out, or split the manifest"
            raise self._stop(mark, f"the aliases add more than {MAX_ALIASED} values to the manifest", hint)
        self._add(node, None)

    def _begin(self, event: yaml.SequenceStartEvent | yaml.MappingStartEvent) -> None:
        mark = place(event.start_mark)
        self._count(mark)
        if len(self.open) >= MAX_DEPTH:
            raise self._stop(mark, f"the manifest is nested deeper than {MAX_DEPTH} levels", "check the brackets")
        if event.tag is not None:
            self._tag(event.tag, mark)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        mapping = isinstance(event, yaml.MappingStartEvent)
        self.open.append(_Open(mark, mapping, bool(event.flow_style), event.anchor))

    def _count(self, mark: Mark) -> None:
        self.begun += 1
        if self.begun > MAX_VALUES:
            hint = "name folders and patterns, not every file"
            raise self._stop(mark, f"the manifest holds more than {MAX_VALUES} values", hint)

    def _end(self, event: yaml.CollectionEndEvent) -> None:
        closed = self.open.pop()
        end = place(event.end_mark)
        one_line = closed.flow and end.line == closed.mark.line
        flow = self.lines[end.line - 1][closed.mark.column - 1 : end.column - 1] if one_line else None
        size = 1 + sum(child.size for child in closed.children)
        if closed.mapping:
            node: nodes.Node = nodes.Mapping(self._entries(closed.children), closed.mark, size, flow)
        else:
            node = nodes.Sequence(tuple(closed.children), closed.mark, size, flow)
        self._add(node, closed.anchor)

    def _entries(self, children: list[nodes.Node]) -> tuple[nodes.Entry, ...]:
        found: dict[str, nodes.Entry] = {}
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, nodes.Scalar):
                self._note(key.mark, "a key must be text, not a list or a mapping", "quote it if it is meant as text")
            elif (wrong := _wrong_key(key, found)) is not None:
                self._note(key.mark, *wrong)
            else:
                found[key.text] = nodes.Entry(key.text, key.mark, value)
        return tuple(found.values())

    def _add(self, node: nodes.Node, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = node
        if self.open:
            self.open[-1].children.append(node)
        else:
            self.root = node

    def _tag(self, tag: str, mark: Mark) -> nodes.Scalar | None:
        """Notes a tag; returns the text that was probably meant where it is one of ours to guess."""
        written = text_at(self.lines[mark.line - 1], mark.column - 1)
        if written.startswith(("!!", "!<")) or not written.startswith("!"):
            self._note(mark, f"YAML tags such as `{shown(tag)}` are not supported", "remove the tag", written)
            return None
        return self._wants_quotes(mark)

    def _wants_quotes(self, mark: Mark) -> nodes.Scalar:
        broken = Unquoted(text_at(self.lines[mark.line - 1], mark.column - 1), mark)
        self._note(mark, broken.message, broken.hint, broken.text)
        return nodes.Scalar(broken.text, plain=False, mark=mark)

    def _note(self, mark: Mark, message: str, hint: str, text: str | None = None) -> None:
        cut = None if text is None else shown(text)
        self.problems.append(Problem(self.file, mark.line, mark.column, message, cut, hint))
        if len(self.problems) >= MAX_PROBLEMS:
            raise InvalidInput(tuple(self.problems))

    def _stop(self, mark: Mark, message: str, hint: str, text: str | None = None) -> InvalidInput:
        self._note(mark, message, hint, text)
        return InvalidInput(tuple(self.problems))


def _wrong_key(key: nodes.Scalar, earlier: dict[str, nodes.Entry]) -> tuple[str, str] | None:
    """What is wrong with a key, and the way out; None for a good one."""
    character = control_character(key.text)
    if character is not None:
        return f"a key holds the control character {character}", "remove it"
    if key.plain and key.text == "<<":
        return "merge keys (`<<`) are not supported", "write the keys out"
    if not key.text:
        return "a key is empty", "write the name of the key before the colon"
    if key.text in earlier:
        first = earlier[key.text].mark.line
        return f"the key `{shown(key.text)}` is given twice", f"keep one; the first is in line {first}"
    return None


def _is_nothing(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Scalar) and node.plain and not node.text
