"""Laws of the whole: nothing escapes but the two errors, and what is valid survives being written and read."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assetsync.errors import InvalidInput, UsageError
from assetsync.manifest.model import EnvironmentSpec, Folder, Manifest, Rule
from tests.unit.manifest.manifests import MINIMAL, WHOLE, parsed

YAMLISH = st.text(alphabet="abc: -\n\t#'\"[]{},&*!%@`|>?~$0_.\\/\x00\x85\u2028\ufeff\ud800", max_size=60)
TOKENS = st.sampled_from(
    [
        *(
            "version: 1",
            "name: ",
            "\n",
            "  ",
            "- ",
            "folders:",
            "source: ",
            "!x",
            "*a",
            "&a ",
            "<<: ",
            "[",
            "]",
            "{",
            "}",
        ),
        *(": ", "${A}", "null", "'", '"', "---\n", "...", "environments:", "rules:", "match: ", "safety:", "true"),
        *("max_delete: ", "#", "\t", "suffix: ", "target: ", "30%", ", ", "\\"),
    ]
)


def never_raises(text: str | bytes) -> None:
    for environment, create in ((None, False), ("x", True)):
        outcome = outcome_of(text, environment, create)
        if isinstance(outcome, InvalidInput):
            assert outcome.problems
            assert all(each.line >= 1 and each.column >= 1 and each.message.isprintable() for each in outcome.problems)
        elif isinstance(outcome, UsageError):
            assert outcome.message.isprintable()


def outcome_of(text: str | bytes, environment: str | None, create: bool) -> Manifest | InvalidInput | UsageError:
    try:
        return parsed(text, environment=environment, create=create, variables={"A": "a"})
    except (InvalidInput, UsageError) as error:
        return error


@given(YAMLISH)
@example('a: "\\ud800"')
@example("? [a]\n: *b")
def test_no_text_raises_anything_else(text: str) -> None:
    """Every text is a manifest, or problems with places, or a wrong command line."""
    never_raises(text)


@given(st.binary(max_size=40))
def test_no_bytes_raise_anything_else(source: bytes) -> None:
    """Also what is no text at all, and what follows a valid beginning."""
    never_raises(source)
    never_raises(MINIMAL.encode() + source)


@given(st.lists(TOKENS, max_size=25).map("".join))
def test_no_sentence_of_yaml_raises_anything_else(text: str) -> None:
    """Words that belong into manifests, in any order."""
    never_raises(text)


@settings(max_examples=200)
@given(st.data())
def test_no_damaged_manifest_raises_anything_else(data: st.DataObject) -> None:
    """A valid manifest with a piece cut out and another put in."""
    text = data.draw(st.sampled_from([MINIMAL, WHOLE]))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    never_raises(text[:start] + data.draw(st.one_of(YAMLISH, TOKENS)) + text[end:])


JUNK = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=4), st.sampled_from(["/", "${A}", "public", "**"])
    ),
    lambda below: st.one_of(st.lists(below, max_size=2), st.dictionaries(st.text(max_size=3), below, max_size=2)),
    max_leaves=4,
)


def places(tree: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    members = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for key, value in members for place in places(value, (*path, key)))]


@settings(max_examples=200)
@given(st.data(), JUNK)
def test_no_strange_value_raises_anything_else(data: st.DataObject, junk: Any) -> None:
    """Any value at any place of a valid manifest, as JSON, which is YAML as well."""
    tree = json.loads(json.dumps(yaml.safe_load(WHOLE)))
    *above, key = data.draw(st.sampled_from([place for place in places(tree) if place]))
    target = tree
    for step in above:
        target = target[step]
    target[key] = junk

    never_raises(json.dumps(tree))


WORDS = st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9]", fullmatch=True)
PATTERNS = st.from_regex(r"!?/?[a-z*@%&`{}|>, :#'-]{0,6}[a-z*](?:/[a-z]+)*/?", fullmatch=True).filter(
    lambda pattern: not pattern.startswith("#")
)
RULES = st.fixed_dictionaries(
    {"match": PATTERNS.filter(lambda pattern: not pattern.startswith("!"))},
    optional={
        "visibility": st.sampled_from(["public", "protected", "private"]),
        "content_type": st.sampled_from(["text/html", "a/b; c=d"]),
        "charset": st.just("utf-8"),
        "allow_secret": st.booleans(),
        "environments": st.just(["production"]),
    },
)
FOLDERS = st.fixed_dictionaries(
    {"source": WORDS, "visibility": st.sampled_from(["public", "protected", "private"])},
    optional={
        "target": WORDS.map("/{}/".format),
        "include": st.lists(PATTERNS, min_size=1, max_size=3),
        "exclude": st.lists(PATTERNS, max_size=3),
        "names": st.sampled_from(["reject", "encode"]),
        "charset": st.just("utf-8"),
        "visibility_from_name": st.booleans(),
        "rules": st.lists(RULES, max_size=2),
    },
)
MANIFESTS = st.fixed_dictionaries(
    {
        "version": st.just(1),
        "name": WORDS,
        "service": WORDS,
        "environments": st.just([{"name": "production"}, {"name": "other", "suffix": "no"}]),
        "folders": st.lists(FOLDERS, min_size=1, max_size=3),
    },
    optional={
        "safety": st.fixed_dictionaries({"max_delete": st.one_of(st.integers(0, 99), st.just("12.5%"))}),
        "unmanaged": st.sampled_from(["keep", "drop"]),
        "digest": st.sampled_from(["xxh3", "sha256"]),
    },
)


@given(MANIFESTS, st.sampled_from(["json", "block", "flow"]))
def test_a_valid_manifest_survives_being_written_and_read(tree: dict[str, Any], style: str) -> None:
    """In block or flow style, quoted or not, every value comes back, and what was left out is at its default."""
    text = json.dumps(tree) if style == "json" else yaml.safe_dump(tree, default_flow_style=style == "flow")
    manifest = parsed(text, environment="production")

    assert written(manifest) == {"unmanaged": "keep", "digest": "xxh3"} | tree | {
        "folders": [FOLDER_DEFAULTS | folder for folder in tree["folders"]]
    }
    assert manifest.environment == EnvironmentSpec("production")


FOLDER_DEFAULTS = {
    "target": "/",
    "include": ["**"],
    "exclude": [],
    "names": "reject",
    "visibility_from_name": False,
    "rules": [],
}


def written(manifest: Manifest) -> dict[str, Any]:
    """The manifest as the tree that it came from, with its defaults."""
    tree: dict[str, Any] = {
        "version": 1,
        "name": manifest.name,
        "service": manifest.service,
        "environments": plain(manifest.environments),
        "folders": plain(manifest.folders),
        "unmanaged": str(manifest.unmanaged),
        "digest": str(manifest.digest),
    }
    if manifest.max_delete is not None:
        count, percent = manifest.max_delete.count, manifest.max_delete.percent
        tree["safety"] = {"max_delete": f"{percent}%" if count is None else count}
    return tree


def plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if isinstance(value, EnvironmentSpec | Folder | Rule):
        fields = {name: getattr(value, name) for name in type(value).__dataclass_fields__}
        return {name: plain(each) for name, each in fields.items() if each is not None and name != "any_suffix"}
    return value
